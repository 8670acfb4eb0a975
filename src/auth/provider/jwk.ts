import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { VerificationKey } from '../key-source.ts'

/** A key of a set, with what it is good for. */
export interface SetKey {
  readonly verification: VerificationKey
  /** Algorithms that it fits. */
  readonly algorithms: readonly string[]
  /** Equal for keys that are the same in name, use and material. */
  readonly identity: string
}

type Jwk = Readonly<Record<string, unknown>>

const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const EC_ALGORITHMS: Readonly<Record<string, readonly string[]>> = { 'P-256': ['ES256'], 'P-384': ['ES384'], 'P-521': ['ES512'] }
const OKP_ALGORITHMS: Readonly<Record<string, readonly string[]>> = { Ed25519: ['EdDSA', 'Ed25519'], Ed448: ['EdDSA', 'Ed448'] }
/** Bytes that an HMAC key must have at least (RFC 7518 section 3.2). */
const HMAC_ALGORITHMS: ReadonlyArray<readonly [algorithm: string, bytes: number]> = [['HS256', 32], ['HS384', 48], ['HS512', 64]]

/** Bits of an RSA modulus, RFC 7518 section 3.3. */
const RSA_MINIMUM = 2048

/** Members of a JWK that hold private parts (RFC 7518 section 6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

/** Why a key can't be used: what `check` and the log say. */
export class UnusableKey extends Error {}

/**
 * Reads one member of a key set.
 *
 * @param symmetric whether `oct` keys may be in it: never in one that others can read
 * @throws UnusableKey
 */
export function readJwk (value: unknown, symmetric: boolean): SetKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnusableKey('is not an object')
  const jwk = value as Jwk
  const { kid, alg } = jwk
  if (kid !== undefined && typeof kid !== 'string') throw new UnusableKey('has a `kid` that is not a text')
  if (alg !== undefined && typeof alg !== 'string') throw new UnusableKey('has an `alg` that is not a text')
  checkUse(jwk)
  const { key, algorithms } = readMaterial(jwk, symmetric)
  const fitting = alg === undefined ? algorithms : algorithms.filter(one => one === alg)
  if (fitting.length === 0) throw new UnusableKey('has an `alg` that does not go with its kind of key, or none that verifies signatures')
  const verification: VerificationKey = Object.freeze({ kid: kid ?? null, alg: alg ?? null, key, kty: jwk.kty as VerificationKey['kty'] })
  return { verification, algorithms: fitting, identity: identify(verification) }
}

/** RFC 7517 sections 4.2 and 4.3. */
function checkUse (jwk: Jwk): void {
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new UnusableKey('is not for signatures (`use`)')
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'))) {
    throw new UnusableKey('is not for verifying (`key_ops`)')
  }
}

function readMaterial (jwk: Jwk, symmetric: boolean): { key: KeyObject, algorithms: readonly string[] } {
  if (jwk.kty === 'oct') {
    if (!symmetric) throw new UnusableKey('is a shared secret in a set that others can read')
    return readSecret(jwk)
  }
  if (PRIVATE.some(member => jwk[member] !== undefined)) throw new UnusableKey('is a private key')
  switch (jwk.kty) {
    case 'RSA': return readRsa(jwk)
    case 'EC': return { algorithms: curveAlgorithms(jwk, EC_ALGORITHMS), key: importKey(jwk) }
    case 'OKP': return { algorithms: curveAlgorithms(jwk, OKP_ALGORITHMS), key: importKey(jwk) }
    default: throw new UnusableKey('has a `kty` that is not known here')
  }
}

function readRsa (jwk: Jwk): { key: KeyObject, algorithms: readonly string[] } {
  const key = importKey(jwk)
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < RSA_MINIMUM) throw new UnusableKey(`is too weak: an RSA key of ${modulusLength} bits, where ${RSA_MINIMUM} are the least`)
  // with 1 every text is its own signature
  if (publicExponent < 3n || publicExponent % 2n === 0n) throw new UnusableKey('has an exponent that makes signatures worthless')
  return { key, algorithms: RSA_ALGORITHMS }
}

function readSecret (jwk: Jwk): { key: KeyObject, algorithms: readonly string[] } {
  if (typeof jwk.k !== 'string' || !/^[\w-]+$/.test(jwk.k)) throw new UnusableKey('has no `k` in base64url')
  const bytes = Buffer.from(jwk.k, 'base64url')
  const algorithms = HMAC_ALGORITHMS.filter(([, least]) => bytes.length >= least).map(([algorithm]) => algorithm)
  if (algorithms.length === 0) throw new UnusableKey(`is too weak: a secret of ${bytes.length} bytes, where 32 are the least`)
  return { key: createSecretKey(bytes), algorithms }
}

function curveAlgorithms (jwk: Jwk, known: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const algorithms = typeof jwk.crv === 'string' && Object.hasOwn(known, jwk.crv) ? known[jwk.crv] : undefined
  if (algorithms === undefined) throw new UnusableKey('is on a curve (`crv`) that no permitted algorithm uses')
  return algorithms
}

function importKey (jwk: Jwk): KeyObject {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    // OpenSSL's own words say nothing that a reader could mend
    throw new UnusableKey('is not a valid key')
  }
}

function identify ({ kid, alg, key }: VerificationKey): string {
  const material = key.type === 'secret' ? key.export() : key.export({ format: 'der', type: 'spki' })
  return JSON.stringify([kid, alg, material.toString('base64')])
}
