import { createHmac, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { keyFits } from '../../auth/jwt/algorithms.ts'
import type { Config, JwtAlgorithm } from '../../config/model.ts'
import type { PluginRegistry } from '../../plugins.ts'
import type { Clock } from '../../testing/clock.ts'
import type { StubAnswer, StubbedRequest } from '../stubs.ts'
import { LabError } from '../trial.ts'
import { type Issuers, issuersOf } from './issuers.ts'
import { isSignatureOf, type SignatureAlgorithm, type SigningKey, type SigningKeys, signText } from './signing-keys.ts'

/** How a token is made. */
export interface TokenOptions {
  /** `iss`, unless the claims say it. */
  readonly issuer?: string | undefined
  /** Beside `iss`, `iat` and `exp`; these may be given as well. null leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Default RS256, what `private_key` is for, or HS256 where the file has a secret and names no issuer. */
  readonly algorithm?: JwtAlgorithm
  /** For HS algorithms; default: the one that the file has for the issuer. */
  readonly secret?: string | Buffer
  /** PEM: signs in the place of the provider. */
  readonly private_key?: string
  /** Seconds from now to its end; default 3600. */
  readonly lifetime?: number
  /** Seconds from now to its beginning (`nbf`). */
  readonly not_before?: number
  /** A random text that only introspection tells about. */
  readonly opaque?: boolean
  /** Signed by a key that the provider does not publish. */
  readonly forged?: boolean
  /** Signed by the key before the last rotation. */
  readonly earlier_key?: boolean
}

export interface IdentityProviderOptions {
  readonly config: Config
  readonly registry: PluginRegistry
  readonly clock: Clock
  readonly keys: SigningKeys
}

type Claims = Readonly<Record<string, unknown>>

const JWKS_PATH = '/.lab/jwks/'
const INTROSPECTION_PATH = '/.lab/introspect/'
/** Of tokens in a file that names no issuer. */
const NOBODY = ''
const FORGER = ' forger'

/** The identity providers of a lab: every one that the file names, each with keys of its own. */
export class IdentityProvider {
  readonly #options: IdentityProviderOptions
  readonly #issuers: Issuers
  /** Of opaque ones: what introspection says of them. */
  readonly #opaque = new Map<string, Claims>()
  readonly #revoked = new Set<string>()
  #generation = 0
  #published: readonly number[] = [0]

  constructor (options: IdentityProviderOptions) {
    this.#options = options
    this.#issuers = issuersOf(options.config, options.registry)
  }

  /** `iss` of tokens that don't say: the first one of the file. */
  get issuer (): string | undefined {
    return this.#issuers.named[0]?.issuer
  }

  /** Makes a token. @throws LabError for one that can't be made */
  mint (options: TokenOptions = {}): string {
    const { issuer = this.issuer, claims = {}, lifetime = 3600, not_before: begin, opaque = false, forged = false } = options
    const now = Math.floor(this.#options.clock.now() / 1000)
    const standard = { ...issuer === undefined ? {} : { iss: issuer }, iat: now, ...begin === undefined ? {} : { nbf: now + begin }, exp: now + lifetime }
    const all = Object.fromEntries(Object.entries({ ...standard, ...claims }).filter(([, value]) => value !== null))
    if (!opaque) return this.#signed(options, all)
    const token = `lab-token-${this.#opaque.size + 1}`
    if (forged) return `${token}-forged`
    this.#opaque.set(token, all)
    return token
  }

  /** New keys sign from now on. @param withdraw those before are not published any more */
  rotate (withdraw = false): void {
    this.#generation++
    this.#published = withdraw ? [this.#generation] : [...this.#published, this.#generation]
  }

  /** Introspection says from now on that it is not active. */
  revoke (token: string): void {
    this.#revoked.add(token)
  }

  /** What the provider answers to the gateway. */
  answer ({ method, target, text, to: { protocol, host, port } }: StubbedRequest): StubAnswer {
    const { href, origin, pathname } = new URL(`${protocol}://${host}:${port}${target}`)
    const { named, addresses } = this.#issuers
    const index = named.findIndex(({ url }) => url === href)
    if (index !== -1 && method === 'GET') {
      return { body: { issuer: named[index]?.issuer, jwks_uri: `${origin}${JWKS_PATH}${index}`, introspection_endpoint: `${origin}${INTROSPECTION_PATH}${index}` } }
    }
    const own = addresses.get(href) ?? named[Number(/^\/\.lab\/[a-z]+\/(\d+)$/.exec(pathname)?.[1] ?? -1)]?.issuer
    if (method === 'POST') return { body: this.#introspect(new URLSearchParams(text).get('token') ?? '', own) }
    return { body: this.#options.keys.jwks(own === undefined ? this.#ownersAt(origin) : [own], this.#published) }
  }

  #signed ({ algorithm, secret, private_key: pem, forged = false, earlier_key: earlier = false }: TokenOptions, claims: Claims): string {
    const own = pem === undefined ? null : readPrivateKey(pem)
    const alg = algorithm ?? (own === null ? this.#usual(claims['iss']) : usualOf(own))
    if (isSymmetric(alg)) {
      const text = unsigned({ alg, typ: 'JWT' }, claims)
      const key = forged ? 'a secret of somebody else' : secret ?? this.#secretOf(claims['iss'])
      if (key === undefined) throw new LabError(`${alg} needs a secret: write \`secret\`, or \`consumer\` for one of jwt_secrets`)
      return `${text}.${createHmac(`sha${alg.slice(2)}`, key).update(text).digest('base64url')}`
    }
    if (own !== null && !forged) {
      if (!keyFits(alg, createPublicKey(own))) throw new LabError(`the private_key is not one for ${alg}`)
      const text = unsigned({ alg, typ: 'JWT' }, claims)
      return `${text}.${signText(text, alg, own)}`
    }
    const { kid, privateKey } = this.#key(claims['iss'], alg, earlier)
    const text = unsigned({ alg, typ: 'JWT', ...own === null ? { kid } : {} }, claims)
    return `${text}.${signText(text, alg, forged ? this.#options.keys.of(FORGER, 0, alg).privateKey : privateKey)}`
  }

  /** Without a provider, the shared secret of the file is what there is to sign with. */
  #usual (issuer: unknown): JwtAlgorithm {
    const secret = this.issuer === undefined ? this.#secretOf(issuer) : undefined
    return secret === undefined ? 'RS256' : 'HS256'
  }

  #key (issuer: unknown, algorithm: SignatureAlgorithm, earlier: boolean): SigningKey {
    if (earlier && this.#generation === 0) throw new LabError('earlier_key: the keys have not been rotated yet (`rotate_keys`)')
    return this.#options.keys.of(this.#ownerOf(issuer), this.#generation - (earlier ? 1 : 0), algorithm)
  }

  /** Whose keys sign. A name that the file doesn't have is signed by the first one's keys: providers with many tenants do. */
  #ownerOf (issuer: unknown): string {
    const { named, aliases } = this.#issuers
    const name = String(issuer)
    return named.some(({ issuer }) => issuer === name) ? name : aliases.get(name) ?? this.issuer ?? NOBODY
  }

  /** Whose keys are at an address that is written beside no issuer: theirs who are at the same host, or the first one's. */
  #ownersAt (origin: string): string[] {
    const here = this.#issuers.named.filter(({ url }) => url !== null && new URL(url).origin === origin).map(({ issuer }) => issuer)
    return here.length > 0 ? here : [this.issuer ?? NOBODY]
  }

  /** What the file itself has: `secret` of an entry for this issuer, or for any. */
  #secretOf (issuer: unknown): string | Buffer | undefined {
    for (const { name, config } of this.#options.config.plugins) {
      if (name !== 'jwt') continue
      const options = config as SecretOptions
      const found = [options, ...options.issuers ?? []].find(one => one.secret !== undefined && (one.issuer === undefined || one.issuer === issuer))
      if (found?.secret !== undefined) return options.secret_is_base64 === true ? Buffer.from(found.secret, 'base64url') : found.secret
    }
    return undefined
  }

  /** @param own who is asked; undefined: any of them */
  #introspect (token: string, own: string | undefined): object {
    const claims = this.#opaque.get(token) ?? this.#verified(token)
    if (claims === null || this.#revoked.has(token) || (own !== undefined && this.#ownerOf(claims['iss']) !== own)) return { active: false }
    const { exp, nbf } = claims
    const now = this.#options.clock.now()
    if ((typeof exp === 'number' && exp * 1000 <= now) || (typeof nbf === 'number' && nbf * 1000 > now)) return { active: false }
    return { active: true, ...claims }
  }

  /** Of a signed token that a provider here has made. */
  #verified (token: string): Claims | null {
    const [head = '', body = '', signature = ''] = token.split('.')
    try {
      const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg: SignatureAlgorithm, kid: unknown }
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims
      const owner = this.#ownerOf(claims['iss'])
      const key = this.#published.map(generation => this.#options.keys.of(owner, generation, alg)).find(key => key.kid === kid)
      return key !== undefined && isSignatureOf(`${head}.${body}`, alg, key.publicKey, signature) ? claims : null
    } catch {
      return null
    }
  }
}

interface SecretOptions {
  readonly issuer?: string
  readonly secret?: string
  readonly secret_is_base64?: boolean
  readonly issuers?: ReadonlyArray<{ readonly issuer?: string, readonly secret?: string }>
}

function isSymmetric (algorithm: JwtAlgorithm): algorithm is 'HS256' | 'HS384' | 'HS512' {
  return algorithm.startsWith('HS')
}

function unsigned (header: object, claims: object): string {
  return [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
}

function readPrivateKey (pem: string): KeyObject {
  try {
    return createPrivateKey(pem.replaceAll('\\n', '\n'))
  } catch {
    throw new LabError('the private_key is not a private key in PEM form')
  }
}

/** What is signed with such a key where nobody says. */
function usualOf (key: KeyObject): JwtAlgorithm {
  const all: JwtAlgorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA']
  return all.find(algorithm => keyFits(algorithm, createPublicKey(key))) ?? 'RS256'
}
