/** What clients will refuse though the gateway can run with it. */
import type { X509Certificate } from 'node:crypto'
import { X509Certificate as Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { readCertificates } from '../../tls/pem.ts'
import type { Certificate as CertificateEntity, Pointer } from '../model.ts'
import { day, endOf, nameOf } from '../validate/certificate.ts'
import { membersOf, readDer } from '../../tls/der.ts'
import { ocspProblem, readOcsp } from '../../tls/ocsp.ts'
import { detailsOf } from '../../tls/x509.ts'
import { defaultCertificate } from '../../tls/default-certificate.ts'
import type { LintContext } from './context.ts'

const DAY = 86_400_000

/** Those of ACME are renewed a month before their end: what has less time left is renewed by nobody. */
const SOON = 30 * DAY

/** Certificates and authorities that end soon. */
export function endingCertificates (context: LintContext): void {
  const { certificates, ca_certificates: authorities } = context.config
  for (const { pointer, files, cert } of [...certificates, ...authorities]) warnEnding(context, place(pointer, 'cert', files), cert)
}

function warnEnding (context: LintContext, pointer: Pointer, pem: string): void {
  const chain = readCertificates(pem)
  chain.forEach((certificate, index) => {
    const left = Date.parse(certificate.validTo) - Date.now()
    if (left > SOON) return
    const days = Math.max(0, Math.floor(left / DAY))
    context.warn(pointer, {
      rule: 'certificate-expires',
      cause: `${index === 0 ? 'the certificate' : `certificate ${index + 1} of the chain`} (${nameOf(certificate)}) expires on ${day(certificate.validTo)}, in ${days === 1 ? '1 day' : `${days} days`}`,
      mend: 'Renew it; a gateway that runs takes the new file over by itself.'
    })
  })
}

/** Chains that don't lead to an authority that is known, and those that say more than they need. */
export function openChains (context: LintContext): void {
  const { certificates, snis, services, upstreams } = context.config
  const shown = new Set(snis.map(({ certificate }) => certificate))
  const clients = new Set([...services, ...upstreams].map(({ client_certificate: id }) => id))
  let known: Set<string> | null = null
  for (const certificate of certificates) {
    // what is shown to upstreams alone is their matter
    if (!shown.has(certificate.id) && clients.has(certificate.id)) continue
    const pointer = place(certificate.pointer, 'cert', certificate.files)
    const chain = readCertificates(certificate.cert)
    const end = endOf(chain)
    if (end === null) {
      if (chain.length > 1) context.warn(pointer, { rule: 'certificate-chain', cause: `the chain holds its root (${nameOf(chain.at(-1) as X509Certificate)}), which clients have or don't trust`, mend: 'Remove the last certificate: each handshake gets shorter by it.' })
      continue
    }
    known ??= knownAuthorities(context)
    if (known.has(end.issuer)) continue
    context.warn(pointer, {
      rule: 'certificate-chain',
      cause: `the chain ends with '${nameOf(end)}', which is signed by '${issuerOf(end)}', and no authority of that name is known here: clients may not be able to verify it`,
      mend: 'Add the intermediate certificates that came with it behind it; if the authority is your own, name it in `ca_certificates`.'
    })
  }
}

function knownAuthorities ({ config }: LintContext): Set<string> {
  const own = config.ca_certificates.map(({ cert }) => cert)
  return new Set([...rootCertificates, ...own].map(pem => new Certificate(pem).subject))
}

/** Server names that their certificate isn't for. */
export function uncoveredSnis (context: LintContext): void {
  const certificates = new Map(context.config.certificates.map(certificate => [certificate.id, certificate]))
  for (const { name, certificate, pointer } of context.config.snis) {
    const found = certificates.get(certificate)
    if (found === undefined || name === '*') continue
    const [leaf] = readCertificates(found.cert)
    if (leaf === undefined || covers(leaf, name)) continue
    const at = `${pointer}/name`
    context.warn(context.source.has(at) ? at : pointer, {
      rule: 'uncovered-sni',
      cause: `the certificate is not for ${context.quote(at, name, 'this name')}: it names ${namesOf(leaf)}`,
      mend: 'Ask for a certificate with this name, or move the name to the one that has it.'
    })
  }
}

/** A wildcard at the end stands for names that a certificate can't sum up: there is nothing to compare. */
function covers (leaf: X509Certificate, sni: string): boolean {
  if (sni.endsWith('.*')) return true
  return leaf.checkHost(sni.startsWith('*.') ? sni.replace('*', 'sallyport-any') : sni) !== undefined
}

function namesOf ({ subjectAltName }: X509Certificate): string {
  const names = [...(subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,]+)/g)].map(([, name]) => name)
  if (names.length === 0) return 'none'
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}

function issuerOf ({ issuer }: X509Certificate): string {
  return /(?:^|\n)CN=([^\n]+)/.exec(issuer)?.[1] ?? issuer.replaceAll('\n', ', ')
}

/**
 * Certificates whose key is of another type than that of the default, where that isn't RSA.
 *
 * Node lays the certificate of a server name over the default one, and OpenSSL keeps one of each type: a client could be
 * shown the default in place of the one that it asked for. RSA comes last in all that is negotiated, so it can be the default.
 */
export function mixedKeys (context: LintContext): void {
  const { certificates, snis } = context.config
  const fallback = defaultCertificate(context.config)
  if (fallback === null) return
  const type = (certificate: CertificateEntity): string => readCertificates(certificate.cert)[0]?.publicKey.asymmetricKeyType ?? ''
  const own = type(fallback)
  if (own.startsWith('rsa')) return
  for (const certificate of certificates) {
    if (type(certificate) === own || !snis.some(sni => sni.certificate === certificate.id)) continue
    context.report(place(certificate.pointer, 'cert', certificate.files), {
      rule: 'mixed-keys',
      cause: `its key is of the type ${type(certificate)}, and that of the default certificate ${own}: some clients would be shown the default one instead of it`,
      mend: 'Use one type for all, or make a certificate with an RSA key the default, by the SNI `*` or by its place as the first of the file.',
      related: [context.place(place(fallback.pointer, 'cert', fallback.files), 'the default certificate')]
    })
  }
}

function place (pointer: Pointer, field: string, files: CertificateEntity['files']): Pointer {
  return `${pointer}/${Object.hasOwn(files, `${field}_file`) ? `${field}_file` : field}`
}

/** Private keys that stand in the file. */
export function literalKeys (context: LintContext): void {
  for (const { pointer } of context.config.certificates) {
    const at = `${pointer}/key`
    if (!context.source.has(at) || context.source.isSecret(at)) continue
    context.warn(at, {
      rule: 'literal-secret',
      cause: '\'key\' is a secret, and stands here for all who can read the file',
      mend: 'Put it into a file that only the gateway can read, and name that in `key_file`; or into an environment variable, and write "{vault://env/NAME}" here.'
    })
  }
}

/** OCSP responses that are not stapled, and those that have to be. */
export function refusedStaples (context: LintContext): void {
  for (const { pointer, files, cert, ocsp } of context.config.certificates) {
    const [leaf] = readCertificates(cert)
    if (leaf === undefined) continue
    if (ocsp === null) {
      if (mustStaple(leaf)) context.warn(place(pointer, 'cert', files), { rule: 'ocsp-response', cause: 'the certificate asks that an OCSP response be stapled (must-staple), and there is none: clients that heed it refuse every connection', mend: 'Name a file with the response of its authority in `ocsp_file`, and renew it; or have the certificate issued without must-staple.' })
      continue
    }
    const cause = stapleProblem(Buffer.from(ocsp, 'base64'), leaf)
    if (cause !== null) context.warn(`${pointer}/ocsp_file`, { rule: 'ocsp-response', cause: `the OCSP response is not stapled: ${cause}`, mend: 'Fetch a new one (`openssl ocsp -respout`); a gateway that runs takes the new file over by itself.' })
  }
}

/** The TLS feature `status_request` (RFC 7633). */
function mustStaple (leaf: X509Certificate): boolean {
  const features = detailsOf(leaf).extensions.get('1.3.6.1.5.5.7.1.24')
  return features !== undefined && [...membersOf(readDer(features.value).content)].some(({ content }) => content.length === 1 && content[0] === 5)
}

function stapleProblem (der: Buffer, leaf: X509Certificate): string | null {
  try {
    return ocspProblem(readOcsp(der), leaf.raw, Date.now())
  } catch (error) {
    return (error as Error).message
  }
}
