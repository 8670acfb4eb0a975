import { GatewayError } from '../../errors.ts'
import type { Claims } from '../claims.ts'
import type { Revoked } from './revoked.ts'

/** Where revocations come from: reads all of them, and says when to read again. */
export interface RevocationSource {
  /** @throws Error when it can't be read now */
  read (): Promise<Revoked>
  /** @param changed to be called when there may be something new */
  watch (changed: () => void): void
  close (): void | Promise<void>
}

export interface RevocationOptions {
  /** Milliseconds between two looks that nobody asked for. */
  readonly interval: number
  /** Milliseconds for which the last known set serves when the source can't be read; then requests get 503. */
  readonly staleAfter: number
  now (): number
  readonly log: { warn (fields: object, message: string): void, info (message: string): void }
}

/**
 * The set of revoked tokens, in memory: a request looks nothing up elsewhere.
 *
 * When the source is lost, the last known set serves for a while: a revocation that comes a little late is the lesser harm
 * than nobody getting in. After that we don't know any more who was thrown out, so nobody gets in (503).
 */
export class Revocations {
  readonly #source: RevocationSource
  readonly #options: RevocationOptions
  #revoked: Revoked | null = null
  #readAt = 0
  #reading: Promise<void> | null = null
  #again = false
  #problem: string | null = null
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor (source: RevocationSource, options: RevocationOptions) {
    this.#source = source
    this.#options = options
    this.#timer = setInterval(() => { this.refresh().catch(() => {}) }, options.interval)
    this.#timer.unref()
    source.watch(() => { this.refresh().catch(() => {}) })
  }

  /**
   * Whether a token with these claims is revoked.
   *
   * @throws GatewayError 503 when the set was never read, or too long ago
   */
  has (claims: Claims): boolean {
    if (this.#revoked === null || this.#options.now() - this.#readAt > this.#options.staleAfter) {
      throw new GatewayError('SP_AUTH_REVOCATION', 503, 'The upstream server is currently unavailable')
    }
    return this.#revoked.has(claims)
  }

  isOf (source: RevocationSource): boolean {
    return this.#source === source
  }

  /** Why the source could not be read the last time; null: it could. */
  get problem (): string | null {
    return this.#problem
  }

  /** Reads the source; never rejects. Who asks while it is being read gets one more reading, so that nothing is missed. */
  async refresh (): Promise<void> {
    if (this.#reading !== null) {
      this.#again = true
      return await this.#reading
    }
    this.#reading = this.#readAll()
    try {
      await this.#reading
    } finally {
      this.#reading = null
    }
  }

  async close (): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#source.close()
  }

  async #readAll (): Promise<void> {
    do {
      this.#again = false
      await this.#read()
    } while (this.#again && !this.#closed)
  }

  async #read (): Promise<void> {
    const { now, log } = this.#options
    const startedAt = now()
    try {
      const revoked = await this.#source.read()
      this.#revoked = revoked
      this.#readAt = startedAt
      if (this.#problem !== null) log.info('revocations can be read again')
      this.#problem = null
    } catch (error) {
      const reason = (error as Error).message
      if (!this.#closed && this.#problem === null) log.warn({ reason }, 'revocations can not be read: the last known ones serve for a while')
      this.#problem = reason
    }
  }
}
