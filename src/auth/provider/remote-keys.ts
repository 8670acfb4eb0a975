import type { FastifyBaseLogger } from 'fastify'
import type { KeyHint, KeySource, VerificationKey } from '../key-source.ts'
import type { ProviderClock } from './clock.ts'
import { freshness, refreshAfter, retryAfter } from './freshness.ts'
import type { JsonAnswer } from './http.ts'
import { KeySet } from './key-set.ts'
import { providerUnavailable } from './provider-error.ts'

export interface RemoteKeysOptions {
  /** Names the provider in the log. */
  readonly name: string
  /** Asks for the set. */
  readonly fetch: () => Promise<JsonAnswer>
  readonly clock: ProviderClock
  readonly log: FastifyBaseLogger
  /** Milliseconds between two fetches because of a `kid` that is not in the set; default 30 s. */
  readonly cooldown?: number
  /** Milliseconds for which the last good set serves when no new one can be had; default 24 h. */
  readonly staleFor?: number
}

const COOLDOWN = 30_000
const STALE = 24 * 3_600_000
const NONE: readonly VerificationKey[] = Object.freeze([])

/**
 * The key set of a provider, in memory.
 *
 * It is fetched at once, again before its time is over, and again when a token names a key that is not in it: then at
 * most once per cooldown, however many such tokens come, since they cost nothing to make up. While the provider is
 * down the last good set serves, up to a day; after that, and before the first one, there is no answer but 503.
 */
export class RemoteKeys implements KeySource {
  readonly #options: RemoteKeysOptions
  readonly #cooldown: number
  readonly #staleFor: number
  #set: KeySet | null = null
  #content = 0
  #fetchedAt = 0
  #expiresAt = 0
  /** When it is due to be asked for; the timer is for then, and requests look too: a machine may have slept. */
  #dueAt = 0
  #failures = 0
  #unknownAskedAt = -Infinity
  #flight: Promise<void> | null = null
  #callOff: (() => void) | null = null
  #closed = false

  constructor (options: RemoteKeysOptions) {
    this.#options = options
    this.#cooldown = options.cooldown ?? COOLDOWN
    this.#staleFor = options.staleFor ?? STALE
    this.#fetch()
  }

  get version (): number {
    return this.#content * 2 + (this.#isTooOld(this.#options.clock.now()) ? 1 : 0)
  }

  keysFor (header: KeyHint): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    const now = this.#options.clock.now()
    if (now >= this.#dueAt && this.#flight === null) this.#fetch()
    if (this.#set === null || this.#isTooOld(now)) {
      if (this.#flight === null) throw this.#unavailable()
      return this.#flight.then(() => this.#answer(header))
    }
    // its time is over, and nothing is known against the provider yet: a moment's wait, not an old answer
    if (now >= this.#expiresAt && this.#failures === 0 && this.#flight !== null) return this.#flight.then(() => this.#answer(header))
    const keys = this.#set.find(header)
    return keys.length > 0 ? keys : this.#lookAgain(header, now)
  }

  close (): void {
    this.#closed = true
    this.#callOff?.()
  }

  #answer (header: KeyHint): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    const now = this.#options.clock.now()
    // the machine has slept while the provider was asked: what has come counts from the question
    if (this.#flight === null && this.#failures === 0 && this.#isTooOld(now)) return this.#fetch().then(() => this.#answer(header))
    if (this.#set === null || this.#isTooOld(now)) throw this.#unavailable()
    const keys = this.#set.find(header)
    return keys.length > 0 ? keys : this.#lookAgain(header, now)
  }

  /** For a key that is not in the set. Time alone decides whether to ask, not what came of the last time. */
  #lookAgain (header: KeyHint, now: number): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    if (this.#flight === null && (this.#closed || this.#coolsDown(now))) return NONE
    return this.#waitForKey(header, now)
  }

  async #waitForKey (header: KeyHint, now: number): Promise<readonly VerificationKey[]> {
    if (this.#flight !== null) {
      await this.#flight
      const keys = this.#found(header)
      // that one may have left before the key was published
      if (keys.length > 0 || (this.#flight === null && this.#coolsDown(now))) return keys
    }
    if (this.#flight === null) {
      this.#unknownAskedAt = now
      this.#fetch()
    }
    await this.#flight
    return this.#found(header)
  }

  #coolsDown (now: number): boolean {
    return now - this.#unknownAskedAt < this.#cooldown
  }

  #found (header: KeyHint): readonly VerificationKey[] {
    return this.#set?.find(header) ?? NONE
  }

  #isTooOld (now: number): boolean {
    return this.#set !== null && now - this.#fetchedAt >= this.#staleFor
  }

  #unavailable (): Error {
    return providerUnavailable(this.#dueAt - this.#options.clock.now())
  }

  /** One at a time. Never rejects: what came of it is in the fields. */
  #fetch (): Promise<void> {
    this.#callOff?.()
    this.#flight ??= this.#ask().finally(() => {
      this.#flight = null
      if (this.#closed) return
      this.#callOff = this.#options.clock.after(this.#dueAt - this.#options.clock.now(), () => { this.#fetch() })
    })
    return this.#flight
  }

  async #ask (): Promise<void> {
    const asked = this.#options.clock.now()
    try {
      const { body, cacheControl } = await this.#options.fetch()
      this.#take(new KeySet(body, false, this.#set), asked, freshness(cacheControl))
    } catch (error) {
      this.#failed(error as Error)
    }
  }

  #take (set: KeySet, asked: number, fresh: number): void {
    const { log, name } = this.#options
    if (this.#failures > 0) log.info({ provider: name }, 'the key set can be had again')
    if (this.#set === null || !set.equals(this.#set)) {
      this.#content++
      for (const { kid, index, reason } of set.problems) log.warn({ provider: name, kid, index }, `a key of the set is ignored: it ${reason}`)
      if (set.size === 0) log.error({ provider: name }, 'the key set has no key that can be used: every token is refused')
      else log.info({ provider: name, keys: set.size }, 'a new key set')
    }
    this.#set = set
    this.#fetchedAt = asked
    this.#expiresAt = asked + fresh
    this.#dueAt = asked + refreshAfter(fresh)
    this.#failures = 0
  }

  #failed (error: Error): void {
    const { log, name, clock } = this.#options
    this.#failures++
    this.#dueAt = clock.now() + retryAfter(this.#failures)
    if (this.#closed) return
    const consequence = this.#set === null ? 'there is none yet: requests are answered with 503' : 'the last good one serves on, up to a day'
    // once per outage, and then once in a while
    const level = this.#failures === 1 || this.#failures % 20 === 0 ? 'warn' : 'debug'
    log[level]({ provider: name, reason: error.message, failures: this.#failures }, `the key set can't be had; ${consequence}`)
  }
}
