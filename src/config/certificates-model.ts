/** Certificates, resolved: a part of the configuration's model. */
import type { Entity } from './model.ts'

/** What the gateway shows: to clients by its server names, to upstreams as their client. */
export interface Certificate extends Entity {
  readonly name: string | null
  /** PEM: the certificate, then those that vouch for it. */
  readonly cert: string
  /** PEM. A secret. */
  readonly key: string
  /** OCSP response (DER) as Base64: the configuration is plain JSON. */
  readonly ocsp: string | null
  /** Fields of the file that named a file, with what they said. */
  readonly files: Readonly<Record<string, string>>
}

/** A server name and its certificate. */
export interface Sni extends Entity {
  /** Lower-case, without a dot at its end: a host, `*.suffix`, `prefix.*` or `*`. */
  readonly name: string
  /** Id of the certificate. */
  readonly certificate: string
}

/** An authority. */
export interface CaCertificate extends Entity {
  readonly name: string | null
  /** PEM of one certificate. */
  readonly cert: string
  /** SHA-256 of its DER, lower-case hex. */
  readonly cert_digest: string
  readonly files: Readonly<Record<string, string>>
}
