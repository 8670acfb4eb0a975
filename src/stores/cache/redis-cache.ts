import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { Outage } from '../outage.ts'
import type { CacheRecord, CacheStore, PurgeOrder } from './cache-store.ts'
import type { OwedDrops } from './owed-drops.ts'
import { decodeName, decodeRecord, encodeRecord, type RecordName } from './codec.ts'

export interface RedisCacheOptions {
  readonly client: Redis | Cluster
  readonly outage: Outage
  readonly owed: OwedDrops
  /** What the keys of one entry begin with. */
  readonly prefix: string
  /** Longest body. */
  readonly largest: number
  readonly now: () => number
}

/** Nothing is kept longer, in milliseconds: indexes live as long. */
const LONGEST = 30 * 86_400_000
/** As much of a record as holds its name, in bytes: URIs are shorter than request lines may be. */
const NAME = 65_536
/** Keys looked at in one step. */
const STEP = 500

/**
 * Answers in Redis, for any number of gateways. It sees digests in keys and the URI and the answer in values.
 *
 * What is slow or down is not there: a look-up that fails is a miss, and the next ones don't ask until Redis answers again.
 */
export class RedisCache implements CacheStore {
  readonly largest: number
  readonly #client: Redis | Cluster
  readonly #outage: Outage
  readonly #owed: OwedDrops
  readonly #prefix: string
  readonly #now: () => number

  constructor ({ client, outage, owed, prefix, largest, now }: RedisCacheOptions) {
    this.#client = client
    this.#outage = outage
    this.#owed = owed
    this.#prefix = prefix
    this.largest = largest
    this.#now = now
  }

  get (uri: string, rest: string): CacheRecord | undefined | Promise<CacheRecord | undefined> {
    if (this.#down) return undefined
    return this.#read(this.#keyOf(uri, rest))
  }

  set (uri: string, rest: string, record: CacheRecord): void {
    const now = this.#now()
    const life = Math.min(LONGEST, Math.ceil(record.expiresAt - now))
    if (this.#down || life <= 0) return
    const key = this.#keyOf(uri, rest)
    // the indexes first: a record that stands in none can't be dropped
    for (const index of [this.#uriIndex(uri), ...(record.variesBy === null ? record.tags : []).map(tag => this.#tagIndex(tag))]) {
      this.#quietly(this.#client.zadd(index, now + life, key))
      this.#quietly(this.#client.zremrangebyscore(index, '-inf', now))
      this.#quietly(this.#client.pexpire(index, LONGEST))
    }
    this.#quietly(this.#client.set(key, encodeRecord(uri, record), 'PX', life))
  }

  delete (uri: string, rest: string): void {
    if (this.#down) this.#owed.add(uri)
    else this.#owing(uri, this.#client.unlink(this.#keyOf(uri, rest)))
  }

  invalidate (uri: string): void {
    if (this.#down) this.#owed.add(uri)
    else this.#owing(uri, this.#dropIndex(this.#uriIndex(uri)))
  }

  /** @throws what Redis has to say: who purges must know that it was not done */
  async purge ({ key, url, prefix, tag, all }: PurgeOrder): Promise<number> {
    if (url !== undefined) return await this.#dropIndex(this.#uriIndex(url))
    if (tag !== undefined) return await this.#dropIndex(this.#tagIndex(tag))
    if (prefix !== undefined) return await this.#dropWhere(name => name.uri.startsWith(prefix))
    if (key !== undefined) return await this.#dropWhere(name => name.id === key)
    return all === true ? await this.#dropWhere(() => true) : 0
  }

  /** Whether Redis has to be left alone; it is looked at now and then, beside the requests. */
  get #down (): boolean {
    if (!this.#outage.open) return false
    if (this.#outage.due() && this.#client.status === 'ready') this.#quietly(this.#recover())
    return true
  }

  /** What should have been dropped meanwhile goes first: nobody gets it again. */
  async #recover (): Promise<void> {
    await this.#client.ping()
    const paid = await this.#owed.pay(async uri => uri === null ? await this.#dropWhere(() => true) : await this.#dropIndex(this.#uriIndex(uri)))
    if (paid) this.#outage.end()
  }

  /** What can't be dropped now is dropped before anything is read again. */
  #owing (uri: string, work: Promise<unknown>): void {
    work.catch(error => {
      this.#owed.add(uri)
      this.#outage.begin(error)
    })
  }

  async #read (key: string): Promise<CacheRecord | undefined> {
    try {
      // a cluster without slots would have its commands wait
      if (this.#client.status !== 'ready') throw new Error('there is no connection to Redis')
      const bytes = await this.#client.getBuffer(key)
      const record = bytes === null ? null : decodeRecord(bytes)
      return record === null || record.expiresAt <= this.#now() ? undefined : record
    } catch (error) {
      this.#outage.begin(error)
      return undefined
    }
  }

  async #dropIndex (index: string): Promise<number> {
    const keys = await this.#client.zrange(index, '0', '-1')
    return await this.#drop(keys, index)
  }

  /** Walks through all records: a matter of seconds where there are millions. */
  async #dropWhere (wanted: (name: RecordName) => boolean): Promise<number> {
    let count = 0
    const nodes = 'nodes' in this.#client ? this.#client.nodes('master') : [this.#client]
    for (const node of nodes) {
      let cursor = '0'
      do {
        const [next, keys] = await node.scan(cursor, 'MATCH', `${this.#prefix}:r:*`, 'COUNT', String(STEP))
        cursor = next
        const names = await Promise.all(keys.map(key => node.getrangeBuffer(key, 0, NAME)))
        count += await this.#drop(keys.filter((_, place) => {
          const name = decodeName(names[place] as Buffer)
          return name !== null && wanted(name)
        }))
      } while (cursor !== '0')
    }
    return count
  }

  /**
   * @param index what they were found in; not dropped as a whole, since others may have been stored meanwhile
   * @returns how many of them were answers
   */
  async #drop (keys: readonly string[], index: string | null = null): Promise<number> {
    const names = await Promise.all(keys.map(key => this.#client.getrangeBuffer(key, 0, NAME)))
    const dropped = await Promise.all(keys.map(async key => {
      // sent together, so that hardly anybody stores it again between the two
      const [count] = await Promise.all([this.#client.unlink(key), index === null ? 0 : this.#client.zrem(index, key)])
      return count
    }))
    return dropped.filter((count, place) => count === 1 && decodeName(names[place] as Buffer)?.id != null).length
  }

  /** Nobody waits for it, and that it failed is learnt by the next look-up. */
  #quietly (work: Promise<unknown>): void {
    work.catch(() => {})
  }

  #keyOf (uri: string, rest: string): string {
    return `${this.#prefix}:r:{${digest(uri)}}:${digest(rest)}`
  }

  #uriIndex (uri: string): string {
    return `${this.#prefix}:u:{${digest(uri)}}`
  }

  #tagIndex (tag: string): string {
    return `${this.#prefix}:t:{${digest(tag)}}`
  }
}

function digest (text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
