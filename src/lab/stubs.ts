import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import type { Purpose } from '../gateway/outside.ts'
import { LoopbackServer, receive, type ReceivedRequest, send, type UpstreamAnswer } from '../testing/loopback-server.ts'
import { ownSocket } from './guard.ts'
import type { LabNames } from './names.ts'

/** Whom a request of the gateway was meant for. */
export interface Addressee {
  readonly purpose: Purpose
  readonly protocol: 'http' | 'https'
  /** As the file names it. */
  readonly host: string
  readonly port: number
}

/** What a stub got. */
export interface StubbedRequest extends ReceivedRequest {
  readonly to: Addressee
}

/** What a stub does: answers, or fails as servers do. */
export type StubAnswer = UpstreamAnswer & {
  /** `refused`: it takes no connection. `reset`: it cuts the one that the request came by. `silent`: it never answers. */
  readonly error?: 'refused' | 'reset' | 'silent'
}

export type Stub = (request: StubbedRequest) => StubAnswer | Promise<StubAnswer>

/** Nobody has said what is there. */
class NotStubbed extends Error {
  readonly code = 'SP_NOT_STUBBED'

  constructor (to: Addressee) {
    super(`not stubbed: nothing stands for ${to.protocol}://${to.host}:${to.port}`)
  }
}

export interface StubsOptions {
  readonly names: LabNames
  /** Who answers; null: nobody, and the connection fails. */
  find (to: Addressee): Stub | null
}

/** One server on the loopback that stands for all others: it tells who was meant by the connection that a request came by. */
export class Stubs {
  readonly names: LabNames
  readonly received: StubbedRequest[] = []
  /** Whom the gateway tried to reach in vain. */
  readonly missing: Addressee[] = []
  readonly #options: StubsOptions
  readonly #server: LoopbackServer
  readonly #peers = new Map<number, Addressee>()
  readonly #open = new Set<{ readonly socket: Socket, readonly to: Addressee }>()
  readonly #refused = new Set<string>()

  constructor (options: StubsOptions) {
    this.names = options.names
    this.#options = options
    this.#server = new LoopbackServer((message, response) => this.#serve(message, response))
  }

  async listen (): Promise<void> {
    await this.#server.listen()
  }

  async close (): Promise<void> {
    await this.#server.close()
  }

  /** @throws what a stub threw since the last call */
  check (): void {
    this.#server.check()
  }

  /** Connections to this address fail from now on, or are made again. */
  refuse (address: string, refused: boolean): void {
    if (!refused) {
      this.#refused.delete(address)
      return
    }
    this.#refused.add(address)
    // a server that is away takes its connections along
    for (const { socket, to } of this.#open) {
      if (addressOf(to).toLowerCase() === address) socket.destroy()
    }
  }

  connector (purpose: Purpose): buildConnector.connector {
    return (options, callback) => {
      const protocol = options.protocol === 'https:' ? 'https' : 'http'
      const port = Number(options.port) || (protocol === 'https' ? 443 : 80)
      const host = this.#options.names.nameOf(options.hostname.replace(/^\[|\]$/g, ''))
      const to: Addressee = { purpose, protocol, host, port }
      if (this.#options.find(to) === null) {
        this.missing.push(to)
        setImmediate(callback, new NotStubbed(to), null)
        return
      }
      if (this.#refused.has(addressOf(to).toLowerCase())) {
        setImmediate(callback, Object.assign(new Error(`connect ECONNREFUSED ${addressOf(to)}`), { code: 'ECONNREFUSED' }), null)
        return
      }
      this.#connect(to, callback)
    }
  }

  #connect (to: Addressee, callback: buildConnector.Callback): void {
    const socket = ownSocket(this.#server.port)
    const failed = (error: Error): void => callback(error, null)
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.off('error', failed)
      const { localPort = 0 } = socket
      const held = { socket, to }
      this.#peers.set(localPort, to)
      this.#open.add(held)
      socket.once('close', () => {
        this.#peers.delete(localPort)
        this.#open.delete(held)
      })
      callback(null, socket)
    })
  }

  async #serve (message: IncomingMessage, response: ServerResponse): Promise<void> {
    const to = this.#peers.get(message.socket.remotePort ?? 0)
    if (to === undefined) throw new Error('a connection to the stubs that the gateway has not made')
    const request: StubbedRequest = { to, ...await receive(message) }
    this.received.push(request)
    const answer = await (this.#options.find(to) as Stub)(request)
    if (answer.error === 'silent') return
    if (answer.error !== undefined) {
      message.socket.resetAndDestroy()
      return
    }
    send(response, answer)
  }
}

/** `host:port`, as stubs are found by. */
export function addressOf ({ host, port }: Pick<Addressee, 'host' | 'port'>): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}
