import type { FastifyRequest } from 'fastify'
import type { WholeAnswer } from '../proxy/answer/whole-answer.ts'
import type { CachedAnswer } from '../stores/cache/cache-store.ts'
import { isKnown, wantedPart } from './conditional.ts'
import { fieldsWhere } from './fields.ts'

const NOT_MODIFIED = 304
const PARTIAL = 206
const UNSATISFIABLE = 416

/** Of an answer without content: what describes it is left out, but what tells which one it is (RFC 9110 section 15.4.5). */
function describing (answer: CachedAnswer): string[] {
  return fieldsWhere(answer.fields, name => name === 'content-location' || (!name.startsWith('content-') && (name !== 'last-modified' || answer.etag === null)))
}

/** What a stored answer comes to for this request: whole, a part of it, or that the client has it already. */
export function answerFrom (answer: CachedAnswer, request: FastifyRequest): WholeAnswer {
  const { headers, raw } = request
  const { status, statusText, body } = answer
  // conditions and ranges are about GET and HEAD (RFC 9110 sections 13.1 and 14.2)
  if (raw.method !== 'GET' && raw.method !== 'HEAD') return { status, statusText, fields: answer.fields.slice(), body: bodyless(status) ? null : body }
  if (isKnown(answer, { ifNoneMatch: headers['if-none-match'], ifModifiedSince: headers['if-modified-since'] })) {
    return { status: NOT_MODIFIED, fields: describing(answer), body: null }
  }
  if (raw.method === 'HEAD') return { status, statusText, fields: answer.fields.slice(), body: null, length: bodyless(status) ? -1 : body.length }
  const range = headers.range
  const part = range === undefined ? null : wantedPart(answer, range, headers['if-range'] as string | undefined)
  if (part === null) return { status, statusText, fields: answer.fields.slice(), body: bodyless(status) ? null : body }
  if (part === 'none') return { status: UNSATISFIABLE, fields: ['Date', dateOf(answer), 'Content-Range', `bytes */${body.length}`], body: Buffer.alloc(0) }
  const { first, last } = part
  return { status: PARTIAL, fields: [...answer.fields, 'Content-Range', `bytes ${first}-${last}/${body.length}`], body: body.subarray(first, last + 1) }
}

function bodyless (status: number): boolean {
  return status === 204
}

function dateOf ({ fields }: CachedAnswer): string {
  const index = fields.findIndex((name, place) => place % 2 === 0 && name.toLowerCase() === 'date')
  return fields[index + 1] as string
}
