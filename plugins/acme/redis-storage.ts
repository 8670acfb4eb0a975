import { randomUUID } from 'node:crypto'
import { connectRedis, type RedisSettings } from '../../src/plugin.ts'
import type { Storage } from './storage.ts'

const PREFIX = 'sallyport:acme:'

/** Longest wait for the first connection, in milliseconds. */
const CONNECT = 3_000

const GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

/** For any number of gateways. What is kept there includes private keys: let nobody else read them. */
export async function openRedisStorage (settings: RedisSettings): Promise<Storage> {
  // a decision's 50 ms are too few for what nobody waits for
  const client = connectRedis({ ...settings, timeout: Math.max(settings.timeout, 2_000) })
  if (client.status !== 'ready') {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, CONNECT)
      client.once('ready', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  return {
    get: async key => await client.get(PREFIX + key),
    async set (key, value, ttl) {
      if (ttl === undefined) await client.set(PREFIX + key, value)
      else await client.set(PREFIX + key, value, 'PX', ttl)
    },
    async delete (key) {
      await client.del(PREFIX + key)
    },
    async lock (key, ttl) {
      const owner = randomUUID()
      if (await client.set(PREFIX + key, owner, 'PX', ttl, 'NX') !== 'OK') return null
      return async () => {
        await client.eval(GIVE_BACK, 1, PREFIX + key, owner)
      }
    },
    close () {
      client.disconnect()
    }
  }
}
