import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { KeySource, VerificationKey } from '../key-source.ts'
import { JWT_ALGORITHMS, keyFits, type JwtAlgorithm } from './algorithms.ts'

/** A key of the configuration that can't be used; the message says why, in words that follow the option's name. */
export class BadKey extends Error {}

/**
 * Reads a public key: PEM (SPKI, PKCS #1 or a certificate). `\n` in one line stands for the end of a line, since variables
 * of the environment often can't hold one.
 *
 * @throws BadKey
 */
export function readPublicKey (text: string): KeyObject {
  const pem = text.replaceAll('\\n', '\n')
  if (pem.includes('PRIVATE KEY')) throw new BadKey('is a private key, which belongs to the issuer alone')
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    throw new BadKey('is not a public key in PEM')
  }
  if (!JWT_ALGORITHMS.some(algorithm => keyFits(algorithm, key))) {
    const bits = key.asymmetricKeyDetails?.modulusLength
    throw new BadKey(bits !== undefined && bits < 2048 ? 'has fewer than 2048 bits (RFC 7518 section 3.3)' : 'is of a kind that no algorithm of RFC 7518 uses')
  }
  return key
}

/**
 * Reads a shared secret.
 *
 * @param base64 it is base64url, as Kong's `secret_is_base64` has it; base64 with padding is taken as well
 */
export function readSecret (text: string, base64: boolean): KeyObject {
  return createSecretKey(base64 ? Buffer.from(text, 'base64url') : Buffer.from(text))
}

const KEY_TYPES: Readonly<Record<string, VerificationKey['kty']>> = { rsa: 'RSA', 'rsa-pss': 'RSA', ec: 'EC', ed25519: 'OKP', ed448: 'OKP' }

/** A set of one key, which every token may have been signed with, whatever `kid` it names. */
export function singleKey (key: KeyObject, alg: JwtAlgorithm | null = null): KeySource {
  const kty = key.type === 'secret' ? 'oct' : KEY_TYPES[key.asymmetricKeyType as string] as VerificationKey['kty']
  const keys = Object.freeze([Object.freeze({ kid: null, alg, key, kty })])
  return { version: 0, keysFor: () => keys, close () {} }
}
