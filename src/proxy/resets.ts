import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { parserOf } from './undici-parser.ts'

/**
 * Makes a reset a failure of every answer.
 *
 * undici takes a reset for the end of a body that has no length (macOS resets where others end). Elsewhere it is a cut
 * body, which must not pass for a whole one. Its parser makes the exception for connections that end with the answer, so
 * it is told that this one doesn't, just before it looks.
 */
export function failOnReset (connect: buildConnector.connector): buildConnector.connector {
  return function connectStrictly (options, callback) {
    connect(options, (...outcome) => {
      const socket = outcome[1]
      if (socket !== null && socket !== undefined) {
        socket.on('error', failAnswer)
        // before Node's own listener, which lets nobody write after the end
        socket.prependListener('end', failHiddenReset)
      }
      callback(...outcome)
    })
  }
}

function failAnswer (this: Socket): void {
  const parser = parserOf(this)
  if (parser != null) parser.shouldKeepAlive = true
}

/**
 * Bytes and a reset that are found together, as they are by a busy process, come as bytes and a clean end: libuv reads
 * less than it could and sees the hang-up (`uv__stream_io`). The kernel still knows, and tells whoever writes; nothing is
 * written, since no byte is. A peer that had ended cleanly before it reset has sent all it had: that is EPIPE.
 */
function failHiddenReset (this: Socket): void {
  const parser = parserOf(this)
  if (parser == null || !parser.statusCode || parser.shouldKeepAlive) return
  this.write('')
  if ((this.errored as NodeJS.ErrnoException | null)?.code === 'ECONNRESET') parser.shouldKeepAlive = true
}
