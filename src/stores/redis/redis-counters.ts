import { hash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { Algorithm } from '../algorithms/algorithm.ts'
import { ALGORITHMS } from '../algorithms/usage.ts'
import type { Counting, CounterStore, CounterWindow, Decision, Order, OrderStore, Settlement, Spending, WindowType } from '../counters.ts'
import { Answer, argumentsOf, lateArguments, type Question } from './answers.ts'
import { COUNTER_SCRIPT } from './counter-script.ts'
import { LATE_SCRIPT } from './late-script.ts'
import { ORDER_SCRIPT } from './order-script.ts'
import { orderArguments, settlement } from './orders.ts'
import { Script } from './script.ts'

const DECIDE = new Script(COUNTER_SCRIPT)
const SPEND = new Script(ORDER_SCRIPT)
const COUNT = new Script(LATE_SCRIPT)
/** Groups that one call decides about at most: nothing else runs in Redis meanwhile, some 10 µs each. */
const MOST_GROUPS = 64

export interface RedisCountersOptions {
  readonly client: Redis | Cluster
  readonly type: WindowType
  /** What the counters of one entry have before the client's own part. */
  readonly prefix: string
  /** Decisions are about several keys: in a cluster all counters are in one slot then. */
  readonly together?: boolean
}

/** Nothing has reached Redis, so it may be tried again. */
export class NotSent extends Error {
  constructor () {
    super('there is no connection to Redis')
  }
}

/** One of those who share a call. */
interface Asker {
  readonly resolve: (decision: Decision) => void
  readonly reject: (error: unknown) => void
}

interface Batch extends Question {
  readonly askers: Asker[]
}

/** Counters in Redis: as many gateways as there are admit no more than the limit. */
export class RedisCounters implements CounterStore, OrderStore {
  readonly #client: Redis | Cluster
  readonly #type: WindowType
  readonly #algorithm: Algorithm
  readonly #prefix: string
  /** Groups of one call: in a cluster, whose keys are here and there, one. */
  readonly #most: number
  /** What goes out at the end of this turn of the event loop. */
  #batches: Batch[] = []

  constructor ({ client, type, prefix, together = false }: RedisCountersOptions) {
    const cluster = client.isCluster
    this.#client = client
    this.#type = type
    this.#algorithm = ALGORITHMS[type]
    this.#prefix = cluster && together ? `{${prefix}}:${type}:` : `${prefix}:${type}:`
    this.#most = cluster && !together ? 1 : MOST_GROUPS
  }

  /**
   * Decisions of one turn that have windows in common are one command: of a gateway under load, whose requests come several
   * at a time, ioredis alone would cost more than all the rest of a decision.
   *
   * @throws what ioredis has to say when Redis doesn't answer in time, or not as it should
   */
  take (key: string | readonly string[], windows: readonly CounterWindow[], cost: number, counting: Counting): Promise<Decision> {
    // a cluster without slots would have its commands wait
    if (this.#client.status !== 'ready') return Promise.reject(new NotSent())
    return new Promise((resolve, reject) => {
      const batch = this.#batchOf(windows, counting, typeof key === 'string' ? 1 : key.length)
      if (typeof key === 'string') batch.names.push(this.#nameOf(key))
      else for (const one of key) batch.names.push(this.#nameOf(one))
      batch.costs.push(cost)
      batch.askers.push({ resolve, reject })
    })
  }

  /** @throws what ioredis has to say when Redis doesn't answer in time, or not as it should */
  async spend (key: string, orders: readonly Order[], spending: Spending): Promise<Settlement> {
    if (this.#client.status !== 'ready') throw new NotSent()
    const answer = await SPEND.run(this.#client, orderArguments(this.#type, this.#nameOf(key), orders, spending))
    return settlement(new Answer(answer), this.#algorithm, orders, spending)
  }

  /**
   * Counts what was gathered of some keys (../algorithms/late.ts), in any case.
   *
   * @returns what Redis then holds of each key, three numbers for each window as in the algorithms, and its time
   * @throws NotSent, or another error where it isn't known what was counted
   */
  async add (gathered: ReadonlyArray<readonly [key: string, counts: Float64Array]>, windows: readonly CounterWindow[]): Promise<{ now: number, numbers: Float64Array[] }> {
    if (this.#client.status !== 'ready') throw new NotSent()
    const calls: Array<Promise<unknown>> = []
    for (let first = 0; first < gathered.length; first += this.#most) {
      const some = gathered.slice(first, first + this.#most)
      calls.push(COUNT.run(this.#client, lateArguments(this.#type, windows, some.map(([key]) => this.#nameOf(key)), some.map(([, counts]) => counts))))
    }
    const answers = (await Promise.all(calls)).map(answer => new Answer(answer))
    const numbers = gathered.map((_, index) => (answers[Math.floor(index / this.#most)] as Answer).numbers(windows.length))
    return { now: answers[0]?.now ?? 0, numbers }
  }

  /** @throws what ioredis has to say when Redis doesn't answer in time */
  async forget (key: string): Promise<number> {
    if (this.#client.status !== 'ready') throw new NotSent()
    return await this.#client.del(this.#nameOf(key))
  }

  /** Whether Redis answers. */
  async reachable (): Promise<boolean> {
    if (this.#client.status !== 'ready') return false
    try {
      await this.#client.ping()
      return true
    } catch {
      return false
    }
  }

  /** A digest: keys of any length cost the same, and what clients send (API keys, say) can't be read in Redis. */
  #nameOf (key: string): string {
    return this.#prefix + hash('sha256', key, 'base64url').slice(0, 22)
  }

  #batchOf (windows: readonly CounterWindow[], counting: Counting, size: number): Batch {
    for (const batch of this.#batches) {
      if (batch.windows === windows && batch.counting === counting && batch.size === size && batch.costs.length < this.#most) return batch
    }
    const batch: Batch = { windows, counting, size, names: [], costs: [], askers: [] }
    if (this.#batches.push(batch) === 1) setImmediate(() => this.#send())
    return batch
  }

  #send (): void {
    const batches = this.#batches
    this.#batches = []
    for (const batch of batches) {
      this.#call(batch).then(answer => {
        for (const [index, { resolve }] of batch.askers.entries()) resolve(answer.decision(this.#algorithm, batch, batch.costs[index] as number))
      }).catch(error => {
        // an answer that can't be read included: whoever has one already doesn't notice
        for (const { reject } of batch.askers) reject(error)
      })
    }
  }

  async #call (question: Question): Promise<Answer> {
    return new Answer(await DECIDE.run(this.#client, argumentsOf(this.#type, question)))
  }
}
