import { createHash, randomBytes } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { Outage } from '../outage.ts'
import { Script } from '../redis/script.ts'
import type { CacheRecord, CacheStore, PurgeOrder, Seen } from './cache-store.ts'
import type { OwedDrops } from './owed-drops.ts'
import { patiently } from './patiently.ts'
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
/** How long it is remembered that a URI was dropped, or a purge made, in milliseconds: nobody fetches an answer for longer. */
const GENERATION = 3_600_000

/**
 * Stores a record, and that there is one, unless its URI was dropped since it was asked for: another gateway may have had it changed
 * while this one fetched it.
 *
 * KEYS: generation, index, record, and the epoch where it is on the same node. ARGV: the generation that was seen, now, when the record
 * ends, its life, how long indexes live, the record, the epoch that was seen; milliseconds.
 */
const STORE = new Script(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if KEYS[4] and (redis.call('GET', KEYS[4]) or '') ~= ARGV[7] then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], KEYS[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[4])
return 1
`)

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

  get (uri: string, rest: string, seen: Seen): CacheRecord | undefined | Promise<CacheRecord | undefined> {
    seen.generation = null
    if (this.#down) return undefined
    return this.#read(this.#keyOf(uri, rest), this.#generation(uri), seen)
  }

  set (uri: string, rest: string, record: CacheRecord, { generation }: Seen): void {
    const now = this.#now()
    const life = Math.min(LONGEST, Math.ceil(record.expiresAt - now))
    if (this.#down || life <= 0 || generation === null) return
    const key = this.#keyOf(uri, rest)
    // the indexes first: a record that stands in none can't be dropped
    for (const index of record.variesBy === null ? record.tags.map(tag => this.#tagIndex(tag)) : []) {
      this.#quietly(this.#client.zadd(index, now + life, key))
      this.#quietly(this.#client.zremrangebyscore(index, '-inf', now))
      this.#quietly(this.#client.pexpire(index, LONGEST))
    }
    const [seen, epoch = ''] = generation.split(' ') as [string, string?]
    const keys = [this.#generation(uri), this.#uriIndex(uri), key]
    const stored = STORE.run(this.#client, [this.#isCluster ? 3 : 4, ...keys, ...this.#isCluster ? [] : [this.#epoch], seen, now, now + life, life, LONGEST, encodeRecord(uri, record), epoch])
    this.#quietly(this.#isCluster ? stored.then(() => this.#confirm(key, epoch)) : stored)
  }

  delete (uri: string, rest: string): void {
    if (this.#down) this.#owed.add(uri)
    else this.#owing(uri, this.#client.unlink(this.#keyOf(uri, rest)))
  }

  invalidate (uri: string): void {
    if (this.#down) this.#owed.add(uri)
    else this.#owing(uri, this.#dropUri(uri))
  }

  /** @throws what Redis has to say: who purges must know that it was not done */
  async purge ({ key, url, prefix, tag, all }: PurgeOrder): Promise<number> {
    this.#assureConnection()
    if (url !== undefined) return await this.#dropUri(url)
    await patiently(async () => await this.#beginEpoch())
    if (tag !== undefined) return await this.#dropIndex(this.#tagIndex(tag))
    if (prefix !== undefined) return await this.#dropWhere(name => name.uri.startsWith(prefix))
    if (key !== undefined) return await this.#dropWhere(name => name.id === key)
    return all === true ? await this.#dropWhere(() => true) : 0
  }

  /** Nobody knows of an answer that is being fetched what a purge would find in it: whoever is fetching one stores none. */
  async #beginEpoch (): Promise<void> {
    await this.#client.set(this.#epoch, randomBytes(9).toString('base64url'), 'PX', GENERATION)
  }

  /** A script of a cluster sees the keys of one node alone: what a purge may have passed by is dropped again. */
  async #confirm (key: string, epoch: string): Promise<void> {
    if ((await this.#client.get(this.#epoch) ?? '') !== epoch) await this.#client.unlink(key)
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
    const paid = await this.#owed.pay(async uri => await this.purge(uri === null ? { all: true } : { url: uri }))
    if (paid) this.#outage.end()
  }

  /** What can't be dropped now is dropped before anything is read again. */
  #owing (uri: string, work: Promise<unknown>): void {
    work.catch(error => {
      this.#owed.add(uri)
      this.#outage.begin(error)
    })
  }

  async #read (key: string, generation: string, seen: Seen): Promise<CacheRecord | undefined> {
    try {
      this.#assureConnection()
      const [[bytes, current, here], elsewhere] = await Promise.all([
        this.#client.mgetBuffer(key, generation, ...this.#isCluster ? [] : [this.#epoch]) as Promise<[Buffer | null, Buffer | null, Buffer?]>,
        this.#isCluster ? this.#client.get(this.#epoch) : null
      ])
      seen.generation = `${current?.toString() ?? ''} ${here?.toString() ?? elsewhere ?? ''}`
      const record = bytes === null ? null : decodeRecord(bytes)
      return record === null || record.expiresAt <= this.#now() ? undefined : record
    } catch (error) {
      this.#outage.begin(error)
      return undefined
    }
  }

  #assureConnection (): void {
    // a cluster without slots would have its commands wait
    if (this.#client.status !== 'ready') throw new Error('there is no connection to Redis')
  }

  /** Whoever is fetching an answer of it stores none. */
  async #dropUri (uri: string): Promise<number> {
    await patiently(async () => await this.#client.set(this.#generation(uri), randomBytes(9).toString('base64url'), 'PX', GENERATION))
    return await this.#dropIndex(this.#uriIndex(uri))
  }

  async #dropIndex (index: string): Promise<number> {
    return await patiently(async () => await this.#drop(await this.#client.zrange(index, '0', '-1'), index))
  }

  /** Walks through all records: a matter of seconds where there are millions. */
  async #dropWhere (wanted: (name: RecordName) => boolean): Promise<number> {
    let count = 0
    const nodes = 'nodes' in this.#client ? this.#client.nodes('master') : [this.#client]
    for (const node of nodes) {
      let cursor = '0'
      do {
        const from = cursor
        const [next, keys] = await patiently(async () => await node.scan(from, 'MATCH', `${this.#prefix}:r:*`, 'COUNT', String(STEP)))
        cursor = next
        count += await patiently(async () => {
          const names = await Promise.all(keys.map(key => node.getrangeBuffer(key, 0, NAME)))
          return await this.#drop(keys.filter((_, place) => {
            const name = decodeName(names[place] as Buffer)
            return name !== null && wanted(name)
          }), null)
        })
      } while (cursor !== '0')
    }
    return count
  }

  /**
   * @param index what they were found in; not dropped as a whole, since others may have been stored meanwhile
   * @returns how many of them were answers
   */
  async #drop (keys: readonly string[], index: string | null): Promise<number> {
    const names = await Promise.all(keys.map(async key => decodeName(await this.#client.getrangeBuffer(key, 0, NAME))))
    const dropped = await Promise.all(keys.map(async key => {
      // sent together, so that hardly anybody stores it again between the two
      const [count] = await Promise.all([this.#client.unlink(key), index === null ? 0 : this.#client.zrem(index, key)])
      return count
    }))
    return dropped.filter((count, place) => count === 1 && names[place]?.id != null).length
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

  #generation (uri: string): string {
    return `${this.#prefix}:g:{${digest(uri)}}`
  }

  /** Another one begins with each purge of more than a URI. */
  get #epoch (): string {
    return `${this.#prefix}:e`
  }

  get #isCluster (): boolean {
    return 'nodes' in this.#client
  }

  #tagIndex (tag: string): string {
    return `${this.#prefix}:t:{${digest(tag)}}`
  }
}

function digest (text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
