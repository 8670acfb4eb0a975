/** Which answers may be stored, and what of them (RFC 9111 section 3). */
import type { WatchedHead } from '../proxy/answer/answer-watcher.ts'
import type { CachedAnswer } from '../stores/cache/cache-store.ts'
import { answerDirectives, type AnswerDirectives } from './directives.ts'
import { fieldsWhere, members, valueOf } from './fields.ts'
import { type Dates, explicitLifetime, heuristicLifetime, initialAge } from './freshness.ts'
import type { CacheRules } from './rules.ts'

/** What is known of an answer when its head is here: the stored answer without its body. */
export interface Plan extends Omit<CachedAnswer, 'id' | 'body' | 'variesBy'> {
  /** Field names of `Vary`, lower-case, sorted. */
  readonly vary: readonly string[]
}

/** Who asked. */
export interface Asked {
  /** The caller is somebody, and has no cache of their own. */
  readonly identified: boolean
  /** When the request went up. */
  readonly at: number
}

/** Never stored: they are about one connection, one client or one moment (RFC 9111 section 3.1; Kong drops the limits as well). */
const OWN = new Set(['content-length', 'age', 'set-cookie', 'proxy-authenticate', 'proxy-authentication-info', 'proxy-authorization', 'x-cache-status', 'x-cache-key', 'trailer'])
const COUNTED = /ratelimit-(?:remaining|reset)/

/** Fields that the gateway writes after the key was made: answers that depend on them depend on each request. */
const UNSEEN = new Set(['*', 'x-forwarded-for', 'x-real-ip', 'via', 'x-kong-request-id', 'x-sallyport-request-id', 'connection', 'te', 'x-request-deadline', 'grpc-timeout', 'x-envoy-expected-rq-timeout-ms'])

/** Such fields that say nothing which is not in every key. */
const KEYED = new Set(['host', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-path', 'x-forwarded-prefix'])

const HOUR = 3_600_000

/** Decides by an entry's options. */
export class Storability {
  readonly #config: CacheRules
  readonly #statuses: ReadonlySet<number>
  readonly #types: ReadonlyArray<(type: string, whole: string) => boolean>

  constructor (config: CacheRules) {
    this.#config = config
    this.#statuses = new Set(config.response_code)
    this.#types = config.content_type.map(compileType)
  }

  /** The plan, or in one word why it is not stored. */
  plan (head: WatchedHead, { identified, at }: Asked, received: number): Plan | string {
    const { fields, status } = head
    const directives = answerDirectives(valueOf(fields, 'cache-control') ?? '')
    const refusal = this.#refusal(head, directives, identified)
    if (refusal !== null) return refusal
    const vary = [...new Set(members(valueOf(fields, 'vary')).map(name => name.toLowerCase()))].filter(name => !KEYED.has(name)).sort()
    if (vary.some(name => UNSEEN.has(name))) return 'vary'

    const dates: Dates = { date: valueOf(fields, 'date'), expires: valueOf(fields, 'expires'), lastModified: valueOf(fields, 'last-modified'), age: valueOf(fields, 'age') }
    const age = initialAge(dates, at, received)
    const lifetime = this.#lifetime(directives, dates, received, age)
    if (lifetime === null) return 'no-lifetime'
    const etag = valueOf(fields, 'etag') ?? null
    const lastModified = dates.lastModified ?? null
    const stale = this.#stale(directives)
    const validates = etag !== null || lastModified !== null
    const alwaysValidate = this.#config.cache_control && directives.noCache
    if (!validates && (alwaysValidate || lifetime + Math.max(stale.staleWhileRevalidate, stale.staleIfError) <= age)) return 'stale'

    const beyond = Math.max(stale.staleWhileRevalidate, stale.staleIfError, validates ? HOUR : 0)
    return {
      status,
      statusText: head.statusText,
      fields: this.#kept(fields, directives, received),
      receivedAt: received,
      initialAge: age,
      lifetime,
      ...stale,
      alwaysValidate,
      etag,
      lastModified,
      tags: tagsOf(fields),
      expiresAt: received + (this.#config.storage_ttl === undefined ? Math.max(0, lifetime - age) + beyond : this.#config.storage_ttl * 1000),
      shared: isShared(directives),
      vary
    }
  }

  #refusal ({ status, fields, framed, length }: WatchedHead, directives: AnswerDirectives, identified: boolean): string | null {
    if (!this.#statuses.has(status)) return 'status'
    // one that ends with its connection may have been cut (section 3.3)
    if (!framed) return 'unframed'
    if (length > this.#config.max_size) return 'too-large'
    const type = valueOf(fields, 'content-type') ?? ''
    if (!(type === '' && length === 0) && !this.#types.some(matches => matches(bare(type), normal(type)))) return 'content-type'
    if (this.#config.set_cookie === 'bypass' && valueOf(fields, 'set-cookie') !== undefined) return 'set-cookie'
    if (identified && !isShared(directives)) return 'identified'
    if (!this.#config.cache_control) return null
    if (directives.noStore) return 'no-store'
    return directives.private ? 'private' : null
  }

  #lifetime (directives: AnswerDirectives, dates: Dates, received: number, age: number): number | null {
    const { cache_control: obeys, cache_ttl: ttl, heuristics } = this.#config
    // from now: an age that the answer brings says nothing where its lifetime says nothing
    if (!obeys) return ttl * 1000 + age
    return explicitLifetime(directives, dates, received) ?? heuristicLifetime(heuristics, dates, received, ttl * 1000)
  }

  #stale (directives: AnswerDirectives): Pick<Plan, 'staleWhileRevalidate' | 'staleIfError' | 'mustRevalidate'> {
    const { cache_control: obeys, stale_while_revalidate: background, stale_if_error: standIn } = this.#config
    if (!obeys) return { staleWhileRevalidate: background * 1000, staleIfError: standIn * 1000, mustRevalidate: false }
    // no leave of anybody overrules these (section 5.2.2.2 and .8)
    if (directives.mustRevalidate || directives.proxyRevalidate) return { staleWhileRevalidate: 0, staleIfError: 0, mustRevalidate: true }
    // s-maxage means proxy-revalidate (section 5.2.2.10), unless the answer itself says more
    const strict = directives.sMaxAge !== undefined
    return {
      staleWhileRevalidate: (directives.staleWhileRevalidate ?? (strict ? 0 : background)) * 1000,
      staleIfError: (directives.staleIfError ?? (strict ? 0 : standIn)) * 1000,
      mustRevalidate: strict
    }
  }

  #kept (fields: readonly string[], { withheld }: AnswerDirectives, received: number): string[] {
    const without = this.#config.cache_control ? new Set(withheld) : new Set<string>()
    const kept = fieldsWhere(fields, name => !OWN.has(name) && !without.has(name) && !COUNTED.test(name))
    // a recipient with a clock adds it to what it stores (RFC 9110 section 6.6.1)
    if (valueOf(kept, 'date') === undefined) kept.push('Date', new Date(received).toUTCString())
    return kept
  }
}

/** Everybody may have it, also where the request said who called (RFC 9111 section 3.5). */
function isShared ({ public: open, sMaxAge, mustRevalidate, private: one, noStore, noCache }: AnswerDirectives): boolean {
  // "no-store, must-revalidate" is a common way to say no
  return (open || sMaxAge !== undefined || mustRevalidate) && !one && !noStore && !noCache
}

function tagsOf (fields: readonly string[]): string[] {
  // Fastly separates by blanks, others by commas
  const text = `${valueOf(fields, 'cache-tag') ?? ''},${valueOf(fields, 'surrogate-key') ?? ''}`
  return [...new Set(text.split(/[\s,]+/).filter(tag => tag !== ''))]
}

function bare (type: string): string {
  return (type.split(';', 1)[0] as string).trim().toLowerCase()
}

function normal (type: string): string {
  return type.toLowerCase().replace(/\s*;\s*/g, ';').trim()
}

/** A media range; with parameters it is the whole value that counts. */
function compileType (written: string): (type: string, whole: string) => boolean {
  const wanted = normal(written)
  if (wanted.includes(';')) return (_type, whole) => whole === wanted
  if (wanted === '*/*') return () => true
  if (wanted.endsWith('/*')) return type => type.startsWith(wanted.slice(0, -1))
  return type => type === wanted
}
