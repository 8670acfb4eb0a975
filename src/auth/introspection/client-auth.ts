import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'

/** How the gateway says who it is when it asks a provider (the names are those of OpenID Connect Core section 9). */
export type ClientAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

export interface ClientAuthOptions {
  readonly method: ClientAuthMethod
  readonly clientId: string
  /** For the first two methods. */
  readonly secret?: string | undefined
  /** PEM; for `private_key_jwt`. */
  readonly privateKey?: string | undefined
  /** The name under which the provider knows that key. */
  readonly keyId?: string | undefined
  /** Milliseconds since the epoch. */
  now (): number
}

/** Adds the client's credentials to a request. */
export type ClientAuth = (request: { readonly headers: Record<string, string>, readonly form: URLSearchParams }, audience: string) => void

/** Seconds for which an assertion holds: for one request. */
const ASSERTION_LIFETIME = 60

const ALGORITHMS: Readonly<Record<string, readonly [algorithm: string, hash: string | null]>> = {
  prime256v1: ['ES256', 'sha256'],
  secp384r1: ['ES384', 'sha384'],
  secp521r1: ['ES512', 'sha512'],
  rsa: ['RS256', 'sha256'],
  ed25519: ['EdDSA', null]
}

/** @throws Error when the key isn't one to sign with; says nothing of it */
export function createClientAuth (options: ClientAuthOptions): ClientAuth {
  const { method, clientId, secret = '' } = options
  switch (method) {
    case 'client_secret_basic': {
      const authorization = `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(secret)}`).toString('base64')}`
      return ({ headers }) => { headers['authorization'] = authorization }
    }
    case 'client_secret_post':
      return ({ form }) => {
        form.set('client_id', clientId)
        form.set('client_secret', secret)
      }
    case 'private_key_jwt': return assertionAuth(options)
  }
}

/** Why a key can't be used for `private_key_jwt`, or null: for `check`. Says nothing of it. */
export function checkClientKey (pem: string): string | null {
  try {
    algorithmOf(readPrivateKey(pem))
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** RFC 6749 section 2.3.1 has both parts encoded like a form, since either may hold a colon. */
function formEncode (text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/** RFC 7523 section 2.2. */
function assertionAuth ({ clientId, privateKey = '', keyId, now }: ClientAuthOptions): ClientAuth {
  const key = readPrivateKey(privateKey)
  const [alg, hash] = algorithmOf(key)
  const header = encode({ alg, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
  return ({ form }, audience) => {
    const seconds = Math.floor(now() / 1000)
    const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: seconds, exp: seconds + ASSERTION_LIFETIME }
    const signed = `${header}.${encode(claims)}`
    const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    form.set('client_id', clientId)
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    form.set('client_assertion', `${signed}.${signature}`)
  }
}

function readPrivateKey (pem: string): KeyObject {
  try {
    // variables of the environment often can't hold a line break
    return createPrivateKey(pem.replaceAll('\\n', '\n'))
  } catch {
    // OpenSSL's own words may quote the text
    throw new Error('it is not a private key in PEM form')
  }
}

function algorithmOf (key: KeyObject): readonly [algorithm: string, hash: string | null] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key
  const found = ALGORITHMS[type === 'ec' ? details.namedCurve ?? '' : type ?? '']
  if (found === undefined) throw new Error('it is none of RSA, EC (P-256, P-384, P-521) and Ed25519')
  if (type === 'rsa' && (details.modulusLength ?? 0) < 2048) throw new Error('it is too weak: 2048 bits are the least for RSA')
  return found
}

function encode (value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
