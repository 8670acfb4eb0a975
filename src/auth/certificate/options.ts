/** Options that mtls-auth and header-cert-auth share: Kong's, and a file of revoked certificates in place of questions to the network. */
import { Type } from 'typebox'
import type { CheckContext, CheckFinding } from '../../plugin-contract.ts'
import { crlProblem } from './crl-file.ts'

const consumer = (title: string, description: string) => Type.Optional(Type.String({ minLength: 1, title, description, examples: ['partner'], refersTo: 'consumer' }))

export const certificateOptions = {
  ca_certificates: Type.Array(Type.String({ minLength: 1, title: 'Authority', description: 'Name or id of an item of `ca_certificates`.', examples: ['partners'], refersTo: 'ca_certificate' }), {
    title: 'CA certificates',
    description: 'Authorities whose certificates are accepted, by name or id. One of them must vouch for the client, directly or by intermediates that the client sends or that stand here, too.',
    minItems: 1,
    examples: [['partners']]
  }),
  allow_partial_chain: Type.Boolean({
    title: 'Allow partial chain',
    description: 'Trust an authority of `ca_certificates` that another one has signed, although that one isn\'t there.',
    default: false,
    examples: [true]
  }),
  consumer_by: Type.Array(Type.Enum(['username', 'custom_id'], { title: 'Field', description: 'A field of consumers.', examples: ['username'] }), {
    title: 'Consumer by',
    description: 'Fields of consumers with which the names of the certificate are compared: its alternative names (DNS, e-mail, address, URI) in their order, then its common name.',
    minItems: 1,
    default: ['username', 'custom_id'],
    examples: [['custom_id']]
  }),
  default_consumer: consumer('Default consumer', 'Username or id of the consumer that a good certificate counts as whose names are no consumer\'s. Without it, such a caller is refused.'),
  skip_consumer_lookup: Type.Boolean({
    title: 'Skip consumer lookup',
    description: 'Look for no consumer: every good certificate passes. `acl` can then decide by `authenticated_group_by`; the service gets `X-Client-Cert-DN` and `X-Client-Cert-SAN`.',
    default: false,
    examples: [true]
  }),
  authenticated_group_by: Type.Enum(['CN', 'DN'], {
    title: 'Authenticated group by',
    description: 'With `skip_consumer_lookup`, what the caller\'s group is called by: the common name, or the whole subject as RFC 4514 writes it.',
    default: 'CN',
    examples: ['DN']
  }),
  crl_file: Type.Optional(Type.String({
    minLength: 1,
    title: 'CRL file',
    description: 'File with lists of revoked certificates (PEM, or DER of one), relative to gateway.yaml; read again when it changes.',
    examples: ['tls/partners.crl']
  })),
  revocation_check_mode: Type.Optional(Type.Enum(['SKIP', 'IGNORE_CA_ERROR', 'STRICT'], {
    title: 'Revocation check mode',
    description: '`STRICT`: each certificate but the authority needs a list that is current. `IGNORE_CA_ERROR`: without one it passes. `SKIP`: lists are not looked at. Default: `STRICT` with `crl_file`, else `SKIP`.',
    examples: ['IGNORE_CA_ERROR']
  }))
}

export interface CertificateOptions {
  readonly ca_certificates: readonly string[]
  readonly allow_partial_chain: boolean
  readonly consumer_by: ReadonlyArray<'username' | 'custom_id'>
  readonly default_consumer?: string
  readonly skip_consumer_lookup: boolean
  readonly authenticated_group_by: 'CN' | 'DN'
  readonly crl_file?: string
  readonly revocation_check_mode?: 'SKIP' | 'IGNORE_CA_ERROR' | 'STRICT'
  readonly anonymous?: string
}

const NO_FETCH = 'Remove it: nothing is fetched from where a certificate points to. Write the lists into a file (`crl_file`).'
const NO_CACHE = 'Remove it: what was verified is remembered for as long as it holds.'

/** Kong's options that mean nothing here. */
export const refusedCertificateOptions: Readonly<Record<string, string>> = {
  http_timeout: NO_FETCH,
  http_proxy_host: NO_FETCH,
  http_proxy_port: NO_FETCH,
  https_proxy_host: NO_FETCH,
  https_proxy_port: NO_FETCH,
  cert_cache_ttl: NO_CACHE,
  cache_ttl: NO_CACHE,
  send_ca_dn: 'Remove it: a listener that asks for certificates names all `ca_certificates` of the file.',
  san_dirname_matcher: 'Remove it; consumers are found by DNS names, e-mail addresses, addresses, URIs and common names.'
}

export function * checkCertificateOptions (config: Omit<CertificateOptions, 'anonymous'>, { directory }: Pick<CheckContext, 'directory'>): Generator<CheckFinding> {
  const { crl_file: file, revocation_check_mode: mode } = config
  if (file === undefined && mode !== undefined && mode !== 'SKIP') {
    yield { path: '/revocation_check_mode', message: 'there are no lists to look at: no server is asked whether a certificate is revoked', mend: 'Add `crl_file`, or write `SKIP`.' }
  }
  if (file !== undefined && mode === 'SKIP') {
    yield { path: '/crl_file', message: 'with `revocation_check_mode: SKIP` nobody looks at it', mend: 'Remove one of the two.', severity: 'warning' }
  } else if (file !== undefined) {
    const problem = crlProblem(directory, file)
    if (problem !== null) yield { path: '/crl_file', message: problem, mend: 'Correct the name, which starts at the folder of this file, or put the lists there.' }
  }
  if (config.skip_consumer_lookup && config.default_consumer !== undefined) {
    yield { path: '/default_consumer', message: 'with `skip_consumer_lookup` there are no consumers', mend: 'Remove one of the two.' }
  }
}
