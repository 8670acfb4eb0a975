import { ServerResponse, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { FastifyBaseLogger } from 'fastify'
import type { GatewaySettings } from '../../config/model.ts'
import type { ListenSettings } from '../../config/gateway-settings.ts'
import { hasBody } from '../../proxy/request/request-body.ts'
import type { TicketKeys } from '../../tls/ticket-keys.ts'
import type { ClientMessage } from './client-message.ts'
import { connectionOf } from './connection.ts'
import { skipEmptyBody } from './empty-request.ts'
import { createParser } from './parser.ts'
import { holdRequest } from './pipeline.ts'
import { refuseMalformed, type MalformedFacts } from './malformed.ts'
import { Http2Clients } from '../http2/clients.ts'
import { Handshake } from './handshake.ts'
import { linger, lingerOnClose } from './linger.ts'
import { sweep } from './sweep.ts'
import { replayPlain } from './replay.ts'
import type { Snapshot } from '../snapshot.ts'
import { TlsDoor } from './tls-door.ts'

/** How often slow clients are looked for, in milliseconds. */
const SWEEP = 1_000

/** How often connections that have become idle are closed while the listener stops. */
const IDLE_AGAIN = 100

export interface ListenerOptions {
  /** Asked for once a request: it counts them. */
  readonly current: () => Snapshot
  /** The same, for what is no request. */
  readonly inForce: () => Snapshot
  readonly ticketKeys: TicketKeys
  readonly log: FastifyBaseLogger
  readonly nextId: () => string
  /** Asked about each connection before anything is read. @returns false: it has been closed */
  readonly admit: (socket: Socket) => boolean
  /** Told of those that are taken. */
  readonly connected?: (socket: Socket) => void
  /** Told of requests that the parser refused, which no snapshot sees. */
  readonly onMalformed: ((facts: MalformedFacts) => void) | null
}

/** One listening address of the process. It outlives snapshots: each request asks for the current one. */
export class Listener {
  readonly address: ListenSettings
  readonly #server: Server
  /** null: clients speak plain HTTP. */
  readonly #door: TlsDoor | null
  readonly #http2: Http2Clients
  readonly #options: ListenerOptions
  readonly #sockets = new Set<Socket>()
  readonly #sweeper: NodeJS.Timeout
  #timeouts: GatewaySettings['timeouts']
  #draining = false

  constructor (address: ListenSettings, settings: GatewaySettings, options: ListenerOptions) {
    this.address = address
    this.#options = options
    const { limits, timeouts } = settings
    this.#timeouts = timeouts
    this.#http2 = new Http2Clients({
      listener: address,
      limits,
      nextId: options.nextId,
      log: options.log,
      serve: (raw, response, facts) => {
        skipEmptyBody(raw)
        options.current().handle(raw, response as unknown as ServerResponse, facts)
      }
    })
    const server = createParser(settings)
    this.#door = address.tls ? this.#makeDoor(server) : null
    server.on('connection', socket => {
      // a client of TLS counts from the end of its handshake; again for a request that is replayed without its Upgrade
      if ((this.#door !== null && !(socket instanceof TLSSocket)) || this.#sockets.has(socket)) return
      // with TLS it was asked for at the door
      if (this.#door === null && !options.admit(socket)) return
      // an address can only be asked for while the peer is there
      connectionOf(socket).listener = address
      options.connected?.(socket)
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (raw, response) => this.#serve(raw, response))
    server.on('checkContinue', (raw, response) => this.#serve(raw, response, { expectsContinue: true }))
    server.on('checkExpectation', (raw, response) => this.#serve(raw, response))
    server.on('upgrade', (raw, socket, head) => this.#upgrade(raw, socket, head))
    server.on('connect', (_raw, socket) => {
      // Node has let go of the socket, and of the listener that kept an error from being thrown
      socket.on('error', () => socket.destroy())
      refuseMalformed(socket as Socket, { code: 'SP_CONNECT' }, options)
    })
    server.on('clientError', (error, socket) => refuseMalformed(socket as Socket, error as NodeJS.ErrnoException, options))
    this.#server = server
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP).unref()
  }

  /**
   * Puts the door before Node's HTTP parser: what connects shakes hands first. The server still does the rest, the
   * counting and closing of connections included.
   */
  #makeDoor (server: Server): TlsDoor {
    const [parse] = server.listeners('connection') as Array<(socket: Socket) => void>
    if (parse === undefined) throw new Error('this version of Node has no listener that parses')
    const door = new TlsDoor(this.address, {
      ...this.#options,
      certificates: () => this.#options.inForce().certificates,
      timeout: () => this.#timeouts.headers,
      secured: socket => {
        if (socket.alpnProtocol === 'h2') {
          this.#http2.take(socket)
          return
        }
        // as connections without TLS are: who has sent its last request still wants the answer
        socket.allowHalfOpen = true
        server.emit('connection', socket)
      },
      refusePlain: socket => refuseMalformed(socket, { code: 'SP_PLAIN_HTTP' }, this.#options)
    })
    server.off('connection', parse)
    server.on('connection', socket => {
      if (socket instanceof TLSSocket) parse.call(server, socket)
      else if (this.#options.admit(socket)) door.greet(socket)
    })
    return door
  }

  /** @throws the system's error (EADDRINUSE, EACCES, …) */
  async listen (): Promise<AddressInfo> {
    const { host, port } = this.address
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, exclusive: false }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    return this.#server.address() as AddressInfo
  }

  get port (): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  get connections (): number {
    return this.#sockets.size + this.#http2.count
  }

  #sweep (): void {
    sweep(this.#sockets, this.#timeouts)
    this.#http2.sweep(this.#timeouts)
  }

  /** Takes over the settings of a reload; the size of a head is fixed when the listener is made. */
  apply (settings: GatewaySettings): void {
    this.#timeouts = settings.timeouts
    this.#server.headersTimeout = settings.timeouts.headers
  }

  /** Answers from now on end their connection, so that clients move on before the listener closes. */
  drain (): void {
    this.#draining = true
    // requests that run: their heads are still to be written
    for (const socket of this.#sockets) {
      const response = connectionOf(socket).current?.response
      if (response !== undefined) response.shouldKeepAlive = false
    }
    this.#http2.announceEnd()
  }

  /** Stops accepting; idle connections are closed, those that carry a request live on. */
  async stop (): Promise<void> {
    this.drain()
    clearInterval(this.#sweeper)
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.#closeIdle()
    // a stream whose head promised to keep the connection leaves it idle later
    const again = setInterval(() => this.#closeIdle(), IDLE_AGAIN)
    await closed
    clearInterval(again)
  }

  #closeIdle (): void {
    this.#door?.destroy()
    this.#http2.close()
    this.#server.closeIdleConnections()
    // for Node, a connection that has not asked anything yet is busy with its first head
    for (const socket of this.#sockets) {
      if (socket.bytesRead === 0) socket.destroy()
    }
  }

  /** Cuts what is left: tunnels, streams, requests. */
  destroy (): void {
    this.#door?.destroy()
    for (const socket of this.#sockets) socket.destroy()
    this.#http2.destroy()
  }

  #serve (raw: IncomingMessage, response: ServerResponse, facts?: { readonly expectsContinue: boolean }): void {
    const connection = connectionOf(raw.socket)
    if (connection.current !== null) {
      holdRequest(connection, () => this.#serve(raw, response, facts))
      return
    }
    if (this.#draining) response.shouldKeepAlive = false
    lingerOnClose(raw.socket)
    skipEmptyBody(raw as ClientMessage)
    this.#options.current().handle(raw, response, facts)
  }

  #upgrade (raw: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (connectionOf(socket as Socket).current !== null) {
      // pipelined behind a request that still has its answer to come on this very socket
      socket.on('error', () => socket.destroy())
      refuseMalformed(socket as Socket, { code: 'SP_PIPELINED_UPGRADE' }, this.#options)
      return
    }
    if (raw.headers.upgrade?.toLowerCase() !== 'websocket' || raw.method !== 'GET' || hasBody(raw)) {
      // h2c and others: RFC 9110 section 7.8 lets a server ignore the field; the body of a handshake would pass for the
      // first bytes of the tunnel
      replayPlain(this.#server, raw, socket as Socket, head)
      return
    }
    const response = new ServerResponse(raw)
    response.shouldKeepAlive = false
    response.assignSocket(socket as Socket)
    response.once('finish', () => {
      socket.end()
      linger(socket as Socket)
    })
    // the parser is gone, and with it the listener that kept an error from being thrown
    socket.on('error', () => socket.destroy())
    this.#options.current().handle(raw, response, { upgrade: new Handshake(socket as Socket, head) })
  }
}
