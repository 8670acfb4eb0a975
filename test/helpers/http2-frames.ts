import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { PATIENCE } from './running.ts'
import { authority } from './tls.ts'

/** RFC 9113 section 6. */
export const FRAME = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, push: 5, ping: 6, goaway: 7, window: 8, continuation: 9 } as const
export const END_STREAM = 1
export const END_HEADERS = 4
export const ACK = 1

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export function frame (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A field block without compression (RFC 7541 section 6.2.2). */
export function block (fields: ReadonlyArray<readonly [string, string]>): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

function text (value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const size = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>= 7) size.push(rest & 127 | 128)
  size.push(rest)
  return Buffer.concat([Buffer.from(size), bytes])
}

export function request (path = '/', ...more: ReadonlyArray<readonly [string, string]>): Buffer {
  return block([[':method', 'GET'], [':scheme', 'https'], [':authority', 'gateway.test'], [':path', path], ...more])
}

export function code (value: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(value)
  return payload
}

/** A client of HTTP/2 that writes frames, and keeps those that come back. */
export class FrameClient {
  readonly socket: TLSSocket
  readonly frames: Frame[] = []
  closed = false
  #rest = Buffer.alloc(0)
  #watchers: Array<() => void> = []

  constructor (socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
  }

  send (...frames: Buffer[]): this {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames))
    return this
  }

  /** The first frame of a type, on a stream where one is named. */
  find (type: number, stream?: number): Frame | undefined {
    return this.frames.find(candidate => candidate.type === type && (stream === undefined || candidate.stream === stream) && !(type === FRAME.settings && candidate.flags === ACK))
  }

  /** Error code of the connection's end; null: the server has said none. */
  get farewell (): number | null {
    return this.frames.findLast(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4) ?? null
  }

  async until (condition: () => boolean, patience = PATIENCE): Promise<this> {
    if (condition()) return this
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`in vain; closed: ${this.closed}; last frames: ${JSON.stringify(this.frames.slice(-5))}`)), patience)
      this.#watchers.push(() => {
        if (!condition()) return
        clearTimeout(timer)
        resolve()
      })
    })
    return this
  }

  #read (chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const length = this.#rest.length < 9 ? -1 : this.#rest.readUIntBE(0, 3)
      if (length === -1 || this.#rest.length < 9 + length) break
      const [type, flags] = [this.#rest[3] as number, this.#rest[4] as number]
      this.frames.push({ type, flags, stream: this.#rest.readUInt32BE(5), payload: Buffer.from(this.#rest.subarray(9, 9 + length)) })
      if (type === FRAME.settings && flags === 0) this.send(frame(FRAME.settings, ACK, 0))
      this.#rest = this.#rest.subarray(9 + length)
    }
    this.#wake()
  }

  #wake (): void {
    for (const watcher of this.#watchers.slice()) watcher()
  }
}

/** @param settings payload of the first SETTINGS frame */
export async function frameClient (t: Test, port: number, settings: Buffer = Buffer.alloc(0)): Promise<FrameClient> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'gateway.test', ca: authority.cert, ALPNProtocols: ['h2'] })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  const client = new FrameClient(socket)
  client.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0, settings))
  return await client.until(() => client.find(FRAME.settings) !== undefined)
}

export interface FrameServer {
  readonly port: number
  /** Connections so far. */
  readonly sockets: Socket[]
  /** Frames of all connections, in order of arrival. */
  readonly frames: Frame[]
}

/**
 * A server of HTTP/2 without TLS that writes frames.
 *
 * @param answer is told of each frame but SETTINGS, which are acknowledged, and PING, which are answered unless `silent`
 */
export async function frameServer (t: Test, answer: (frame: Frame, send: (...frames: Buffer[]) => void, socket: Socket) => void, { settings = Buffer.alloc(0), silent = false } = {}): Promise<FrameServer> {
  const sockets: Socket[] = []
  const frames: Frame[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    let rest = Buffer.alloc(0)
    let greeted = false
    const send = (...all: Buffer[]): void => { socket.write(Buffer.concat(all)) }
    send(frame(FRAME.settings, 0, 0, settings))
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      if (!greeted) {
        if (rest.length < 24) return
        greeted = true
        rest = rest.subarray(24)
      }
      while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const length = rest.readUIntBE(0, 3)
        const one: Frame = { type: rest[3] as number, flags: rest[4] as number, stream: rest.readUInt32BE(5), payload: Buffer.from(rest.subarray(9, 9 + length)) }
        rest = rest.subarray(9 + length)
        frames.push(one)
        if (one.type === FRAME.settings) {
          if (one.flags === 0) send(frame(FRAME.settings, ACK, 0))
        } else if (one.type === FRAME.ping) {
          if (one.flags === 0 && !silent) send(frame(FRAME.ping, ACK, 0, one.payload))
        } else answer(one, send, socket)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets, frames }
}
