import { GatewayError } from '../errors.ts'
import { shareOf } from '../limits/periods-schema.ts'
import type { Counting, CounterStore, CounterWindow, Decision } from './counters.ts'

/** What happens to requests while the shared store is down: counted here by a share of the limit, all admitted, or all refused. */
export type OnStoreError = 'local' | 'allow' | 'deny'

export interface FallbackOptions {
  readonly local: CounterStore
  readonly onStoreError: OnStoreError
  /** Processes that share a limit: while each counts on its own, it has this part of it. */
  readonly processes: number
}

/** Decides while the shared store is down. */
export class Fallback implements CounterStore {
  readonly #options: FallbackOptions
  readonly #shares = new WeakMap<readonly CounterWindow[], readonly CounterWindow[]>()

  constructor (options: FallbackOptions) {
    this.#options = options
  }

  /** @throws GatewayError 503 when `deny` was chosen */
  take (key: string | readonly string[], windows: readonly CounterWindow[], cost: number, counting: Counting): Decision | Promise<Decision> {
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
}
