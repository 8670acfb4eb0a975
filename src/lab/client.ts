import { once } from 'node:events'
import { ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { readMessage } from '../testing/message.ts'
import type { ClientAnswer } from '../testing/client.ts'
import { ownSocket } from './guard.ts'
import { askFields, converse } from './websocket.ts'

/** A request as the client writes it. */
export interface WireRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Name, value, …: as written, in order. */
  readonly headers: readonly string[]
  readonly body: Buffer | null
  /** Sent on a WebSocket, which the request asks for; null: it asks for none. */
  readonly messages: readonly string[] | null
}

export interface Exchanged {
  readonly answer: ClientAnswer
  /** What came on the WebSocket; null: there was none. */
  readonly messages: readonly string[] | null
}

/** Opens a connection; it has to be given to `exchange`. */
export async function open (port: number): Promise<Socket> {
  const socket = ownSocket(port)
  await once(socket, 'connect')
  return socket
}

/** Node sends a POST without a body as one with an empty, chunked one; it asks while it makes the request. */
class UnframedRequest extends ClientRequest {}
Object.defineProperty(UnframedRequest.prototype, 'useChunkedEncodingByDefault', { get: () => false, set () {} })

function isFramed (headers: readonly string[]): boolean {
  return headers.some((name, index) => index % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name))
}

/** Sends a request on a connection of its own, and reads the answer to its end. */
export async function exchange (socket: Socket, { method, target, headers, body, messages }: WireRequest): Promise<Exchanged> {
  const request = new UnframedRequest({
    method,
    path: target,
    createConnection: () => socket,
    setHost: false,
    // a list: names as they are written, several of one name
    headers: [...headers, ...body === null || isFramed(headers) ? [] : ['Content-Length', String(body.length)], ...messages === null ? [] : askFields()] as unknown as Record<string, string>
  })
  request.end(body ?? undefined)
  const [response, upgraded, head] = await new Promise<[IncomingMessage, Duplex?, Buffer?]>((resolve, reject) => {
    request.once('error', reject)
    request.once('response', response => resolve([response]))
    request.once('upgrade', (...parts) => resolve(parts))
  })
  const status = response.statusCode as number
  if (upgraded === undefined || head === undefined) {
    const answer = { status, ...await readMessage(response) }
    socket.destroy()
    return { answer, messages: null }
  }
  const received = await converse(upgraded, head, messages ?? [])
  const { headers: fields, rawHeaders } = response
  return { answer: { status, headers: fields, rawHeaders, body: Buffer.alloc(0), text: '', json: () => JSON.parse('') as unknown }, messages: received }
}
