import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { parserOf, type Parser } from './undici-parser.ts'

/**
 * Lets upstreams send `100 Continue`.
 *
 * RFC 9110 section 15.2.1 allows it unasked, and some servers do so for every upload; undici 7 takes it for a broken
 * connection. The bytes of such an interim answer are taken out before undici's parser sees them. Only at the start of
 * a message: undici's parser says whether it waits for one (its status is 0 or unset then).
 */
export function tolerateContinue (connect: buildConnector.connector): buildConnector.connector {
  return function connectTolerant (options, callback) {
    connect(options, (...outcome) => {
      const socket = outcome[1]
      if (socket !== null && socket !== undefined) filterContinue(socket)
      callback(...outcome)
    })
  }
}

const START = Buffer.from('HTTP/1.1 100')
const END = Buffer.from('\r\n\r\n')
/** Where the status begins. */
const CLASS = 9
/** An interim answer longer than this is passed on, and refused by the parser. */
const LONGEST = 4096

function filterContinue (socket: Socket): void {
  const read = socket.read
  let held: Buffer | null = null

  socket.read = function readFiltered (size?: number): Buffer | null {
    for (;;) {
      const chunk = read.call(this, size) as Buffer | null
      if (chunk === null) return null
      // one comparison for every chunk that is not the start of a message ('H'), or of an answer that is not of 1xx ('1')
      if (held === null && (chunk[0] !== 72 || (chunk.length > CLASS && chunk[CLASS] !== 49))) return chunk
      // asked anew: after an upgrade there is none, and the bytes are no more HTTP
      const parser = parserOf(socket)
      let bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk])
      if (parser == null || (held === null && !(waitsForHead(parser) && startsInterim(chunk)))) {
        held = null
        return bytes
      }
      held = null
      while (startsInterim(bytes)) {
        const end = bytes.indexOf(END)
        if (end === -1) {
          held = bytes
          break
        }
        bytes = bytes.subarray(end + END.length)
      }
      if (held !== null && held.length > LONGEST) {
        bytes = held
        held = null
      }
      if (held === null && bytes.length > 0) return bytes
    }
  }
}

/** Whether the bytes are, or may become, an interim answer. */
function startsInterim (bytes: Buffer): boolean {
  const length = Math.min(bytes.length, START.length)
  return length > 0 && bytes.compare(START, 0, length, 0, length) === 0
}

function waitsForHead (parser: Parser): boolean {
  return (parser.statusCode === null || parser.statusCode === 0) && parser.headers.length === 0
}
