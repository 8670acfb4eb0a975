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

export type UpstreamHandler = (request: ReceivedRequest) => UpstreamAnswer | Promise<UpstreamAnswer>

/** A server on a free port that writes down what it gets. */
export class StubUpstream {
  readonly received: ReceivedRequest[] = []
  readonly #handler: UpstreamHandler
  readonly #server: Server
  #failure: unknown

  constructor (handler: UpstreamHandler) {
    this.#handler = handler
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(error => {
        this.#failure = error
        response.destroy()
      })
    })
  }

  /** @returns the port */
  async listen (): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async close (): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** @throws what the handler threw since the last call: it belongs to the test, not into an answer */
  check (): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  async #serve (message: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = message.url as string
    const mark = target.indexOf('?')
    const request: ReceivedRequest = {
      method: message.method as string,
      target,
      path: mark === -1 ? target : target.slice(0, mark),
      query: mark === -1 ? null : target.slice(mark + 1),
      ...await readMessage(message)
    }
    this.received.push(request)
    const { status = 200, headers = {}, body = '' } = await this.#handler(request)
    response.statusCode = status
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (typeof body === 'string' || Buffer.isBuffer(body)) {
      response.end(body)
      return
    }
    if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body))
  }
}
