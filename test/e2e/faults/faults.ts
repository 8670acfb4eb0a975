import type { Socket } from 'node:net'
import { reset } from '../../helpers/raw-upstream.ts'
import type { Fault } from './faulty-upstream.ts'

/** What a client sees of a fault, and what the log says. */
export interface Expected {
  /** `cut`: the answer had begun, and is broken off so that nobody takes it for whole. */
  readonly status: number | 'cut'
  /** Code of the error in the log; null: it is none. */
  readonly code: string | null
}

export interface Case extends Fault {
  readonly name: string
  readonly expected: Expected
  /** Of the service, in milliseconds; short by default. */
  readonly readTimeout?: number
}

const LONG = 100_000
const SHORT = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'
const LARGE = `HTTP/1.1 200 OK\r\nContent-Length: ${LONG}\r\n\r\n`
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

const RESET = { status: 502, code: 'SP_UPSTREAM_RESET' } as const
const LATE = { status: 504, code: 'SP_UPSTREAM_READ_TIMEOUT' } as const
const INVALID = { status: 502, code: 'SP_UPSTREAM_INVALID' } as const

/** Sends something, and resets the connection when it is out. */
const thenReset = (bytes: string) => (socket: Socket): void => { socket.write(bytes, () => setTimeout(() => reset(socket), 20)) }
/** Sends something, and closes its side. */
const thenEnd = (bytes: string) => (socket: Socket): void => { socket.end(bytes) }
/** Sends something, and no more. */
const thenNothing = (bytes: string) => (socket: Socket): void => { if (bytes !== '') socket.write(bytes) }

/** Every fault, in the order in which a request would meet it. `read_timeout` is short, `retries` are none. */
export const cases: readonly Case[] = [
  { name: 'refuses connections', refuses: true, expected: { status: 502, code: 'SP_UPSTREAM_REFUSED' } },

  { name: 'resets each connection', connected: reset, expected: RESET },
  { name: 'resets in the middle of the request', asked: reset, expected: RESET },
  { name: 'resets when the request is there', answers: reset, expected: RESET },
  { name: 'resets in the status line', answers: thenReset('HTTP/1.1 2'), expected: RESET },
  { name: 'resets in the head', answers: thenReset('HTTP/1.1 200 OK\r\nContent-Le'), expected: RESET },
  { name: 'resets after the head of a short answer', answers: thenReset(SHORT), expected: RESET },
  { name: 'resets in a short body', answers: thenReset(`${SHORT}half`), expected: RESET },
  { name: 'resets after the head of a long answer', answers: thenReset(LARGE), expected: { status: 'cut', code: 'SP_UPSTREAM_RESET' } },
  { name: 'resets in a long body', answers: thenReset(LARGE + 'x'.repeat(70_000)), expected: { status: 'cut', code: 'SP_UPSTREAM_RESET' } },
  { name: 'resets between two chunks', answers: thenReset(`${CHUNKED}3\r\nabc\r\n`), expected: { status: 'cut', code: 'SP_UPSTREAM_RESET' } },

  { name: 'closes each connection', connected: thenEnd(''), expected: RESET },
  { name: 'closes when the request is there', answers: thenEnd(''), expected: RESET },
  { name: 'closes in the head', answers: thenEnd('HTTP/1.1 200 OK\r\nContent-Le'), expected: RESET },
  { name: 'closes in a short body', answers: thenEnd(`${SHORT}half`), expected: RESET },
  { name: 'closes in a long body', answers: thenEnd(LARGE + 'x'.repeat(70_000)), expected: { status: 'cut', code: 'SP_UPSTREAM_RESET' } },
  { name: 'closes between two chunks', answers: thenEnd(`${CHUNKED}3\r\nabc\r\n`), expected: { status: 'cut', code: 'SP_UPSTREAM_RESET' } },

  { name: 'never answers', answers: thenNothing(''), expected: LATE },
  { name: 'hangs in the status line', answers: thenNothing('HTTP/1.1 2'), expected: LATE },
  { name: 'hangs in the head', answers: thenNothing('HTTP/1.1 200 OK\r\nContent-Le'), expected: LATE },
  { name: 'hangs in a short body', answers: thenNothing(`${SHORT}half`), expected: LATE },
  { name: 'hangs in a long body', answers: thenNothing(LARGE + 'x'.repeat(70_000)), expected: { status: 'cut', code: 'SP_UPSTREAM_READ_TIMEOUT' } },
  { name: 'hangs between two chunks', answers: thenNothing(`${CHUNKED}3\r\nabc\r\n`), expected: { status: 'cut', code: 'SP_UPSTREAM_READ_TIMEOUT' } },

  { name: 'talks before it is asked', connected: thenNothing('220 mail.example ESMTP\r\n'), expected: INVALID },
  { name: 'talks garbage', answers: thenNothing('\x15\x03\x01\x00\x02\x02\x46'), expected: INVALID },
  { name: 'talks HTTP/2', answers: thenNothing('\x00\x00\x12\x04\x00\x00\x00\x00\x00'), expected: { status: 502, code: 'SP_UPSTREAM_PROTOCOL' } },
  { name: 'sends a field without a colon', answers: thenNothing('HTTP/1.1 200 OK\r\nwhat is this\r\n\r\n'), expected: INVALID },
  { name: 'sends two lengths', answers: thenNothing('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'), expected: { status: 502, code: 'SP_UPSTREAM_LENGTH' } },
  { name: 'sends a chunk size that is none', answers: thenNothing(`${CHUNKED}3\r\nabc\r\nzz\r\n`), expected: { status: 'cut', code: 'SP_UPSTREAM_INVALID' } },
  { name: 'sends a head without end', answers: thenNothing(`HTTP/1.1 200 OK\r\n${'X-A: 0123456789012345678901234567890123456789\r\n'.repeat(2_000)}`), expected: { status: 502, code: 'SP_UPSTREAM_HEADERS' } },

  { name: 'answers and closes its side', answers: thenEnd('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), expected: { status: 200, code: null } },
  {
    name: 'drips its answer byte by byte',
    answers (socket) {
      const bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
      let at = 0
      const timer = setInterval(() => {
        socket.write(bytes.slice(at, ++at))
        if (at === bytes.length) clearInterval(timer)
      }, 2)
      socket.on('close', () => clearInterval(timer))
    },
    // a head has this long from its first byte to its last
    readTimeout: 20_000,
    expected: { status: 200, code: null }
  }
]
