import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { locate } from '../auth/provider/discovery.ts'
import type { Config } from '../config/model.ts'
import type { Clock } from '../testing/clock.ts'
import type { StubAnswer, StubbedRequest } from './stubs.ts'

/** How a token is made. */
export interface TokenOptions {
  /** `iss`, unless the claims say it. */
  readonly issuer?: string | undefined
  /** Beside `iss`, `iat` and `exp`; these may be given as well. null leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Default RS256. */
  readonly algorithm?: 'RS256' | 'ES256' | 'EdDSA' | 'HS256' | 'HS384' | 'HS512'
  /** For HS algorithms. */
  readonly secret?: string
  /** Seconds from now to its end; default 3600. */
  readonly lifetime?: number
  /** A random text that only introspection tells about. */
  readonly opaque?: boolean
  /** Signed by a key that the provider does not publish. */
  readonly forged?: boolean
}

interface SigningKey {
  readonly kid: string
  readonly algorithm: 'RS256' | 'ES256' | 'EdDSA'
  readonly privateKey: KeyObject
  readonly jwk: object
}

/** Keys that are made when they are needed: RSA takes a tenth of a second. Several labs may share them. */
export class SigningKeys {
  #keys: readonly SigningKey[] | null = null
  #other: KeyObject | null = null

  of (algorithm: SigningKey['algorithm']): SigningKey {
    return this.#all().find(key => key.algorithm === algorithm) as SigningKey
  }

  jwks (): { keys: object[] } {
    return { keys: this.#all().map(({ jwk }) => jwk) }
  }

  /** An RSA key of somebody else. */
  get other (): KeyObject {
    this.#other ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    return this.#other
  }

  #all (): readonly SigningKey[] {
    this.#keys ??= [
      make('RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })),
      make('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })),
      make('EdDSA', generateKeyPairSync('ed25519'))
    ]
    return this.#keys
  }
}

function make (algorithm: SigningKey['algorithm'], { privateKey, publicKey }: { privateKey: KeyObject, publicKey: KeyObject }): SigningKey {
  const kid = `lab-${algorithm.toLowerCase()}`
  return { kid, algorithm, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' } }
}

const JWKS_PATH = '/.lab/jwks'
const INTROSPECTION_PATH = '/.lab/introspect'

/** The identity provider of a lab: every one that the file names, with one set of keys. */
export class IdentityProvider {
  readonly #keys: SigningKeys
  readonly #clock: Clock
  /** As the file writes them, with where their documents are. */
  readonly #issuers: ReadonlyArray<{ readonly issuer: string, readonly url: string }>
  /** Opaque ones, with what introspection says of them. */
  readonly #opaque = new Map<string, Readonly<Record<string, unknown>>>()
  /** Revoked ones, and those that somebody else has signed. */
  readonly #revoked = new Set<string>()

  constructor (config: Config, clock: Clock, keys: SigningKeys) {
    this.#keys = keys
    this.#clock = clock
    this.#issuers = [...issuersOf(config)].map(text => {
      const { issuer, url } = locate(text)
      return { issuer, url: new URL(url).href }
    })
  }

  /** `iss` of tokens that don't say: the first one of the file. */
  get issuer (): string | undefined {
    return this.#issuers[0]?.issuer
  }

  /** Makes a token. */
  mint ({ issuer, claims = {}, algorithm = 'RS256', secret, lifetime = 3600, opaque = false, forged = false }: TokenOptions = {}): string {
    const now = Math.floor(this.#clock.now() / 1000)
    const iss = issuer ?? this.issuer
    const all = Object.fromEntries(Object.entries({ ...iss === undefined ? {} : { iss }, iat: now, exp: now + lifetime, ...claims }).filter(([, value]) => value !== null))
    if (opaque) {
      const token = `lab-token-${this.#opaque.size + 1}`
      if (!forged) this.#opaque.set(token, all)
      return token
    }
    if (algorithm.startsWith('HS')) {
      const text = unsigned({ alg: algorithm, typ: 'JWT' }, all)
      return `${text}.${createHmac(`sha${algorithm.slice(2)}`, secret ?? '').update(text).digest('base64url')}`
    }
    const key = this.#keys.of(algorithm as SigningKey['algorithm'])
    const text = unsigned({ alg: algorithm, typ: 'JWT', kid: key.kid }, all)
    const digest = algorithm === 'EdDSA' ? null : 'sha256'
    // a forged one of any algorithm: its signature is nobody's
    if (forged) {
      const token = `${text}.${sign('sha256', Buffer.from(text), this.#keys.other).toString('base64url')}`
      this.#revoked.add(token)
      return token
    }
    return `${text}.${sign(digest, Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }

  /** Introspection says from now on that it is not active. */
  revoke (token: string): void {
    this.#revoked.add(token)
  }

  /** What the provider answers to the gateway. */
  answer (request: StubbedRequest): StubAnswer {
    if (request.method === 'POST') return { body: this.#introspect(new URLSearchParams(request.text).get('token') ?? '') }
    const { protocol, host, port } = request.to
    const { href, origin } = new URL(`${protocol}://${host}:${port}${request.target}`)
    const known = this.#issuers.find(({ url }) => url === href)
    if (known === undefined) return { body: this.#keys.jwks() }
    return {
      body: {
        issuer: known.issuer,
        jwks_uri: origin + JWKS_PATH,
        introspection_endpoint: origin + INTROSPECTION_PATH
      }
    }
  }

  #introspect (token: string): object {
    const claims = this.#opaque.get(token) ?? this.#ownClaims(token)
    const { exp } = claims ?? {}
    if (claims === null || this.#revoked.has(token) || (typeof exp === 'number' && exp * 1000 <= this.#clock.now())) return { active: false }
    return { active: true, ...claims }
  }

  /** Of a signed token that this provider has made: it is there again letter by letter. */
  #ownClaims (token: string): Readonly<Record<string, unknown>> | null {
    const [head = '', body = ''] = token.split('.')
    try {
      const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid?: unknown }
      return typeof kid === 'string' && kid.startsWith('lab-') ? JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown> : null
    } catch {
      return null
    }
  }
}

function unsigned (header: object, claims: object): string {
  return [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
}

/** Every `issuer` in the options of plugins. */
function issuersOf (config: Config): Set<string> {
  const found = new Set<string>()
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'issuer' && typeof inner === 'string' && URL.canParse(inner)) found.add(inner)
      else look(inner)
    }
  }
  for (const { config: options } of config.plugins) look(options)
  return found
}
