import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { failure } from '../failure.ts'

/** Who is told about a body. */
export interface BodyWatcher {
  /** A part of it was written, or the end. */
  moved (): void
  /** It has broken off, or isn't as long as was said: the request must not look whole. */
  failed (error: Error): void
}

/** Writes a request's body as it comes, as fast as the upstream takes it. */
export class BodyWriter {
  /** All of it was written. */
  done = false
  readonly #socket: Socket
  readonly #body: Readable
  /** -1: in chunks. */
  readonly #length: number
  readonly #told: BodyWatcher
  #written = 0
  #stopped = false

  /**
   * @param length bytes that were announced; -1: none, it goes in chunks
   */
  constructor (socket: Socket, body: Readable, length: number, told: BodyWatcher) {
    this.#socket = socket
    this.#body = body
    this.#length = length
    this.#told = told
    socket.on('drain', this.#onDrain)
    body.on('end', this.#onEnd)
    body.on('error', this.#onError)
    body.on('close', this.#onClose)
    body.on('data', this.#onData)
    if (body.errored !== null) setImmediate(this.#onError, body.errored)
    else if (body.destroyed && !body.readableEnded) setImmediate(this.#onClose)
  }

  /** The upstream takes no more of it: who waits is the client. */
  get waits (): boolean {
    return !this.done && !this.#socket.writableNeedDrain
  }

  /** Nobody wants what is left. */
  stop (): void {
    if (this.#stopped) return
    this.#release()
    if (!this.done) this.#body.destroy()
  }

  #release (): void {
    this.#stopped = true
    this.#socket.off('drain', this.#onDrain)
    this.#body.off('data', this.#onData)
    this.#body.off('end', this.#onEnd)
    this.#body.off('close', this.#onClose)
    // a body that is broken off says so later, and must not end the process
    this.#body.off('error', this.#onError)
    this.#body.on('error', ignore)
  }

  readonly #onData = (given: unknown): void => {
    // a plugin's stream may hand over text, whose length is not that of its bytes
    const chunk = typeof given === 'string' ? Buffer.from(given) : given
    if (!(chunk instanceof Uint8Array)) {
      this.#fail(failure('UND_ERR_INVALID_ARG', 'the body is neither bytes nor text'))
      return
    }
    if (chunk.length === 0) return
    this.#written += chunk.length
    const socket = this.#socket
    if (this.#length === -1) {
      socket.cork()
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      socket.write('\r\n', 'latin1')
      socket.uncork()
    } else {
      if (this.#written > this.#length) {
        this.#fail(failure('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'the body is longer than it was said to be'))
        return
      }
      socket.write(chunk)
    }
    this.#told.moved()
    if (socket.writableNeedDrain) this.#body.pause()
  }

  readonly #onDrain = (): void => {
    this.#body.resume()
  }

  readonly #onEnd = (): void => {
    if (this.#length === -1) this.#socket.write('0\r\n\r\n', 'latin1')
    else if (this.#written !== this.#length) {
      this.#fail(failure('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'the body is shorter than it was said to be'))
      return
    }
    this.done = true
    this.#release()
    this.#told.moved()
  }

  readonly #onError = (error: Error): void => this.#fail(error)

  readonly #onClose = (): void => {
    if (!this.#body.readableEnded) this.#fail(failure('UND_ERR_ABORTED', 'the body has broken off'))
  }

  #fail (error: Error): void {
    if (this.#stopped) return
    this.#release()
    this.#body.destroy()
    this.#told.failed(error)
  }
}

function ignore (): void {}
