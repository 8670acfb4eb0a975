import { constants, createHmac, timingSafeEqual, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'
import { CURVES, familyOf, hashOf, keyFits, type JwtAlgorithm } from './algorithms.ts'

/** Says whether `signature` is that of `data`. Never throws. */
export type SignatureCheck = (data: Buffer, signature: Buffer) => boolean

/**
 * Prepares the checks of keys, once for each key and algorithm.
 *
 * @returns a function that gives the check, or null where the key may not be used with the algorithm
 */
export function createSignatureChecks (): (algorithm: JwtAlgorithm, key: KeyObject) => SignatureCheck | null {
  const prepared = new WeakMap<KeyObject, Map<JwtAlgorithm, SignatureCheck | null>>()
  return function checkFor (algorithm, key) {
    let ofKey = prepared.get(key)
    if (ofKey === undefined) {
      ofKey = new Map()
      prepared.set(key, ofKey)
    }
    let check = ofKey.get(algorithm)
    if (check === undefined) {
      check = keyFits(algorithm, key) ? prepare(algorithm, key) : null
      ofKey.set(algorithm, check)
    }
    return check
  }
}

function prepare (algorithm: JwtAlgorithm, key: KeyObject): SignatureCheck {
  const hash = hashOf(algorithm)
  if (familyOf(algorithm) === 'HS') return hmacCheck(hash as string, key)
  const length = CURVES[algorithm]?.bytes ?? null
  // a key alone is what node:crypto takes fastest
  const input = inputOf(algorithm, key)
  return function checkSignature (data, signature) {
    // R and S have a fixed length each (RFC 7518 section 3.4); OpenSSL refuses those outside of 1 to n - 1
    if (length !== null && signature.length !== length) return false
    try {
      return verify(hash, data, input, signature)
    } catch {
      // a signature that OpenSSL can't even read
      return false
    }
  }
}

function inputOf (algorithm: JwtAlgorithm, key: KeyObject): KeyObject | VerifyKeyObjectInput {
  switch (familyOf(algorithm)) {
    case 'PS': return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    case 'ES': return { key, dsaEncoding: 'ieee-p1363' }
    default: return key
  }
}

function hmacCheck (hash: string, key: KeyObject): SignatureCheck {
  return function checkMac (data, signature) {
    const mac = createHmac(hash, key).update(data).digest()
    return mac.length === signature.length && timingSafeEqual(mac, signature)
  }
}
