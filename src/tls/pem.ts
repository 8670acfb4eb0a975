import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]*-----END \1-----/g

/** Longest chain that is read: more are a mistake. */
const MOST = 20

/** Why a text is no certificate or key, and what to do; it holds nothing of the text. */
export class PemProblem extends Error {
  readonly mend: string

  constructor (message: string, mend: string) {
    super(message)
    this.mend = mend
  }
}

/** Variables of the environment often have `\n` for the ends of lines. */
export function withLines (pem: string): string {
  return pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n')
}

/**
 * The certificates of a PEM text, in its order.
 *
 * @throws PemProblem
 */
export function readCertificates (pem: string): X509Certificate[] {
  const certificates: X509Certificate[] = []
  for (const [block, label = ''] of pem.matchAll(BLOCK)) {
    if (label.endsWith('PRIVATE KEY')) throw new PemProblem('a private key stands among the certificates', 'Move it to `key`: certificates are shown to everybody.')
    if (label !== 'CERTIFICATE') throw new PemProblem(`a block '${label}' stands where certificates are expected`, 'Write certificates alone.')
    if (certificates.length === MOST) throw new PemProblem(`there are more than ${MOST} certificates`, 'Write the certificate and those that vouch for it.')
    certificates.push(readCertificate(block, certificates.length))
  }
  if (certificates.length === 0) throw new PemProblem('it holds no certificate in PEM', 'Write what stands from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`, with `|` before its lines.')
  return certificates
}

function readCertificate (block: string, index: number): X509Certificate {
  try {
    return new X509Certificate(block)
  } catch {
    throw new PemProblem(`certificate ${index + 1} can't be read`, 'Copy it again, whole, line by line.')
  }
}

/**
 * The private key of a PEM text.
 *
 * @throws PemProblem
 */
export function readPrivateKey (pem: string): KeyObject {
  if (pem.includes('ENCRYPTED')) throw new PemProblem('the key is encrypted', 'Decrypt it (`openssl pkey -in encrypted.key -out plain.key`), and keep it where only the gateway can read it.')
  try {
    return createPrivateKey(pem)
  } catch {
    throw new PemProblem('it holds no private key in PEM', 'Write what stands from `-----BEGIN PRIVATE KEY-----` to `-----END PRIVATE KEY-----`, with `|` before its lines.')
  }
}
