import { type CounterWindow, describePolicy, type PeriodLimits, type PluginGateway, shareOf, windowsOf } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Limits that apply to a request, with what headers say of them in any case. */
export interface Limits {
  readonly windows: readonly CounterWindow[]
  /** RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10 section 3). */
  readonly policy: string
}

/** Everything that an entry may apply, made ready once. */
export interface LimitSet {
  /** Of who is in no tier. */
  readonly standard: Limits
  /** By name, in the order of the file. */
  readonly tiers: ReadonlyMap<string, Limits>
  /** Of API keys with limits or a tier of their own, by the id of the credential. */
  readonly keys: ReadonlyMap<string, Limits>
}

/** Limits of the entry as they are written, or those of its preset. */
export function standardLimits (config: Config): PeriodLimits {
  return config.preset === 'login' && windowsOf(config).length === 0 ? { minute: 10 } : config
}

/** Workers that count alone get their share. */
export function compileLimits (config: Config, { workers, consumers }: Pick<PluginGateway, 'workers' | 'consumers'>): LimitSet {
  const compile = (limits: PeriodLimits): Limits => {
    const windows = shareOf(windowsOf(limits), config.policy === 'local' ? workers : 1)
    return { windows, policy: describePolicy(windows) }
  }
  const tiers = new Map(Object.entries(config.tiers ?? {}).map(([name, limits]) => [name, compile(limits)]))
  const keys = new Map<string, Limits>()
  for (const [id, limits] of consumers.keyLimits) {
    // a key in a tier that this entry doesn't have is like one without limits of its own
    const own = limits.tier === undefined ? compile(limits) : tiers.get(limits.tier)
    if (own !== undefined) keys.set(id, own)
  }
  return { standard: compile(standardLimits(config)), tiers, keys }
}
