/** What operators ask of the entries that run: metrics of their plugins, and actions. */
import type { BrandedPlugin, MetricFacts, MetricFamily } from '../plugin.ts'
import type { Steps } from '../steps.ts'
import type { ActionOrder } from './engine.ts'
import type { LiveEntry } from './scopes.ts'

type Entries = ReadonlyMap<string, LiveEntry>

/** One list for each plugin: series of the same name and labels are to be added up. */
export function * pluginMetrics (entries: Entries, facts: MetricFacts): Steps<MetricFamily[][]> {
  const states = new Map<BrandedPlugin, unknown[]>()
  for (const { definition, state } of entries.values()) {
    yield
    if (definition.metrics === undefined) continue
    const known = states.get(definition)
    if (known === undefined) states.set(definition, [state])
    else known.push(state)
  }
  const lists: MetricFamily[][] = []
  for (const [definition, all] of states) {
    const families: MetricFamily[] = []
    for (const each of definition.metrics?.(all, facts) ?? []) {
      families.push(each)
      yield
    }
    lists.push(families)
  }
  return lists
}

/** Does what the admin listener was asked for; a plugin without entries has nothing to do. */
export async function runAction (entries: Entries, { plugin, path, body }: ActionOrder): Promise<Readonly<Record<string, number>>> {
  const own = [...entries.values()].filter(({ definition }) => definition.name === plugin)
  const action = own[0]?.definition.actions?.find(candidate => candidate.path === path)
  return await action?.run(own.map(({ state }) => state), body as never) ?? {}
}
