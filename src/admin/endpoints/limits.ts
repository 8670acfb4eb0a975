/** Entries that count requests: who has spent how much, and a fresh start. */
import { Failure, list } from '../api/schemas/common.ts'
import { LimitCount, LimitQuestion, LimitReset, LimitView } from '../api/schemas/limits.ts'
import type * as types from '../api/types.ts'
import { found, listOf, ok, Refused } from '../answer.ts'
import { endpoint, type Call, type Endpoint } from '../endpoint.ts'
import type { PluginEntry } from '../../config/model.ts'
import { clientNetwork } from '../../limits/client-network.ts'
import type { CountPart, StoreFacts } from '../../stores/store-stats.ts'
import { find, type Names } from '../views/names.ts'
import type { EntityViews } from '../views/entities.ts'
import { mapSteps, type Steps } from '../../steps.ts'
import type { ProcessFacts } from '../../gateway/engine.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'
import type { ViewsOf } from '../views/views-of.ts'

function * limitViews ({ config }: RunnableFile, { names }: EntityViews, facts: readonly ProcessFacts[]): Steps<types.LimitView[]> {
  const groups = new Map<string, StoreFacts[]>()
  for (const each of facts.flatMap(process => process.limits)) {
    const group = groups.get(each.entry)
    if (group === undefined) groups.set(each.entry, [each])
    else group.push(each)
    yield
  }
  // one that was removed, and still has requests to finish, has no entry
  return yield * mapSteps(config.plugins.filter(({ id }) => groups.has(id)), entry => limitView(entry, groups.get(entry.id) as [StoreFacts], names))
}

function limitView (entry: PluginEntry, facts: readonly [StoreFacts, ...StoreFacts[]], names: Names): types.LimitView {
  const [first] = facts
  const sum = (of: (each: StoreFacts) => number): number => facts.reduce((total, each) => total + of(each), 0)
  return {
    entry: entry.id,
    plugin: entry.name,
    instance_name: entry.instance_name,
    service: names.reference(entry.service),
    route: names.reference(entry.route),
    consumer: names.reference(entry.consumer),
    consumer_group: names.reference(entry.consumer_group),
    limit_by: first.shown?.limit_by ?? null,
    windows: (first.shown?.limits ?? []).map(({ name, period, limit }, index) => ({
      name,
      period,
      limit: first.policy === 'redis' ? limit : sum(each => each.shown?.limits[index]?.limit ?? 0)
    })),
    policy: first.policy,
    state: facts.some(({ state }) => state === 'down') ? 'down' : first.state,
    counters: sum(({ counters }) => counters),
    decisions: sum(({ decisions }) => decisions),
    refused: sum(({ refused }) => refused),
    store_errors: sum(({ store_errors: errors }) => errors),
    can_look_up: first.shown !== null,
    place: names.place(entry.pointer)
  }
}

export function limitEndpoints (viewsOf: ViewsOf): readonly Endpoint[] {
  async function limits ({ source, spread }: Call): Promise<types.LimitView[]> {
    const file = source.running()
    const facts = await source.facts(true)
    return await spread(limitViews(file, viewsOf(file), facts))
  }

  /** What all processes know of the count that is asked for. */
  async function count ({ source, body }: Call, reset: boolean): Promise<{ readonly entry: string, readonly identifier: string, readonly parts: readonly CountPart[] }> {
    const { entry: key, identifier: written } = body as types.LimitQuestion
    const { config } = source.running()
    const entry: PluginEntry = found(config.plugins.find(({ instance_name: name }) => name === key) ?? config.plugins.find(({ id }) => id === key), 'entry')
    const identifier = counted(written)
    const parts: ReadonlyArray<CountPart | null> = await source.ask('count', { entry: entry.id, identifier, reset }).catch(() => [])
    // a shared store that is down, or processes that don't answer
    if (parts.length === 0) throw new Refused(503, 'The counters can\'t be asked now')
    const known = parts.filter((part): part is CountPart => part !== null)
    if (known.length === 0) throw new Refused(404, 'This entry has no counters that can be looked up')
    return { entry: entry.id, identifier, parts: known }

    /** As plugins count it: entities by id, addresses of one IPv6 network as one. */
    function counted (identifier: string): string {
      const [, kind = '', value = ''] = /^([a-z-]+):(.*)$/s.exec(identifier) ?? []
      if (kind === 'ip') return `ip:${clientNetwork(value)}`
      if (kind === 'consumer') return `consumer:${viewsOf(source.running()).consumerId(value) ?? value}`
      if (kind === 'service') return `service:${find(config.services, value)?.id ?? value}`
      return identifier
    }
  }

  return [
    endpoint({
      method: 'GET',
      path: '/limits',
      access: 'read',
      tag: 'limits',
      summary: 'All entries that count requests.',
      answers: { 200: list(LimitView, 'Entries.') },
      run: async call => listOf(await limits(call))
    }),
    endpoint({
      method: 'POST',
      path: '/limits/look-up',
      access: 'read',
      tag: 'limits',
      summary: 'What a client has spent of an entry\'s limits. POST, so that no key of a client stands in a URL.',
      body: LimitQuestion,
      answers: { 200: LimitCount, 404: Failure, 503: Failure },
      async run (call) {
        const { entry, identifier, parts } = await count(call, false)
        return ok({ entry, identifier, windows: together(parts) })
      }
    }),
    endpoint({
      method: 'POST',
      path: '/limits/reset',
      access: 'write',
      tag: 'limits',
      summary: 'Has a client begin at nothing again.',
      body: LimitQuestion,
      answers: { 200: LimitReset, 404: Failure, 503: Failure },
      async run (call) {
        const { entry, identifier, parts } = await count(call, true)
        const reset = parts.reduce((sum, { dropped }) => sum + dropped, 0)
        // whose they were may be a key
        call.source.tell({ entry, reset }, 'counters of a client were reset for the admin listener')
        return ok({ entry, identifier, reset })
      }
    })
  ]
}

/** Counts in memory are added up, each of a part of the limit; what is in Redis all see alike. */
function together (parts: readonly CountPart[]): types.LimitCount['windows'] {
  const [first] = parts as [CountPart]
  return first.windows.map((window, index) => {
    const all = first.policy === 'redis' ? [window] : parts.flatMap(({ windows }) => windows[index] ?? [])
    const used = rounded(all.reduce((sum, each) => sum + each.used, 0))
    const limit = rounded(all.reduce((sum, each) => sum + each.limit, 0))
    return { name: window.name, period: window.period, limit, used, remaining: rounded(limit - used), reset: Math.ceil(Math.max(...all.map(({ reset }) => reset))) }
  })
}

function rounded (value: number): number {
  return Math.round(value * 1e6) / 1e6
}
