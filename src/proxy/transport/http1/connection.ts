import type { Socket } from 'node:net'
import type { Flow, Outgoing, Receiver } from '../flow.ts'
import { failure } from '../failure.ts'
import { rawField } from '../../fields/raw-field.ts'
import { AnswerReader, type AnswerSink } from './answer-reader.ts'
import type { BodyWatcher, BodyWriter } from './body-writer.ts'
import type { AnswerHead } from './head.ts'
import { wasReset } from './hidden-reset.ts'
import { readBeforeWriteFails } from './last-read.ts'
import { ReadTimer } from './read-timer.ts'
import type { RequestHead } from './request-head.ts'
import { writeRequest } from './write-request.ts'

/** Whose connection it is. */
export interface ConnectionOwner {
  /** It has no request any more, and can have another. @param keepAlive seconds that the server keeps it, as it says; -1: it doesn't */
  freed (connection: Connection, keepAlive: number): void
  /** It can have none any more. */
  ended (connection: Connection): void
}

/** A connection of HTTP/1.1 to a target, for one request at a time. */
export class Connection implements Flow, AnswerSink, BodyWatcher {
  /** Name that TLS asked for; '': that of the target, or no TLS. */
  readonly name: string
  /** When it is closed if it is idle still, in monotonic milliseconds; its owner's to say. */
  idleUntil = 0
  readonly #owner: ConnectionOwner
  readonly #answer = new AnswerReader(this)
  readonly #timer = new ReadTimer(() => this.#silent())
  #socket: Socket | null = null
  #closed = false
  #request: Outgoing | null = null
  #head: RequestHead | null = null
  /** null: it is idle, or closed. */
  #receiver: Receiver | null = null
  #body: BodyWriter | null = null
  /** It can have another request after this one. */
  #persistent = true
  #keepAlive = -1
  #paused = false
  /** Of its socket, which closes then. */
  #error: Error | null = null

  constructor (owner: ConnectionOwner, name: string) {
    this.#owner = owner
    this.name = name
  }

  /** The request that it is made for; it goes out when there is a socket. */
  expect (request: Outgoing, head: RequestHead, receiver: Receiver): void {
    this.#request = request
    this.#head = head
    this.#receiver = receiver
  }

  /** It is being made, on this socket. */
  connecting (socket: Socket): void {
    this.#socket = socket
  }

  /** There is a socket. @param streamed its bytes come as of a stream, and not by `read` */
  connected (socket: Socket, streamed: boolean): void {
    if (this.#closed) {
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    this.#socket = socket
    socket.on('error', this.#onError)
    // before Node's own listener, which lets nobody write after the end
    socket.prependListener('end', this.#onEnd)
    socket.on('close', this.#onClose)
    if (streamed) socket.on('data', this.#onData)
    readBeforeWriteFails(socket, () => this.#body !== null)
    this.#begin()
  }

  /** Sends a request on a connection that is idle. */
  send (request: Outgoing, head: RequestHead, receiver: Receiver): void {
    this.expect(request, head, receiver)
    this.#begin()
  }

  #begin (): void {
    const socket = this.#socket as Socket
    const request = this.#request as Outgoing
    // a body that some servers send nevertheless, however late, would be taken for the next answer: undici, too, reuses none after HEAD
    this.#persistent = request.method !== 'HEAD'
    try {
      if (!(this.#receiver as Receiver).onConnect(this)) {
        this.#receiver = null
        this.#free()
        return
      }
    } catch (error) {
      this.failed(error as Error)
    }
    if (this.#closed) return
    this.#answer.expect(request.method)
    this.#timer.start(request.readTimeout)
    this.#body = writeRequest(socket, this.#head as RequestHead, request, this)
  }

  /**
   * Bytes are here. They are the caller's again when this returns.
   *
   * @param size of `bytes`, which may have others after them
   * @returns false: read no more until `resume`
   */
  read (bytes: Buffer, size: number): boolean {
    if (this.#receiver === null) {
      // the answer was complete, or nothing was asked for: these are nobody's
      this.failed(failure('UND_ERR_SOCKET', 'bytes that nobody has asked for'))
      return true
    }
    try {
      this.#answer.read(bytes, size)
    } catch (error) {
      // an answer that is none, or a receiver that threw; told when those who were told of the head have seen to it
      this.#socket?.destroy(error as Error)
    }
    return !this.#paused
  }

  // what the reader tells

  moved (): void {
    if (!this.#paused) this.#timer.restart()
  }

  interim ({ status, fields, text }: AnswerHead): void {
    this.#receiver?.onHead(status, fields, text)
  }

  head ({ status, fields, text, persistent, keepAlive }: AnswerHead): void {
    if (!persistent || this.#answer.endless) this.#persistent = false
    this.#keepAlive = keepAlive
    this.#receiver?.onHead(status, fields, text)
  }

  body (chunk: Buffer): void {
    if (this.#receiver?.onData(chunk) !== false || this.#closed) return
    this.#paused = true
    this.#timer.pause()
  }

  complete (trailers: string[] | null): void {
    const receiver = this.#receiver
    this.#receiver = null
    if (this.#paused) this.#goOn()
    if (this.#persistent && !this.#answer.excess && this.#isSent) this.#free()
    else this.#close()
    try {
      receiver?.onComplete(trailers)
    } catch (error) {
      receiver?.onError(error as Error)
    }
  }

  switched ({ status, fields }: AnswerHead, rest: Buffer): void {
    const receiver = this.#receiver as Receiver
    const socket = this.#socket as Socket
    if (!(this.#request as Outgoing).upgrade || rawField(fields, 'upgrade')?.toLowerCase() !== 'websocket') throw failure('SP_UPSTREAM_INVALID', 'another protocol that nobody has asked for')
    this.#receiver = null
    this.#socket = null
    socket.off('error', this.#onError).off('end', this.#onEnd).off('close', this.#onClose).off('data', this.#onData)
    socket.pause()
    if (rest.length > 0) socket.unshift(Buffer.from(rest))
    this.#close()
    try {
      receiver.onTunnel(status, fields, socket)
    } catch (error) {
      socket.on('error', () => {}).destroy()
      receiver.onError(error as Error)
    }
  }

  /** All of the request has gone: what waits for an upstream that doesn't read would hold the next one up. */
  get #isSent (): boolean {
    const socket = this.#socket as Socket
    return this.#body?.done !== false && socket.writableLength === 0 && socket.errored === null
  }

  #free (): void {
    this.#rest()
    this.#owner.freed(this, this.#keepAlive)
  }

  /** No request is on it any more. */
  #rest (): void {
    this.#timer.stop()
    this.#answer.stop()
    this.#body?.stop()
    this.#body = null
    this.#request = null
    this.#head = null
  }

  // what the socket tells: functions for the life of the connection, a request makes none

  readonly #onError = (error: Error): void => {
    this.#error ??= error
    // an idle one that was reset: it is closed a phase of the event loop later, and must not be taken for a request until then
    if (this.#receiver === null) this.failed(error)
  }

  readonly #onEnd = (): void => {
    if (!this.#answer.endless) this.failed(failure('UND_ERR_SOCKET', 'the upstream has closed the connection'))
    else if (wasReset(this.#socket as Socket)) this.failed(failure('ECONNRESET', 'the upstream has reset the connection'))
    else this.complete(null)
  }

  readonly #onClose = (): void => this.failed(this.#error ?? failure('UND_ERR_SOCKET', 'the upstream has closed the connection'))

  readonly #onData = (chunk: Buffer): void => {
    if (!this.read(chunk, chunk.length)) this.#socket?.pause()
  }

  resume (receiver: Receiver): void {
    if (receiver !== this.#receiver || !this.#paused) return
    this.#goOn()
    this.#timer.restart()
  }

  #goOn (): void {
    this.#paused = false
    this.#socket?.resume()
  }

  abort (receiver: Receiver): void {
    if (receiver === this.#receiver) this.failed(failure('UND_ERR_ABORTED', 'nobody wants it any more'))
  }

  /** Closes it, and its request with it. */
  destroy (): void {
    this.failed(failure('UND_ERR_DESTROYED', 'the gateway ends'))
  }

  /** Resolves when its socket is closed. */
  async closed (): Promise<void> {
    const socket = this.#socket
    if (socket !== null && !socket.closed) await new Promise<void>(resolve => { socket.once('close', () => resolve()) })
  }

  /** It is of no use any more; where it has a request, that has failed. */
  failed (error: Error): void {
    if (this.#closed) return
    const receiver = this.#receiver
    this.#receiver = null
    this.#close()
    receiver?.onError(error)
  }

  #close (): void {
    this.#rest()
    this.#closed = true
    this.#paused = false
    this.#socket?.destroy()
    this.#owner.ended(this)
  }

  /** Looks whether the upstream was silent for too long. @param now monotonic milliseconds */
  check (now: number): void {
    this.#timer.check(now)
  }

  #silent (): void {
    // a client that sends slowly is not the upstream's fault
    if (this.#answer.waits && this.#body?.waits === true) this.#timer.restart()
    else this.failed(this.#answer.waits ? failure('UND_ERR_HEADERS_TIMEOUT', 'no answer in time') : failure('UND_ERR_BODY_TIMEOUT', 'no more of the answer in time'))
  }
}
