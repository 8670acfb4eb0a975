/** What endpoints give back, and how it goes out. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bytesSteps, jsonSteps, type Spread } from '../steps.ts'

export interface Answer {
  readonly status: number
  /** JSON, unless there is a `page`. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In place of `body`, as it is. */
  readonly page?: { readonly type: string, readonly text: string | Buffer | readonly Buffer[] }
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
  const bytes = page === undefined ? await json(body, spread) : typeof page.text === 'string' || Buffer.isBuffer(page.text) ? [Buffer.from(page.text)] : page.text
  response.writeHead(status, {
    'content-type': page?.type ?? 'application/json; charset=utf-8',
    // of 304 it would have to be that of the page (RFC 9110 section 8.6)
    ...(status === 304 ? {} : { 'content-length': bytes.reduce((sum, piece) => sum + piece.length, 0) }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // a body that nobody reads must not wait on this connection
    ...(request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined ? { connection: 'close' } : {}),
    ...headers
  })
  // from here on it is the client that takes its time; of a body that was too long, the connection may be gone
  response.socket?.setTimeout(IDLE)
  if (request.method !== 'HEAD' && status !== 304) await write(response, bytes)
  response.end()
}

/** Milliseconds that a client may take for a piece. */
const IDLE = 10_000

/** As fast as it is read: a long answer at once is a long copy, with nobody else's turn in it. */
async function write (response: ServerResponse, bytes: readonly Buffer[]): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  for (const piece of bytes) {
    if (response.destroyed) return
    if (!response.write(piece)) await once(response, 'drain', { signal: gone.signal }).catch(() => {})
  }
}

async function json (body: unknown, spread: Spread): Promise<Buffer[]> {
  const pieces = await spread(jsonSteps(body))
  if (pieces === undefined) throw new TypeError('an answer without a body')
  if (pieces.length <= READABLE && pieces.reduce((sum, piece) => sum + piece.length, 0) <= READABLE) return [Buffer.from(`${JSON.stringify(body, null, 2)}\n`)]
  pieces.push('\n')
  return await spread(bytesSteps(pieces))
}
