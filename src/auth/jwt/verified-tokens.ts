import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { KeyHint, KeySource, VerificationKey } from '../key-source.ts'

/** A token whose signature and claims were found good. */
export interface VerifiedToken<Grant> {
  readonly grant: Grant
  /** Milliseconds since the epoch: it holds from here until just before there. */
  readonly from: number
  readonly until: number
  readonly keys: KeySource
  /** What verified it; while `version` is that of `keys`, it is known to be in the set. */
  readonly key: VerificationKey
  readonly hint: KeyHint
  version: number
}

/** Text of all tokens that are remembered, in characters: what is kept of each is about as large. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/**
 * Remembers verified tokens by their SHA-256, so that a heap dump shows none. (One-shot SHA-256 of a token costs 0.7 µs,
 * an HMAC 2.1, a verification 19 to 70.)
 */
export class VerifiedTokens<Grant> {
  readonly #tokens: LRUCache<string, VerifiedToken<Grant>>

  /** @param max tokens, at least 1 */
  constructor (max: number) {
    this.#tokens = new LRUCache({ max, maxSize: MAX_CHARACTERS })
  }

  /**
   * What is known of a token, if it still holds: within its times, and with its key still in the set.
   *
   * @param digest of the token, by {@link digestOf}
   * @throws GatewayError 503 when the set has become too old to be believed
   */
  find (digest: string, now: number): VerifiedToken<Grant> | undefined {
    const found = this.#tokens.get(digest)
    if (found === undefined) return undefined
    if (now >= found.until || now < found.from || !keyIsThere(found)) {
      this.#tokens.delete(digest)
      return undefined
    }
    return found
  }

  /** @param length of the token */
  add (digest: string, length: number, verified: VerifiedToken<Grant>): void {
    this.#tokens.set(digest, verified, { size: length })
  }
}

/** The key under which a token is remembered. */
export function digestOf (token: string): string {
  return hash('sha256', token, 'base64')
}

function keyIsThere (verified: VerifiedToken<unknown>): boolean {
  const { keys } = verified
  const { version } = keys
  if (verified.version === version) return true
  const present = keys.keysFor(verified.hint)
  // a set that has to be asked for: verify again, and wait for it there
  if (!Array.isArray(present)) {
    (present as Promise<unknown>).then(undefined, () => {})
    return false
  }
  if (!present.includes(verified.key)) return false
  verified.version = version
  return true
}
