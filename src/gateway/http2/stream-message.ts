import { constants, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { CountedSocket } from '../../observability/access-fields.ts'
import { ClientMessage } from '../listener/client-message.ts'
import type { Connection } from '../listener/connection.ts'

/** What Node's HTTP/1 parser does to a message. */
interface Internals {
  _addHeaderLines (fields: string[], count: number): void
  readonly _readableState: { readingMore: boolean }
}

/** A request's head as HTTP/1.1 would have it. */
export interface StreamHead {
  readonly method: string
  readonly target: string
  /** Name, value, …, with `host`, without pseudo-header fields. */
  readonly fields: string[]
}

/**
 * A request that came on a stream of HTTP/2, for an engine that knows HTTP/1: same fields, same body, same end.
 *
 * Node's own compatible request says of an upload that the client broke off that it has ended, like one that is whole.
 */
export class StreamMessage extends ClientMessage {
  readonly #stream: ServerHttp2Stream
  readonly #lane: Connection
  /** Bytes of its answer's body. */
  written = 0
  #read = 0
  #reading = false

  constructor (socket: TLSSocket, stream: ServerHttp2Stream, lane: Connection, { method, target, fields }: StreamHead) {
    super(socket)
    this.#stream = stream
    this.#lane = lane
    this.httpVersion = '2.0'
    this.httpVersionMajor = 2
    this.httpVersionMinor = 0
    this.method = method
    this.url = target
    ;(this as unknown as Internals)._addHeaderLines(fields, fields.length)
    if (stream.endAfterHeaders) {
      this.complete = true
      return
    }
    // a body whose end only its frames tell: what plugins ask for is how HTTP/1.1 says so
    if (this.headers['content-length'] === undefined) this.headers['transfer-encoding'] = 'chunked'
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('end', () => this.#end())
    stream.on('aborted', () => this.leave())
  }

  override get lane (): Connection {
    return this.#lane
  }

  override get received (): number {
    return this.#read
  }

  /** What a stream has of its connection's bytes: bodies, since heads are compressed against each other. */
  get counted (): CountedSocket {
    return { bytesRead: this.#read, bytesWritten: this.written }
  }

  /** The client won't send the rest. */
  leave (): void {
    if (!this.complete) this.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
  }

  #take (chunk: Buffer): void {
    this.#read += chunk.length
    if (!this.destroyed && !this.push(chunk)) this.#stream.pause()
  }

  #end (): void {
    // Node ends what a reset has cut; a stream that ended by itself is closed only after its answer
    if (this.#stream.aborted || this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
      this.leave()
      return
    }
    this.complete = true
    this.push(null)
  }

  override _read (): void {
    if (!this.#reading) {
      this.#reading = true
      ;(this as unknown as Internals)._readableState.readingMore = false
    }
    this.#stream.resume()
  }

  override _destroy (error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.readableEnded || !this.complete) {
      this.aborted = true
      this.emit('aborted')
      if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL)
      // what has come of the body and waits would keep it, and its place among the streams of the connection
      this.#stream.resume()
    }
    // as Node has it: nobody listens, nobody is told
    process.nextTick(() => done(this.listenerCount('error') === 0 ? null : error))
  }
}
