import type { Socket } from 'node:net'

/** Connections as the gateway has them, by the port of the client. */
export class Accepted {
  readonly #sockets = new Map<number, Socket>()

  add (socket: Socket): void {
    const port = socket.remotePort as number
    this.#sockets.set(port, socket)
    socket.once('close', () => this.#sockets.delete(port))
  }

  /** The gateway's side of a connection may be known a little later than the client's. */
  async from (port: number): Promise<Socket> {
    for (;;) {
      const socket = this.#sockets.get(port)
      if (socket !== undefined) return socket
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}
