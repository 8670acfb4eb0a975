import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientOptions } from '../../../tls/upstream-tls.ts'
import { failure } from '../failure.ts'
import { openSocket } from '../open-socket.ts'
import { HEADER_LIST } from './fields.ts'
import type { Http2Stream, StreamHome } from './stream.ts'

/** Where a connection goes, and how. */
export interface SessionOptions {
  readonly origin: string
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** null: cleartext, by prior knowledge (RFC 9113 section 3.3). */
  readonly secure: ClientOptions | null
  /** Name that TLS asks for; '': none. */
  readonly name: string
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Makes the connection of TCP in the place of Node. */
  readonly dial?: (() => Socket) | undefined
  /** It has no request any more. */
  readonly idle: (session: Http2Session) => void
  /** It takes no more requests. */
  readonly left: (session: Http2Session) => void
  readonly ended: (session: Http2Session) => void
}

/** Requests at once on a connection, whatever the upstream allows: a lost packet holds all of them up. */
const STREAMS = 100
/** Requests that it may have in its life: a connection has 2³⁰ ids for them (RFC 9113 section 5.1.1). */
const MOST = 1_000_000_000
/** Without a request it is closed, in milliseconds. */
const IDLE = 60_000
/** As long as a connection whose upstream was silent may take to answer a ping, in milliseconds. */
const PATIENCE = 5_000
/** Bytes of an answer that are taken before its client has read them, and of all answers of a connection. */
const STREAM_WINDOW = 262_144
const CONNECTION_WINDOW = 4_194_304
/** Megabytes: what Node refuses streams beyond. */
const MEMORY = 64

/** One connection of HTTP/2 to an upstream. */
export class Http2Session implements StreamHome {
  readonly name: string
  readonly session: ClientHttp2Session
  readonly #options: SessionOptions
  #waiting: Http2Stream[] = []
  #connected = false
  #leaving = false
  /** Its upstream was silent, and has not answered since. */
  #suspect = false
  #streams = 0
  /** Streams that it has had. */
  #sent = 0

  constructor (options: SessionOptions) {
    this.name = options.name
    this.#options = options
    const socket = openSocket({ ...options, protocols: ['h2'] })
    const timer = setTimeout(() => socket.destroy(failure('UND_ERR_CONNECT_TIMEOUT', 'no connection in time')), options.connectTimeout)
    const session = connectHttp2(options.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: HEADER_LIST },
      maxSessionMemory: MEMORY,
      // the size is what bounds them
      maxHeaderListPairs: 2_000
    })
    this.session = session
    session.on('connect', () => {
      // Node says so of one that was destroyed meanwhile, too
      if (session.destroyed) return
      clearTimeout(timer)
      if (options.secure !== null && (socket as TLSSocket).alpnProtocol !== 'h2') session.destroy(failure('SP_UPSTREAM_PROTOCOL', 'the upstream speaks no HTTP/2'))
      else this.#begin()
    })
    session.on('goaway', () => this.#leave())
    session.on('error', error => this.#end(error))
    session.on('close', () => {
      clearTimeout(timer)
      this.#end(failure('ECONNRESET', 'the upstream has closed the connection'))
    })
    // a callback of `setTimeout` would be called once: with a request that is silent for longer, never for idleness
    session.setTimeout(IDLE)
    session.on('timeout', () => {
      if (this.load === 0) this.close()
    })
  }

  /** Requests that it has. */
  get load (): number {
    return this.#streams + this.#waiting.length
  }

  /** Whether another request may go there. */
  get free (): boolean {
    if (this.#leaving || this.#suspect || this.#sent >= MOST || this.session.closed || this.session.destroyed) return false
    // one that allows none at the moment keeps the first waiting
    return this.load < (this.#connected ? Math.min(STREAMS, Math.max(1, this.session.remoteSettings?.maxConcurrentStreams ?? STREAMS)) : STREAMS)
  }

  send (stream: Http2Stream): void {
    if (!this.#connected) this.#waiting.push(stream)
    else if (stream.start(this)) {
      this.#streams++
      this.#sent++
    }
  }

  /** A request has ended. */
  freed (): void {
    this.#streams--
    this.#rest()
  }

  /** Its upstream was silent for too long: unless it answers a ping, the connection is dead, and so would be all that follows. */
  doubt (): void {
    if (this.#suspect || this.session.destroyed) return
    this.#suspect = true
    const timer = setTimeout(() => this.session.destroy(failure('ECONNRESET', 'the upstream answers no ping')), PATIENCE)
    const trust = (error: Error | null): void => {
      clearTimeout(timer)
      if (error === null) this.#suspect = false
    }
    if (this.session.closed || !this.session.ping(trust)) clearTimeout(timer)
  }

  /** Closes it when its requests have ended. */
  close (): void {
    this.#leave()
    this.#rest()
  }

  /** Cuts it and its requests. */
  async destroy (): Promise<void> {
    if (this.session.destroyed) return
    await new Promise<void>(resolve => {
      this.session.once('close', resolve)
      this.session.destroy(failure('UND_ERR_DESTROYED', 'the gateway ends'))
    })
  }

  #begin (): void {
    this.#connected = true
    this.session.setLocalWindowSize(CONNECTION_WINDOW)
    for (const stream of this.#waiting.splice(0)) this.send(stream)
    // all that have waited for it may have left
    this.#rest()
  }

  /**
   * Without requests it is idle, or ends. Node is told no sooner: it destroys a connection that is still being made, with the
   * requests that wait for it, and refuses those whose head has not gone out.
   */
  #rest (): void {
    if (!this.#connected || this.load > 0) return
    if (this.#leaving) this.session.close()
    else this.#options.idle(this)
  }

  #leave (): void {
    if (this.#leaving) return
    this.#leaving = true
    this.#options.left(this)
  }

  #end (error: Error): void {
    this.#leave()
    this.#options.ended(this)
    for (const stream of this.#waiting.splice(0)) stream.refuse(error)
  }
}
