import type { Socket } from 'node:net'

/** Most bytes that are taken from a client before the upstream has switched. */
const EARLY = 65_536

/**
 * A client that asks for a WebSocket, until the upstream has answered.
 *
 * Node's parser has let go of the socket, and nobody would see it close: it is read on, so that a client that leaves
 * cancels the upstream's side. What comes early is kept for the tunnel.
 */
export class Handshake {
  readonly socket: Socket
  readonly #early: Buffer[]
  #size: number

  constructor (socket: Socket, head: Buffer) {
    this.socket = socket
    this.#early = [head]
    this.#size = head.length
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#early.push(chunk)
    this.#size += chunk.length
    if (this.#size > EARLY) this.socket.pause()
  }

  readonly #onEnd = (): void => {
    this.socket.destroy()
  }

  /** Gives the socket to the tunnel. @returns what the client has sent already */
  release (): Buffer {
    this.socket.off('data', this.#onData)
    this.socket.off('end', this.#onEnd)
    this.socket.pause()
    return this.#early.length === 1 ? this.#early[0] as Buffer : Buffer.concat(this.#early, this.#size)
  }
}
