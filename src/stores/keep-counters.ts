import { createHash } from 'node:crypto'
import type { PluginGateway } from '../plugin.ts'
import type { CounterStore, WindowType } from './counters.ts'
import type { OnStoreError } from './fallback.ts'
import { GuardedCounters } from './guarded-counters.ts'
import { MemoryCounters } from './memory-counters.ts'
import { Outage } from './outage.ts'
import { connectRedis, type RedisSettings } from './redis/connect.ts'
import { RedisCounters } from './redis/redis-counters.ts'
import { type StoreSource, StoreStats } from './store-stats.ts'
import { type SyncSettings, SyncedCounters } from './synced-counters.ts'

export interface KeepCountersOptions {
  readonly policy: 'local' | 'redis'
  readonly type: WindowType
  /** Counters in memory at most. */
  readonly most: number
  readonly redis?: RedisSettings
  readonly onStoreError: OnStoreError
  /** Gateways that share a limit. */
  readonly replicas: number
  /** Seconds between two rounds of counters in memory that Redis is told of; -1 (default): each decision is made in Redis. */
  readonly syncRate?: number
  /** Decisions are about several keys. */
  readonly together?: boolean
}

const NOBODY = '00000000-0000-0000-0000-000000000000'

/** Counters of an entry that outlive a reload, in this process or in Redis; `stats` is to be told of its decisions. */
export function keepCounters (gateway: PluginGateway, options: KeepCountersOptions): { readonly store: CounterStore, readonly stats: StoreStats } {
  const stats = gateway.keep('store-stats', () => new StoreStats(gateway.entry))
  const { store, source } = keepStore(gateway, options)
  stats.observe(gateway.entry, source)
  return { store, stats }
}

function keepStore (gateway: PluginGateway, options: KeepCountersOptions): { readonly store: CounterStore, readonly source: StoreSource } {
  const { policy, type, most, redis, onStoreError, replicas, syncRate = -1, together = false } = options
  if (policy === 'local' || redis === undefined) {
    const local = keepLocal(gateway, type, most)
    return { store: local, source: { policy: 'local', local, outage: null } }
  }
  const { entry: { name, route, service }, log } = gateway
  // hashed: the key is seen in logs, and there is a password in it
  const connection = createHash('sha256').update(JSON.stringify(redis)).digest('hex')
  const prefix = `sallyport:${name}:${route ?? NOBODY}:${service ?? NOBODY}`
  const processes = replicas * gateway.workers
  if (syncRate > 0) {
    const synced = keepSynced(gateway, { redis, type, prefix, key: `synced:${type}:${connection}` }, { most, interval: syncRate * 1000, onStoreError, processes, log })
    return { store: synced, source: { policy, local: synced.local, outage: synced.outage } }
  }
  const client = gateway.keep(`redis:${connection}`, () => connectRedis(redis), client => { client.disconnect() })
  const local = keepLocal(gateway, type, most)
  const outage = gateway.keep(`outage:${connection}`, () => new Outage({ log, onStoreError }))
  const shared = new RedisCounters({ client, type, prefix, together })
  return { store: new GuardedCounters({ shared, local, onStoreError, processes, log, outage }), source: { policy, local, outage } }
}

function keepLocal (gateway: PluginGateway, type: WindowType, most: number): MemoryCounters {
  const local = gateway.keep(`counters:${type}`, () => new MemoryCounters({ type, most, now: gateway.now }))
  local.limitTo(most)
  return local
}

/** With a connection of their own: it has to be there until the last round. */
function keepSynced (gateway: PluginGateway, { redis, type, prefix, key }: { redis: RedisSettings, type: WindowType, prefix: string, key: string }, settings: SyncSettings): SyncedCounters {
  const synced = gateway.keep(key, () => {
    const client = connectRedis(redis)
    return new SyncedCounters({
      shared: new RedisCounters({ client, type, prefix }),
      type,
      now: gateway.now,
      release: () => client.disconnect()
    }, settings)
  }, async counters => { await counters.close() })
  synced.configure(settings)
  return synced
}
