import type { Config, PluginEntry, Route } from '../config/model.ts'
import type { PluginRegistry } from '../plugins.ts'

/** One plugin's place in a chain: the entry that runs, or the entries among which the consumer decides. */
export interface ChainItem {
  readonly name: string
  /** Most specific first; those with a consumer run for that consumer only. At most the last one has none. */
  readonly entries: readonly PluginEntry[]
}

/** The plugin entries that apply to a route, in the order in which they run. */
export type Chain = readonly ChainItem[]

/**
 * Kong's precedence (most specific first), as bits: an entry with a consumer and a route beats one with a consumer and a
 * service, and so on; consumer alone is less than route with service, but more than route alone.
 */
function specificity (entry: PluginEntry): number {
  const route = entry.route !== null
  const service = entry.service !== null
  const consumer = entry.consumer !== null
  if (consumer && route && service) return 8
  if (consumer && route) return 7
  if (consumer && service) return 6
  if (route && service) return 5
  if (consumer) return 4
  if (route) return 3
  if (service) return 2
  return 1
}

function applies (entry: PluginEntry, route: Route | null): boolean {
  if (!entry.enabled) return false
  if (entry.route !== null && entry.route !== route?.id) return false
  return entry.service === null || entry.service === (route?.service ?? null)
}

/** Makes the chains of a configuration: entries are indexed once, so that many routes cost little. */
export class Chains {
  readonly #global: PluginEntry[] = []
  readonly #byService = new Map<string, PluginEntry[]>()
  readonly #byRoute = new Map<string, PluginEntry[]>()
  readonly #registry: PluginRegistry

  constructor (config: Config, registry: PluginRegistry) {
    this.#registry = registry
    for (const entry of config.plugins) {
      if (entry.route !== null) push(this.#byRoute, entry.route, entry)
      else if (entry.service !== null) push(this.#byService, entry.service, entry)
      else this.#global.push(entry)
    }
  }

  /** Chain of a route; of requests that no route matches for null. */
  of (route: Route | null): Chain {
    const candidates = [
      ...this.#global,
      ...(route?.service == null ? [] : this.#byService.get(route.service) ?? []),
      ...(route === null ? [] : this.#byRoute.get(route.id) ?? [])
    ].filter(entry => applies(entry, route))

    const byName = new Map<string, PluginEntry[]>()
    for (const entry of candidates) push(byName, entry.name, entry)
    const items = [...byName].map(([name, entries]) => ({ name, entries: alternatives(entries) }))
    return items.sort((a, b) => this.#priority(b.name) - this.#priority(a.name) || (a.name < b.name ? 1 : -1))
  }

  #priority (name: string): number {
    return this.#registry.get(name)?.priority ?? 0
  }
}

/** Sorted, most specific first, up to and with the first entry that applies to every consumer. */
function alternatives (entries: PluginEntry[]): PluginEntry[] {
  const sorted = entries.sort((a, b) => specificity(b) - specificity(a))
  const last = sorted.findIndex(entry => entry.consumer === null)
  return last === -1 ? sorted : sorted.slice(0, last + 1)
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
