import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Message, readMessage } from './message.ts'

/** What the upstream got. */
export interface ReceivedRequest extends Message {
  readonly method: string
  /** As in the request line. */
  readonly target: string
  /** Target without query. */
  readonly path: string
  /** Without the `?`; null when there was none. */
  readonly query: string | null
}

/** What the upstream answers. */
export interface UpstreamAnswer {
  /** Default 200. */
  readonly status?: number
  /** A list of values makes a line for each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object
}

/** A server on a free port of the loopback: what fails in it is for its owner, not for its client. */
export class LoopbackServer {
  readonly #server: Server
  #failure: unknown

  constructor (serve: (message: IncomingMessage, response: ServerResponse) => Promise<void>) {
    this.#server = createServer((message, response) => {
      serve(message, response).catch(error => {
        this.#failure ??= error
        response.destroy()
      })
    })
    // a connection that idles must not end in the middle of a test
    this.#server.keepAliveTimeout = 0
  }

  get port (): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** @returns the port */
  async listen (): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this.port
  }

  async close (): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** @throws what serving has thrown first since the last call */
  check (): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }
}

/** Reads a request to its end. */
export async function receive (message: IncomingMessage): Promise<ReceivedRequest> {
  return { ...headOf(message), ...await readMessage(message) }
}

/** A request without its body. */
export function headOf ({ url, method, headers, rawHeaders }: IncomingMessage): ReceivedRequest {
  const target = url as string
  const mark = target.indexOf('?')
  return {
    method: method as string,
    target,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? null : target.slice(mark + 1),
    headers,
    rawHeaders,
    body: Buffer.alloc(0),
    text: '',
    json: () => JSON.parse('') as unknown
  }
}

export function send (response: ServerResponse, { status = 200, headers = {}, body = '' }: UpstreamAnswer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  const isText = typeof body === 'string' || Buffer.isBuffer(body)
  if (!isText && !response.hasHeader('content-type')) response.setHeader('content-type', 'application/json')
  const bytes = isText ? body : JSON.stringify(body)
  // of what a GET would get; Node knows the length of what it sends
  if (response.req.method === 'HEAD' && bytes.length > 0 && !response.hasHeader('content-length')) response.setHeader('content-length', Buffer.byteLength(bytes))
  response.end(bytes)
}
