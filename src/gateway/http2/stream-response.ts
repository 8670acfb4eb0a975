import { validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { Writable } from 'node:stream'
import { OutgoingFields } from './stream-fields.ts'
import type { Way } from './reading.ts'
import type { StreamMessage } from './stream-message.ts'

type Value = string | number | string[]
type Done = (error?: Error | null) => void

/**
 * What is handed to HTTP/2 at once: how much of it the client has taken shows when all of it has gone, which is how long one that
 * takes nothing can be borne (see `Reading`). Pieces of 16 KiB cost a third more CPU for a long download, and quarter that time.
 */
const PIECE = 65_536

/**
 * An answer on a stream of HTTP/2, as much of Node's `ServerResponse` as the engine, its plugins and Fastify use.
 *
 * Its head waits for the first byte of the body or for the end, so that an answer without a body is one frame, and one that
 * is whole is two.
 */
export class StreamResponse extends Writable implements Way {
  readonly req: StreamMessage
  readonly socket: StreamMessage['socket']
  statusCode = 200
  statusMessage = ''
  /** HTTP/1's: here it means nothing. */
  shouldKeepAlive = true
  headersSent = false
  /** See {@link Way}. */
  gone = 0
  underWay = 0
  /** The client, or a frame of its, has ended the stream before the answer was whole. */
  takenBack = false
  readonly #stream: ServerHttp2Stream
  readonly #store = new Map<string, { readonly name: string, readonly value: Value }>()
  #head: OutgoingHttpHeaders = {}
  #trailers: OutgoingHttpHeaders | null = null
  #responded = false
  /** `end` was called. */
  #ending = false
  /** The stream has been given its end. */
  #ended = false
  /** The answer has no body, whatever is written. */
  #bare = false

  constructor (stream: ServerHttp2Stream, request: StreamMessage) {
    super({ highWaterMark: PIECE, decodeStrings: true })
    this.#stream = stream
    this.req = request
    this.socket = request.socket
    this.on('error', () => {})
    stream.on('error', () => {})
    const gone = (): void => {
      if (!this.destroyed && !this.writableFinished) this.takenBack = true
      this.destroy()
    }
    stream.on('aborted', gone)
    stream.on('close', gone)
  }

  setHeader (name: string, value: Value): this {
    validateHeaderName(name)
    if (Array.isArray(value)) for (const item of value) validateHeaderValue(name, item)
    else validateHeaderValue(name, value as string)
    this.#store.set(name.toLowerCase(), { name, value })
    return this
  }

  appendHeader (name: string, value: string | string[]): this {
    const before = this.getHeader(name)
    return this.setHeader(name, before === undefined ? value : [...[before].flat().map(String), ...[value].flat()])
  }

  getHeader (name: string): Value | undefined {
    return this.#store.get(name.toLowerCase())?.value
  }

  getHeaders (): OutgoingHttpHeaders {
    const headers = Object.create(null) as OutgoingHttpHeaders
    for (const [lower, { value }] of this.#store) headers[lower] = value
    return headers
  }

  getHeaderNames (): string[] {
    return [...this.#store.keys()]
  }

  hasHeader (name: string): boolean {
    return this.#store.has(name.toLowerCase())
  }

  removeHeader (name: string): void {
    this.#store.delete(name.toLowerCase())
  }

  /** @throws for a status that HTTP/2 doesn't know, before anything is sent */
  writeHead (status: number, text?: unknown, given?: unknown): this {
    if (this.headersSent) throw Object.assign(new Error('the head is written'), { code: 'ERR_HTTP_HEADERS_SENT' })
    if (status < 200 || status > 599) throw new RangeError(`HTTP/2 has no status ${status}`)
    const fields = (typeof text === 'string' ? given : text) as Record<string, Value> | string[] | undefined
    const head = new OutgoingFields()
    if (Array.isArray(fields)) {
      for (let index = 0; index < fields.length; index += 2) head.add(fields[index] as string, fields[index + 1] as string)
    } else {
      for (const [name, value] of Object.entries(fields ?? {})) if (value !== undefined) head.add(name, value)
    }
    for (const [lower, { value }] of this.#store) if (!(lower in head.headers)) head.add(lower, value)
    this.statusCode = status
    this.headersSent = true
    this.#bare = this.req.method === 'HEAD' || status === 204 || status === 205 || status === 304
    this.#head = head.headers
    return this
  }

  flushHeaders (): void {
    if (!this.headersSent) this.writeHead(this.statusCode)
    if (!this.#responded) this.#respond(false)
  }

  addTrailers (trailers: ReadonlyArray<readonly [string, string]> | Record<string, string>): void {
    const fields = new OutgoingFields()
    for (const [name, value] of Array.isArray(trailers) ? trailers : Object.entries(trailers)) fields.add(name, value)
    this.#trailers = fields.headers
  }

  writeContinue (): void {
    this.#inform({ ':status': 100 })
  }

  writeProcessing (): void {
    this.#inform({ ':status': 102 })
  }

  writeEarlyHints (hints: Record<string, string | string[]>): void {
    const fields = new OutgoingFields()
    for (const [name, value] of Object.entries(hints)) fields.add(name, value)
    this.#inform({ ':status': 103, ...fields.headers })
  }

  #inform (headers: OutgoingHttpHeaders): void {
    if (!this.#stream.closed && !this.#stream.destroyed && !this.#stream.headersSent) this.#stream.additionalHeaders(headers as never)
  }

  override end (chunk?: unknown, ...rest: unknown[]): this {
    this.#ending = true
    return super.end(chunk, ...rest as [])
  }

  override _write (chunk: Buffer, _encoding: string, done: Done): void {
    this.#send(chunk, done)
  }

  #send (chunk: Buffer, done: Done): void {
    if (!this.headersSent) this.writeHead(this.statusCode)
    const stream = this.#stream
    if (this.#bare || stream.closed || stream.destroyed) {
      done()
      return
    }
    this.req.written += chunk.length
    const last = this.#ending && this.writableLength === chunk.length && this.#trailers === null
    if (last && chunk.length <= PIECE) {
      if (!this.#responded) this.#respond(false, true)
      this.#ended = true
      this.underWay = chunk.length
      stream.end(chunk, () => this.#went(chunk.length, done))
      return
    }
    if (!this.#responded) this.#respond(false)
    this.#sendPieces(chunk, 0, done)
  }

  #sendPieces (chunk: Buffer, from: number, done: Done): void {
    const next = from + PIECE
    const piece = chunk.length <= PIECE ? chunk : chunk.subarray(from, next)
    this.underWay = piece.length
    this.#stream.write(piece, () => this.#went(piece.length, () => {
      if (next >= chunk.length || this.destroyed || this.#stream.closed) done()
      else this.#sendPieces(chunk, next, done)
    }))
  }

  /** What went wrong shows in the stream's own end. */
  #went (bytes: number, next: () => void): void {
    this.gone += bytes
    this.underWay = 0
    next()
  }

  override _final (done: Done): void {
    if (!this.headersSent) this.writeHead(this.statusCode)
    const stream = this.#stream
    if (this.#ended || stream.closed || stream.destroyed) {
      done()
    } else if (!this.#responded) {
      this.#respond(true)
      done()
    } else if (this.#bare) {
      done()
    } else {
      stream.end(() => done())
    }
  }

  /** @param whole all of its body follows at once, and no trailers */
  #respond (endStream: boolean, whole = false): void {
    this.#responded = true
    const stream = this.#stream
    if (stream.closed || stream.destroyed) return
    const waitForTrailers = !endStream && !whole && !this.#bare && TRAILERS.test(String(this.req.headers.te ?? ''))
    if (waitForTrailers) stream.once('wantTrailers', () => stream.sendTrailers(this.#trailers ?? {}))
    try {
      stream.respond({ ':status': this.statusCode, ...this.#head }, { endStream: endStream || this.#bare, waitForTrailers })
    } catch {
      // a field that HTTP/2 refuses to write: nothing has gone out that could be taken for an answer
      this.destroy()
    }
  }

  /** An answer that is cut must not look whole; one that is whole needs no more of an upload. */
  override _destroy (_error: Error | null, done: Done): void {
    const stream = this.#stream
    if (!stream.closed && !stream.destroyed) {
      // `close` would end the stream's data before it is reset
      if (!this.writableFinished) stream.destroy(new Error('the answer is cut'))
      else if (!this.req.complete) stream.close(constants.NGHTTP2_NO_ERROR)
    }
    this.req.leave()
    done()
  }
}

const TRAILERS = /(?:^|,)\s*trailers\s*(?:,|;|$)/i
