import type { KeyObject, X509Certificate } from 'node:crypto'
import { membersOf, objectId, readDer } from './der.ts'

/** Signatures that can be forged (RFC 9155, and what browsers refuse). */
const BROKEN: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1'
}

const RSA_BITS = 2048

/** Curves that are strong enough and that clients know. */
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/** What is weak about a public key; null: nothing. */
export function weakKey (key: KeyObject): string | null {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss': return modulusLength < RSA_BITS ? `its RSA key has ${modulusLength} bits, and fewer than ${RSA_BITS} are too few` : null
    case 'ec': return CURVES.has(namedCurve) ? null : `its key is on the curve ${namedCurve}, which clients don't take`
    case 'ed25519':
    case 'ed448': return null
    default: return `its key is of the type ${key.asymmetricKeyType ?? 'unknown'}, which TLS doesn't use`
  }
}

/** The hash of a signature that can be forged; null: it can't. Who signs for itself is believed for other reasons. */
export function brokenSignature (certificate: X509Certificate): string | null {
  return isSelfSigned(certificate) ? null : BROKEN[signatureOf(certificate)] ?? null
}

export function isSelfSigned (certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate)
}

/** Object id of the algorithm that a certificate is signed with. Node tells it from 24 on. */
function signatureOf (certificate: X509Certificate): string {
  const [, algorithm] = membersOf(readDer(certificate.raw).content)
  return algorithm === undefined ? '' : objectId(readDer(algorithm.content).content)
}
