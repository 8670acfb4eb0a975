import type { IncomingMessage } from 'node:http'
import { createAjv } from '../config/validate/ajv.ts'
import type { PublishedAction } from '../gateway/published.ts'

/** Longest body of an action, in bytes. */
const LONGEST = 65_536

/** Why an action was not begun. */
export class RefusedAction extends Error {
  readonly status: number

  constructor (status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * The checked body of an action.
 *
 * JSON alone: a page of another origin may have a browser send forms and texts without asking, but not this type.
 *
 * @throws RefusedAction
 */
export async function readActionBody (request: IncomingMessage, action: PublishedAction): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) throw new RefusedAction(415, 'Content-Type has to be application/json')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LONGEST) throw new RefusedAction(413, `The body is longer than ${LONGEST} bytes`)
    chunks.push(chunk)
  }
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new RefusedAction(400, 'The body is no JSON')
  }
  const validate = createAjv().compile(action.body)
  if (validate(body)) return body
  const [first] = validate.errors ?? []
  throw new RefusedAction(400, `The body does not fit: ${first?.instancePath === '' ? '' : `${first?.instancePath} `}${first?.message ?? ''}`)
}
