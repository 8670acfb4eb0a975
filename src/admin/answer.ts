/** What endpoints give back, and how it goes out. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { jsonSteps, type Spread } from '../steps.ts'

export interface Answer {
  readonly status: number
  /** JSON, unless there is a `page`. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In place of `body`, as it is. */
  readonly page?: { readonly type: string, readonly text: string | Buffer }
}

/** Why an order was not carried out. */
export class Refused extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor (status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** @throws {@link Refused} where there is none */
export function found<Item> (item: Item | null | undefined, what: string): Item {
  if (item === null || item === undefined) throw new Refused(404, `There is no such ${what}`)
  return item
}

export function ok (body: unknown): Answer {
  return { status: 200, body }
}

/** Kong's shape. */
export function listOf (data: readonly unknown[]): Answer {
  return ok({ data, next: null })
}

export function failure (status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: { message }, headers }
}

/** Longer ones are for programs. */
const READABLE = 65_536

export async function send (request: IncomingMessage, response: ServerResponse, { status, body, headers, page }: Answer, spread: Spread): Promise<void> {
  const { type, text } = page ?? { type: 'application/json; charset=utf-8', text: Buffer.from(`${await json(body, spread)}\n`) }
  response.writeHead(status, {
    'content-type': type,
    // of 304 it would have to be that of the page (RFC 9110 section 8.6)
    ...(status === 304 ? {} : { 'content-length': Buffer.byteLength(text) }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // a body that nobody reads must not wait on this connection
    ...(request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined ? { connection: 'close' } : {}),
    ...headers
  })
  response.end(request.method === 'HEAD' || status === 304 ? undefined : text)
}

async function json (body: unknown, spread: Spread): Promise<string> {
  const short = await spread(jsonSteps(body))
  if (short === undefined) throw new TypeError('an answer without a body')
  return short.length > READABLE ? short : JSON.stringify(body, null, 2)
}
