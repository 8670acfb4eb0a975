/** Weight of a new measurement: after this many milliseconds an old one counts for a third (Kong's and Finagle's 10 s). */
const DECAY = 10_000

/**
 * What is known about one address of an upstream. It belongs to the process, and outlives snapshots: a reload changes
 * neither what runs there nor how fast it is.
 */
export class Address {
  /** Attempts that run. */
  inFlight = 0
  /** When it came, or came back: monotonic milliseconds, for the slow start. */
  since: number
  #latency = 0
  /** When `#latency` was written. NaN: never. */
  #measuredAt = NaN

  constructor (now: number) {
    this.since = now
  }

  /**
   * Milliseconds until an answer's head, as a peak-sensitive moving average: a slower answer counts at once, a faster one
   * little by little. It fades while nothing is asked, so that a slow address is asked again. NaN: nothing was measured.
   */
  latency (now: number): number {
    return this.#latency * Math.exp((this.#measuredAt - now) / DECAY)
  }

  measure (wait: number, now: number): void {
    if (!(this.#latency > wait)) this.#latency = wait
    else this.#latency = wait + (this.#latency - wait) * Math.exp((this.#measuredAt - now) / DECAY)
    this.#measuredAt = now
  }
}
