import { constants, createHash } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import type { ListenSettings } from '../config/gateway-settings.ts'

/** What every client of today has; an OpenSSL that knows more offers it by itself. */
const CURVES = 'X25519:P-256:P-384'

/**
 * How a listener speaks TLS, whatever certificate it shows.
 *
 * @param authorities who may vouch for clients, in PEM
 */
export function tlsProfile ({ host, port, min_version: minVersion, ciphers, client_certificate: client }: ListenSettings, authorities: readonly string[]): SecureContextOptions {
  return {
    minVersion,
    // without a suite of it, OpenSSL would speak TLS 1.3 with its own
    maxVersion: ciphers.some(name => name.startsWith('TLS_')) ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: [...ciphers].sort((one, other) => rank(one) - rank(other)).join(':'),
    ecdhCurve: CURVES,
    honorCipherOrder: true,
    // a client that renegotiates makes us work for nothing, and TLS 1.3 has dropped it. A session that is resumed has lost
    // the chain of its client's certificate, and what was thought of it then
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (client === 'none' ? 0 : constants.SSL_OP_NO_TICKET),
    // never undefined: Node would believe every authority of the world
    ca: [...authorities],
    // a session of one listener, or of other authorities, is none of this one: its client was judged by other rules
    sessionIdContext: createHash('sha256').update(JSON.stringify([host, port, minVersion, client, authorities])).digest('hex').slice(0, 32)
  }
}

/** Of a certificate that it lays over another one, Node uses the RSA one only where no suite for ECDSA came first. */
function rank (cipher: string): number {
  return cipher.includes('RSA') ? 1 : 0
}
