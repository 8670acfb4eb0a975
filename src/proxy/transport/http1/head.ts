import { failure } from '../failure.ts'
import { latin1 } from '../../fields/latin1.ts'

/** Head of an answer (RFC 9112 sections 2 to 6). */
export interface AnswerHead {
  readonly status: number
  /** Reason phrase. */
  readonly text: string
  /** Name, value, … as they were sent, one character a byte. */
  readonly fields: string[]
  /** Content-Length; -1: none. */
  readonly length: number
  /** Its body is chunked, and in no other coding. */
  readonly chunked: boolean
  /** The connection can have another request after it. */
  readonly persistent: boolean
  /** Seconds that the server keeps the connection, as it says; -1: it doesn't. */
  readonly keepAlive: number
}

const OTHER = 0
const CONTENT_LENGTH = 1
const TRANSFER_ENCODING = 2
const CONNECTION = 3
const KEEP_ALIVE = 4

// a map, not an object: `constructor` is a field name, too
const KINDS = new Map<string, number>()
for (const name of ['Date', 'Content-Type', 'Server', 'ETag', 'Cache-Control', 'Vary', 'Set-Cookie', 'X-Powered-By', 'Last-Modified', 'Location', 'Expires', 'Content-Encoding', 'Access-Control-Allow-Origin']) {
  KINDS.set(name, OTHER)
  KINDS.set(name.toLowerCase(), OTHER)
}
for (const [name, kind] of [['Content-Length', CONTENT_LENGTH], ['Transfer-Encoding', TRANSFER_ENCODING], ['Connection', CONNECTION], ['Keep-Alive', KEEP_ALIVE]] as const) {
  KINDS.set(name, kind)
  KINDS.set(name.toLowerCase(), kind)
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** All lines from `lastIndex` on: no control character, no CR or LF but those that end a line. */
const LINES = /(?:[\t\x20-\x7e\x80-\xff]*\r\n)*$/y
/** What may not stand in a reason phrase; other control characters are replaced before it goes to a client. */
const LINE_ENDS = /[\0\r\n]/
// fifteen digits are exact as a number
const LENGTH = /^\d{1,15}$/
const TIMEOUT = /(?:^|[ ,;])timeout=(\d{1,6})/i
const BLANK = 32
const TAB = 9

/**
 * Reads a head. As strict as what keeps an answer from being read in two ways asks for: no folded fields, no blank before a
 * colon, no bare CR or LF, no control characters, one Content-Length, and none beside Transfer-Encoding.
 *
 * @param text status line and fields, each with its CRLF, one character a byte
 * @throws Error `SP_UPSTREAM_INVALID`, or `SP_UPSTREAM_LENGTH`
 */
export function parseHead (text: string): AnswerHead {
  const minor = minorVersion(text)
  const line = text.indexOf('\r\n')
  const status = minor === -1 ? 0 : statusAt(text)
  const after = text.charCodeAt(12)
  if (status < 100 || (after !== BLANK && line !== 12)) throw invalid()
  LINES.lastIndex = line + 2
  if (!LINES.test(text) || LINE_ENDS.test(text.slice(12, line))) throw invalid()

  const fields: string[] = []
  let length = -1
  let codings = 0
  let chunked = false
  let persistent = minor === 1
  let keepAlive = -1
  for (let at = line + 2; at < text.length;) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', at)
    if (colon === -1 || colon > end) throw invalid()
    const name = text.slice(at, colon)
    let kind = KINDS.get(name)
    if (kind === undefined) {
      if (!TOKEN.test(name)) throw invalid()
      kind = KINDS.get(name.toLowerCase()) ?? OTHER
    }
    const value = text.slice(afterBlanks(text, colon + 1, end), beforeBlanks(text, colon + 1, end))
    fields.push(name, value)
    at = end + 2
    if (kind === OTHER) continue
    if (kind === CONTENT_LENGTH) {
      if (length !== -1 || !LENGTH.test(value)) throw wrongLength()
      length = Number(value)
    } else if (kind === TRANSFER_ENCODING) {
      codings++
      chunked = codings === 1 && value.toLowerCase() === 'chunked'
    } else if (kind === CONNECTION) {
      if (isListed(value, 'close')) persistent = false
      else if (minor === 0 && isListed(value, 'keep-alive')) persistent = true
    } else {
      const seconds = TIMEOUT.exec(value)
      if (seconds !== null) keepAlive = Number(seconds[1])
    }
  }
  // chunked twice is not what its recipient would take for chunked once
  if (codings > 1 || (codings > 0 && length !== -1)) throw wrongLength()
  // RFC 9112 section 6.1: HTTP/1.0 has no codings, and who sends one may have been misunderstood
  if (codings > 0 && minor === 0) persistent = false
  // these have no body (RFC 9112 section 6.3), and who announces one may send it, sooner or later
  if ((status === 204 || status === 304) && (codings > 0 || length > 0)) persistent = false
  return { status, text: text.slice(13, line), fields, length, chunked, persistent, keepAlive }
}

/** Trailer fields (RFC 9110 section 6.5): those that frame or end a message are left out. @returns null: these are none */
export function parseTrailers (text: string): string[] | null {
  LINES.lastIndex = 0
  if (!LINES.test(text)) return null
  const fields: string[] = []
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', at)
    const name = text.slice(at, colon)
    if (colon === -1 || colon > end || !TOKEN.test(name)) return null
    if ((KINDS.get(name.toLowerCase()) ?? OTHER) === OTHER) fields.push(name, text.slice(afterBlanks(text, colon + 1, end), beforeBlanks(text, colon + 1, end)))
    at = end + 2
  }
  return fields
}

const VERSIONS = ['HTTP/1.1 ', 'HTTP/1.0 ', 'HTTP/2.0 ']
const CR = 13
const LF = 10

/**
 * Whether bytes may be the start of a head that is still on its way: what can become none is refused at once.
 *
 * @param known bytes of it that were looked at before
 */
export function mayBecomeHead (bytes: Buffer, known: number): boolean {
  const start = latin1(bytes, 0, Math.min(bytes.length, 9))
  if (!VERSIONS.some(version => version.startsWith(start))) return false
  for (let at = bytes.indexOf(LF, known); at !== -1; at = bytes.indexOf(LF, at + 1)) if (bytes[at - 1] !== CR) return false
  return true
}

/** -1: not a version that we speak. Some servers call HTTP/1.1 `HTTP/2.0`. */
function minorVersion (text: string): number {
  if (text.startsWith('HTTP/1.1 ')) return 1
  if (text.startsWith('HTTP/1.0 ')) return 0
  return text.startsWith('HTTP/2.0 ') ? 1 : -1
}

function statusAt (text: string): number {
  let status = 0
  for (let index = 9; index < 12; index++) {
    const digit = text.charCodeAt(index) - 48
    // NaN, too
    if (!(digit >= 0 && digit <= 9)) return 0
    status = status * 10 + digit
  }
  return status
}

function isListed (value: string, option: string): boolean {
  if (value.length === option.length) return value.toLowerCase() === option
  return value.includes(',') && value.split(',').some(item => item.trim().toLowerCase() === option)
}

function afterBlanks (text: string, from: number, end: number): number {
  let at = from
  while (at < end && isBlank(text.charCodeAt(at))) at++
  return at
}

function beforeBlanks (text: string, from: number, end: number): number {
  let at = end
  while (at > from && isBlank(text.charCodeAt(at - 1))) at--
  return at
}

function isBlank (code: number): boolean {
  return code === BLANK || code === TAB
}

function invalid (): Error {
  return failure('SP_UPSTREAM_INVALID', 'a head that is none')
}

function wrongLength (): Error {
  return failure('SP_UPSTREAM_LENGTH', 'more than one length, or none that could be')
}
