import { constants, sensitiveHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { SINGLE } from '../../../gateway/http2/stream-fields.ts'
import type { Outgoing } from '../flow.ts'
import { hostOf } from '../open-socket.ts'

/** What belongs to a connection of HTTP/1.1 (RFC 9113 section 8.2.2), and what other fields say here. */
const LEFT_OUT = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings', 'host'])

/**
 * Fields that may hold a secret are not put into the compression table: requests of many clients share a connection, and
 * one that guesses another's would see it in the length (RFC 7541 section 7.1).
 */
const NEVER_INDEXED = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'apikey']

/** Methods whose missing body is said to be empty. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** The head of a request for HTTP/2. @throws Error for a field that may not be sent */
export function requestFields ({ method, path, fields: list, body }: Outgoing, scheme: 'http' | 'https', authority: string): OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  fields[':method'] = method
  fields[':scheme'] = scheme
  fields[':authority'] = hostOf(list) ?? authority
  fields[':path'] = path
  for (let index = 0; index < list.length; index += 2) {
    const name = (list[index] as string).toLowerCase()
    if (LEFT_OUT.has(name)) continue
    const value = list[index + 1] as string
    const other = fields[name]
    if (other === undefined) fields[name] = value
    // Node throws at two of these; as one it is the same (RFC 9110 section 5.3)
    else if (SINGLE.has(name)) fields[name] = `${String(other)}, ${value}`
    else if (Array.isArray(other)) other.push(value)
    else fields[name] = [other, value]
  }
  if (Buffer.isBuffer(body)) fields['content-length'] = String(body.length)
  else if (body === null && WITH_BODY.has(method)) fields['content-length'] = '0'
  const secrets = NEVER_INDEXED.filter(name => fields[name] !== undefined)
  return secrets.length === 0 ? fields : Object.assign(fields, { [sensitiveHeaders]: secrets })
}

const { NGHTTP2_FLAG_END_STREAM: END_STREAM } = constants
const FRAMING = ['transfer-encoding', 'chunked']

/**
 * The head of an answer as that of HTTP/1.1: name, value, …
 *
 * An answer without a length ends with a frame that says so: it is framed as well as one in chunks, and is called that.
 *
 * @param raw name, value, … as Node gives them
 */
export function answerFields (raw: readonly string[], bodyFollows: boolean): string[] {
  const fields: string[] = []
  let sized = false
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    if (name.charCodeAt(0) === 58) continue
    if (name === 'content-length') sized = true
    fields.push(name, raw[index + 1] as string)
  }
  if (bodyFollows && !sized) fields.push(...FRAMING)
  return fields
}

/** Most that the head of an answer may come to: as much as over HTTP/1.1. What upstreams are told of it is advice to them. */
export const HEADER_LIST = 65_536

export function sizeOf (raw: readonly string[]): number {
  let size = 0
  for (const text of raw) size += text.length
  return size
}

/** Whether a frame with these flags is the last of its stream. */
export function endsStream (flags: number): boolean {
  return (flags & END_STREAM) !== 0
}
