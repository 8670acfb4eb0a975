import type { FastifyBaseLogger } from 'fastify'
import { GatewayError } from '../errors.ts'
import { shareOf } from '../limits/periods-schema.ts'
import type { Counting, CounterStore, CounterWindow, Decision } from './counters.ts'

/** What happens to requests while the shared store is down: counted here by a share of the limit, all admitted, or all refused. */
export type OnStoreError = 'local' | 'allow' | 'deny'

/** A store that can be down. */
export interface SharedStore extends CounterStore {
  reachable (): Promise<boolean>
}

export interface GuardedCountersOptions {
  readonly shared: SharedStore
  readonly local: CounterStore
  readonly onStoreError: OnStoreError
  /** Processes that share a limit: while each counts on its own, it has this part of it. */
  readonly processes: number
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  /** Monotonic milliseconds; default `performance.now`. */
  readonly tick?: () => number
}

/** Milliseconds between two looks at whether a store that was down is back. */
const PROBE = 500
/** Milliseconds between two lines in the log. */
const QUIET = 60_000

/**
 * A shared store behind a breaker: after the first failure it is left alone, so that a dead store costs no request any
 * time, and looked at now and then, beside the requests, until it is back.
 */
export class GuardedCounters implements CounterStore {
  readonly #options: GuardedCountersOptions
  readonly #tick: () => number
  readonly #shares = new WeakMap<readonly CounterWindow[], readonly CounterWindow[]>()
  #open = false
  #probed = 0
  #logged = -Infinity
  /** The log knows that it is down. */
  #told = false

  constructor (options: GuardedCountersOptions) {
    this.#options = options
    this.#tick = options.tick ?? (() => performance.now())
  }

  /** @throws GatewayError 503 when the store is down and `deny` was chosen */
  take (key: string, windows: readonly CounterWindow[], cost: number, counting: Counting): Decision | Promise<Decision> {
    if (this.#open) {
      this.#probe()
      return this.#without(key, windows, cost, counting)
    }
    return (this.#options.shared.take(key, windows, cost, counting) as Promise<Decision>).catch(error => {
      this.#fail(error)
      return this.#without(key, windows, cost, counting)
    })
  }

  #without (key: string, windows: readonly CounterWindow[], cost: number, counting: Counting): Decision | Promise<Decision> {
    const { onStoreError, local, processes } = this.#options
    if (onStoreError === 'allow') return { admitted: true, usage: [] }
    if (onStoreError === 'deny') throw new GatewayError('SP_STORE_UNAVAILABLE', 503, 'The service is temporarily unavailable', { headers: { 'retry-after': '1' } })
    let share = this.#shares.get(windows)
    if (share === undefined) {
      share = shareOf(windows, processes)
      this.#shares.set(windows, share)
    }
    return local.take(key, share, cost, counting)
  }

  #fail (error: unknown): void {
    const now = this.#tick()
    if (!this.#open) this.#probed = now
    this.#open = true
    if (now - this.#logged < QUIET) return
    this.#logged = now
    this.#told = true
    // the message alone: errors of ioredis carry the command, and that of AUTH is the password
    this.#options.log.warn({ reason: (error as Error)?.message, on_store_error: this.#options.onStoreError }, 'the store of limits does not answer')
  }

  #probe (): void {
    const now = this.#tick()
    if (now - this.#probed < PROBE) return
    this.#probed = now
    this.#options.shared.reachable().then(reachable => {
      if (!reachable || !this.#open) return
      this.#open = false
      if (!this.#told) return
      this.#told = false
      this.#options.log.info('the store of limits answers again')
    }, () => {})
  }
}
