import { createHash, createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'

/** One key of the list. */
export interface SigningKey {
  /** Thumbprint of RFC 7638. */
  readonly kid: string
  /** Private or secret; public where the key is published only. */
  readonly key: KeyObject
  /** For the key set; null: a secret, which is nobody's to see. */
  readonly jwk: Readonly<Record<string, string>> | null
}

/** What is wrong with a key; never says what the key is. */
export class KeyProblem extends Error {
  readonly mend: string

  constructor (message: string, mend: string) {
    super(message)
    this.mend = mend
  }
}

const SECRET_BYTES = 32
const MAKE = 'make one with `openssl ecparam -name prime256v1 -genkey -noout`'

/**
 * Reads one item of `keys`.
 *
 * @param signs the key must be one to sign with
 * @throws KeyProblem
 */
export function readKey (text: string, elliptic: boolean, signs: boolean): SigningKey {
  return elliptic ? ellipticKey(text, signs) : secretKey(text)
}

function secretKey (text: string): SigningKey {
  if (Buffer.byteLength(text) < SECRET_BYTES) {
    throw new KeyProblem(`the secret has less than ${SECRET_BYTES} bytes`, 'make one with `openssl rand -base64 48`')
  }
  const bytes = Buffer.from(text)
  return { kid: thumbprint({ k: bytes.toString('base64url'), kty: 'oct' }), key: createSecretKey(bytes), jwk: null }
}

function ellipticKey (text: string, signs: boolean): SigningKey {
  // one line of an environment file has no room for line breaks
  const pem = text.includes('\n') ? text : text.replaceAll('\\n', '\n')
  const key = parse(pem, signs)
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new KeyProblem('the key is not of the curve P-256, which ES256 asks for', MAKE)
  }
  const { crv = '', kty = '', x = '', y = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  const kid = thumbprint({ crv, kty, x, y })
  return { kid, key, jwk: { kty, crv, x, y, kid, use: 'sig', alg: 'ES256' } }
}

function parse (pem: string, signs: boolean): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    if (signs) throw new KeyProblem('the key is no private key in PEM without a passphrase', MAKE)
  }
  try {
    return createPublicKey(pem)
  } catch {
    throw new KeyProblem('the key is no key in PEM without a passphrase', MAKE)
  }
}

/** RFC 7638: the required members, in the order of their names, without blanks. */
function thumbprint (members: Record<string, string>): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}
