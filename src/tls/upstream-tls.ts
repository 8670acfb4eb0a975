import { createHash } from 'node:crypto'
import { createSecureContext, type DetailedPeerCertificate, type PeerCertificate, type SecureContext, checkServerIdentity } from 'node:tls'
import type { Config, Service } from '../config/model.ts'

/** How the gateway speaks TLS to an upstream. */
export interface UpstreamTls {
  /** Tells connections apart that must not be shared. Holds no secret. */
  readonly id: string
  readonly verify: boolean
  /** PEM of the authorities; null: those of Node. */
  readonly authorities: readonly string[] | null
  /** Most intermediates; null: no limit of ours. */
  readonly depth: number | null
  /** What the gateway shows; null: nothing. */
  readonly client: { readonly cert: string, readonly key: string } | null
}

type Certificates = Pick<Config, 'certificates' | 'ca_certificates'>

/** @param upstream whose targets the service is sent to; null: none */
export function upstreamTls (config: Certificates, service: Service, upstream: { readonly client_certificate: string | null } | null): UpstreamTls {
  const { tls_verify: verify, tls_verify_depth: depth, ca_certificates: named, client_certificate: own } = service
  const id = own ?? upstream?.client_certificate ?? null
  return makeUpstreamTls({ verify, depth, authorities: named === null ? null : authoritiesOf(config, named), client: clientOf(config, id) })
}

/**
 * For the health checks of an upstream: what its services say. Authorities are those of all of them together, unless one
 * relies on those of Node.
 */
export function healthTls (config: Certificates & Pick<Config, 'services'>, upstream: { readonly name: string, readonly client_certificate: string | null }): UpstreamTls {
  const services = config.services.filter(({ host, protocol, tls_verify: verify }) => host === upstream.name && protocol === 'https' && verify)
  const named = services.map(service => service.ca_certificates)
  const authorities = services.length === 0 || named.includes(null) ? null : authoritiesOf(config, new Set(named.flatMap(list => list ?? [])))
  const own = services.map(service => service.client_certificate).find(id => id !== null) ?? null
  return makeUpstreamTls({ verify: true, depth: null, authorities, client: clientOf(config, upstream.client_certificate ?? own) })
}

function makeUpstreamTls (parts: Omit<UpstreamTls, 'id'>): UpstreamTls {
  const { verify, authorities, depth, client } = parts
  // a renewed certificate is another one: its connections are new
  const id = authorities === null && client === null && depth === null
    ? String(verify)
    : createHash('sha256').update(JSON.stringify([verify, authorities, depth, client])).digest('base64')
  return { id, ...parts }
}

function authoritiesOf ({ ca_certificates: all }: Certificates, ids: Iterable<string>): string[] {
  return [...ids].map(id => (all.find(authority => authority.id === id) as Config['ca_certificates'][number]).cert)
}

function clientOf ({ certificates }: Certificates, id: string | null): UpstreamTls['client'] {
  const found = id === null ? undefined : certificates.find(certificate => certificate.id === id)
  return found === undefined ? null : { cert: found.cert, key: found.key }
}

/** What a connection takes from it. */
export interface ClientOptions {
  readonly rejectUnauthorized: boolean
  readonly secureContext?: SecureContext
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined
}

/** Made once for all connections: each would parse the authorities again. */
export function clientOptions ({ verify, authorities, depth, client }: UpstreamTls): ClientOptions {
  return {
    rejectUnauthorized: verify,
    ...authorities === null && client === null ? {} : { secureContext: createSecureContext({ ...authorities === null ? {} : { ca: [...authorities] }, ...client }) },
    ...depth === null
      ? {}
      : { checkServerIdentity: (host, certificate) => checkServerIdentity(host, certificate) ?? depthProblem(certificate as DetailedPeerCertificate, depth) }
  }
}

/** OpenSSL's measure: certificates between the first and the authority. */
function depthProblem (certificate: DetailedPeerCertificate, depth: number): Error | undefined {
  let intermediates = 0
  // the authority itself is its own issuer; the chain may also end without it
  for (let one = certificate.issuerCertificate; isIntermediate(one); one = one.issuerCertificate) intermediates++
  return intermediates <= depth ? undefined : Object.assign(new Error('the certificate chain is too long'), { code: 'CERT_CHAIN_TOO_LONG' })
}

function isIntermediate (certificate: DetailedPeerCertificate | undefined): certificate is DetailedPeerCertificate {
  return certificate?.issuerCertificate !== undefined && certificate.issuerCertificate !== certificate && certificate.issuerCertificate.fingerprint256 !== certificate.fingerprint256
}
