/** What an OCSP response says (RFC 6960 section 4.2): enough to know whether clients would take it, which verify its signature themselves. */
import { DerError, membersOf, objectId, readDer, timeOf, type DerValue } from './der.ts'
import { detailsOf, serialText } from './x509.ts'
import type { X509Certificate } from 'node:crypto'

/** Of one certificate, at one time. */
export interface OcspStanding {
  readonly serial: string
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly thisUpdate: number
  /** NaN: it doesn't say. */
  readonly nextUpdate: number
}

const BASIC = '1.3.6.1.5.5.7.48.1.1'

const STATUS: Readonly<Record<number, OcspStanding['status']>> = { 0x80: 'good', 0xa1: 'revoked', 0x82: 'unknown' }

/**
 * Reads a response.
 *
 * @param der as the file holds it
 * @throws Error with one sentence about what is wrong
 */
export function readOcsp (der: Buffer): OcspStanding[] {
  try {
    return [...standings(der)]
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new Error('it is no OCSP response in DER', { cause: error })
  }
}

function * standings (der: Buffer): Generator<OcspStanding> {
  const [status, bytes] = insideOf(sequence(readDer(der)), 1)
  if (status?.tag !== 0x0a) throw new DerError('it has no status')
  if (status.content[0] !== 0) throw new Error('it is the refusal of a responder, not an answer')
  const [type, basic] = insideOf(sequence(readDer((bytes ?? none()).content)), 2)
  if (objectId((type as DerValue).content) !== BASIC) throw new Error('it is of a type that nobody reads')
  const [data] = insideOf(sequence(readDer((basic as DerValue).content)), 1)
  // [0] version, the responder by name or key, when it was made, the answers
  const fields = [...membersOf(sequence(data as DerValue).content)].filter(({ tag }) => tag === 0x30)
  for (const single of membersOf((fields[0] ?? none()).content)) yield standingOf(single)
}

function standingOf (single: DerValue): OcspStanding {
  const [id, status, thisUpdate, next] = insideOf(sequence(single), 3) as [DerValue, DerValue, DerValue, DerValue?]
  const serial = insideOf(sequence(id), 4)[3] as DerValue
  return {
    serial: serialText(serial),
    status: STATUS[status.tag] ?? 'unknown',
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: next?.tag === 0xa0 ? timeOf(readDer(next.content)) : NaN
  }
}

function sequence (value: DerValue): DerValue {
  return value.tag === 0x30 ? value : none()
}

function insideOf ({ content }: DerValue, least: number): DerValue[] {
  const members = [...membersOf(content)]
  return members.length < least ? none() : members
}

function none (): never {
  throw new DerError('a part is missing')
}

/** Why it is not stapled to a certificate; null: it is. @param certificate DER */
export function ocspProblem (all: readonly OcspStanding[], certificate: Buffer, now: number): string | null {
  const { serial } = detailsOf({ raw: certificate as X509Certificate['raw'] })
  const standing = all.find(one => one.serial === serial)
  if (standing === undefined) return 'it is about another certificate'
  if (standing.status !== 'good') return standing.status === 'revoked' ? 'it says that the certificate is revoked' : 'its responder doesn\'t know the certificate'
  if (!(standing.thisUpdate <= now)) return 'it is not valid yet'
  // without one there is always something newer (RFC 6960 section 2.4): no server staples that
  if (Number.isNaN(standing.nextUpdate)) return 'it doesn\'t say until when it is valid'
  return standing.nextUpdate > now ? null : `it was valid until ${new Date(standing.nextUpdate).toISOString().replace('.000Z', 'Z')}`
}
