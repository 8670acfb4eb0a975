import type { Chain } from '../config/chains.ts'
import type { PluginEntry, Route } from '../config/model.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { EntryBreaker } from '../upstream/destinations.ts'
import { identityOf } from './setup.ts'

/** The circuit breakers that the entries of a route's chain put before its service. */
export function * entryBreakers (chain: Chain, registry: PluginRegistry, route: Route): Generator<EntryBreaker> {
  for (const { name, entries } of chain) {
    const definition = registry.get(name)
    const entry = entries.at(-1) as PluginEntry
    const options = definition?.circuitBreaker?.(entry.config as never)
    if (options !== undefined) yield { identity: identityOf(entry), route: entry.route === null ? null : route.name ?? route.id, options }
  }
}
