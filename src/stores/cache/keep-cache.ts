import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { PluginGateway } from '../../plugin.ts'
import { connectRedis, type RedisSettings } from '../redis/connect.ts'
import { Outage } from '../outage.ts'
import { createSteadyClock } from '../steady-clock.ts'
import type { CacheStore } from './cache-store.ts'
import { MemoryCache } from './memory-cache.ts'
import { OwedDrops } from './owed-drops.ts'
import { RedisCache } from './redis-cache.ts'

export interface KeepCacheOptions {
  readonly strategy: 'memory' | 'redis'
  /** Bytes of all answers in this process. */
  readonly bytes: number
  /** Longest body. */
  readonly largest: number
  readonly redis?: RedisSettings
}

export interface KeptCache {
  readonly store: CacheStore
  readonly now: () => number
}

const NOBODY = '00000000-0000-0000-0000-000000000000'

/** A cache of an entry that outlives a reload, with the clock by which it counts. */
export function keepCache (gateway: PluginGateway, { strategy, bytes, largest, redis }: KeepCacheOptions): KeptCache {
  if (strategy === 'redis' && redis !== undefined && gateway.outside === undefined) return keepRedis(gateway, redis, largest)
  // one that is set back makes nothing younger
  const now = gateway.keep('cache-clock', () => createSteadyClock(gateway.now))
  const store = gateway.keep('cache', () => new MemoryCache({ bytes, largest, now }))
  gateway.serving(() => store.limitTo(bytes, largest))
  return { store, now }
}

function keepRedis (gateway: PluginGateway, redis: RedisSettings, largest: number): KeptCache {
  const { entry: { name, route, service, consumer, consumer_group: group }, log, now } = gateway
  // hashed: the key is seen in logs, and there is a password in it
  const connection = createHash('sha256').update(JSON.stringify(redis)).digest('hex')
  const client = gateway.keep(`redis:${connection}`, () => connectRedis(redis), client => { client.disconnect() })
  const outage = gateway.keep(`outage:${connection}`, () => new Outage({ log, onStoreError: 'miss', keeps: 'answers' }))
  const owed = gateway.keep(`owed:${connection}`, () => owing(client, outage), ({ size }) => {
    if (size > 0) log.warn({ addresses: Number.isFinite(size) ? size : 'all' }, 'the store of answers was not told what is to be dropped: purge it, or wait until it is stale')
  })
  const prefix = `sallyport:${name}:${route ?? NOBODY}:${service ?? NOBODY}:${consumer ?? group ?? NOBODY}`
  return { store: new RedisCache({ client, outage, owed, prefix, largest, now }), now }
}

/** Who finds Redis down when it starts owes everything: it doesn't know what a process before it, which ended meanwhile, owed. */
export function owing (client: Redis | Cluster, outage: Outage): OwedDrops {
  const owed = new OwedDrops()
  if (client.status === 'ready') return owed
  function unreachable (error: Error): void {
    client.off('ready', reached)
    owed.addAll()
    outage.begin(error)
  }
  function reached (): void {
    client.off('error', unreachable)
  }
  client.once('error', unreachable).once('ready', reached)
  return owed
}
