import { createHash, createHmac, randomBytes } from 'node:crypto'
import { asciiJson } from '../observability/access-fields.ts'

/** What the first record of a chain has in place of the one before. */
export const NONE = '0'.repeat(64)
/** A record in two: what was hashed, but for its brace, and the hash. */
export const HASH = /^(.*),"hash":"([0-9a-f]{64})"\}$/

/** What each record begins with; within one, JSON has no such quotes. */
export const BEGIN = '{"chain":"'

/** Hash of a record's text; with a secret, nobody else can make one. */
export function digest (text: string, secret: string | null): string {
  return (secret === null ? createHash('sha256') : createHmac('sha256', secret)).update(text).digest('hex')
}

/**
 * Records of which each holds the hash of the one before. Several processes may write to one file: each has a chain of its own, which
 * begins with the hash of the line that it found last, so that chains hold each other.
 */
export class HashChain {
  readonly #id = randomBytes(8).toString('hex')
  readonly #secret: string | null
  readonly #write: (line: string) => boolean
  #previous = NONE
  #sequence = 0
  #lost = 0

  /** @param write takes a line, or says that there is no room */
  constructor (secret: string | null, write: (line: string) => boolean) {
    this.#secret = secret
    this.#write = write
  }

  /** Records that there was no room for since the last one. */
  get lost (): number {
    return this.#lost
  }

  /** The next record. Where there is no room it is left out, and the one after it says how many were. */
  add (event: string, content: Readonly<Record<string, unknown>>): void {
    const text = asciiJson({ chain: this.#id, seq: this.#sequence, prev: this.#previous, ...this.#lost === 0 ? {} : { lost: this.#lost }, event, ...content })
    const hash = digest(text, this.#secret)
    if (!this.#write(`${text.slice(0, -1)},"hash":"${hash}"}\n`)) {
      this.#lost++
      return
    }
    this.#previous = hash
    this.#sequence++
    this.#lost = 0
  }
}

/** Hash of the last whole record in a text; null: there is none. */
export function lastHash (text: string): string | null {
  for (const line of text.split('\n').reverse()) {
    const hash = HASH.exec(line)?.[2]
    if (hash !== undefined) return hash
  }
  return null
}
