import { hkdfSync, randomBytes } from 'node:crypto'

/** Key name, HMAC key and AES key of session tickets (RFC 5077 section 4), as Node wants them. */
const LENGTH = 48

/** After so long a key is gone, and with it whatever could open the sessions that it has sealed. */
const ROTATION = 6 * 3_600_000

/** What a process that joins needs to know; a secret. */
export interface TicketSeed {
  /** Hexadecimal: it travels as JSON. */
  readonly key: string
  /** Counts rotations since the epoch. */
  readonly period: number
}

/**
 * The key under which sessions are resumed, the same in every worker.
 *
 * Each period's key is made from the one before, which is then forgotten: workers that have started from one seed stay
 * together without a word, and nobody can go back.
 */
export class TicketKeys {
  #key: Buffer
  #period: number

  constructor (seed: TicketSeed) {
    this.#key = Buffer.from(seed.key, 'hex')
    this.#period = seed.period
  }

  /** The key of now. The same object until it is replaced. */
  at (now: number): Buffer {
    const period = periodOf(now)
    // a clock that was set back keeps the key: there is no way to an older one
    for (; this.#period < period; this.#period++) this.#key = next(this.#key)
    return this.#key
  }

  /** For a process that joins now. */
  seed (now: number): TicketSeed {
    return { key: this.at(now).toString('hex'), period: this.#period }
  }
}

export function newTicketSeed (now: number): TicketSeed {
  return { key: randomBytes(LENGTH).toString('hex'), period: periodOf(now) }
}

function periodOf (now: number): number {
  return Math.floor(now / ROTATION)
}

function next (key: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'sallyport ticket key', LENGTH))
}
