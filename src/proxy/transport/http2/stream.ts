import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import type { Readable } from 'node:stream'
import { answerFields, endsStream, HEADER_LIST, requestFields, sizeOf } from './fields.ts'
import { failure, REFUSED, streamFailure } from '../failure.ts'
import type { Flow, Outgoing, Receiver } from '../flow.ts'
import { hostOf } from '../open-socket.ts'
import { upload } from './upload.ts'

/** Whose request it is. */
export interface StreamOwner {
  readonly scheme: 'http' | 'https'
  /** Where the request names no host. */
  readonly authority: string
  /** The request was not taken: another connection shall have it. */
  again (stream: Http2Stream): void
}

/** Its connection. */
export interface StreamHome {
  readonly session: ClientHttp2Session
  /** The upstream was silent for too long. */
  doubt (): void
  /** The stream has ended. */
  freed (): void
}

/**
 * One request on a connection of HTTP/2, told to its receiver as a request of HTTP/1.1 would be.
 *
 * An answer is complete when its last frame was here, and at no other end: Node calls a stream that was reset without an
 * error ended, like one that is whole.
 */
export class Http2Stream implements Flow {
  readonly #owner: StreamOwner
  readonly #request: Outgoing
  readonly #receiver: Receiver
  readonly #body: Buffer | Readable | null
  /** Ends an upload: see `#drop`. */
  readonly #controller: AbortController | null
  #stream: ClientHttp2Stream | null = null
  #trailers: string[] | null = null
  #begun = false
  /** The last frame of the answer is here. */
  #whole = false
  #paused = false
  #settled = false
  /** It was sent a second time. */
  #repeated = false

  constructor (owner: StreamOwner, request: Outgoing, receiver: Receiver) {
    this.#owner = owner
    this.#request = request
    this.#receiver = receiver
    this.#body = request.body
    this.#controller = isStream(this.#body) ? new AbortController() : null
  }

  /** Milliseconds that its connection may take to be made. */
  get connectTimeout (): number {
    return this.#request.connectTimeout
  }

  /** The request's Host field. */
  get host (): string {
    return hostOf(this.#request.fields) ?? this.#owner.authority
  }

  /** Sends it on a connection that is there. @returns whether that has a stream now */
  start (home: StreamHome): boolean {
    if (!this.#repeated && !this.#receiver.onConnect(this)) {
      this.#settled = true
      if (isStream(this.#body)) this.#body.destroy()
    }
    if (this.#settled) return false
    let stream: ClientHttp2Stream
    try {
      stream = home.session.request(requestFields(this.#request, this.#owner.scheme, this.#owner.authority), {
        endStream: this.#body === null,
        ...this.#controller === null ? {} : { signal: this.#controller.signal }
      })
    } catch (error) {
      // nothing has left, and the upstream is not to blame
      this.#fail(failure('UND_ERR_INVALID_ARG', 'a request that can\'t be sent', error))
      return false
    }
    this.#stream = stream
    this.#listen(stream, home)
    if (Buffer.isBuffer(this.#body)) stream.end(this.#body)
    else if (this.#body !== null) upload(this.#body, stream, error => this.#break(error))
    return true
  }

  /** It never had a connection. */
  refuse (error: Error): void {
    this.#fail(error)
  }

  #listen (stream: ClientHttp2Stream, home: StreamHome): void {
    const { push } = stream
    // Node pushes the end once for the last frame, and once for the end of the stream, of whatever kind that is
    stream.push = (chunk, encoding) => {
      if (chunk === null && !stream.closed) this.#whole = true
      return push.call(stream, chunk, encoding)
    }
    stream.on('headers', (_fields: IncomingHttpHeaders, _flags: number, raw: string[]) => this.#interim(raw))
    stream.on('response', (fields: IncomingHttpHeaders, flags: number, raw: string[]) => this.#head(stream, fields, flags, raw))
    stream.on('trailers', (_fields: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      this.#trailers = raw
    })
    stream.on('data', (chunk: Buffer) => this.#data(stream, chunk))
    stream.on('end', () => {
      if (this.#begun && this.#whole) this.#complete(stream)
    })
    stream.on('error', error => this.#cut(stream, error))
    stream.on('close', () => {
      home.freed()
      this.#cut(stream)
    })
    this.#wait(stream, home, this.#request.readTimeout)
  }

  #interim (raw: readonly string[]): void {
    if (this.#settled || this.#begun) return
    this.#guarded(() => this.#receiver.onHead(Number(raw[raw.indexOf(':status') + 1]), answerFields(raw, false), ''))
  }

  #head (stream: ClientHttp2Stream, fields: IncomingHttpHeaders, flags: number, raw: string[]): void {
    if (this.#settled) return
    this.#begun = true
    if (endsStream(flags)) this.#whole = true
    stream.setTimeout(this.#request.readTimeout)
    if (sizeOf(raw) > HEADER_LIST) {
      this.#drop()
      this.#fail(failure('UND_ERR_HEADERS_OVERFLOW', 'the head is too large'))
      return
    }
    const status = Number(fields[':status'])
    // nghttp2 lets 000 to 099 pass as final; the handler would take them for interim ones, and miss the head
    if (!(status >= 200)) this.#break(failure('SP_UPSTREAM_INVALID', 'a status that is none'))
    else this.#guarded(() => this.#receiver.onHead(status, answerFields(raw, !endsStream(flags)), ''))
  }

  #data (stream: ClientHttp2Stream, chunk: Buffer): void {
    if (this.#settled) return
    try {
      if (this.#receiver.onData(chunk) || this.#settled) return
    } catch (error) {
      this.#break(error as Error)
      return
    }
    this.#paused = true
    stream.pause()
  }

  /** What a receiver throws ends its request, and not the process. */
  #guarded (call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#break(error as Error)
    }
  }

  #break (error: Error): void {
    this.#drop()
    this.#fail(error)
  }

  #complete (stream: ClientHttp2Stream): void {
    if (this.#settled) return
    this.#settled = true
    // nobody wants what is left of the upload
    if (!stream.writableFinished) this.#drop()
    try {
      this.#receiver.onComplete(this.#trailers)
    } catch (error) {
      this.#receiver.onError(error as Error)
    }
  }

  /** The stream has ended, and the answer had not. */
  #cut (stream: ClientHttp2Stream, cause?: Error): void {
    if (this.#settled || stream !== this.#stream) return
    const code = (cause as NodeJS.ErrnoException | undefined)?.code
    const error = cause === undefined || code === 'ERR_HTTP2_STREAM_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR' ? streamFailure(stream.rstCode, cause) : cause
    if ((error as NodeJS.ErrnoException).code === REFUSED && !this.#begun && !this.#repeated && !isStream(this.#body)) {
      this.#repeated = true
      this.#stream = null
      this.#owner.again(this)
      return
    }
    this.#fail(error)
  }

  /** @param time milliseconds without a byte; 0: no limit */
  #wait (stream: ClientHttp2Stream, home: StreamHome, time: number): void {
    stream.setTimeout(time)
    stream.on('timeout', () => {
      // the client is the slower one: that is somebody else's to bound
      if (this.#settled || this.#paused || (!this.#begun && isStream(this.#body) && !stream.writableEnded && !stream.writableNeedDrain)) {
        stream.setTimeout(this.#request.readTimeout)
        return
      }
      home.doubt()
      this.#drop()
      this.#fail(this.#begun ? failure('UND_ERR_BODY_TIMEOUT', 'no more of the answer in time') : failure('UND_ERR_HEADERS_TIMEOUT', 'no answer in time'))
    })
  }

  resume (): void {
    if (!this.#paused) return
    this.#paused = false
    this.#stream?.resume()
  }

  abort (): void {
    if (this.#settled) return
    this.#drop()
    this.#fail(failure('UND_ERR_ABORTED', 'nobody wants it any more'))
  }

  /** Ends the stream: CANCEL. Node's `close` writes the last frame of an upload first, so that it would look whole. */
  #drop (): void {
    const stream = this.#stream
    if (stream === null) return
    if (this.#controller !== null && !stream.writableFinished) this.#controller.abort()
    else stream.close(constants.NGHTTP2_CANCEL)
    // what is still on its way has to be read for the stream to end
    stream.resume()
  }

  #fail (error: Error): void {
    if (this.#settled) return
    this.#settled = true
    if (isStream(this.#body)) this.#body.destroy()
    this.#receiver.onError(error)
  }
}

function isStream (body: Buffer | Readable | null): body is Readable {
  return body !== null && !Buffer.isBuffer(body)
}
