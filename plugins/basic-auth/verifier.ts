import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type BcryptHash, refuse, type ScryptHash } from '../../src/plugin.ts'
import { verifySlowly } from './verify.ts'

/** Of the four threads of libuv's pool, which file reads and name look-ups need, too. */
const AT_ONCE = 2
/** A queue of a few seconds: whoever waits longer has gone. */
const WAITING = 32
const REMEMBERED = 1_000
/** Milliseconds. A password that was taken out of the file is out at once: its hash is part of what is remembered. */
const REMEMBERED_FOR = 60_000

/**
 * Verifies slow hashes off the main thread, a bounded number of them at once, and remembers for a minute which passwords
 * were right: as HMACs under a key that is made here, so that memory holds neither passwords nor anything to try them on.
 */
export class Verifier {
  readonly #key = randomBytes(32)
  readonly #right: LRUCache<string, true>
  readonly #pending = new Map<string, Promise<boolean>>()
  readonly #waiting: Array<() => void> = []
  #running = 0

  /** @param now milliseconds */
  constructor (now: () => number) {
    this.#right = new LRUCache({ max: REMEMBERED, ttl: REMEMBERED_FOR, ttlResolution: 0, perf: { now } })
  }

  /**
   * Whether this is the password; at once when it was right before.
   *
   * @param owner whose password, so that two with equal hashes are two
   * @param written the hash as the file has it
   * @returns rejects with 503 when too many wait already
   */
  verify (owner: string, written: string, stored: BcryptHash | ScryptHash, password: Buffer): true | Promise<boolean> {
    const mac = createHmac('sha256', this.#key).update(`${owner}\0${written}\0`).update(password).digest('base64')
    if (this.#right.has(mac)) return true
    const pending = this.#pending.get(mac)
    if (pending !== undefined) return pending
    const started = this.#work(mac, stored, password)
    this.#pending.set(mac, started)
    return started
  }

  async #work (mac: string, stored: BcryptHash | ScryptHash, password: Buffer): Promise<boolean> {
    try {
      await this.#turn()
      try {
        const right = await verifySlowly(stored, password)
        if (right) this.#right.set(mac, true)
        return right
      } finally {
        this.#passOn()
      }
    } finally {
      this.#pending.delete(mac)
    }
  }

  async #turn (): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running++
      return
    }
    if (this.#waiting.length >= WAITING) throw refuse(503, 'Too many passwords are being verified', { code: 'SP_BASIC_AUTH_BUSY', retryAfter: 1 })
    await new Promise<void>(resolve => { this.#waiting.push(resolve) })
  }

  /** The turn goes to who has waited longest: nobody else may take it meanwhile. */
  #passOn (): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running--
    else next()
  }
}
