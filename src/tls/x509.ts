/** What Node's X509Certificate keeps to itself, or tells in words that others have chosen: read from the DER (RFC 5280). */
import type { X509Certificate } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import { membersOf, objectId, readDer, type DerValue } from './der.ts'

export interface Extension {
  readonly critical: boolean
  readonly value: Buffer
}

/** One attribute of a distinguished name, in the order of the certificate. */
export interface NameAttribute {
  readonly type: string
  readonly value: string
}

export interface CertificateDetails {
  /** Upper-case hex without leading zeros. */
  readonly serial: string
  /** DER, to be compared byte by byte. */
  readonly issuer: Buffer
  readonly subject: readonly NameAttribute[]
  readonly extensions: ReadonlyMap<string, Extension>
}

/** @throws DerError for what OpenSSL would not have read either */
export function detailsOf (certificate: Pick<X509Certificate, 'raw'>): CertificateDetails {
  const [tbs] = [...membersOf(readDer(certificate.raw).content)]
  const fields = [...membersOf((tbs as DerValue).content)]
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [serial, , issuer, , subject] = fields as [DerValue, DerValue, DerValue, DerValue, DerValue]
  const extensions = fields.find(({ tag }) => tag === 0xa3)
  return {
    serial: serialText(serial),
    issuer: issuer.whole,
    subject: attributesOf(subject),
    extensions: extensions === undefined ? new Map() : extensionsOf(readDer(extensions.content))
  }
}

export function serialText ({ content }: DerValue): string {
  return content.toString('hex').toUpperCase().replace(/^0+(?=.)/, '')
}

/** @param list the SEQUENCE of extensions */
export function extensionsOf (list: DerValue): Map<string, Extension> {
  const found = new Map<string, Extension>()
  for (const { content } of membersOf(list.content)) {
    const [id, ...rest] = membersOf(content)
    const value = rest.at(-1)
    if (id === undefined || value === undefined) continue
    found.set(objectId(id.content), { critical: rest[0]?.tag === 0x01 && rest[0].content[0] !== 0, value: value.content })
  }
  return found
}

function attributesOf (name: DerValue): NameAttribute[] {
  const attributes: NameAttribute[] = []
  for (const set of membersOf(name.content)) {
    for (const { content } of membersOf(set.content)) {
      const [type, value] = membersOf(content)
      if (type !== undefined && value !== undefined) attributes.push({ type: objectId(type.content), value: textOf(value) })
    }
  }
  return attributes
}

function textOf ({ tag, content }: DerValue): string {
  if (tag === 0x1e) return Buffer.from(content.length % 2 === 0 ? content : content.subarray(0, -1)).swap16().toString('utf16le')
  return content.toString(tag === 0x0c ? 'utf8' : 'latin1')
}

const COMMON_NAME = '2.5.4.3'

/** null: there is none, or more than one to choose from. */
export function commonName ({ subject }: CertificateDetails): string | null {
  const names = subject.filter(({ type }) => type === COMMON_NAME)
  return names.length === 1 ? clean(names[0]?.value) : null
}

/** Short names of RFC 4514 section 3. */
const SHORT: Readonly<Record<string, string>> = {
  [COMMON_NAME]: 'CN', '2.5.4.7': 'L', '2.5.4.8': 'ST', '2.5.4.10': 'O', '2.5.4.11': 'OU', '2.5.4.6': 'C', '2.5.4.9': 'STREET', '0.9.2342.19200300.100.1.25': 'DC', '0.9.2342.19200300.100.1.1': 'UID'
}

/** The subject as RFC 4514 writes it: the most specific part first. */
export function distinguishedName ({ subject }: CertificateDetails): string {
  return [...subject].reverse().map(({ type, value }) => {
    // eslint-disable-next-line no-control-regex
    const escaped = value.replace(/[\\",+;<>]/g, '\\$&').replace(/^[ #]|(?<=.) $/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, one => `\\${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
    return `${SHORT[type] ?? type}=${escaped}`
  }).join(',')
}

const ALTERNATIVE_NAMES = '2.5.29.17'

/** DNS names, e-mail addresses, IP addresses and URIs, in the order of the certificate. */
export function alternativeNames ({ extensions }: CertificateDetails): string[] {
  const names = extensions.get(ALTERNATIVE_NAMES)
  if (names === undefined) return []
  return [...membersOf(readDer(names.value).content)].flatMap(({ tag, content }) => {
    if (tag === 0x87) return content.length === 4 || content.length === 16 ? [ipaddr.fromByteArray([...content]).toString()] : []
    // [1] e-mail, [2] DNS, [6] URI
    return tag === 0x81 || tag === 0x82 || tag === 0x86 ? clean(content.toString('latin1')) ?? [] : []
  })
}

/** Names with control characters mean two things to two readers. */
function clean (name: string | undefined): string | null {
  // eslint-disable-next-line no-control-regex
  return name === undefined || name === '' || /[\x00-\x1f\x7f]/.test(name) ? null : name
}
