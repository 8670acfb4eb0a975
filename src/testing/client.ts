import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type Message, readMessage } from './message.ts'

/** A request of the client. */
export interface ClientRequest {
  /** Default GET. */
  readonly method?: string
  /** Path and query as they are to stand in the request line; default `/`. */
  readonly path?: string
  /** A list of values makes a line for each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

/** What the client got. */
export interface ClientAnswer extends Message {
  readonly status: number
}

/** Sends one request on a connection of its own. */
export async function send (port: number, { method = 'GET', path = '/', headers = {}, body }: ClientRequest): Promise<ClientAnswer> {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    headers: { ...headers as Record<string, string | string[]>, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) }
  })
  request.end(body)
  const [response] = await once(request, 'response') as [IncomingMessage]
  return { status: response.statusCode as number, ...await readMessage(response) }
}
