import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { Unsendable } from './queue.ts'

/** Bytes that fit into a datagram. */
export const LONGEST_DATAGRAM = 65_507

/** Sends datagrams to one place; the name is looked up each time. */
export class Datagrams {
  readonly #host: string
  readonly #port: number
  #socket: Socket | null = null

  constructor (host: string, port: number) {
    this.#host = host.replace(/^\[|\]$/g, '')
    this.#port = port
  }

  /** @throws the system's error; Unsendable for what is too long */
  async send (bytes: Buffer): Promise<void> {
    if (bytes.length > LONGEST_DATAGRAM) throw new Unsendable(`${bytes.length} bytes are too many for a datagram`)
    const socket = this.#socket ??= this.#open()
    await new Promise<void>((resolve, reject) => {
      socket.send(bytes, this.#port, this.#host, error => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  close (): void {
    this.#socket?.close()
    this.#socket = null
  }

  #open (): Socket {
    const socket = createSocket(isIPv6(this.#host) ? 'udp6' : 'udp4')
    socket.on('error', () => {})
    return socket.unref()
  }
}
