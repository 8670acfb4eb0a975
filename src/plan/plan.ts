/** What a change of the configuration means, in the order of how much harm it can do. */
import { chainChanges } from './chains.ts'
import { fold, risks, type Change, type Risk } from './change.ts'
import { Comparison } from './comparison.ts'
import { consumerChanges } from './consumers.ts'
import { routeChanges } from './routes.ts'
import { routingChanges } from './routing.ts'
import { serviceChanges, upstreamChanges } from './services.ts'
import { certificateChanges, settingChanges } from './settings.ts'
import { Side, type SideInput } from './side.ts'

export interface Plan {
  /** What the user calls the two. */
  readonly old: string
  readonly next: string
  /** The worst first. */
  readonly changes: readonly Change[]
  readonly counts: Readonly<Record<Risk, number>>
  /** What has to be known about the comparison. */
  readonly notes: readonly string[]
}

/**
 * Compares two configurations by what they do: plugins as they run on each route, requests as the router sends them.
 */
export function makePlan (before: SideInput, after: SideInput, notes: readonly string[] = []): Plan {
  const [old, next] = [new Side('old', before), new Side('new', after)]
  const comparison = new Comparison(old, next)
  const drafts = [
    ...chainChanges(comparison),
    ...routeChanges(comparison),
    ...routingChanges(comparison),
    ...serviceChanges(comparison),
    ...upstreamChanges(comparison),
    ...settingChanges(comparison),
    ...certificateChanges(comparison),
    ...consumerChanges(comparison)
  ]
  // what came from the environment is in no message, wherever it turns up
  const redact = (text: string): string => next.source.redact(old.source.redact(text))
  const changes = fold(drafts, {
    route: next.config.routes.length,
    service: next.config.services.length,
    consumer: next.config.consumers.length,
    upstream: next.config.upstreams.length
  }).map(change => redacted(change, redact))
  const counts = Object.fromEntries(risks.map(risk => [risk, changes.filter(change => change.risk === risk).length])) as Record<Risk, number>
  return { old: before.title ?? before.shown, next: after.title ?? after.shown, changes, counts, notes }
}

function redacted (change: Change, redact: (text: string) => string): Change {
  return {
    ...change,
    title: redact(change.title),
    subjects: change.subjects.map(redact),
    ...change.from === undefined ? {} : { from: redact(change.from) },
    ...change.to === undefined ? {} : { to: redact(change.to) },
    details: change.details.map(redact),
    places: change.places.map(place => ({ ...place, path: redact(place.path) }))
  }
}

/** Whether any change is as harmful as `risk`, or more. */
export function reaches (plan: Plan, risk: Risk): boolean {
  return risks.slice(0, risks.indexOf(risk) + 1).some(each => plan.counts[each] > 0)
}

/** `3 changes: 1 high, 2 low`. */
export function summary ({ changes, counts }: Plan): string {
  if (changes.length === 0) return 'no changes'
  const parts = risks.filter(risk => counts[risk] > 0).map(risk => `${counts[risk]} ${risk}`)
  return `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}: ${parts.join(', ')}`
}
