import type { PluginGateway } from '../../plugin.ts'
import { createSteadyClock } from '../steady-clock.ts'
import type { CacheStore } from './cache-store.ts'
import { MemoryCache } from './memory-cache.ts'

export interface KeepCacheOptions {
  /** Bytes of all answers in this process. */
  readonly bytes: number
  /** Longest body. */
  readonly largest: number
}

/** A cache of an entry that outlives a reload, with the clock by which it counts: one that is set back makes nothing younger. */
export function keepCache (gateway: PluginGateway, { bytes, largest }: KeepCacheOptions): { store: CacheStore, now: () => number } {
  const now = gateway.keep('cache-clock', () => createSteadyClock(gateway.now))
  const store = gateway.keep('cache', () => new MemoryCache({ bytes, largest, now }))
  store.limitTo(bytes, largest)
  return { store, now }
}
