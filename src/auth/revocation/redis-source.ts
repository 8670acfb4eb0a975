import type { Redis } from 'ioredis'
import { Revoked } from './revoked.ts'
import type { RevocationSource } from './revocations.ts'

export interface RedisRevocationOptions {
  /** `redis://` or `rediss://`, with user and password where it needs them. */
  readonly url: string
  /** In front of all keys. */
  readonly prefix: string
  /** Milliseconds for a connection and for an answer. */
  readonly timeout: number
  now (): number
}

/** Members that are asked for at once: Redis serves others in between. */
const BATCH = 5_000

/**
 * Revocations in Redis: the sorted set `<prefix>jti` of token ids with the time of their end as score, the hash
 * `<prefix>sub` of subjects with the time up to which their tokens are revoked (both in seconds), and a message on the
 * channel `<prefix>changed` for all gateways to read again.
 */
export async function redisRevocations (options: RedisRevocationOptions): Promise<RevocationSource> {
  const { url, prefix, timeout, now } = options
  // loaded where it is used: 40 ms and 6 MB that others don't need
  const { Redis } = await import('ioredis')
  const settings = {
    connectTimeout: timeout,
    commandTimeout: timeout,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    lazyConnect: true,
    // done below: where the library does it and the connection breaks meanwhile, nobody catches its promise
    autoResubscribe: false,
    retryStrategy: (attempt: number) => Math.min(attempt * 200, 5_000)
  }
  const reader = new Redis(url, settings)
  // a connection that listens can't ask
  const listener = new Redis(url, settings)
  // without a listener an error of the connection would end the process; reading tells about it
  for (const client of [reader, listener]) client.on('error', () => {})

  return {
    async read () {
      await connected(reader)
      return new Revoked(await readTokens(reader, `${prefix}jti`, now()), await readSubjects(reader, `${prefix}sub`))
    },
    watch (changed) {
      listener.on('message', () => changed())
      // what was said while the connection was away was not heard
      listener.on('ready', () => {
        listener.subscribe(`${prefix}changed`).then(changed, () => {})
      })
      listener.connect().catch(() => {})
    },
    close () {
      reader.disconnect()
      listener.disconnect()
    }
  }
}

async function connected (client: Redis): Promise<void> {
  try {
    if (client.status === 'wait' || client.status === 'end') await client.connect()
    else if (client.status !== 'ready') throw new Error('not connected')
  } catch {
    // the library's own words may hold the address
    throw new Error('Redis can\'t be reached')
  }
}

// SCAN gives every member that is there from beginning to end; ranges by offset pass over some when others are removed

async function readTokens (client: Redis, key: string, now: number): Promise<Set<string>> {
  const tokens = new Set<string>()
  let cursor = '0'
  do {
    const [next, members] = await asked(client.zscan(key, cursor, 'COUNT', BATCH))
    for (let index = 0; index < members.length; index += 2) {
      // what has expired by itself needs no revocation
      if (Number(members[index + 1]) * 1000 >= now) tokens.add(members[index] as string)
    }
    cursor = next
  } while (cursor !== '0')
  return tokens
}

async function readSubjects (client: Redis, key: string): Promise<Map<string, number>> {
  const subjects = new Map<string, number>()
  let cursor = '0'
  do {
    const [next, fields] = await asked(client.hscan(key, cursor, 'COUNT', BATCH))
    for (let index = 0; index < fields.length; index += 2) {
      const until = Number(fields[index + 1])
      // a time that is none revokes all tokens of its subject: closed
      subjects.set(fields[index] as string, Number.isFinite(until) ? until : Infinity)
    }
    cursor = next
  } while (cursor !== '0')
  return subjects
}

async function asked<Result> (command: Promise<Result>): Promise<Result> {
  try {
    return await command
  } catch {
    throw new Error('Redis does not answer as it should')
  }
}
