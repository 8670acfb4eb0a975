/** What failures of the network are called, and what to do about them. Libraries' own words are not quoted. */
import type { LiveProblem } from './probe.ts'

const UNKNOWN_AUTHORITY = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_UNTRUSTED', 'CERT_SIGNATURE_FAILURE'])

export function dnsProblem (shown: string, code: string): LiveProblem {
  return code === 'ENOTFOUND' || code === 'ENODATA'
    ? { rule: 'live-dns', cause: shown === 'this host' ? 'there is no such host' : `there is no host ${shown}`, mend: 'Correct the name, or ask the name servers that know it (`gateway.dns.servers` for targets).' }
    : { rule: 'live-dns', cause: `no name server answers for ${shown}${suffix(code)}`, mend: 'See that the name servers are reached from here.' }
}

interface Attempt {
  readonly timeout: number
  readonly tls: boolean
  /** A certificate of the gateway may have been shown. */
  readonly client: boolean
}

/** What a failed connection or handshake means. */
export function tlsProblem (where: string, error: NodeJS.ErrnoException, { timeout, tls, client }: Attempt): LiveProblem {
  const { code = '' } = error
  if (code === 'CERT_HAS_EXPIRED') return { rule: 'live-certificate', cause: `the certificate of ${where} has expired`, mend: 'Have it renewed there.' }
  if (code === 'CERT_NOT_YET_VALID') return { rule: 'live-certificate', cause: `the certificate of ${where} is not valid yet`, mend: 'Set the clocks, here and there.' }
  if (UNKNOWN_AUTHORITY.has(code)) return { rule: 'live-certificate', cause: `no authority that the gateway trusts vouches for the certificate of ${where}`, mend: 'Have the server send its intermediates; name an authority of your own in `ca_certificates` (a service), or in NODE_EXTRA_CA_CERTS.' }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'CERT_ALTNAME_INVALID') return { rule: 'live-certificate', cause: `the certificate of ${where} is for other names`, mend: 'Write the name that the certificate is for (of targets: `host_header` of the upstream).' }
  if (code === 'CERT_CHAIN_TOO_LONG') return { rule: 'live-certificate', cause: `the chain of certificates of ${where} is longer than \`tls_verify_depth\``, mend: 'Raise `tls_verify_depth`.' }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) return { rule: 'live-tls', cause: `${where} speaks no version of TLS that the gateway does (${code})`, mend: 'Have it speak TLS 1.2 or newer.' }
  if (/UNRECOGNIZED_NAME/.test(code)) return { rule: 'live-tls', cause: `${where} has no certificate for this name (${code})`, mend: 'Write the name that it knows (of targets: `host_header` of the upstream).' }
  if (/CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_HANDSHAKE|SSLV3_ALERT|TLSV1_ALERT|TLSV13_ALERT/.test(code)) {
    return { rule: 'live-tls', cause: `${where} breaks the handshake off${client ? ', perhaps over the certificate that the gateway shows' : ''} (${code})`, mend: client ? 'See that it trusts the authority of `client_certificate`.' : 'Where it asks for a certificate, name one in `client_certificate`.' }
  }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return { rule: 'live-tls', cause: `${where} does not speak TLS as the gateway does (${code})`, mend: 'Correct port or protocol; TLS 1.2 is the least.' }
  if (code === 'ETIMEDOUT') return { rule: 'live-connect', cause: `${where} does not ${tls ? 'shake hands' : 'take a connection'} within ${timeout} ms`, mend: 'See that a firewall lets the gateway through, or give it more time with --timeout.' }
  if (code === 'ECONNREFUSED') return { rule: 'live-connect', cause: `nothing listens at ${where}`, mend: 'Start it, or correct host and port.' }
  if (tls && client && code === 'ECONNRESET') return { rule: 'live-tls', cause: `${where} closes the connection, perhaps over the certificate that the gateway shows`, mend: 'See that it trusts the authority of `client_certificate`.' }
  if (tls && code === 'ECONNRESET') return { rule: 'live-tls', cause: `${where} closes the connection during the handshake`, mend: 'Correct port or protocol: it may not speak TLS there.' }
  return { rule: 'live-connect', cause: `${where} can't be reached${suffix(code)}`, mend: 'See that it is reached from here.' }
}

export function expiryProblem (where: string, name: string, end: number, now: number): LiveProblem {
  const days = Math.max(0, Math.floor((end - now) / 86_400_000))
  const whose = name === '' ? 'a certificate' : `the certificate '${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 80)}'`
  return {
    rule: 'live-expires',
    severity: 'warning',
    cause: end <= now ? `${whose} that ${where} shows has expired` : `${whose} that ${where} shows expires in ${days} ${days === 1 ? 'day' : 'days'}`,
    mend: 'Have it renewed there.'
  }
}

function suffix (code: string): string {
  return code === '' ? '' : ` (${code})`
}
