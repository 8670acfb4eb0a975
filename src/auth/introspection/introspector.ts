import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Claims } from '../claims.ts'
import type { Breaker } from '../provider/breaker.ts'
import type { ProviderHttp } from '../provider/http.ts'
import { ProviderError, providerUnavailable } from '../provider/provider-error.ts'
import type { ClientAuth } from './client-auth.ts'

export interface IntrospectorOptions {
  /** Names the provider in the log. */
  readonly name: string
  readonly http: Pick<ProviderHttp, 'post'>
  /** Where to ask. */
  readonly endpoint: () => Promise<string>
  /** What a signed assertion of the client is for; null: the endpoint. */
  readonly audience: string | null
  readonly clientAuth: ClientAuth
  /** Fields of each request, beside those of the client's credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly tokenTypeHint: string | null
  /** Milliseconds for which an answer holds; 0: asked each time. */
  readonly activeFor: number
  readonly inactiveFor: number
  /** Answers of each kind that are remembered. */
  readonly remember: number
  readonly breaker: Breaker
  readonly log: FastifyBaseLogger
  /** Milliseconds since the epoch. */
  now (): number
}

interface Remembered {
  /** null: not active. */
  readonly claims: Claims | null
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Text of answers that are remembered, in characters; of one that is worth it. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/** Tokens that are asked about at the same time. More come from a storm of made-up ones, or wait for a provider that is slow. */
const MOST_FLIGHTS = 1_000

/** How long those wait who came when there were too many. */
const CROWDED = 1_000

/** A token that nobody would send: then nobody has to look. */
const LONGEST_TOKEN = 16_384

/**
 * Asks a provider about tokens (RFC 7662), each once for all requests that wait for it, and remembers what it said under
 * the token's SHA-256: active ones apart from others, which cost nothing to make up.
 */
export class Introspector {
  readonly #options: IntrospectorOptions
  readonly #active: LRUCache<string, Remembered>
  readonly #inactive: LRUCache<string, Remembered>
  readonly #flights = new Map<string, Promise<Claims | null>>()

  constructor (options: IntrospectorOptions) {
    this.#options = options
    this.#active = new LRUCache({ max: options.remember, maxSize: MAX_CHARACTERS })
    this.#inactive = new LRUCache({ max: options.remember })
  }

  /**
   * What the provider says of an active token; null: it is not active. Sync when it is remembered.
   *
   * @throws GatewayError 503 (or rejects with it) when the provider can't be asked, or says nothing that makes sense
   */
  introspect (token: string): Claims | null | Promise<Claims | null> {
    if (token.length > LONGEST_TOKEN) return null
    const digest = hash('sha256', token, 'base64')
    const now = this.#options.now()
    const known = this.#active.get(digest) ?? this.#inactive.get(digest)
    if (known !== undefined && now < known.until) return known.claims
    const flight = this.#flights.get(digest)
    if (flight !== undefined) return flight
    if (this.#flights.size >= MOST_FLIGHTS) throw providerUnavailable(CROWDED)
    const { wait } = this.#options.breaker
    if (wait > 0) throw providerUnavailable(wait)
    const started = this.#ask(token, digest).finally(() => { this.#flights.delete(digest) })
    this.#flights.set(digest, started)
    return started
  }

  async #ask (token: string, digest: string): Promise<Claims | null> {
    const { breaker, log, name } = this.#options
    let body: Claims
    try {
      body = await this.#post(token)
      if (typeof body['active'] !== 'boolean') throw new ProviderError('its answer has no `active` that is true or false')
    } catch (error) {
      const opened = breaker.failed()
      const refused = error instanceof ProviderError && (error.status === 400 || error.status === 401 || error.status === 403)
      const facts = { provider: name, reason: (error as Error).message }
      if (refused) log.error(facts, 'the provider refuses to introspect: see the client id and its credentials')
      else log.warn(facts, 'a token could not be introspected')
      if (opened) log.warn({ provider: name }, 'the provider is not asked for a while')
      throw providerUnavailable(breaker.rest, error)
    }
    breaker.succeeded()
    return this.#remember(digest, body)
  }

  async #post (token: string): Promise<Claims> {
    const { http, endpoint, audience, clientAuth, tokenTypeHint, headers } = this.#options
    const url = await endpoint()
    const form = new URLSearchParams({ token, ...(tokenTypeHint === null ? {} : { token_type_hint: tokenTypeHint }) })
    const request = { headers: { ...headers }, form }
    clientAuth(request, audience ?? url)
    const { body } = await http.post(url, request.form, request.headers)
    return body
  }

  #remember (digest: string, body: Claims): Claims | null {
    const { activeFor, inactiveFor, now } = this.#options
    this.#active.delete(digest)
    this.#inactive.delete(digest)
    if (body['active'] === false) {
      if (inactiveFor > 0) this.#inactive.set(digest, { claims: null, until: now() + inactiveFor })
      return null
    }
    const claims = Object.freeze(body)
    const { exp } = claims
    // what it says now is the provider's word; what it said a while ago ends with the token, by our clock
    const until = Math.min(now() + activeFor, typeof exp === 'number' ? exp * 1000 : Infinity)
    if (until > now()) this.#active.set(digest, { claims, until }, { size: JSON.stringify(claims).length })
    return claims
  }
}
