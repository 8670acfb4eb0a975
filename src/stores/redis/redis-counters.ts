import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { Counting, CounterStore, CounterWindow, Decision, WindowType } from '../counters.ts'
import { LENGTHS } from '../periods.ts'
import { COUNTER_SCRIPT } from './counter-script.ts'

const SHA = createHash('sha1').update(COUNTER_SCRIPT).digest('hex')

export interface RedisCountersOptions {
  readonly client: Redis | Cluster
  readonly type: WindowType
  /** What the counters of one entry have before the client's own part. */
  readonly prefix: string
}

/** Counters in Redis: as many gateways as there are admit no more than the limit. A decision is one command. */
export class RedisCounters implements CounterStore {
  readonly #client: Redis | Cluster
  readonly #type: WindowType
  readonly #prefix: string

  constructor ({ client, type, prefix }: RedisCountersOptions) {
    this.#client = client
    this.#type = type
    this.#prefix = `${prefix}:${type}:`
  }

  /** @throws what ioredis has to say when Redis doesn't answer in time, or not as it should */
  async take (key: string, windows: readonly CounterWindow[], cost: number, counting: Counting): Promise<Decision> {
    // a cluster without slots would have its commands wait
    if (this.#client.status !== 'ready') throw new Error('there is no connection to Redis')
    // a digest: keys of any length cost the same, and what clients send (API keys, say) can't be read in Redis
    const name = this.#prefix + createHash('sha256').update(key).digest('base64url').slice(0, 22)
    const args = [name, this.#type, String(cost), counting, ...windows.flatMap(({ period, limit }) => [period, String(LENGTHS[period]), String(limit)])]
    let answer: unknown
    try {
      answer = await this.#client.evalsha(SHA, 1, ...args)
    } catch (error) {
      // a Redis that was started anew, or told to forget
      if (!String((error as Error).message).startsWith('NOSCRIPT')) throw error
      answer = await this.#client.eval(COUNTER_SCRIPT, 1, ...args)
    }
    const [admitted, ...numbers] = (answer as Array<string | number>).map(Number)
    return {
      admitted: admitted === 1,
      usage: windows.map((window, index) => {
        const [remaining, reset, wait] = numbers.slice(index * 3, index * 3 + 3) as [number, number, number]
        return { window, remaining, reset, wait: wait === -1 ? Infinity : wait }
      })
    }
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
}
