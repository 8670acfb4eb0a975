import { failure } from '../failure.ts'
import type { Outgoing } from '../flow.ts'

const PLAIN = 0
const CONTENT_LENGTH = 1
/** Belongs to the connection, and is the hop's to say. */
const REFUSED = 2

interface Known {
  readonly kind: number
  /** What a line begins with: made once, a head of ten lines takes a sixth less. */
  readonly begin: string
}

// a map, not an object: `constructor` is a field name, too
const KNOWN = new Map<string, Known>()

/** Names that are not looked at letter by letter. From the configuration or from us, never from a client: what is known stays so. */
export function knowFields (names: Iterable<string>): void {
  for (const name of names) {
    if (!TOKEN.test(name)) continue
    for (const spelling of [name, name.toLowerCase()]) if (!KNOWN.has(spelling)) KNOWN.set(spelling, look(spelling))
  }
}

function look (name: string): Known {
  return { kind: SPECIAL.get(name.toLowerCase()) ?? PLAIN, begin: `\r\n${name}: ` }
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const SPECIAL = new Map([['content-length', CONTENT_LENGTH], ['connection', REFUSED], ['keep-alive', REFUSED], ['transfer-encoding', REFUSED], ['upgrade', REFUSED], ['expect', REFUSED]])

knowFields(SPECIAL.keys())
knowFields([
  'host', 'User-Agent', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Content-Type', 'Cookie', 'Cache-Control', 'Referer', 'Origin',
  'Authorization', 'Range', 'If-None-Match', 'If-Modified-Since', 'Pragma', 'TE', 'Via', 'X-Request-ID', 'Traceparent', 'Tracestate',
  'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Path', 'X-Forwarded-Prefix', 'X-Real-IP',
  'X-Consumer-ID', 'X-Consumer-Custom-ID', 'X-Consumer-Username', 'X-Credential-Identifier', 'X-Anonymous-Consumer', 'X-Consumer-Groups',
  'X-Authenticated-Groups', 'X-Sallyport-Request-Id', 'X-Kong-Request-Id'
])

const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const NO_PATH = /[^\x21-\xff]/
const LENGTH = /^\d{1,15}$/

/** Methods whose missing body is said to be empty (RFC 9110 section 8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/** The head of a request. */
export interface RequestHead {
  /** With the empty line, one character a byte. */
  readonly text: string
  /** Bytes of a body that is a stream; -1: unknown, it goes in chunks. */
  readonly length: number
}

/**
 * Writes the head of a request (RFC 9112 section 3).
 *
 * @throws Error `UND_ERR_INVALID_ARG` for what may not be sent; nothing has left then
 */
export function requestHead ({ method, path, fields, body, upgrade }: Outgoing): RequestHead {
  if (!TOKEN.test(method)) throw refused('the method')
  if (path.length === 0 || NO_PATH.test(path)) throw refused('the path')
  let text = `${method} ${path} HTTP/1.1`
  let length = -1
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    const value = fields[index + 1] as string
    let known = KNOWN.get(name)
    if (known === undefined) {
      if (!TOKEN.test(name)) throw refused('the name of a field')
      known = look(name)
    }
    if (known.kind !== PLAIN) {
      if (known.kind === REFUSED || length !== -1 || !LENGTH.test(value)) throw refused(`the field ${name}`)
      length = Number(value)
      continue
    }
    if (NO_VALUE.test(value)) throw refused(`the value of the field ${name}`)
    text += known.begin + value
  }
  text += upgrade ? '\r\nconnection: upgrade\r\nupgrade: websocket\r\n' : method === 'HEAD' ? '\r\nconnection: close\r\n' : '\r\nconnection: keep-alive\r\n'
  if (body === null) {
    if (length > 0) throw refused('a length without a body')
    return { text: WITH_BODY.has(method) ? `${text}content-length: 0\r\n\r\n` : `${text}\r\n`, length: 0 }
  }
  if (Buffer.isBuffer(body)) length = body.length
  return { text: length === -1 ? `${text}transfer-encoding: chunked\r\n\r\n` : `${text}content-length: ${length}\r\n\r\n`, length }
}

function refused (what: string): Error {
  return failure('UND_ERR_INVALID_ARG', `${what} can't be sent`)
}
