/** As much of DER (X.690) as certificates, revocation lists and OCSP responses need. */

export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  /** With tag and length: what signatures cover. */
  readonly whole: Buffer
}

export class DerError extends Error {}

/** The value at `offset`; what follows it is left alone. */
export function readDer (bytes: Buffer, offset = 0): DerValue {
  const tag = bytes[offset]
  const first = bytes[offset + 1]
  if (tag === undefined || first === undefined) throw new DerError('a value breaks off')
  let length = first
  let start = offset + 2
  if (first >= 0x80) {
    const size = first & 0x7f
    // four bytes are 4 GiB; a length of none is BER
    if (size === 0 || size > 4 || start + size > bytes.length) throw new DerError('a length is none')
    length = bytes.readUIntBE(start, size)
    start += size
  }
  const end = start + length
  if (end > bytes.length) throw new DerError('a value breaks off')
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) }
}

/** The values inside of a constructed one, one after the other: a list of a million is never held as a whole. */
export function * membersOf (content: Buffer): Generator<DerValue> {
  for (let offset = 0; offset < content.length;) {
    const value = readDer(content, offset)
    offset += value.whole.length
    yield value
  }
}

/** `1.2.840.113549.1.1.11`. */
export function objectId (content: Buffer): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if ((byte & 0x80) !== 0) continue
    if (arcs.length === 0) arcs.push(Math.min(Math.floor(arc / 40), 2), arc - 40 * Math.min(Math.floor(arc / 40), 2))
    else arcs.push(arc)
    arc = 0
  }
  return arcs.join('.')
}

/** UTCTime and GeneralizedTime, as RFC 5280 section 4.1.2.5 has them; NaN for anything else. */
export function timeOf ({ tag, content }: DerValue): number {
  const text = content.toString('latin1')
  const [, year = '', month, day, hour, minute, second] = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  if (year.length !== (tag === 0x17 ? 2 : 4)) return NaN
  const full = year.length === 4 ? year : `${Number(year) < 50 ? 20 : 19}${year}`
  return Date.parse(`${full}-${month}-${day}T${hour}:${minute}:${second}Z`)
}
