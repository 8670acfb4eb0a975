import { createHash } from 'node:crypto'
import type { PluginGateway } from '../plugin.ts'
import type { CounterStore, WindowType } from './counters.ts'
import { GuardedCounters, type OnStoreError } from './guarded-counters.ts'
import { MemoryCounters } from './memory-counters.ts'
import { connectRedis, type RedisSettings } from './redis/connect.ts'
import { RedisCounters } from './redis/redis-counters.ts'

export interface KeepCountersOptions {
  readonly policy: 'local' | 'redis'
  readonly type: WindowType
  /** Counters in memory at most. */
  readonly most: number
  readonly redis?: RedisSettings
  readonly onStoreError: OnStoreError
  /** Gateways that share a limit. */
  readonly replicas: number
}

const NOBODY = '00000000-0000-0000-0000-000000000000'

/** Counters of an entry that outlive a reload, in this process or in Redis. */
export function keepCounters (gateway: PluginGateway, { policy, type, most, redis, onStoreError, replicas }: KeepCountersOptions): CounterStore {
  const local = gateway.keep(`counters:${type}`, () => new MemoryCounters({ type, most, now: gateway.now }))
  local.limitTo(most)
  if (policy === 'local' || redis === undefined) return local
  const { entry: { name, route, service }, log } = gateway
  // hashed: the key is seen in logs, and there is a password in it
  const connection = createHash('sha256').update(JSON.stringify(redis)).digest('hex')
  const client = gateway.keep(`redis:${connection}`, () => connectRedis(redis), client => { client.disconnect() })
  return new GuardedCounters({
    shared: new RedisCounters({ client, type, prefix: `sallyport:${name}:${route ?? NOBODY}:${service ?? NOBODY}` }),
    local,
    onStoreError,
    processes: replicas * gateway.workers,
    log
  })
}
