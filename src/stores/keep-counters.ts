import { createHash } from 'node:crypto'
import type { PluginGateway } from '../plugin.ts'
import type { CounterStore, OrderStore, WindowType } from './counters.ts'
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
  /** In Redis, entries with the same name count together, wherever they stand. */
  readonly namespace?: string
}

const NOBODY = '00000000-0000-0000-0000-000000000000'

/** Counters of an entry that outlive a reload, in this process or in Redis; `stats` is to be told of its decisions. */
export function keepCounters (gateway: PluginGateway, options: KeepCountersOptions): { readonly store: CounterStore, readonly stats: StoreStats } {
  const { policy, type, most, redis, onStoreError, replicas, syncRate = -1, namespace } = options
  if (gateway.outside !== undefined || policy === 'local' || redis === undefined || syncRate <= 0) return keepOrders(gateway, options)
  const settings = { most, interval: syncRate * 1000, onStoreError, processes: replicas * gateway.workers, log: gateway.log }
  const synced = keepSynced(gateway, { redis, type, prefix: prefixOf(gateway, namespace) }, settings)
  return { store: synced, stats: keepStats(gateway, { policy, local: synced.local, outage: synced.outage }, synced) }
}

/** The same where each decision is made in one place, which can decide about several limits at once. */
export function keepOrders (gateway: PluginGateway, { policy, type, most, redis, onStoreError, replicas, together = false, namespace }: Omit<KeepCountersOptions, 'syncRate'>): { readonly store: CounterStore & OrderStore, readonly stats: StoreStats } {
  const local = gateway.keep(`counters:${type}`, () => new MemoryCounters({ type, most, now: gateway.now }))
  gateway.serving(() => local.limitTo(most))
  // a configuration that is tried has no Redis: what it decides is the same here
  if (gateway.outside !== undefined || policy === 'local' || redis === undefined) return { store: local, stats: keepStats(gateway, { policy: 'local', local, outage: null }, local) }
  const connection = connectionOf(redis)
  const client = gateway.keep(`redis:${connection}`, () => connectRedis(redis), client => { client.disconnect() })
  const outage = gateway.keep(`outage:${connection}`, () => new Outage({ log: gateway.log, onStoreError }))
  const shared = new RedisCounters({ client, type, prefix: prefixOf(gateway, namespace), together })
  const store = new GuardedCounters({ shared, local, onStoreError, processes: replicas * gateway.workers, log: gateway.log, outage })
  return { store, stats: keepStats(gateway, { policy, local, outage }, store) }
}

function keepStats (gateway: PluginGateway, source: StoreSource, store: CounterStore | OrderStore): StoreStats {
  const { entry } = gateway
  const stats = gateway.keep('store-stats', () => new StoreStats(entry))
  gateway.serving(() => stats.observe(entry, source, store))
  return stats
}

/** Hashed: the key is seen in logs, and there is a password in it. */
function connectionOf (redis: RedisSettings): string {
  return createHash('sha256').update(JSON.stringify(redis)).digest('hex')
}

/** Of the entry, unless it says with whom it counts: no two share counters. */
function prefixOf ({ entry: { name, route, service, consumer, consumer_group: group } }: PluginGateway, namespace: string | undefined): string {
  if (namespace !== undefined) return `sallyport:${name}:${namespace}`
  const caller = consumer ?? group
  return `sallyport:${name}:${route ?? NOBODY}:${service ?? NOBODY}${caller === null ? '' : `:${caller}`}`
}

/** With a connection of their own: it has to be there until the last round. */
function keepSynced (gateway: PluginGateway, { redis, type, prefix }: { redis: RedisSettings, type: WindowType, prefix: string }, settings: SyncSettings): SyncedCounters {
  const synced = gateway.keep(`synced:${type}:${connectionOf(redis)}:${prefix}`, () => {
    const client = connectRedis(redis)
    return new SyncedCounters({
      shared: new RedisCounters({ client, type, prefix }),
      type,
      now: gateway.now,
      release: () => client.disconnect()
    }, settings)
  }, async counters => { await counters.close() })
  gateway.serving(() => synced.configure(settings))
  return synced
}
