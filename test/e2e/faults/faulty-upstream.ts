import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { parseMessages } from '../../helpers/http-messages.ts'
import { OK } from '../../helpers/raw-upstream.ts'

/** What an upstream does wrong, and when: at most one of these. */
export interface Fault {
  /** It doesn't listen. */
  readonly refuses?: true
  /** As soon as a connection is there. */
  connected? (socket: Socket): void
  /** As soon as bytes of a request are there. */
  asked? (socket: Socket): void
  /** When a request is there to its end. */
  answers? (socket: Socket): void
}

/** An upstream that does one thing wrong until it is healed; then it answers as it should. */
export class FaultyUpstream {
  port = 0
  /** Connections on which the fault has shown. */
  readonly struck: Socket[] = []
  /** Requests that were answered as they should be. */
  asked = 0
  readonly #fault: Fault
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  #broken = true

  constructor (t: Test, fault: Fault) {
    this.#fault = fault
    t.teardown(() => this.#close())
  }

  async start (): Promise<this> {
    await this.#listen()
    if (this.#fault.refuses === true) await this.#close()
    return this
  }

  async heal (): Promise<void> {
    this.#broken = false
    if (this.#server === null) await this.#listen()
  }

  async break (): Promise<void> {
    this.#broken = true
    if (this.#fault.refuses === true) await this.#close()
  }

  async #listen (): Promise<void> {
    const server = createServer(socket => this.#serve(socket))
    this.#server = server
    await new Promise<void>(resolve => { server.listen(this.port, '127.0.0.1', resolve) })
    this.port = (server.address() as AddressInfo).port
  }

  async #close (): Promise<void> {
    const server = this.#server
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
    if (server !== null) await new Promise<void>(resolve => { server.close(() => resolve()) })
  }

  #serve (socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    socket.setNoDelay(true)
    let bytes = Buffer.alloc(0)
    socket.on('data', chunk => {
      bytes = Buffer.concat([bytes, chunk])
      if (this.#broken && this.#fault.asked !== undefined) {
        this.#strike(socket, this.#fault.asked)
        return
      }
      const { messages } = parseMessages(bytes, 'request')
      if (messages.at(-1)?.complete !== true) return
      bytes = Buffer.alloc(0)
      if (this.#broken && this.#fault.answers !== undefined) this.#strike(socket, this.#fault.answers)
      else {
        this.asked++
        socket.write(OK)
      }
    })
    if (this.#broken && this.#fault.connected !== undefined) this.#strike(socket, this.#fault.connected)
  }

  #strike (socket: Socket, act: (socket: Socket) => void): void {
    if (!this.struck.includes(socket)) this.struck.push(socket)
    act(socket)
  }
}
