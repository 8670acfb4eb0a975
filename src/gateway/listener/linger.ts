import type { Socket } from 'node:net'

/** How long a client may still send after its last answer, in milliseconds (nginx's lingering_timeout). */
const TIME = 5_000

const kLingers: unique symbol = Symbol('sallyport.lingers')

/**
 * Closes a connection so that its last answer is read: a socket that is closed while the client still sends (a refused
 * upload) is reset, and the reset takes the answer with it. So the write side ends first, and what comes is thrown
 * away for a moment (RFC 9112 section 9.6).
 */
export function lingerOnClose (socket: Socket & { [kLingers]?: boolean }): void {
  if (socket[kLingers] === true) return
  socket[kLingers] = true
  const { destroySoon } = socket
  // Node calls it after an answer with `Connection: close`
  socket.destroySoon = function endGently () {
    if (this.destroyed || this.readableEnded) {
      destroySoon.call(this)
      return
    }
    this.end()
    linger(this)
  }
}

/** Throws away what a client sends to a socket that has been ended, until it closes its side, for a bounded time. */
export function linger (socket: Socket): void {
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), TIME).unref()
  socket.once('end', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
}
