import type { Socket } from 'node:net'
import type { ClientOptions } from '../../../tls/upstream-tls.ts'
import type { Outgoing, Receiver } from '../flow.ts'
import { serverName } from '../open-socket.ts'
import type { TargetConnections } from '../target-connections.ts'
import { Http2Session } from './session.ts'
import { Http2Stream, type StreamOwner } from './stream.ts'

export interface Http2Options {
  readonly origin: string
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** null: cleartext. */
  readonly secure: ClientOptions | null
  /** Connections of HTTP/1.1 to the same target: WebSockets go there. */
  readonly tunnels: TargetConnections
  /** Makes connections of TCP in the place of Node. */
  readonly dial?: (() => Socket) | undefined
}

/** Connections without a request that are kept: with the client's Host preserved, their names are the clients' to choose. */
const IDLE = 16

/**
 * Connections of HTTP/2 to one target, each for up to a hundred requests at a time.
 *
 * Node's own client, not that of undici 7 (decision 0011): with that one a GOAWAY costs all requests of its connection, and some of
 * them the process; bodies of GET are lost, interim answers dropped.
 */
export class Http2Connections implements TargetConnections, StreamOwner {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly #options: Http2Options
  readonly #sessions = new Set<Http2Session>()
  /** What may still be used. */
  #open: Http2Session[] = []
  #closing = false

  constructor (options: Http2Options) {
    this.#options = options
    this.scheme = options.secure === null ? 'http' : 'https'
    this.authority = new URL(options.origin).host
  }

  get size (): number {
    return this.#sessions.size + this.#options.tunnels.size
  }

  get idle (): number {
    let idle = this.#options.tunnels.idle
    for (const session of this.#sessions) if (session.load === 0) idle++
    return idle
  }

  send (request: Outgoing, receiver: Receiver): void {
    if (request.upgrade) {
      this.#options.tunnels.send(request, receiver)
      return
    }
    const stream = new Http2Stream(this, request, receiver)
    this.#sessionFor(stream).send(stream)
  }

  close (): void {
    this.#closing = true
    this.#options.tunnels.close()
    for (const session of this.#sessions) session.close()
  }

  async destroy (): Promise<void> {
    this.#closing = true
    await Promise.all([this.#options.tunnels.destroy(), ...[...this.#sessions].map(session => session.destroy())])
  }

  /** See {@link StreamOwner}. */
  again (stream: Http2Stream): void {
    this.#sessionFor(stream).send(stream)
  }

  #sessionFor (stream: Http2Stream): Http2Session {
    const name = this.#options.secure === null ? '' : serverName(stream.host)
    for (const session of this.#open) if (session.name === name && session.free) return session
    const { origin, host, port, secure, dial } = this.#options
    const session = new Http2Session({
      origin,
      host,
      port,
      secure,
      name,
      connectTimeout: stream.connectTimeout,
      dial,
      idle: () => this.#spare(),
      left: one => { this.#open = this.#open.filter(other => other !== one) },
      ended: one => { this.#sessions.delete(one) }
    })
    this.#sessions.add(session)
    // a copy may outlive the configuration that has ordered it
    if (this.#closing) session.close()
    else this.#open.push(session)
    return session
  }

  /** Closes what would be too many, the oldest first. */
  #spare (): void {
    const idle = this.#open.filter(session => session.load === 0)
    for (const session of idle.slice(0, Math.max(0, idle.length - IDLE))) session.close()
  }
}
