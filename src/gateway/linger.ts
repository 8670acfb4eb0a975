import type { Socket } from 'node:net'

/** How long, and for how many bytes, a client may still send after its last answer. */
const TIME = 2_000
const BYTES = 1_048_576

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
    const from = this.bytesRead
    this.end()
    this.resume()
    const timer = setTimeout(() => this.destroy(), TIME).unref()
    const watch = setInterval(() => { if (this.bytesRead - from > BYTES) this.destroy() }, 50).unref()
    this.once('end', () => this.destroy())
    this.once('close', () => {
      clearTimeout(timer)
      clearInterval(watch)
    })
  }
}
