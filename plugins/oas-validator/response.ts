import { createJsonReader, type FastifyReply, fit, type JsonLimits, type MediaType, parseMediaType, type Validator, type Violation, violations } from '../../src/plugin.ts'

/** `application/json` or a relative: answers that are held. */
export const JSON_TYPE = /^\s*[\w.+-]+\/(?:[\w!#$&^.-]+\+)?json\s*(?:;|$)/i

/** What one status may come with. */
export interface ResponseRule {
  /** Empty: no body is described, so that any is right. */
  readonly contents: ReadonlyArray<{ readonly range: MediaType, readonly validator: Validator | null }>
}

export interface Responses {
  /** By `200`, `2XX` or `default`. */
  readonly rules: ReadonlyMap<string, ResponseRule>
  readonly limits: JsonLimits
  readonly most: number
}

/** Says what is wrong with an answer of the service; null: nothing. */
export function checkResponse ({ rules, limits, most }: Responses, reply: FastifyReply, payload: unknown, method: string): Violation[] | null {
  const status = reply.statusCode
  // nothing of the resource is in it, or a part that no schema speaks of
  if (status === 304 || status === 206) return null
  const rule = rules.get(String(status)) ?? rules.get(`${Math.floor(status / 100)}XX`) ?? rules.get('default')
  if (rule === undefined) return wrong('status', `has a status that the document doesn't have: ${status}`)
  const written = reply.getHeader('content-type')
  if (rule.contents.length === 0 || status === 204 || method === 'HEAD' || isEmpty(payload, reply)) return null
  const type = typeof written === 'string' ? parseMediaType(written) : null
  if (type === null) return wrong('content-type', 'has no Content-Type, or a malformed one')
  let best: ResponseRule['contents'][number] | null = null
  let bestFit = 0
  for (const content of rule.contents) {
    const how = fit(type, content.range)
    if (how > bestFit) {
      best = content
      bestFit = how
    }
  }
  if (best === null) return wrong('content-type', 'has a Content-Type that the document doesn\'t have')
  if (best.validator === null || !JSON_TYPE.test(written as string)) return null
  if ((reply.getHeader('content-encoding') ?? 'identity') !== 'identity') return wrong('content-encoding', 'is compressed though nobody asked for it')
  const body = Buffer.isBuffer(payload) ? payload : typeof payload === 'string' ? Buffer.from(payload) : null
  if (body === null) return wrong('body', 'couldn\'t be held')
  const { fault, value, values } = createJsonReader(limits, true)(body)
  return fault !== null ? wrong(fault, 'is no JSON that is expected') : violations(best.validator, value, values, 'body', undefined, most)
}

function isEmpty (payload: unknown, reply: FastifyReply): boolean {
  return payload === null || payload === undefined || payload === '' || reply.getHeader('content-length') === '0'
}

function wrong (keyword: string, message: string): Violation[] {
  return [{ in: 'body', keyword, message }]
}
