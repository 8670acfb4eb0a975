import type { Test } from 'tap'
import type { CounterWindow, WindowType } from '../../src/stores/counters.ts'
import { connectRedis, type RedisSettings } from '../../src/stores/redis/connect.ts'
import { RedisCounters } from '../../src/stores/redis/redis-counters.ts'
import { until } from './running.ts'

export interface CountersOptions {
  readonly type?: WindowType
  readonly together?: boolean
}

/** Counters in Redis for the time of a test, by the plugin's options; whether it is reached is another matter. */
export function redisCounters (t: Test, settings: Partial<RedisSettings>, { type = 'fixed', together = false }: CountersOptions = {}): { store: RedisCounters, client: ReturnType<typeof connectRedis> } {
  const client = connectRedis({ port: 6379, database: 0, timeout: 5000, ssl: false, ssl_verify: true, ...settings })
  t.teardown(() => client.disconnect())
  return { client, store: new RedisCounters({ client, type, prefix: 'sallyport:test', together }) }
}

/** Windows of a year end when nobody tests. */
export const THREE: readonly CounterWindow[] = [{ period: 'year', limit: 3 }]

export async function reached (store: RedisCounters): Promise<void> {
  await until('Redis is reached', async () => await store.reachable())
}

/** Of twenty tries of four clients. */
export async function admittedOfFour (store: RedisCounters): Promise<number> {
  await reached(store)
  const decisions = await Promise.all(Array.from({ length: 20 }, async (_, index) => await store.take(`client-${index % 4}`, THREE, 1, 'admitted')))
  return decisions.filter(decision => decision.admitted).length
}
