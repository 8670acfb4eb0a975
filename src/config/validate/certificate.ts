import type { X509Certificate } from 'node:crypto'
import { PemProblem, readCertificates, readPrivateKey } from '../../tls/pem.ts'
import { brokenSignature, isSelfSigned, weakKey } from '../../tls/strength.ts'
import type { RawEntity } from '../collect.ts'
import type { EntityContext } from './context.ts'
import { hostProblem } from './host.ts'
import { missing } from './messages.ts'

interface Problem {
  readonly rule: 'bad-certificate' | 'expired-certificate'
  readonly cause: string
  readonly mend: string
}

/** What a schema can't say about a certificate with its key. */
export function checkCertificate (entity: RawEntity, context: EntityContext): void {
  const [hasCert, hasKey] = [isGiven(entity, 'cert', context), isGiven(entity, 'key', context)]
  const { cert, key } = entity.contents ?? {}
  const chain = !hasCert || cert === undefined ? null : attempt(() => readCertificates(cert), fieldOf(entity, 'cert'), context)
  const secret = !hasKey || key === undefined ? null : attempt(() => readPrivateKey(key), fieldOf(entity, 'key'), context)
  const [leaf] = chain ?? []
  if (chain === null || leaf === undefined) return
  const mismatch = secret !== null && !leaf.checkPrivateKey(secret)
  const misplaced = mismatch && chain.some(other => other.checkPrivateKey(secret))
  if (mismatch) {
    context.at([fieldOf(entity, 'key')], {
      rule: 'bad-certificate',
      cause: 'certificate does not match key',
      mend: misplaced ? 'Write the certificate of this key first, and those that vouch for it behind it.' : 'Write the key that the certificate was asked for with.'
    })
  }
  if (!misplaced) for (const problem of chainProblems(chain)) context.at([fieldOf(entity, 'cert')], problem)
}

/** What is wrong with a chain, the certificate itself first. */
function chainProblems (chain: readonly X509Certificate[]): Problem[] {
  const problems: Problem[] = []
  let broken = false
  chain.forEach((certificate, index) => {
    const what = index === 0 ? 'the certificate' : `certificate ${index + 1} of the chain`
    const next = chain[index + 1]
    // the first break says it: what follows is out of its place as well
    if (!broken && next !== undefined && !(certificate.checkIssued(next) && certificate.verify(next.publicKey))) {
      broken = true
      problems.push({ rule: 'bad-certificate', cause: `${what} is not signed by the one behind it (${nameOf(next)})`, mend: orderMend(certificate, chain) })
    }
    if (Date.parse(certificate.validTo) <= Date.now()) problems.push({ rule: 'expired-certificate', cause: `${what} has expired on ${day(certificate.validTo)}`, mend: 'Put a renewed one in its place.' })
    else if (Date.parse(certificate.validFrom) > Date.now()) problems.push({ rule: 'bad-certificate', cause: `${what} is not valid before ${day(certificate.validFrom)}`, mend: 'Use the one before it until then, or set the clock of this machine.' })
    const weak = weakKey(certificate.publicKey)
    if (weak !== null) problems.push({ rule: 'bad-certificate', cause: `${what} is weak: ${weak}`, mend: 'Ask for a new one with an ECDSA key (P-256), or an RSA key of 2048 bits or more.' })
    const forgeable = brokenSignature(certificate)
    if (forgeable !== null) problems.push({ rule: 'bad-certificate', cause: `${what} is signed with ${forgeable}, which can be forged`, mend: 'Ask for a new one that is signed with SHA-256.' })
  })
  return problems
}

function orderMend (certificate: X509Certificate, chain: readonly X509Certificate[]): string {
  const issuer = chain.findIndex(other => other !== certificate && certificate.checkIssued(other))
  return issuer === -1
    ? 'Write behind it the certificate of the authority that has signed it, and no other.'
    : `Put certificate ${issuer + 1} there: each one is followed by the one that has signed it.`
}

/** What a schema can't say about an authority. */
export function checkAuthority (entity: RawEntity, context: EntityContext): void {
  const field = fieldOf(entity, 'cert')
  const { cert } = entity.contents ?? {}
  if (!isGiven(entity, 'cert', context) || cert === undefined) return
  const found = attempt(() => readCertificates(cert), field, context)
  const [authority] = found ?? []
  if (found === null || authority === undefined) return
  if (found.length > 1) {
    context.at([field], { rule: 'bad-certificate', cause: `expected exactly one certificate, and there are ${found.length}`, mend: 'Write an entity for each of them.' })
    return
  }
  if (!authority.ca) context.at([field], { rule: 'bad-certificate', cause: `it is no certificate of an authority (${nameOf(authority)}): the basic constraint CA is missing`, mend: 'Write the certificate of the authority that signs, not one that it has signed.' })
  for (const problem of chainProblems(found)) context.at([field], problem)
  const { cert_digest: digest } = entity.fields
  if (typeof digest === 'string' && digest.toLowerCase() !== authority.fingerprint256.replaceAll(':', '').toLowerCase()) {
    context.at(['cert_digest'], { rule: 'bad-certificate', cause: 'it is not the SHA-256 of the certificate', mend: 'Remove it: it follows from the certificate.' })
  }
}

/** What a schema can't say about a server name. */
export function checkSni ({ parent, fields }: RawEntity, context: EntityContext): void {
  const { name, certificate } = fields
  if (parent === null && certificate === undefined && !context.isBroken(['certificate'])) {
    context.at([], { ...missing('certificate'), mend: 'Add `certificate`, or write it inside of its certificate.' })
  }
  if (typeof name !== 'string' || name === '' || name === '*') return
  const problem = hostProblem(name, { port: false, wildcard: true })
  if (problem !== undefined) context.at(['name'], { rule: 'bad-host', ...problem })
}

/** The common name, for people. */
export function nameOf ({ subject, fingerprint256 }: X509Certificate): string {
  return /(?:^|\n)CN=([^\n]+)/.exec(subject ?? '')?.[1] ?? subject?.replaceAll('\n', ', ') ?? fingerprint256.slice(0, 23)
}

export function day (time: string): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** Exactly one of a field and its file; whether there is one. */
function isGiven (entity: RawEntity, field: string, context: EntityContext): boolean {
  const [text, file] = [written(entity, field, context), written(entity, `${field}_file`, context)]
  if (text && file) context.at([`${field}_file`], { rule: 'field-conflict', cause: `only one or none of these fields must be set: '${field}', '${field}_file'`, mend: `Remove \`${field}\`, and keep the file.` })
  else if (!text && !file) context.at([], { ...missing(field), mend: `Add \`${field}_file\`, or \`${field}\`.` })
  return text !== file
}

function written ({ fields }: RawEntity, field: string, context: EntityContext): boolean {
  return fields[field] !== undefined || context.isBroken([field])
}

/** Where the text of a field stands: in the file, or in one that it names. */
function fieldOf ({ fields }: RawEntity, field: string): string {
  return fields[field] === undefined && fields[`${field}_file`] !== undefined ? `${field}_file` : field
}

function attempt<Value> (read: () => Value, field: string, context: EntityContext): Value | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof PemProblem)) throw error
    context.at([field], { rule: 'bad-certificate', cause: error.message, mend: error.mend })
    return null
  }
}

/** Whether clients could need more than the chain gives: what it ends with is signed by somebody else. */
export function endOf (chain: readonly X509Certificate[]): X509Certificate | null {
  const last = chain.at(-1)
  return last === undefined || isSelfSigned(last) ? null : last
}
