import type { TLSSocket } from 'node:tls'
import type { GatewaySettings } from '../../config/model.ts'
import { Http2Client, type Http2Options } from './client.ts'

/** The connections of HTTP/2 of a listener. */
export class Http2Clients {
  readonly #options: Omit<Http2Options, 'closed'>
  readonly #clients = new Set<Http2Client>()
  #closing = false

  constructor (options: Omit<Http2Options, 'closed'>) {
    this.#options = options
  }

  get count (): number {
    return this.#clients.size
  }

  take (socket: TLSSocket): void {
    const client = new Http2Client(socket, { ...this.#options, closed: client => this.#clients.delete(client) })
    this.#clients.add(client)
    // it has shaken hands while the listener was closing
    if (this.#closing) client.close()
  }

  sweep (timeouts: GatewaySettings['timeouts'], now = performance.now()): void {
    for (const client of this.#clients) client.sweep(now, timeouts)
  }

  /** Clients are asked to go elsewhere. */
  announceEnd (): void {
    for (const client of this.#clients) client.announceEnd()
  }

  /** Each ends with its last request. */
  close (): void {
    this.#closing = true
    for (const client of this.#clients) client.close()
  }

  destroy (): void {
    for (const client of this.#clients) client.destroy()
  }
}
