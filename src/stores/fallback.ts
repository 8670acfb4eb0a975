import { GatewayError } from '../errors.ts'
import { shareOf } from '../limits/periods-schema.ts'
import type { Counting, CounterStore, CounterWindow, Decision, Order, OrderStore, Settlement, Spending } from './counters.ts'

/** What happens to requests while the shared store is down: counted here by a share of the limit, all admitted, or all refused. */
export type OnStoreError = 'local' | 'allow' | 'deny'

export interface FallbackOptions {
  readonly local: CounterStore & OrderStore
  readonly onStoreError: OnStoreError
  /** Processes that share a limit: while each counts on its own, it has this part of it. */
  readonly processes: number
}

/** Decides while the shared store is down. */
export class Fallback implements CounterStore, OrderStore {
  readonly #options: FallbackOptions
  readonly #shares = new WeakMap<readonly CounterWindow[], readonly CounterWindow[]>()

  constructor (options: FallbackOptions) {
    this.#options = options
  }

  /** @throws GatewayError 503 when `deny` was chosen */
  take (key: string | readonly string[], windows: readonly CounterWindow[], cost: number, counting: Counting): Decision | Promise<Decision> {
    if (this.#allows()) return { admitted: true, usage: [] }
    return this.#options.local.take(key, this.#shareOf(windows), cost, counting)
  }

  /** @throws GatewayError 503 when `deny` was chosen */
  spend (key: string, orders: readonly Order[], spending: Spending): Settlement | Promise<Settlement> {
    if (this.#allows()) return { admitted: true, usages: orders.map(() => []) }
    return this.#options.local.spend(key, orders.map(order => ({ ...order, windows: this.#shareOf(order.windows) })), spending)
  }

  forget (key: string, names: ReadonlyArray<string | null>, windows: readonly CounterWindow[]): number | Promise<number> {
    return this.#options.local.forget(key, names, windows)
  }

  #allows (): boolean {
    const { onStoreError } = this.#options
    if (onStoreError === 'deny') throw new GatewayError('SP_STORE_UNAVAILABLE', 503, 'The service is temporarily unavailable', { headers: { 'retry-after': '1' } })
    return onStoreError === 'allow'
  }

  #shareOf (windows: readonly CounterWindow[]): readonly CounterWindow[] {
    let share = this.#shares.get(windows)
    if (share === undefined) {
      share = shareOf(windows, this.#options.processes)
      this.#shares.set(windows, share)
    }
    return share
  }
}
