/** Node's names for a certificate that doesn't verify: those of OpenSSL (X509_V_ERR_…), and its own where the name is another. */
const CERTIFICATE = /^(?:(?:CERT|CRL|UNABLE_TO|ERROR_IN|SELF_SIGNED_CERT|DEPTH_ZERO|ERR_TLS_CERT)_|(?:INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|UNSPECIFIED)$)/

/** A handshake that came to nothing, or was refused: versions, ciphers, our own certificate, a port that speaks no TLS. */
const HANDSHAKE = /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/

/** The code of the gateway for what TLS calls an error; null: this is none. */
export function tlsFailure (code: string): 'SP_UPSTREAM_CERTIFICATE' | 'SP_UPSTREAM_TLS' | null {
  if (CERTIFICATE.test(code)) return 'SP_UPSTREAM_CERTIFICATE'
  return HANDSHAKE.test(code) ? 'SP_UPSTREAM_TLS' : null
}
