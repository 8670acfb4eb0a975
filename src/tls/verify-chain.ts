import type { X509Certificate } from 'node:crypto'
import { membersOf, readDer } from './der.ts'
import { brokenSignature, isSelfSigned, weakKey } from './strength.ts'
import { detailsOf, type CertificateDetails } from './x509.ts'

/** A certificate with what was read from it once. */
export interface Link {
  readonly certificate: X509Certificate
  readonly details: CertificateDetails
}

/** From a client's certificate to the authority that is trusted. */
export type Path = readonly Link[]

export interface Trusted {
  readonly authorities: readonly Link[]
  /** Whether an authority that is signed by another one is trusted by itself. */
  readonly partial: boolean
}

/** Intermediates that a client may send: more would be work without an end. */
const MOST = 10

/** Signatures that are tried for one client: a chain needs one for each certificate, and authorities may share a name. */
const TRIES = 20

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const NAME_CONSTRAINTS = '2.5.29.30'
/** Extensions that are looked at here, or mean nothing for who a client is. Another one that is critical stops everything (RFC 5280 section 4.2). */
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE, '2.5.29.37', '2.5.29.17', '2.5.29.32', '2.5.29.14', '2.5.29.35', '2.5.29.31', '1.3.6.1.5.5.7.1.1'])

const CLIENT_USES = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']

export function linkOf (certificate: X509Certificate): Link {
  return { certificate, details: detailsOf(certificate) }
}

/**
 * Finds the way from a client's certificate to an authority, as RFC 5280 section 6 asks: signatures, times, constraints and uses.
 *
 * What is not understood (name constraints, other critical extensions) is refused.
 *
 * @param chain as the client sent it: its certificate first, the others in any order
 * @returns the path, or in one sentence why there is none
 */
export function verifyChain (chain: readonly X509Certificate[], trusted: Trusted, now: number): Path | string {
  const [first, ...others] = chain
  if (first === undefined) return 'there is no certificate'
  if (others.length > MOST) return `it came with more than ${MOST} others`
  let links: Link[]
  try {
    links = [linkOf(first), ...others.map(linkOf)]
  } catch {
    return 'a certificate can\'t be read'
  }
  const [leaf, ...intermediates] = links as [Link, ...Link[]]
  const problem = unusable(leaf, now) ?? unfitClient(leaf)
  if (problem !== null) return problem
  let reason = 'no trusted authority vouches for it'
  let tries = 0

  function climb (path: readonly Link[]): Path | null {
    const top = path.at(-1) as Link
    const anchors = trusted.authorities.filter(({ certificate }) => trusted.partial || isSelfSigned(certificate))
    for (const anchor of anchors) if (signs(anchor, top, path)) return [...path, anchor]
    for (const candidate of [...intermediates, ...trusted.authorities]) {
      if (path.length > MOST || path.some(({ certificate }) => certificate.fingerprint256 === candidate.certificate.fingerprint256)) continue
      if (!signs(candidate, top, path)) continue
      const found = climb([...path, candidate])
      if (found !== null) return found
    }
    return null
  }

  function signs (issuer: Link, subject: Link, below: readonly Link[]): boolean {
    if (!subject.certificate.checkIssued(issuer.certificate) || ++tries > TRIES || !subject.certificate.verify(issuer.certificate.publicKey)) return false
    const problem = unusable(issuer, now) ?? unfitAuthority(issuer, below)
    if (problem !== null) reason = problem
    return problem === null
  }

  return climb([leaf]) ?? reason
}

function unusable (link: Link, now: number): string | null {
  const { certificate } = link
  if (Date.parse(certificate.validTo) <= now) return 'a certificate has expired'
  if (Date.parse(certificate.validFrom) > now) return 'a certificate is not valid yet'
  if (weakKey(certificate.publicKey) !== null || brokenSignature(certificate) !== null) return 'a certificate has a weak key or signature'
  return unreadable(link)
}

function unreadable ({ details: { extensions } }: Link): string | null {
  if (extensions.has(NAME_CONSTRAINTS)) return 'a certificate has name constraints, which are not supported'
  for (const [id, { critical }] of extensions) if (critical && !UNDERSTOOD.has(id)) return `a certificate has a critical extension (${id}) that is not understood`
  return null
}

function unfitClient ({ certificate, details }: Link): string | null {
  if (!usableForClients(certificate)) return 'the certificate is not for clients'
  const usage = keyUsage(details)
  // digitalSignature, keyAgreement
  return usage === null || (usage & 0x88) !== 0 ? null : 'the key of the certificate may not sign'
}

function unfitAuthority ({ certificate, details }: Link, below: readonly Link[]): string | null {
  if (!certificate.ca) return 'a certificate is signed by one that is no authority'
  if (!usableForClients(certificate)) return 'an authority is not for clients'
  const usage = keyUsage(details)
  // keyCertSign
  if (usage !== null && (usage & 0x04) === 0) return 'an authority may not sign certificates'
  // of those below, the client's own and what is self-issued don't count
  const intermediates = below.slice(1).filter(one => !one.certificate.checkIssued(one.certificate)).length
  const length = pathLength(details)
  return length !== null && intermediates > length ? 'the path is longer than an authority allows' : null
}

/** Node's `keyUsage` is the extended one. */
function usableForClients ({ keyUsage: uses }: X509Certificate): boolean {
  const list = uses as readonly string[] | undefined
  return list === undefined || list.length === 0 || list.some(use => CLIENT_USES.includes(use))
}

/** First byte of the bits; null: no restriction. */
function keyUsage ({ extensions }: CertificateDetails): number | null {
  const extension = extensions.get(KEY_USAGE)
  return extension === undefined ? null : readDer(extension.value).content[1] ?? 0
}

function pathLength ({ extensions }: CertificateDetails): number | null {
  const extension = extensions.get(BASIC_CONSTRAINTS)
  if (extension === undefined) return null
  const length = [...membersOf(readDer(extension.value).content)].find(({ tag }) => tag === 0x02)
  return length === undefined ? null : Number(BigInt(`0x${length.content.toString('hex')}`))
}
