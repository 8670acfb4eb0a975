import type { IncomingMessage } from 'node:http'
import type { TSchema } from 'typebox'
import { createAjv } from '../config/validate/ajv.ts'
import { Refused } from './answer.ts'

/** Longest body of an order, in bytes. */
const LONGEST = 65_536

/**
 * The checked body of an order.
 *
 * JSON alone: a page of another origin may have a browser send forms and texts without asking, but not this type.
 *
 * @throws Refused
 */
export async function readBody (request: IncomingMessage, schema: TSchema): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) throw new Refused(415, 'Content-Type has to be application/json, and the body JSON: {} where nothing is to be said')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LONGEST) throw new Refused(413, `The body is longer than ${LONGEST} bytes`)
    chunks.push(chunk)
  }
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new Refused(400, size === 0 ? 'The body is empty: send JSON, {} where nothing is to be said' : 'The body is no JSON')
  }
  const validate = createAjv().compile(schema)
  if (validate(body)) return body
  const [first] = validate.errors ?? []
  throw new Refused(400, `The body does not fit: ${first?.instancePath === '' ? '' : `${first?.instancePath} `}${first?.message ?? ''}`)
}
