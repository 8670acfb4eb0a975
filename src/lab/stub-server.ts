import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Addressee } from './stubs.ts'
import type { Shown } from './tls/stub-certificates.ts'

/** A connection that the gateway has made. */
export interface Peer {
  readonly to: Addressee
  /** What is shown to a client that asks for a name ('' where it asks for none); null: TLS is not spoken. */
  readonly show: ((name: string) => Shown) | null
  /** Cleartext HTTP/2, by prior knowledge. */
  readonly http2: boolean
}

export interface StubServerOptions {
  serve (message: IncomingMessage, response: ServerResponse, connection: Accepted): Promise<void>
  upgrade (message: IncomingMessage, socket: Duplex, head: Buffer, connection: Accepted): Promise<void>
}

/** The server's side of one. */
export interface Accepted {
  readonly peer: Peer
  readonly raw: Socket
  /** null: without TLS. */
  readonly tls: TLSSocket | null
}

/** A server on a free port of the loopback that speaks whatever a connection was made for: HTTP/1.1 or HTTP/2, with TLS or without. */
export class StubServer {
  readonly #server = createServer(raw => { this.#accept(raw).catch(error => this.#fail(raw, error)) })
  readonly #http = createHttpServer((message, response) => this.#serve(message, response))
  readonly #http2 = createHttp2Server((message, response) => this.#serve(message as unknown as IncomingMessage, response as unknown as ServerResponse))
  readonly #options: StubServerOptions
  /** By the port of the gateway's side. */
  readonly #peers = new Map<number, Peer>()
  readonly #accepted = new Map<number, Accepted>()
  readonly #open = new Set<Socket>()
  #failure: unknown

  constructor (options: StubServerOptions) {
    this.#options = options
    // a connection that idles must not end in the middle of a test
    this.#http.keepAliveTimeout = 0
    this.#http.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#options.upgrade(message, socket, head, this.#of(message)).catch(error => this.#fail(socket, error))
    })
  }

  get port (): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** @param port of a connection that the gateway has just made */
  expect (port: number, peer: Peer): void {
    this.#peers.set(port, peer)
  }

  async listen (): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async close (): Promise<void> {
    this.#server.close()
    for (const raw of this.#open) raw.destroy()
    await once(this.#server, 'close')
  }

  /** @throws what serving has thrown first since the last call */
  check (): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  async #accept (raw: Socket): Promise<void> {
    const { remotePort: port = 0 } = raw
    this.#open.add(raw)
    raw.on('error', () => raw.destroy())
    raw.once('close', () => {
      this.#open.delete(raw)
      this.#accepted.delete(port)
    })
    // both ends are in this process: this one may be known first
    while (!this.#peers.has(port) && !raw.destroyed) await new Promise(resolve => setImmediate(resolve))
    const peer = this.#peers.get(port)
    this.#peers.delete(port)
    if (peer === undefined || raw.destroyed) return
    const tls = peer.show === null ? null : await secure(raw, peer.show)
    this.#accepted.set(port, { peer, raw, tls })
    const http2 = tls === null ? peer.http2 : tls.alpnProtocol === 'h2'
    ;(http2 ? this.#http2 : this.#http).emit('connection', tls ?? raw)
  }

  #serve (message: IncomingMessage, response: ServerResponse): void {
    this.#options.serve(message, response, this.#of(message)).catch(error => this.#fail(response, error))
  }

  #of ({ socket }: IncomingMessage): Accepted {
    return this.#accepted.get(socket.remotePort ?? 0) as Accepted
  }

  #fail (what: { destroy (): unknown }, error: unknown): void {
    this.#failure ??= error
    what.destroy()
  }
}

/** Never resolves for a client that doesn't like what it is shown. */
async function secure (raw: Socket, show: (name: string) => Shown): Promise<TLSSocket> {
  const { cert, key } = show('')
  const door = createTlsServer({
    cert,
    key,
    ALPNProtocols: ['h2', 'http/1.1'],
    SNICallback: (name, done) => { done(null, show(name).context) },
    // whoever comes: what it shows is for the test to look at
    requestCert: true,
    rejectUnauthorized: false
  })
  door.on('tlsClientError', () => raw.destroy())
  return await new Promise(resolve => {
    door.once('secureConnection', resolve)
    door.emit('connection', raw)
  })
}
