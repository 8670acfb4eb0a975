import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { readMessage } from '../testing/message.ts'
import type { ClientAnswer } from '../testing/client.ts'
import { ownSocket } from './guard.ts'

/** A request as the client writes it. */
export interface WireRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Name, value, …: as written, in order. */
  readonly headers: readonly string[]
  readonly body: Buffer | null
}

/** Opens a connection; it has to be given to `exchange`. */
export async function open (port: number): Promise<Socket> {
  const socket = ownSocket(port)
  await once(socket, 'connect')
  return socket
}

/** Sends a request on a connection of its own, and reads the answer to its end. */
export async function exchange (socket: Socket, { method, target, headers, body }: WireRequest): Promise<ClientAnswer> {
  const request = httpRequest({
    method,
    path: target,
    createConnection: () => socket,
    setHost: false,
    // a list: names as they are written, several of one name
    headers: [...headers, ...body === null ? [] : ['Content-Length', String(body.length)]] as unknown as Record<string, string>
  })
  request.end(body ?? undefined)
  const [response] = await once(request, 'response') as [IncomingMessage]
  const answer = { status: response.statusCode as number, ...await readMessage(response) }
  socket.destroy()
  return answer
}
