import type { FastifyBaseLogger } from 'fastify'

/** Milliseconds between two looks at whether a store that was down is back. */
const PROBE = 500
/** Milliseconds between two lines in the log. */
const QUIET = 60_000

export interface OutageOptions {
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  /** Told in the log. */
  readonly onStoreError: string
  /** What it keeps, for the log; default `limits`. */
  readonly keeps?: string
  /** Monotonic milliseconds; default `performance.now`. */
  readonly tick?: (() => number) | undefined
}

/** Whether a shared store is down, by what others found; when to look again; and what the log is told of it, now and then. */
export class Outage {
  readonly #options: OutageOptions
  readonly #tick: () => number
  #open = false
  #probed = 0
  #logged = -Infinity
  /** The log knows that it is down. */
  #told = false
  #errors = 0

  constructor (options: OutageOptions) {
    this.#options = options
    this.#tick = options.tick ?? (() => performance.now())
  }

  get open (): boolean {
    return this.#open
  }

  /** Failures that were seen. */
  get errors (): number {
    return this.#errors
  }

  /** Whether it is time for a look; whoever is told so looks. */
  due (): boolean {
    const now = this.#tick()
    if (now - this.#probed < PROBE) return false
    this.#probed = now
    return true
  }

  begin (error: unknown): void {
    const now = this.#tick()
    this.#errors++
    if (!this.#open) this.#probed = now
    this.#open = true
    if (now - this.#logged < QUIET) return
    this.#logged = now
    this.#told = true
    // the message alone: errors of ioredis carry the command, and that of AUTH is the password
    this.#options.log.warn({ reason: (error as Error)?.message, on_store_error: this.#options.onStoreError }, `the store of ${this.#options.keeps ?? 'limits'} does not answer`)
  }

  end (): void {
    if (!this.#open) return
    this.#open = false
    if (!this.#told) return
    this.#told = false
    this.#options.log.info(`the store of ${this.#options.keeps ?? 'limits'} answers again`)
  }
}
