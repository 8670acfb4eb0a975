import type { IncomingMessage } from 'node:http'
import type { TSchema } from 'typebox'
import { createAjv } from '../config/validate/ajv.ts'
import { Refused } from './answer.ts'

type Validate = ReturnType<ReturnType<typeof createAjv>['compile']>

/** Longest body of an order, in bytes. */
const LONGEST = 65_536

/** Gives the checked body of an order. @throws Refused */
export type BodyReader = (request: IncomingMessage, schema: TSchema) => Promise<unknown>

/** Reads bodies of orders. A schema is compiled for its first order, which takes milliseconds, and kept as long as it is. */
export function createBodyReader (): BodyReader {
  const compiled = new WeakMap<TSchema, Validate>()
  return async function readBody (request, schema) {
    const body = await readJson(request)
    let validate = compiled.get(schema)
    if (validate === undefined) {
      validate = createAjv().compile(schema)
      compiled.set(schema, validate)
    }
    if (validate(body)) return body
    const [first] = validate.errors ?? []
    throw new Refused(400, `The body does not fit: ${first?.instancePath === '' ? '' : `${first?.instancePath} `}${first?.message ?? ''}`)
  }
}

/** JSON alone: a page of another origin may have a browser send forms and texts without asking, but not this type. */
async function readJson (request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) throw new Refused(415, 'Content-Type has to be application/json, and the body JSON: {} where nothing is to be said')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LONGEST) throw new Refused(413, `The body is longer than ${LONGEST} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new Refused(400, size === 0 ? 'The body is empty: send JSON, {} where nothing is to be said' : 'The body is no JSON')
  }
}
