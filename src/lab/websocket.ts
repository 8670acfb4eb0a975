/** As much of WebSockets (RFC 6455) as a test needs: texts both ways, and an end. */
import { createHash, randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
const NORMAL = Buffer.from([0x03, 0xe8])

/** What a stub does on a WebSocket. */
export interface SocketScript {
  /** Sent as soon as it is open. */
  readonly send?: readonly string[]
  /** What is sent for a message; others are not answered. Without it each comes back. */
  readonly replies?: Readonly<Record<string, string | readonly string[]>>
}

/** Fields with which a client asks. */
export function askFields (): string[] {
  return ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', randomBytes(16).toString('base64')]
}

/** Head of an answer that agrees. @param fields name, value, … */
export function agreeHead (key: string, fields: ReadonlyArray<readonly [string, string]>): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Sends texts and the end, and reads what comes until the other side has ended, too. */
export async function converse (socket: Duplex, head: Buffer, messages: readonly string[]): Promise<string[]> {
  for (const message of messages) socket.write(frame(TEXT, Buffer.from(message), true))
  socket.write(frame(CLOSE, NORMAL, true))
  const received: string[] = []
  await speak(socket, head, true, text => { received.push(text) })
  return received
}

/** The server's side, until the client ends it. @param note of each message */
export async function answerSocket (socket: Duplex, head: Buffer, { send = [], replies }: SocketScript, note: (text: string) => void): Promise<void> {
  const say = (text: string): void => { socket.write(frame(TEXT, Buffer.from(text), false)) }
  for (const text of send) say(text)
  await speak(socket, head, false, text => {
    note(text)
    const reply = replies === undefined ? text : replies[text] ?? []
    for (const one of typeof reply === 'string' ? [reply] : reply) say(one)
  })
}

async function speak (socket: Duplex, head: Buffer, client: boolean, take: (text: string) => void): Promise<void> {
  let bytes: Buffer = head
  const parts: Buffer[] = []
  await new Promise<void>(resolve => {
    const read = (): void => {
      for (let next = readFrame(bytes); next !== null; next = readFrame(bytes)) {
        bytes = next.rest
        if (next.opcode === CLOSE) {
          // the client has said so already
          if (!client) socket.write(frame(CLOSE, next.payload, false))
          socket.end()
        } else if (next.opcode === PING) {
          socket.write(frame(PONG, next.payload, client))
        } else if (next.opcode < CLOSE) {
          parts.push(next.payload)
          if (next.last) take(Buffer.concat(parts.splice(0)).toString())
        }
      }
    }
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      read()
    })
    socket.on('error', () => {})
    socket.once('close', resolve)
    socket.once('end', () => { socket.end() })
    read()
  })
}

function frame (opcode: number, payload: Buffer, masked: boolean): Buffer {
  const { length } = payload
  const size = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map(bits => length >>> bits & 255)]
  const head = Buffer.from([0x80 | opcode, ...size])
  if (!masked) return Buffer.concat([head, payload])
  head[1] = (head[1] as number) | 0x80
  const mask = randomBytes(4)
  return Buffer.concat([head, mask, unmask(payload, mask)])
}

interface Frame {
  readonly opcode: number
  readonly last: boolean
  readonly payload: Buffer
  readonly rest: Buffer
}

/** null: it is not there as a whole. */
function readFrame (bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null
  const [first, second] = [bytes[0] as number, bytes[1] as number]
  const short = second & 127
  const wide = short === 126 ? 2 : short === 127 ? 8 : 0
  const masked = (second & 128) !== 0
  const start = 2 + wide + (masked ? 4 : 0)
  if (bytes.length < start) return null
  const length = wide === 0 ? short : wide === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (bytes.length < start + length) return null
  const payload = bytes.subarray(start, start + length)
  return { opcode: first & 15, last: (first & 128) !== 0, payload: masked ? unmask(payload, bytes.subarray(start - 4, start)) : payload, rest: bytes.subarray(start + length) }
}

function unmask (payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, index) => byte ^ (mask[index & 3] as number)))
}
