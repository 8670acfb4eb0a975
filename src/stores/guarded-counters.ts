import type { Counting, CounterStore, CounterWindow, Decision, Order, OrderStore, Settlement, Spending } from './counters.ts'
import { Fallback, type FallbackOptions } from './fallback.ts'
import { Outage, type OutageOptions } from './outage.ts'

/** A store that can be down. */
export interface SharedStore extends CounterStore, OrderStore {
  reachable (): Promise<boolean>
}

export interface GuardedCountersOptions extends FallbackOptions, OutageOptions {
  readonly onStoreError: FallbackOptions['onStoreError']
  readonly shared: SharedStore
  /** One that outlives this object; default: its own. */
  readonly outage?: Outage
}

/**
 * A shared store behind a breaker: after the first failure it is left alone, so that a dead store costs no request any
 * time, and looked at now and then, beside the requests, until it is back.
 */
export class GuardedCounters implements CounterStore, OrderStore {
  readonly #shared: SharedStore
  readonly #fallback: Fallback
  readonly #outage: Outage

  constructor (options: GuardedCountersOptions) {
    this.#shared = options.shared
    this.#fallback = new Fallback(options)
    this.#outage = options.outage ?? new Outage(options)
  }

  /** @throws GatewayError 503 when the store is down and `deny` was chosen */
  take (key: string | readonly string[], windows: readonly CounterWindow[], cost: number, counting: Counting): Decision | Promise<Decision> {
    if (this.#down()) return this.#fallback.take(key, windows, cost, counting)
    return (this.#shared.take(key, windows, cost, counting) as Promise<Decision>).catch(error => {
      this.#outage.begin(error)
      return this.#fallback.take(key, windows, cost, counting)
    })
  }

  /** @throws GatewayError 503 when the store is down and `deny` was chosen */
  spend (key: string, orders: readonly Order[], spending: Spending): Settlement | Promise<Settlement> {
    if (this.#down()) return this.#fallback.spend(key, orders, spending)
    return (this.#shared.spend(key, orders, spending) as Promise<Settlement>).catch(error => {
      this.#outage.begin(error)
      return this.#fallback.spend(key, orders, spending)
    })
  }

  /** @throws when the store is down: it would come back with what was to be forgotten */
  async forget (key: string, names: ReadonlyArray<string | null>, windows: readonly CounterWindow[]): Promise<number> {
    const count = await this.#shared.forget(key, names, windows)
    await this.#fallback.forget(key, names, windows)
    return count
  }

  #down (): boolean {
    if (this.#outage.open && this.#outage.due()) this.#probe()
    return this.#outage.open
  }

  #probe (): void {
    this.#shared.reachable().then(reachable => {
      if (reachable) this.#outage.end()
    }, () => {})
  }
}
