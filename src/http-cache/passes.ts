import { randomBytes } from 'node:crypto'
import { KeyHash } from '../stores/key-hash.ts'

/** How long it is remembered, in milliseconds. */
const MEMORY = 60_000
/** Places: a table of 64 KiB, whatever comes. */
const PLACES = 8192

/**
 * Keys whose last answer could not be stored: for these nobody waits for anybody. Where two keys meet in one place, the later
 * one is remembered, and the earlier makes a few requests wait for nothing.
 */
export class Passes {
  readonly #hash = new KeyHash(randomBytes(8))
  readonly #marks = new Uint32Array(PLACES)
  readonly #until = new Uint32Array(PLACES)
  readonly #now: () => number

  constructor (now: () => number) {
    this.#now = now
  }

  add (key: string): void {
    const place = this.#place(key)
    this.#marks[place] = this.#hash.high
    this.#until[place] = Math.ceil((this.#now() + MEMORY) / 1000)
  }

  has (key: string): boolean {
    const place = this.#place(key)
    return this.#marks[place] === this.#hash.high && (this.#until[place] as number) * 1000 > this.#now()
  }

  delete (key: string): void {
    const place = this.#place(key)
    if (this.#marks[place] === this.#hash.high) this.#until[place] = 0
  }

  #place (key: string): number {
    this.#hash.of(key)
    return this.#hash.low % PLACES
  }
}
