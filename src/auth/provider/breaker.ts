export interface BreakerOptions {
  /** Failures in a row after which nobody is asked any more; 0: never. */
  readonly failures: number
  /** Milliseconds until one request may try again. */
  readonly openFor: number
  /** Milliseconds since the epoch. */
  now (): number
}

/** Spares a provider that fails, and those who would wait for it. */
export class Breaker {
  readonly #options: BreakerOptions
  #failures = 0
  #openUntil = 0

  constructor (options: BreakerOptions) {
    this.#options = options
  }

  /** Milliseconds to wait; 0: go ahead. When the time is over, one goes ahead and the others wait for what comes of it. */
  get wait (): number {
    const { failures, openFor, now } = this.#options
    if (failures === 0 || this.#failures < failures) return 0
    const rest = this.#openUntil - now()
    if (rest > 0) return rest
    this.#openUntil = now() + openFor
    return 0
  }

  /** Milliseconds until it is worth another try; 0: it is already. */
  get rest (): number {
    return Math.max(0, this.#openUntil - this.#options.now())
  }

  succeeded (): void {
    this.#failures = 0
  }

  /** @returns whether this failure has opened it */
  failed (): boolean {
    this.#failures++
    if (this.#failures < this.#options.failures || this.#options.failures === 0) return false
    this.#openUntil = this.#options.now() + this.#options.openFor
    return this.#failures === this.#options.failures
  }
}
