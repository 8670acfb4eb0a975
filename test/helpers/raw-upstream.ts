import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { parseMessages, type Message } from './http-messages.ts'
import { until } from './running.ts'

/** Gets each whole request, in order; returns the bytes to answer with, or null where it writes by itself. */
export type Script = (request: Message, socket: Socket, index: number) => string | Buffer | null

export interface Heard {
  /** All bytes of this connection. */
  bytes: Buffer
  readonly socket: Socket
  readonly requests: Message[]
  closed: boolean
}

export interface RawUpstream {
  readonly port: number
  readonly server: Server
  /** One item a connection, in order of arrival. */
  readonly connections: Heard[]
  /** Whole requests over all connections, in order of arrival. */
  readonly requests: Message[]
  /** What was wrong with bytes that are not canonical HTTP. */
  readonly faults: string[]
  until (condition: () => boolean, patience?: number): Promise<void>
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/**
 * An upstream that records the exact bytes that it is sent.
 *
 * @param script what it answers; `raw` is told of each chunk before, for upstreams that don't wait for a whole request
 */
export async function rawUpstream (t: Test, script: string | Script = OK, raw: (socket: Socket, chunk: Buffer, heard: Heard) => void = () => {}, onConnection: (socket: Socket) => void = () => {}): Promise<RawUpstream> {
  const connections: Heard[] = []
  const requests: Message[] = []
  const faults: string[] = []
  const server = createServer({ allowHalfOpen: false }, socket => {
    const heard: Heard = { bytes: Buffer.alloc(0), socket, requests: [], closed: false }
    connections.push(heard)
    onConnection(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => { heard.closed = true })
    let seen = 0
    socket.on('data', chunk => {
      heard.bytes = Buffer.concat([heard.bytes, chunk])
      raw(socket, chunk, heard)
      let whole: Message[]
      try {
        whole = parseMessages(heard.bytes, 'request').messages.filter(message => message.complete)
      } catch (error) {
        faults.push((error as Error).message)
        socket.destroy()
        return
      }
      for (; seen < whole.length; seen++) {
        const request = whole[seen] as Message
        heard.requests.push(request)
        requests.push(request)
        const answer = typeof script === 'string' ? script : script(request, socket, requests.length - 1)
        if (answer !== null && !socket.destroyed) socket.write(typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer)
      }
    })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(async () => {
    for (const { socket } of connections) socket.destroy()
    await new Promise<void>(resolve => { server.close(() => resolve()) })
  })
  return {
    port: (server.address() as AddressInfo).port,
    server,
    connections,
    requests,
    faults,
    async until (condition, patience) {
      await eventually(condition, patience)
    }
  }
}

/**
 * Resets the connection and nothing else. Node's `resetAndDestroy` ends the socket first: a peer that is quick sees a clean
 * end, and can't know better.
 */
export function reset (socket: Socket): void {
  const { _handle: handle } = socket as unknown as { _handle: { reset (closed: () => void): number } | null }
  if (socket.destroyed || handle === null) return
  handle.reset(() => {})
  socket.destroy()
}

/** Waits for something that no event tells about. @throws Error when it takes too long */
export async function eventually (condition: () => boolean, patience?: number): Promise<void> {
  await until(condition.toString(), condition, patience)
}
