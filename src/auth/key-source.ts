import type { KeyObject } from 'node:crypto'

/** A key that can verify: public, or a shared secret (`oct`). Frozen; the same object for as long as the set has the key. */
export interface VerificationKey {
  /** The set's own name for it; null where it has none. */
  readonly kid: string | null
  /** The only algorithm that it may be used with, when the set says so. */
  readonly alg: string | null
  readonly key: KeyObject
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'oct'
}

/** What decides which keys of a set may have signed a token: its JOSE header, read but not yet believed. */
export interface KeyHint {
  readonly alg: string
  readonly kid?: string
}

/** Keys of an identity provider, of a file or of the configuration: where a verifier gets them from. */
export interface KeySource {
  /**
   * Keys that may have signed a token with this header. With a `kid`: those of that name, or else those without any
   * name; without: all that fit the algorithm. Empty when there is none, also after asking the provider once more.
   *
   * Sync when the answer is in memory, which is the usual case: no promise on the hot path.
   *
   * @throws GatewayError 503 (or rejects with it) when there has never been a set, or the last good one is too old
   */
  keysFor (header: KeyHint): readonly VerificationKey[] | Promise<readonly VerificationKey[]>
  /**
   * Changes whenever the set's content changes, and when the set becomes too old to be believed. A verified token that
   * is cached under another version holds only if `keysFor` still gives the key that verified it.
   */
  readonly version: number
  /** Ends timers and requests under way. */
  close (): void
}
