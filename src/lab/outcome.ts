import type { Chain } from '../config/chains.ts'
import type { Trial } from './trial.ts'

/** What became of a request in one plugin of its chain. */
export type Outcome = 'allowed' | 'refused' | 'answered' | 'failed' | 'skipped' | 'absent'

/**
 * The outcome in each plugin of the route's chain, in its order.
 *
 * @param guards whether an entry looks at requests before they go up
 */
export function outcomesOf ({ steps, failure }: Pick<Trial, 'steps' | 'failure'>, chain: Chain, guards: (entryId: string) => boolean): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>()
  // what runs after the end are response hooks
  let ended = failure
  for (const { name, entries } of chain) {
    const own = steps.filter(step => step.plugin === name)
    const end = own.find(({ outcome }) => outcome === 'answered' || outcome === 'threw')
    if (end !== undefined) {
      const { status = 500, outcome } = end
      outcomes.set(name, status >= 500 ? 'failed' : status >= 400 ? 'refused' : outcome === 'answered' || status >= 300 ? 'answered' : 'failed')
      if (end.phase !== 'onSend') ended = true
    } else if (own.some(({ phase }) => phase !== 'onSend')) {
      outcomes.set(name, 'allowed')
    } else if (entries.some(({ id }) => guards(id))) {
      outcomes.set(name, ended ? 'skipped' : 'absent')
    } else {
      outcomes.set(name, 'allowed')
    }
  }
  return outcomes
}
