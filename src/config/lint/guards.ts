import type { Chain } from '../chains.ts'
import type { PluginEntry } from '../model.ts'
import type { PluginRegistry } from '../../plugins.ts'

/** What stands between a caller and a service. */
export type Guard =
  /** Nothing. */
  | 'none'
  /** A policy lets everybody pass. */
  | 'public'
  /** An authentication plugin, or a policy. */
  | 'closed'

export function guardOf (chain: Chain, registry: PluginRegistry): Guard {
  let guard: Guard = 'none'
  for (const { name, entries } of chain) {
    const definition = registry.get(name)
    if (definition?.authentication === 'policy') {
      return entries.every(entry => definition.admitsAll?.(entry.config as never) === true) ? 'public' : 'closed'
    }
    if (definition?.authentication === 'method') guard = 'closed'
  }
  return guard
}

/** Whether any enabled entry has to do with authentication. */
export function authenticates (entries: readonly PluginEntry[], registry: PluginRegistry): boolean {
  return entries.some(({ name, enabled }) => enabled && registry.get(name)?.authentication !== undefined)
}
