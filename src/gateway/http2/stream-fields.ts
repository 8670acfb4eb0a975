import type { OutgoingHttpHeaders } from 'node:http2'
import type { StreamHead } from './stream-message.ts'

/**
 * Reads a request's head.
 *
 * @param raw name, value, … as they came; nghttp2 has refused what RFC 9113 section 8.2 and 8.3 forbid
 */
export function readStreamHead (raw: readonly string[]): StreamHead {
  const fields: string[] = []
  let method = ''
  let target = ''
  let authority: string | undefined
  let cookieAt = -1
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const value = raw[index + 1] as string
    switch (name) {
      case ':method':
        method = value
        break
      case ':path':
        target = value
        break
      case ':authority':
        authority = value
        fields.push('host', value)
        break
      case ':scheme':
      case ':protocol':
        break
      case 'host':
        // two different answers to "which host" stay two fields, which intake refuses (RFC 9113 section 8.3.1)
        if (authority === undefined || value.toLowerCase() !== authority.toLowerCase()) fields.push(name, value)
        break
      case 'cookie':
        // in pieces, for the sake of compression; HTTP/1.1 knows one field (RFC 9113 section 8.2.3)
        if (cookieAt === -1) cookieAt = fields.push(name, value) - 1
        else fields[cookieAt] += `; ${value}`
        break
      default:
        fields.push(name, value)
    }
  }
  return { method, target, fields }
}

/** Of a connection of HTTP/1 (RFC 9113 section 8.2.2). */
const CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings', 'te'])

/** Fields of which Node takes one. */
export const SINGLE = new Set(['age', 'authorization', 'content-encoding', 'content-language', 'content-length', 'content-location',
  'content-md5', 'content-range', 'content-type', 'date', 'etag', 'expires', 'from', 'host', 'last-modified', 'location',
  'max-forwards', 'proxy-authorization', 'range', 'referer', 'retry-after', 'user-agent', 'x-content-type-options',
  'access-control-allow-credentials', 'access-control-max-age', 'access-control-request-method', 'dnt', 'if-match',
  'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'tk', 'upgrade-insecure-requests'])

/** An answer's or trailer's fields as Node's HTTP/2 takes them. */
export class OutgoingFields {
  readonly headers: OutgoingHttpHeaders = Object.create(null) as OutgoingHttpHeaders

  add (name: string, value: string | number | readonly string[]): void {
    const lower = name.toLowerCase()
    if (CONNECTION.has(lower) || lower.startsWith(':')) return
    const values = typeof value === 'object' ? [...value] : [String(value)]
    const before = this.headers[lower]
    if (before === undefined) this.headers[lower] = values.length === 1 ? values[0] as string : values
    else if (!SINGLE.has(lower)) this.headers[lower] = [...Array.isArray(before) ? before : [String(before)], ...values]
  }
}
