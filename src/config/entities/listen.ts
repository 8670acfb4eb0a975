import { Type } from 'typebox'
import type { ListenSettings } from '../gateway-settings.ts'

/** Those of RFC 9325 that have forward secrecy and authenticate what they encrypt: nothing else is offered. */
export const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305'
] as const

/** The listener of a file that names none; its members are also what a listener has that says less. */
export const listenDefaults: ListenSettings = {
  host: '0.0.0.0',
  port: 8000,
  tls: false,
  http2: false,
  min_version: 'TLSv1.2',
  ciphers: CIPHERS,
  client_certificate: 'none'
}

/** What a listener says about encryption. */
export const tlsOptions = {
  tls: Type.Optional(Type.Boolean({ default: listenDefaults.tls, description: 'Clients speak TLS here, with the certificates of the file.' })),
  http2: Type.Optional(Type.Boolean({ default: listenDefaults.http2, description: 'Offers HTTP/2 beside HTTP/1.1 (ALPN); only with `tls`.' })),
  min_version: Type.Optional(Type.Enum(['TLSv1.2', 'TLSv1.3'], { default: listenDefaults.min_version, description: 'Oldest version of TLS that is spoken.' })),
  ciphers: Type.Optional(Type.Array(Type.Enum([...CIPHERS], { description: 'A cipher suite, by its name in OpenSSL.' }), {
    minItems: 1,
    default: [...listenDefaults.ciphers],
    description: 'Cipher suites, the preferred ones first.'
  })),
  client_certificate: Type.Optional(Type.Enum(['none', 'request', 'require'], {
    default: listenDefaults.client_certificate,
    description: '`request` asks clients for a certificate, about which plugins decide (mtls-auth); `require` also refuses connections without one that an entry of `ca_certificates` vouches for.'
  }))
}
