import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import { parseJsonBytes } from '../auth/jwt/json.ts'
import { type Parameters, parametersOf } from './members.ts'
import { badRequest, refuseGraphql } from './refusal.ts'
import { operationsOf } from './upload-form.ts'
import { hasParameters, urlParameters } from './url-parameters.ts'

export interface MessageLimits {
  /** Bytes of a body; a form with files is bounded by `gateway.limits.request_buffer`. */
  readonly maxBody: number
  /** Operations in one request. */
  readonly maxBatch: number
  /** Forms with files are read; otherwise refused. */
  readonly multipart: boolean
}

/** A request as the service will see it: what plugins that ran before have changed counts. */
export interface Sent {
  readonly method: string
  readonly query: string | null
  readonly body: Buffer | null
  readonly contentTypes: readonly string[]
  readonly codings: readonly string[]
}

export interface Message {
  /** At least one. */
  readonly operations: readonly Parameters[]
  readonly batch: boolean
}

/** Objects and lists inside of each other. */
const JSON_DEPTH = 64

/** What goes up; where nothing does, what came. */
export function sentBy ({ gateway, body, headers }: FastifyRequest): Sent {
  const { upstream } = gateway
  const received = Buffer.isBuffer(body) && body.length > 0 ? body : null
  if (upstream === null) {
    const mark = gateway.target.indexOf('?')
    return {
      method: gateway.method,
      query: mark === -1 ? null : gateway.target.slice(mark + 1),
      body: received,
      contentTypes: listOf(headers['content-type']),
      codings: listOf(headers['content-encoding'])
    }
  }
  return {
    method: upstream.method,
    query: upstream.query,
    body: Buffer.isBuffer(upstream.body) && upstream.body.length > 0 ? upstream.body : received,
    contentTypes: upstream.headers.getAll('content-type'),
    codings: upstream.headers.getAll('content-encoding')
  }
}

/**
 * Reads what a server would execute (GraphQL over HTTP, and what servers take beyond it).
 *
 * @returns null for a question about the resource, which executes nothing
 * @throws GatewayError for anything that isn't plainly a GraphQL request: nothing passes because it can't be read
 */
export function readMessage (sent: Sent, limits: MessageLimits): Message | null {
  switch (sent.method) {
    case 'GET':
    case 'HEAD':
      if (sent.body !== null) throw badRequest('A GraphQL request by GET has no body')
      return { operations: [urlParameters(sent.query, JSON_DEPTH)], batch: false }
    case 'POST':
      return readPost(sent, limits)
    case 'OPTIONS':
      if (sent.body === null && !hasParameters(sent.query)) return null
      throw badRequest('OPTIONS executes nothing')
    default:
      throw refuseGraphql('METHOD_NOT_ALLOWED', 405, 'GraphQL requests are sent by GET or POST', { allow: 'GET, POST, OPTIONS' })
  }
}

function readPost (sent: Sent, { maxBody, maxBatch, multipart }: MessageLimits): Message {
  // some servers prefer these to the body
  if (hasParameters(sent.query)) throw badRequest('A GraphQL request by POST says nothing in its URL')
  const type = mediaTypeOf(sent, multipart)
  const body = sent.body ?? Buffer.alloc(0)
  if (type !== 'multipart/form-data' && body.length > maxBody) throw refuseGraphql('REQUEST_TOO_LARGE', 413, `The request is longer than ${maxBody} bytes`)
  if (type === 'application/graphql') {
    if (!isUtf8(body)) throw badRequest('The document is not UTF-8')
    return { operations: [parametersOf({ query: body.toString('utf8') })], batch: false }
  }
  const json = type === 'multipart/form-data' ? operationsOf(body, sent.contentTypes[0] as string) : body
  if (json.length > maxBody) throw refuseGraphql('REQUEST_TOO_LARGE', 413, `The request is longer than ${maxBody} bytes`)
  const value = parseJsonBytes(json, JSON_DEPTH)
  if (Array.isArray(value)) {
    if (value.length === 0) throw badRequest('The batch is empty')
    if (value.length > maxBatch) throw refuseGraphql('BATCH_TOO_LARGE', 400, maxBatch === 0 ? 'Batches are not allowed' : `A batch has at most ${maxBatch} operations`)
    return { operations: value.map(one => parametersOf(memberwise(one))), batch: true }
  }
  return { operations: [parametersOf(memberwise(value))], batch: false }
}

function memberwise (value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('The body is no GraphQL request: plain JSON, no member twice')
  const members = value as Record<string, unknown>
  const { variables, extensions } = members
  // express-graphql and its kin take these as JSON in a string, too
  if (typeof variables !== 'string' && typeof extensions !== 'string') return members
  return { ...members, variables: unpacked(variables), extensions: unpacked(extensions) }
}

function unpacked (value: unknown): unknown {
  if (typeof value !== 'string') return value
  const inner = value === '' ? null : parseJsonBytes(Buffer.from(value), JSON_DEPTH)
  if (inner === undefined) throw badRequest('variables and extensions of a GraphQL request are plain JSON')
  return inner
}

const TYPES = new Set(['application/json', 'application/graphql+json', 'application/graphql'])

/**
 * @throws GatewayError for a type, charset or coding under which a server could read something else than we do
 */
export function mediaTypeOf ({ contentTypes, codings }: Pick<Sent, 'contentTypes' | 'codings'>, multipart: boolean): string {
  const [type = '', ...parameters] = (contentTypes[0] ?? '').toLowerCase().split(';').map(part => part.trim())
  const known = TYPES.has(type) || (multipart && type === 'multipart/form-data')
  const charset = parameters.filter(parameter => parameter.startsWith('charset'))
  if (contentTypes.length === 1 && known && charset.every(one => /^charset="?utf-?8"?$/.test(one)) && codings.every(coding => coding.toLowerCase() === 'identity')) return type
  throw refuseGraphql('UNSUPPORTED_MEDIA_TYPE', 415, `GraphQL requests are application/json${multipart ? ' or multipart/form-data' : ''}, in UTF-8 and not compressed`)
}

function listOf (value: string | undefined): string[] {
  return value === undefined ? [] : [value]
}
