import type { Config, PluginEntry, Route } from './model.ts'
import type { PluginRegistry } from '../plugins.ts'

/** One plugin's place in a chain: the entry that runs, or the entries among which the consumer decides. */
export interface ChainItem {
  readonly name: string
  /** Most specific first; those with a consumer or a consumer group run for these only. At most the last one has neither. */
  readonly entries: readonly PluginEntry[]
}

/** The plugin entries that apply to a route, in the order in which they run. */
export type Chain = readonly ChainItem[]

/** Kong's precedence, most specific first: who the entry is for, and where it stands. */
const PRECEDENCE = [
  'consumer route service', 'group route service', 'consumer route', 'consumer service', 'group route', 'group service', 'route service',
  'consumer', 'group', 'route', 'service', ''
]

function rank ({ consumer, consumer_group: group, route, service }: PluginEntry): number {
  const parts = [consumer !== null ? 'consumer' : group !== null ? 'group' : '', route === null ? '' : 'route', service === null ? '' : 'service']
  return PRECEDENCE.indexOf(parts.filter(part => part !== '').join(' '))
}

/** Whom an entry is for: id of a consumer or of a consumer group; null: everybody. */
export function audienceOf ({ consumer, consumer_group: group }: PluginEntry): string | null {
  return consumer ?? group
}

/** Whether an entry stands where requests of the route (null: of no route) would meet it. */
function concerns (entry: PluginEntry, route: Route | null): boolean {
  if (entry.route !== null && entry.route !== route?.id) return false
  return entry.service === null || entry.service === (route?.service ?? null)
}

/** Makes the chains of a configuration: entries are indexed once, so that many routes cost little. */
export class Chains {
  readonly #global: PluginEntry[] = []
  readonly #byService = new Map<string, PluginEntry[]>()
  readonly #byRoute = new Map<string, PluginEntry[]>()
  /** Of routes without entries of their own, by service: ten thousand routes have a few hundred of these. */
  readonly #shared = new Map<string | null, Chain>()
  readonly #registry: PluginRegistry
  /** Names of the consumer groups, by id. */
  readonly #groups: ReadonlyMap<string, string>

  constructor (config: Config, registry: PluginRegistry) {
    this.#registry = registry
    this.#groups = new Map(config.consumer_groups.map(({ id, name }) => [id, name]))
    for (const entry of config.plugins) {
      if (entry.route !== null) push(this.#byRoute, entry.route, entry)
      else if (entry.service !== null) push(this.#byService, entry.service, entry)
      else this.#global.push(entry)
    }
  }

  /** Chain of a route; of requests that no route matches for null. */
  of (route: Route | null): Chain {
    if (route !== null && this.#byRoute.has(route.id)) return this.#make(route)
    const service = route?.service ?? null
    let chain = this.#shared.get(service)
    if (chain === undefined) this.#shared.set(service, chain = this.#make(route))
    return chain
  }

  #make (route: Route | null): Chain {
    const byName = new Map<string, PluginEntry[]>()
    for (const entry of this.#concerning(route)) if (entry.enabled) push(byName, entry.name, entry)
    const items = [...byName].map(([name, entries]) => ({ name, entries: this.#alternatives(entries) }))
    return items.sort((a, b) => this.#priority(b.name) - this.#priority(a.name) || (a.name < b.name ? 1 : -1))
  }

  /** Entries that stand over the route and are not in its chain: switched off, or less specific than one of the same plugin. */
  without (route: Route | null): PluginEntry[] {
    const running = new Set(this.of(route).flatMap(item => item.entries))
    return this.#concerning(route).filter(entry => !running.has(entry)).sort((a, b) => rank(a) - rank(b))
  }

  #concerning (route: Route | null): PluginEntry[] {
    return [
      ...this.#global,
      ...(route?.service == null ? [] : this.#byService.get(route.service) ?? []),
      ...(route === null ? [] : this.#byRoute.get(route.id) ?? [])
    ].filter(entry => concerns(entry, route))
  }

  /** Sorted, most specific first, up to and with the first entry that applies to everybody. */
  #alternatives (entries: PluginEntry[]): PluginEntry[] {
    const sorted = entries.sort((a, b) => rank(a) - rank(b) || (this.#groupName(a) < this.#groupName(b) ? -1 : 1))
    const last = sorted.findIndex(entry => audienceOf(entry) === null)
    return last === -1 ? sorted : sorted.slice(0, last + 1)
  }

  /** Of several groups of a consumer, the one whose name sorts first wins, as in Kong. */
  #groupName ({ consumer_group: group }: PluginEntry): string {
    return group === null ? '' : this.#groups.get(group) ?? ''
  }

  #priority (name: string): number {
    return this.#registry.get(name)?.priority ?? 0
  }
}

/** Equal for routes that run the same entries: they share a scope. */
export function chainKey (chain: Chain): string {
  return chain.map(item => item.entries.map(entry => entry.id).join(',')).join(';')
}

function push<K, V> (map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
