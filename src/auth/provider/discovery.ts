import type { ProviderClock } from './clock.ts'
import type { ProviderHttp } from './http.ts'
import { ProviderError } from './provider-error.ts'
import { urlProblem } from './url.ts'

/** What a provider says about itself (OpenID Connect Discovery 1.0, RFC 8414), as far as it is needed here. */
export interface ProviderMetadata {
  readonly issuer: string
  readonly jwks_uri: string | null
  readonly introspection_endpoint: string | null
}

const WELL_KNOWN = '/.well-known/openid-configuration'
const OAUTH_WELL_KNOWN = '/.well-known/oauth-authorization-server'

/** Metadata change seldom; a provider that moves says so a while before. */
const LIFETIME = 3_600_000

export interface Location {
  /** Where the document is. */
  readonly url: string
  /** What the document must name as `issuer`. */
  readonly issuer: string
}

/**
 * Finds the document of an issuer. The address of a document may be written as well: then the issuer is what is left
 * without the well-known part.
 */
export function locate (issuer: string): Location {
  if (issuer.endsWith(WELL_KNOWN)) return { url: issuer, issuer: issuer.slice(0, -WELL_KNOWN.length) }
  const url = new URL(issuer)
  if (url.pathname.startsWith(OAUTH_WELL_KNOWN)) {
    // RFC 8414 section 3.1 puts it between host and path
    return { url: issuer, issuer: url.origin + url.pathname.slice(OAUTH_WELL_KNOWN.length) }
  }
  // section 4.1: a slash at the end goes first
  return { url: issuer.replace(/\/$/, '') + WELL_KNOWN, issuer }
}

/** A provider's metadata, asked for when they are needed and kept for an hour. */
export class Discovery {
  readonly issuer: string
  readonly #url: string
  readonly #http: ProviderHttp
  readonly #clock: ProviderClock
  readonly #allowInsecure: boolean
  #metadata: ProviderMetadata | null = null
  #readAt = 0
  #flight: Promise<ProviderMetadata> | null = null

  /** @param issuer as in the configuration: see {@link locate} */
  constructor (issuer: string, http: ProviderHttp, clock: ProviderClock, allowInsecure: boolean) {
    const location = locate(issuer)
    this.issuer = location.issuer
    this.#url = location.url
    this.#http = http
    this.#clock = clock
    this.#allowInsecure = allowInsecure
  }

  /** The last good document serves on where a new one can't be had. @throws ProviderError when there was never one */
  async metadata (): Promise<ProviderMetadata> {
    if (this.#metadata !== null && this.#clock.now() - this.#readAt < LIFETIME) return this.#metadata
    this.#flight ??= this.#read().finally(() => { this.#flight = null })
    return await this.#flight
  }

  /** What was read is doubtful: ask again next time. */
  forget (): void {
    this.#readAt = -Infinity
  }

  async #read (): Promise<ProviderMetadata> {
    try {
      const { body } = await this.#http.get(this.#url)
      this.#metadata = readMetadata(body, this.issuer, this.#allowInsecure)
      this.#readAt = this.#clock.now()
      return this.#metadata
    } catch (error) {
      if (this.#metadata !== null) return this.#metadata
      throw new ProviderError(`discovery: ${(error as Error).message}`, { cause: error })
    }
  }
}

function readMetadata (body: Readonly<Record<string, unknown>>, issuer: string, allowInsecure: boolean): ProviderMetadata {
  if (body.issuer !== issuer) {
    // section 4.3: must be identical, or one provider could speak for another
    const hint = typeof body.issuer === 'string' && body.issuer.replace(/\/$/, '') === issuer.replace(/\/$/, '') ? ' (they differ in the slash at the end)' : ''
    throw new ProviderError(`the document is that of another issuer${hint}`)
  }
  return {
    issuer,
    jwks_uri: readUrl(body, 'jwks_uri', allowInsecure),
    introspection_endpoint: readUrl(body, 'introspection_endpoint', allowInsecure)
  }
}

function readUrl (body: Readonly<Record<string, unknown>>, name: 'jwks_uri' | 'introspection_endpoint', allowInsecure: boolean): string | null {
  const value = body[name]
  if (value === undefined || value === null) return null
  const problem = typeof value === 'string' ? urlProblem(value, allowInsecure) : 'is not a text'
  if (problem !== null) throw new ProviderError(`'${name}' of the document ${problem}`)
  return value as string
}
