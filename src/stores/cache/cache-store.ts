/** What caches of answers are made of, wherever they are kept. Durations are milliseconds, times milliseconds since the epoch. */

/** An answer as it is stored. */
export interface CachedAnswer {
  readonly variesBy: null
  /** What names it from outside: hex, of the whole key. */
  readonly id: string
  readonly status: number
  readonly statusText: string
  /** Name, value, …: those of the upstream that may be stored, without Content-Length and Age. */
  readonly fields: readonly string[]
  /** Of a size of its own: it holds no larger piece of memory. */
  readonly body: Buffer
  readonly receivedAt: number
  /** Age when it was received (RFC 9111 section 4.2.3). */
  readonly initialAge: number
  /** For how long it is fresh, from age 0. */
  readonly lifetime: number
  /** Beyond its lifetime it may be sent while it is validated (RFC 5861 section 3); 0: not. */
  readonly staleWhileRevalidate: number
  /** Beyond its lifetime it may be sent where the upstream fails (section 4); 0: not. */
  readonly staleIfError: number
  /** A request can't ask for it when it is stale. */
  readonly mustRevalidate: boolean
  /** It is never sent before the upstream said that it still holds. */
  readonly alwaysValidate: boolean
  readonly etag: string | null
  readonly lastModified: string | null
  /** It says that everybody may have it, also identified callers (RFC 9111 section 3.5). */
  readonly shared: boolean
  /** By which it can be purged. */
  readonly tags: readonly string[]
  /** When nobody can use it any more. */
  readonly expiresAt: number
}

/** Stands where the answers of a URI depend on header fields: each of them is stored under its values. */
export interface Variants {
  /** Names of the fields, lower-case, in the order in which the values are part of the key. */
  readonly variesBy: readonly string[]
  readonly expiresAt: number
}

export type CacheRecord = CachedAnswer | Variants

/** Which answers a purge takes. Exactly one of the four. */
export interface PurgeOrder {
  /** `id` of an answer. */
  readonly key?: string
  /** Whole URI: answers for all callers, methods and variants. */
  readonly url?: string
  /** Beginning of the URI. */
  readonly prefix?: string
  readonly tag?: string
  readonly all?: true
}

/** How much there is. */
export interface CacheUsage {
  readonly entries: number
  readonly bytes: number
}

/** What a store has told at a look-up, and wants to hear again when the answer is stored that was then fetched. */
export interface Seen {
  /** Changes whenever what is stored of the URI is dropped, by whomever; null: nobody knows. */
  generation: string | null
}

/**
 * Where answers are kept. None of it fails: what can't be read isn't there, what can't be written isn't kept.
 *
 * A key has two parts, the URI (what an unsafe request invalidates) and what else an answer depends on.
 */
export interface CacheStore {
  /** At once where it can be. */
  get (uri: string, rest: string, seen: Seen): CacheRecord | undefined | Promise<CacheRecord | undefined>
  /** @param seen at the look-up before it was fetched: what was dropped meanwhile is not stored again */
  set (uri: string, rest: string, record: CacheRecord, seen: Seen): void
  delete (uri: string, rest: string): void
  /** Drops all answers of a URI. */
  invalidate (uri: string): void
  /** @returns how many there were */
  purge (order: PurgeOrder): number | Promise<number>
  /** Largest record that is worth building, in bytes of body. */
  readonly largest: number
}
