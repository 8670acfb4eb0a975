/** Who may use a route. */
import { guardOf } from '../config/lint/guards.ts'
import type { Chain } from '../config/chains.ts'
import type { PluginRegistry } from '../plugins.ts'

export interface Access {
  /** `optional`: credentials are looked at, and callers without any pass as the anonymous consumer. */
  readonly state: 'open' | 'optional' | 'closed'
  /** Authentication plugins, in the order in which they run. */
  readonly methods: readonly string[]
}

/** The more, the harder to get in. */
const DEGREES = { open: 0, optional: 1, closed: 2 } as const

export function accessOf (chain: Chain, registry: PluginRegistry): Access {
  const found = chain.filter(({ name }) => registry.get(name)?.authentication === 'method')
  const methods = found.map(({ name }) => name)
  const guard = guardOf(chain, registry)
  if (guard !== 'closed') return { state: 'open', methods }
  const policy = chain.some(({ name }) => registry.get(name)?.authentication === 'policy')
  const anonymous = !policy && found.every(({ entries }) => entries.every(({ config }) => (config['anonymous'] ?? '') !== ''))
  return { state: anonymous ? 'optional' : 'closed', methods }
}

export function isWeaker (one: Access, other: Access): boolean {
  return DEGREES[one.state] < DEGREES[other.state]
}
