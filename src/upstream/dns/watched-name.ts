import type { LookUpAnswer, ResolvedAddress } from './look-up.ts'

/** Milliseconds. A TTL of 0 would have us ask without pause. */
const SOONEST = 1_000
const LATEST = 3_600_000
/** After "there is no such name". */
const NEGATIVE = 10_000
/** After failures: twice as long each time, up to this. */
const FAILED_LATEST = 30_000
/** How long addresses are used when no server answers any more: Kong's `dns_stale_ttl`. */
const STALE = 3_600_000

export interface WatchOptions {
  /** @param service the name had SRV records before */
  readonly lookUp: (name: string, service: boolean) => Promise<LookUpAnswer>
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Runs something later; returns how to call it off. */
  readonly later: (run: () => void, milliseconds: number) => () => void
  readonly random: () => number
  /** The first failure of a row, and the end of the row (null). */
  readonly failed: (name: string, error: unknown) => void
}

/** One name, asked for again each time its answer has expired, for as long as anybody watches. */
export class WatchedName {
  readonly #name: string
  readonly #options: WatchOptions
  readonly #listeners = new Set<() => void>()
  /** Sorted; empty before the first answer, too. */
  addresses: readonly ResolvedAddress[] = []
  /** There has been an answer, good or bad. */
  readonly ready: Promise<void>
  #settled: () => void = () => {}
  #answeredAt = -Infinity
  #failures = 0
  #closed = false
  #cancel: () => void = () => {}

  constructor (name: string, options: WatchOptions) {
    this.#name = name
    this.#options = options
    this.ready = new Promise(resolve => { this.#settled = resolve })
    this.#ask().catch(() => {})
  }

  get watched (): boolean {
    return this.#listeners.size > 0
  }

  watch (listener: () => void): void {
    this.#listeners.add(listener)
  }

  unwatch (listener: () => void): void {
    this.#listeners.delete(listener)
  }

  close (): void {
    this.#closed = true
    this.#cancel()
    this.#settled()
  }

  async #ask (): Promise<void> {
    const { lookUp, now, later, random, failed } = this.#options
    let pause: number
    try {
      const { addresses, ttl } = await lookUp(this.#name, this.addresses.some(address => address.srvName !== null))
      if (this.#closed) return
      if (this.#failures > 0) failed(this.#name, null)
      this.#failures = 0
      this.#answeredAt = now()
      pause = addresses.length === 0 ? NEGATIVE : Math.min(LATEST, Math.max(SOONEST, ttl * 1000))
      this.#use(addresses)
    } catch (error) {
      if (this.#closed) return
      if (this.#failures === 0) failed(this.#name, error)
      pause = Math.min(FAILED_LATEST, SOONEST * 2 ** this.#failures)
      this.#failures++
      if (now() - this.#answeredAt > STALE) this.#use([])
    }
    this.#settled()
    // up to a tenth sooner: gateways that started together must not ask together for ever
    this.#cancel = later(() => { this.#ask().catch(() => {}) }, pause * (1 - random() / 10))
  }

  #use (addresses: readonly ResolvedAddress[]): void {
    const sorted = [...addresses].sort((one, other) => order(one) < order(other) ? -1 : 1)
    if (sorted.map(order).join() === this.addresses.map(order).join()) return
    this.addresses = sorted
    for (const listener of this.#listeners) listener()
  }
}

function order ({ host, port, weight, srvName, failover }: ResolvedAddress): string {
  return `${host}|${port}|${weight}|${srvName}|${failover}`
}
