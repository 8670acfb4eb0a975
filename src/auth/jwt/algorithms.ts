import type { KeyObject } from 'node:crypto'
import type { JwtAlgorithm } from '../../config/model.ts'

/** Signature algorithms of RFC 7518 section 3.1 and RFC 8037. `none` is not among them, nor can it be. */
export const JWT_ALGORITHMS = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'
] as const satisfies readonly JwtAlgorithm[]

export type { JwtAlgorithm }

export type JwtFamily = 'HS' | 'RS' | 'PS' | 'ES' | 'EdDSA'

const KNOWN: ReadonlySet<string> = new Set(JWT_ALGORITHMS)

/** RFC 7518 sections 3.3 and 3.5. */
const MIN_RSA_BITS = 2048
/** A verification takes a millisecond there; nobody's key is larger. */
const MAX_RSA_BITS = 16384

/** By algorithm: the curve that RFC 7518 section 3.4 ties to it, and the length of R and S together. */
export const CURVES: Readonly<Record<string, { readonly curve: string, readonly bytes: number }>> = {
  ES256: { curve: 'prime256v1', bytes: 64 },
  ES384: { curve: 'secp384r1', bytes: 96 },
  ES512: { curve: 'secp521r1', bytes: 132 }
}

export function isJwtAlgorithm (value: unknown): value is JwtAlgorithm {
  return typeof value === 'string' && KNOWN.has(value)
}

export function familyOf (algorithm: JwtAlgorithm): JwtFamily {
  return algorithm === 'EdDSA' ? 'EdDSA' : algorithm.slice(0, 2) as JwtFamily
}

/** `sha256` and so on; null for EdDSA, which brings its own. */
export function hashOf (algorithm: JwtAlgorithm): string | null {
  return algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`
}

/**
 * Whether a key may verify with an algorithm: by what the key is, never by what the token says. This is what keeps a
 * public key from being taken for a shared secret (RS256 to HS256).
 */
export function keyFits (algorithm: JwtAlgorithm, key: KeyObject): boolean {
  const family = familyOf(algorithm)
  if (family === 'HS') return key.type === 'secret' && (key.symmetricKeySize ?? 0) > 0
  if (key.type !== 'public') return false
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key
  if (family === 'RS') return type === 'rsa' && rsaSizeFits(details.modulusLength)
  if (family === 'PS') {
    if (type === 'rsa') return rsaSizeFits(details.modulusLength)
    return type === 'rsa-pss' && rsaSizeFits(details.modulusLength) && pssFits(algorithm, details)
  }
  if (family === 'ES') return type === 'ec' && details.namedCurve === CURVES[algorithm]?.curve
  return type === 'ed25519' || type === 'ed448'
}

function rsaSizeFits (bits: number | undefined): boolean {
  return bits !== undefined && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS
}

/** A key that is bound to RSASSA-PSS may be bound to parameters as well. */
function pssFits (algorithm: JwtAlgorithm, details: NonNullable<KeyObject['asymmetricKeyDetails']>): boolean {
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength } = details
  if (hashAlgorithm === undefined) return true
  const hash = hashOf(algorithm)
  return hashAlgorithm === hash && mgf1HashAlgorithm === hash && (saltLength ?? 0) <= Number(algorithm.slice(2)) / 8
}
