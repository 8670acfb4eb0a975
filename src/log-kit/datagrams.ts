import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'

/** Bytes that fit into a datagram. */
export const LONGEST_DATAGRAM = 65_507
const CUT = Buffer.from(' [cut]')

/** Sends datagrams to one place; the name is looked up each time. */
export class Datagrams {
  readonly #host: string
  readonly #port: number
  #socket: Socket | null = null

  constructor (host: string, port: number) {
    this.#host = host.replace(/^\[|\]$/g, '')
    this.#port = port
  }

  /**
   * What is too long is cut, and ends with a mark: the start of a line says more than none.
   *
   * @throws the system's error
   */
  async send (message: Buffer): Promise<void> {
    const bytes = message.length > LONGEST_DATAGRAM ? Buffer.concat([message.subarray(0, LONGEST_DATAGRAM - CUT.length), CUT]) : message
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
