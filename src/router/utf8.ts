import { isUtf8 } from 'node:buffer'

/**
 * Bytes of a path as text, and back without loss.
 *
 * Paths are text, so that `/café` in the file, a `.` of a regex and a capture in a template mean characters. A client may
 * still send bytes that are no UTF-8: each becomes a lone low surrogate, U+DC00 + byte, which no valid text contains, and
 * becomes that byte again on the way out.
 */
const ESCAPE = 0xdc00

/** Smallest code point of a sequence by its number of continuation bytes: less is an overlong form. */
const minimum = [0, 0x80, 0x800, 0x10000] as const

/**
 * Characters in more bytes than they need, as lenient decoders take them, five and six bytes included. No valid UTF-8 has such
 * a sequence anywhere.
 */
export const overlong = /[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}|\xf8[\x80-\x87][\x80-\xbf]{3}|\xfc[\x80-\x83][\x80-\xbf]{4}/

const everyOverlong = new RegExp(overlong, 'g')

/** The same bytes, with each overlong character in its shortest form: a triplet where that is ASCII. */
export function shortest (bytes: string): string {
  return bytes.replace(everyOverlong, sequence => {
    const rest = sequence.length - 1
    let codePoint = sequence.charCodeAt(0) & (0x3f >> rest)
    for (let index = 1; index <= rest; index++) codePoint = codePoint << 6 | sequence.charCodeAt(index) & 0x3f
    if (codePoint < 0x80) return `%${codePoint.toString(16).padStart(2, '0')}`
    // surrogates come out as U+FFFD, as from every encoder
    return Buffer.from(String.fromCodePoint(codePoint)).toString('latin1')
  })
}

/**
 * @param bytes one character a byte, U+0000 to U+00FF
 * @returns the text; never throws
 */
export function decodeUtf8 (bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1')
  if (isUtf8(buffer)) return buffer.toString()
  let text = ''
  for (let index = 0; index < bytes.length;) {
    const lead = bytes.charCodeAt(index)
    const rest = continuation(lead)
    const codePoint = lead < 0x80 ? lead : sequence(bytes, index, rest)
    text += codePoint === -1 ? String.fromCharCode(ESCAPE + lead) : String.fromCodePoint(codePoint)
    index += codePoint === -1 ? 1 : rest + 1
  }
  return text
}

/** The byte that a character stands for, or -1 when it is a character of its own. */
export function escapedByte (codePoint: number): number {
  return codePoint >= ESCAPE + 0x80 && codePoint <= ESCAPE + 0xff ? codePoint - ESCAPE : -1
}

/** Continuation bytes that the lead announces; 0 for what can't lead. */
function continuation (lead: number): 0 | 1 | 2 | 3 {
  if (lead >= 0xf8) return 0
  if (lead >= 0xf0) return 3
  if (lead >= 0xe0) return 2
  return lead >= 0xc0 ? 1 : 0
}

function sequence (bytes: string, start: number, rest: 0 | 1 | 2 | 3): number {
  if (rest === 0) return -1
  let codePoint = bytes.charCodeAt(start) & (0x3f >> rest)
  for (let index = start + 1; index <= start + rest; index++) {
    // NaN beyond the end is no continuation byte either
    const byte = bytes.charCodeAt(index)
    if ((byte & 0xc0) !== 0x80) return -1
    codePoint = codePoint << 6 | byte & 0x3f
  }
  const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff
  return codePoint < minimum[rest] || codePoint > 0x10ffff || surrogate ? -1 : codePoint
}
