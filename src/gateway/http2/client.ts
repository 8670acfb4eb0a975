import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { FastifyBaseLogger } from 'fastify'
import type { GatewaySettings, ListenAddress } from '../../config/model.ts'
import { makeConnection, type Connection } from '../listener/connection.ts'
import { checkUpload } from '../listener/sweep.ts'
import { COST, Patience } from './patience.ts'
import { Reading } from './reading.ts'
import { refuseConnect } from './refuse-connect.ts'
import { readStreamHead } from './stream-fields.ts'
import { StreamMessage } from './stream-message.ts'
import { StreamResponse } from './stream-response.ts'

/** Requests that a client may have under way. */
const STREAMS = 100
/**
 * As much of a body as a client may send before we have taken it. This alone bounds what waits here: Node gives the connection's
 * window back when bytes come, not when they are taken (measured: 100 uploads that nobody takes held 24.5 MB at 256 KiB each).
 */
const STREAM_WINDOW = 65_536
const WINDOW = 1_048_576
/** Streams that a client may have reset or had refused, beyond what nghttp2 and Node bear (Node's own: 1000 and 100). */
const INVALID_FRAMES = 100
/** Room for the heads that our own limits decide about, as with HTTP/1; an entry costs 32 bytes more here (RFC 9113 section 6.5.2). */
const HEAD_ROOM = 4_096
const ENTRY = 32
/** Bytes that are no body and no head, a second: window updates, frame headers, and whatever else can be sent for nothing. */
const IDLE_BYTES = 262_144

export interface Http2Options {
  readonly listener: ListenAddress
  readonly limits: GatewaySettings['limits']
  readonly serve: (raw: StreamMessage, response: StreamResponse, facts: { readonly expectsContinue: boolean }) => void
  readonly nextId: () => string
  readonly log: FastifyBaseLogger
  /** The connection has ended. */
  readonly closed: (client: Http2Client) => void
}

interface Stream {
  readonly stream: ServerHttp2Stream
  /** Bytes of its body that had come and were not taken, at the sweeper's last look. */
  waiting: number
  readonly lane: Connection
  readonly response: StreamResponse
  readonly reading: Reading
}

/** A client's connection of HTTP/2. */
export class Http2Client {
  readonly #socket: TLSSocket
  readonly #session: ServerHttp2Session
  readonly #options: Http2Options
  readonly #streams = new Set<Stream>()
  readonly #patience = new Patience()
  /** Of its socket: what all of its streams have in common. */
  readonly #facts: Connection
  /** Since when no request has run. */
  #idleSince = performance.now()
  #asked = false
  /** Streams, and bytes of bodies, since the sweeper's last look. */
  #opened = 0
  #bodies = 0
  #read = 0
  #wrote = 0

  constructor (socket: TLSSocket, options: Http2Options) {
    this.#socket = socket
    this.#options = options
    this.#facts = { ...makeConnection(socket, 2), listener: options.listener }
    const { limits } = options
    const session = performServerHandshake(socket, {
      maxHeaderListPairs: limits.headers + 32,
      maxSessionInvalidFrames: INVALID_FRAMES,
      maxSendHeaderBlockLength: 1_048_576,
      settings: {
        maxConcurrentStreams: STREAMS,
        maxHeaderListSize: limits.request_line + limits.header_block + limits.headers * ENTRY + HEAD_ROOM,
        initialWindowSize: STREAM_WINDOW,
        enableConnectProtocol: false
      }
    })
    this.#session = session
    session.setLocalWindowSize(WINDOW)
    session.on('stream', (...[stream, , , raw]: [ServerHttp2Stream, unknown, number, string[]]) => this.#serve(stream, raw))
    session.on('ping', () => this.#bear(COST.ping, 'pings'))
    session.on('remoteSettings', () => this.#bear(COST.settings, 'settings'))
    session.on('priority', () => this.#bear(COST.priority, 'priorities'))
    // its end shows in 'close'; what it was, only a debugger wants to know
    session.on('error', error => options.log.debug({ err: error, client: this.#facts.address }, 'a connection of HTTP/2 failed'))
    session.on('close', () => {
      socket.destroy()
      options.closed(this)
    })
  }

  /** No new requests; what runs is answered. */
  close (): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close()
  }

  /** The client is asked to go elsewhere; requests that are on their way still count (RFC 9113 section 6.8). */
  announceEnd (): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1)
  }

  destroy (): void {
    this.#session.destroy()
    this.#socket.destroy()
  }

  /** Looks at it once a second. */
  sweep (now: number, timeouts: GatewaySettings['timeouts']): void {
    if (this.#session.destroyed) {
      this.#socket.destroy()
      return
    }
    for (const stream of this.#streams) this.#look(stream, now, timeouts)
    this.#weigh()
    if (this.#streams.size > 0) return
    const idle = now - this.#idleSince
    // a first request has as long as with HTTP/1; a head that comes drop by drop is idleness, too
    if (!this.#asked && idle >= timeouts.headers) this.destroy()
    else if (idle >= timeouts.keep_alive) this.#session.closed ? this.destroy() : this.close()
  }

  #look ({ lane, response, reading }: Stream, now: number, timeouts: GatewaySettings['timeouts']): void {
    if (lane.current !== null) checkUpload(lane.current, now, timeouts)
    if (reading.tooSlow(response, now, this.#socket.bytesWritten, timeouts)) response.destroy()
  }

  /** Frames of which nobody tells us cost bytes. Whoever takes or sends bodies needs some. */
  #weigh (): void {
    // a body that nobody takes yet is no less a body
    for (const own of this.#streams) {
      const { readableLength } = own.stream
      this.#bodies += readableLength - own.waiting
      own.waiting = readableLength
    }
    const { bytesRead, bytesWritten } = this.#socket
    const { limits } = this.#options
    const due = IDLE_BYTES + this.#opened * (limits.request_line + limits.header_block) + this.#bodies * 10 + (bytesWritten - this.#wrote) / 4
    if (bytesRead - this.#read - this.#bodies > due) this.#end('bytes that are no request')
    this.#read = bytesRead
    this.#wrote = bytesWritten
    this.#opened = 0
    this.#bodies = 0
  }

  #bear (cost: number, what: string): void {
    if (!this.#patience.spend(cost)) this.#end(`too many ${what}`)
  }

  #end (why: string): void {
    if (this.#session.destroyed) return
    this.#options.log.info({ client: this.#facts.address, why }, 'a connection of HTTP/2 is ended')
    // a code for an error is what Node takes; its types don't say so
    ;(this.#session as unknown as { destroy (code: number): void }).destroy(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  #serve (stream: ServerHttp2Stream, raw: readonly string[]): void {
    this.#asked = true
    this.#opened++
    // taken back before it was read
    if (stream.destroyed || this.#session.destroyed) {
      this.#bear(COST.reset, 'requests taken back')
      return
    }
    stream.on('data', (chunk: Buffer) => { this.#bodies += chunk.length })
    const head = readStreamHead(raw)
    if (head.method === 'CONNECT') {
      refuseConnect(stream, this.#options.nextId())
      return
    }
    const lane: Connection = { ...this.#facts }
    const message = new StreamMessage(this.#socket, stream, lane, head)
    const response = new StreamResponse(stream, message)
    const own: Stream = { stream, waiting: 0, lane, response, reading: new Reading(this.#socket.bytesWritten) }
    this.#streams.add(own)
    response.once('close', () => {
      this.#streams.delete(own)
      this.#idleSince = performance.now()
      // not what we have cut ourselves
      if (response.takenBack) this.#bear(COST.reset, 'requests taken back')
    })
    this.#options.serve(message, response, { expectsContinue: /^100-continue$/i.test(message.headers.expect ?? '') })
  }
}
