import { GatewayError } from '../../errors.ts'
import { dropNamed } from '../../proxy/answer/answer-head.ts'
import { dashed, removeFields } from '../../proxy/fields/field-rules.ts'
import {
  AUTHORIZATION, CONNECTION, CONTENT_LENGTH, DEBUG, DROP, EXPECT, FORWARDED, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PATH,
  FORWARDED_PORT, FORWARDED_PREFIX, FORWARDED_PROTO, HOST, KEEP, ONCE, REAL_IP, TE, TRANSFER_ENCODING, UNDERSCORE,
  UPGRADE, VIA
} from '../../proxy/fields/request-fields.ts'
import type { Context } from '../context.ts'
import type { Snapshot } from '../snapshot.ts'
import { clientAddress } from './trust.ts'

const PLAIN_CONNECTION = /^(?:keep-alive|close|upgrade|keep-alive, ?upgrade)$/i
const TRAILERS = /(?:^|,)\s*trailers\s*(?:,|;|$)/i
const CHUNKED_LAST = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*[ \t]*,[ \t]*chunked$/i
/** A request target with scheme and authority (RFC 9112 section 3.2.2). */
export const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i
/** Method, two blanks, `HTTP/1.1`, CR LF. */
const LINE_REST = 12

/** A request that is refused, and its connection with it. */
export const bad = (code: string, message = 'Bad request', status = 400): GatewayError =>
  new GatewayError(code, status, message, { headers: { connection: 'close' } })

/** What of a snapshot decides how a head is read. */
type HeadIntake = Pick<Snapshot, 'config' | 'fieldRules' | 'readHost' | 'trust'>

/** Walks the header fields; returns those that go upstream. */
export function readHead (context: Context, snapshot: HeadIntake): string[] {
  const { raw, connection } = context
  const { limits, request_headers: { underscores } } = snapshot.config.gateway
  const rawHeaders = raw.rawHeaders
  const fields: string[] = []

  if (context.method.length + context.target.length + LINE_REST > limits.request_line) context.failure = bad('SP_REQUEST_LINE', 'URI too long', 414)
  else if (rawHeaders.length > limits.headers * 2) context.failure = bad('SP_HEADER_COUNT', 'Request header fields too large', 431)
  else if (raw.httpVersionMajor !== connection.version) context.failure = bad('SP_VERSION')
  if (context.failure !== null) return fields

  const { fieldRules } = snapshot
  const trusted = !snapshot.trust.empty && snapshot.trust.has(connection.address)
  context.trusted = trusted
  let size = 0
  let hosts = 0
  let authorizations = 0
  let named: string | undefined
  let forwardedProto: string | undefined
  let realIp: string | undefined
  let once: string[] | null = null
  let underscored = false

  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    const value = rawHeaders[index + 1] as string
    // name, colon, blank, value, CR LF
    size += name.length + value.length + 4
    switch (fieldRules.kindOf(name)) {
      case KEEP:
        fields.push(name, value)
        break
      case ONCE: {
        const lower = dashed(name)
        if (once === null) once = [lower]
        else if (once.includes(lower)) context.failure = bad('SP_DUPLICATE_FIELD')
        else once.push(lower)
        if (!fieldRules.isVouched(lower)) fields.push(name, value)
        break
      }
      case UNDERSCORE:
        underscored = true
        if (underscores === 'reject') context.failure = bad('SP_FIELD_NAME')
        break
      case HOST:
        hosts++
        context.hostHeader = value
        break
      case AUTHORIZATION:
        authorizations++
        fields.push(name, value)
        break
      case CONNECTION:
        if (!PLAIN_CONNECTION.test(value)) named = named === undefined ? value : `${named},${value}`
        break
      case TE:
        context.trailers = TRAILERS.test(value)
        break
      case TRANSFER_ENCODING:
        if (raw.httpVersionMinor === 0 || value.toLowerCase() !== 'chunked') context.failure = badCoding(raw.httpVersionMinor, value)
        break
      case FORWARDED_FOR:
        context.forwardedFor = context.forwardedFor === undefined ? value : `${context.forwardedFor}, ${value}`
        break
      case FORWARDED_PROTO:
        forwardedProto = value
        break
      case FORWARDED_HOST:
        context.forwardedHost = value
        break
      case FORWARDED_PORT:
        context.forwardedPort = value
        break
      case FORWARDED_PATH:
        context.forwardedPath = value
        break
      case FORWARDED_PREFIX:
        context.forwardedPrefix = value
        break
      case REAL_IP:
        realIp = value
        break
      case VIA:
        context.via = context.via === undefined ? value : `${context.via}, ${value}`
        break
      case FORWARDED:
        if (trusted) fields.push(name, value)
        break
      case EXPECT:
        if (value.toLowerCase() !== '100-continue') context.failure = bad('SP_EXPECT', 'Expectation failed', 417)
        break
      case DEBUG:
        // of two nobody knows which one is meant
        context.debugToken = context.debugToken === null ? value : ''
        break
      case UPGRADE:
      case CONTENT_LENGTH:
      case DROP:
        break
    }
  }

  // no plugin passes it on, no log has it
  if (context.debugToken !== null) removeFields(raw, name => fieldRules.kindOf(name) === DEBUG)
  if (underscored) removeFields(raw, name => fieldRules.kindOf(name) === UNDERSCORE)
  if (named !== undefined) dropNamed(fields, named)
  if (size > limits.header_block) context.failure = bad('SP_HEADER_BLOCK', 'Request header fields too large', 431)
  else if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) context.failure = bad('SP_HOST')
  else if (authorizations > 1) context.failure = bad('SP_AUTHORIZATION')
  if (context.failure !== null) return fields

  readHost(context, snapshot, hosts)
  if (trusted) {
    if (forwardedProto === 'https' || forwardedProto === 'http') context.scheme = forwardedProto
    context.clientIp = clientAddress(snapshot.trust, connection.address, context.forwardedFor, realIp)
  }
  return fields
}

/**
 * HTTP/1.0 has no transfer codings, and a request whose last one isn't chunked has no end that two servers would agree on
 * (RFC 9112 section 6.1 and 6.3); a coding that is only unknown to us is 501.
 */
function badCoding (minorVersion: number, value: string): GatewayError {
  return minorVersion === 1 && CHUNKED_LAST.test(value)
    ? bad('SP_TRANSFER_ENCODING', 'Not implemented', 501)
    : bad('SP_TRANSFER_ENCODING')
}

function readHost (context: Context, snapshot: HeadIntake, hosts: number): void {
  if (hosts > 0) {
    const host = snapshot.readHost(context.hostHeader)
    if (host === null) {
      context.failure = bad('SP_HOST')
      return
    }
    context.host = host.name
  }
  if (context.target.charCodeAt(0) === 47) return
  // absolute-form names the host a second time: two different answers to "which host" are refused (RFC 9112 section 3.2.2)
  const authority = ABSOLUTE_FORM.exec(context.target)?.[1]
  if (authority === undefined) context.failure = bad('SP_TARGET')
  else if (authority.toLowerCase() !== context.hostHeader.toLowerCase()) context.failure = bad('SP_HOST')
}
