import type { Socket } from 'node:net'
import type { Flow, Outgoing, Receiver } from '../flow.ts'
import { failure } from '../failure.ts'
import { latin1 } from '../latin1.ts'
import { BodyWriter } from './body-writer.ts'
import { Chunks } from './chunks.ts'
import { mayBecomeHead, parseHead, type AnswerHead } from './head.ts'
import type { RequestHead } from './request-head.ts'

/** Whose connection it is. */
export interface ConnectionOwner {
  /** It has no request any more, and can have another. */
  freed (connection: Connection, keepAlive: number): void
  /** It can have none any more. */
  ended (connection: Connection): void
}

/** There is no socket yet. */
const CONNECTING = 0
const IDLE = 1
/** A request is out: a head comes. */
const HEAD = 2
/** A body of known length comes. */
const LENGTH = 3
const CHUNKED = 4
/** A body that ends with the connection comes. */
const UNTIL_END = 5
/** It ended, or went to a tunnel. */
const CLOSED = 6

/** Longest head, and longest series of 1xx before one, in bytes. */
const LONGEST_HEAD = 65_536
const END = Buffer.from('\r\n\r\n')
/** Read times up to this are kept to the millisecond; longer ones by `check`. */
const SHORT_TIME = 1_000

/**
 * A connection of HTTP/1.1 to a target, for one request at a time.
 *
 * Bytes are read into one buffer for all connections (Node's `onread`), so that an answer makes as much garbage as its fields
 * and its body; a socket with TLS has none, and tells of its bytes as streams do.
 */
export class Connection implements Flow {
  /** Name that TLS asked for; '': that of the target, or no TLS. */
  readonly name: string
  /** When it is closed if it is idle still, in monotonic milliseconds; its owner's to say. */
  idleUntil = 0
  readonly #owner: ConnectionOwner
  #socket: Socket | null = null
  #state = CONNECTING
  #request: Outgoing | null = null
  #head: RequestHead | null = null
  #receiver: Receiver | null = null
  #body: BodyWriter | null = null
  /** A head that isn't complete. */
  #held: Buffer | null = null
  /** Bytes of 1xx answers to this request. */
  #interim = 0
  /** Of the body. */
  #left = 0
  #chunks: Chunks | null = null
  #persistent = false
  #keepAlive = -1
  #paused = false
  /** Of its socket, which closes then. */
  #error: Error | null = null
  /** When the next byte must be here, in monotonic milliseconds; 0: no limit. */
  #due = 0
  #timer: NodeJS.Timeout | null = null

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
    if (this.#state === CLOSED) {
      socket.on('error', ignore)
      socket.destroy()
      return
    }
    this.#socket = socket
    socket.on('error', error => { this.#error ??= error })
    // before Node's own listener, which lets nobody write after the end
    socket.prependListener('end', () => this.#end())
    socket.on('close', () => this.#fail(this.#error ?? failure('UND_ERR_SOCKET', 'the upstream has closed the connection')))
    if (streamed) {
      socket.on('data', (chunk: Buffer) => {
        if (!this.read(chunk, chunk.length)) socket.pause()
      })
    }
    this.#begin()
  }

  /** There will be no socket. */
  refused (error: Error): void {
    this.#fail(error)
  }

  /** Sends a request on a connection that is idle. */
  send (request: Outgoing, head: RequestHead, receiver: Receiver): void {
    this.expect(request, head, receiver)
    this.#begin()
  }

  #begin (): void {
    const socket = this.#socket as Socket
    const { body, readTimeout } = this.#request as Outgoing
    const { text, length } = this.#head as RequestHead
    this.#state = HEAD
    this.#persistent = true
    this.#interim = 0
    try {
      if (!(this.#receiver as Receiver).onConnect(this)) {
        this.#receiver = null
        this.#free()
        return
      }
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    if (this.#isClosed()) return
    if (readTimeout !== 0) this.#wait(readTimeout)
    if (body === null) {
      socket.write(text, 'latin1')
    } else if (Buffer.isBuffer(body)) {
      socket.cork()
      socket.write(text, 'latin1')
      socket.write(body)
      socket.uncork()
    } else {
      socket.write(text, 'latin1')
      this.#body = new BodyWriter(socket, body, length, error => this.#fail(error))
    }
  }

  /**
   * Bytes are here. They are the caller's again when this returns.
   *
   * @param size of `bytes`, which may have others after them
   * @returns false: read no more until `resume`
   */
  read (bytes: Buffer, size: number): boolean {
    try {
      this.#read(bytes, size)
    } catch (error) {
      // an answer that is none, or a receiver that threw; told when those who were told of the head have seen to it
      this.#socket?.destroy(error as Error)
    }
    return !this.#paused
  }

  #read (read: Buffer, count: number): void {
    let at = 0
    const bytes = this.#held === null ? read : Buffer.concat([this.#held, read.subarray(0, count)])
    const size = this.#held === null ? count : bytes.length
    this.#held = null
    while (this.#state === HEAD) {
      const end = bytes.indexOf(END, at)
      if (end === -1 || end + END.length > size) {
        this.#hold(bytes.subarray(at, size))
        return
      }
      const length = end + END.length - at
      if (length > LONGEST_HEAD) throw failure('UND_ERR_HEADERS_OVERFLOW', 'the head is too long')
      const head = parseHead(latin1(bytes, at, end + 2))
      at = end + END.length
      if (head.status >= 200) this.#begins(head)
      else if (head.status === 101) {
        this.#switch(head, bytes.subarray(at, size))
        return
      } else if (!this.#passInterim(head, length) || at === size) return
    }
    switch (this.#state) {
      case LENGTH: {
        if (at === size) break
        const end = Math.min(size, at + this.#left)
        this.#left -= end - at
        // what is beyond the body is nobody's: the connection can't be trusted
        if (end < size) this.#persistent = false
        const chunk = copyOf(bytes, at, end)
        this.#touch()
        this.#pass(chunk)
        if (this.#left === 0 && this.#state === LENGTH) this.#complete(null)
        break
      }
      case CHUNKED:
        this.#readChunks(bytes, at, size)
        break
      case UNTIL_END:
        if (at === size) break
        this.#touch()
        this.#pass(copyOf(bytes, at, size))
        break
      case IDLE:
        // the answer is complete, or was never asked for: what follows is nobody's
        if (at < size) this.#fail(failure('UND_ERR_SOCKET', 'bytes that nobody has asked for'))
        break
    }
  }

  #hold (rest: Buffer): void {
    if (rest.length === 0) return
    if (!mayBecomeHead(latin1(rest, 0, Math.min(rest.length, LONGEST_HEAD)))) throw failure('SP_UPSTREAM_INVALID', 'a head that is none')
    if (rest.length > LONGEST_HEAD) throw failure('UND_ERR_HEADERS_OVERFLOW', 'the head is too long')
    this.#held = Buffer.from(rest)
    this.#touch()
  }

  /** @returns whether to go on */
  #passInterim (head: AnswerHead, length: number): boolean {
    this.#interim += length
    if (this.#interim > LONGEST_HEAD) throw failure('UND_ERR_HEADERS_OVERFLOW', 'interim answers that are too many')
    this.#touch()
    // RFC 9110 section 15.2.1 allows `100 Continue` unasked
    if (head.status !== 100) (this.#receiver as Receiver).onHead(head.status, head.fields, head.text)
    return this.#state === HEAD
  }

  /** The final head is here. */
  #begins (head: AnswerHead): void {
    const { status, length, chunked } = head
    if (!head.persistent) this.#persistent = false
    this.#keepAlive = head.keepAlive
    this.#touch()
    // RFC 9112 section 6.3
    const bare = status === 204 || status === 304 || (this.#request as Outgoing).method === 'HEAD'
    this.#left = bare ? 0 : length
    this.#state = bare || length !== -1 ? LENGTH : chunked ? CHUNKED : UNTIL_END
    if (this.#state === CHUNKED) this.#chunks = new Chunks()
    if (this.#state === UNTIL_END) this.#persistent = false
    ;(this.#receiver as Receiver).onHead(status, head.fields, head.text)
    if (this.#state === LENGTH && this.#left === 0) this.#complete(null)
  }

  #readChunks (bytes: Buffer, from: number, size: number): void {
    const pieces: Buffer[] = []
    const chunks = this.#chunks as Chunks
    if (from < size) this.#touch()
    try {
      if (chunks.read(bytes.length === size ? bytes : bytes.subarray(0, size), from, pieces) < size) this.#persistent = false
    } finally {
      // what came before something that is none is passed on
      if (pieces.length > 0) this.#pass(pieces.length === 1 ? Buffer.from(pieces[0] as Buffer) : Buffer.concat(pieces))
    }
    if (chunks.trailers !== null && this.#state === CHUNKED) this.#complete(chunks.trailers)
  }

  #pass (chunk: Buffer): void {
    if ((this.#receiver as Receiver).onData(chunk) || this.#state === CLOSED) return
    this.#paused = true
    this.#due = 0
  }

  #complete (trailers: string[] | null): void {
    const receiver = this.#receiver as Receiver
    this.#receiver = null
    if (this.#paused) this.#goOn()
    if (this.#body !== null && !this.#body.done) this.#persistent = false
    if (this.#persistent) this.#free()
    else this.#close()
    receiver.onComplete(trailers)
  }

  #free (): void {
    this.#rest()
    this.#state = IDLE
    this.#owner.freed(this, this.#keepAlive)
  }

  /** No request is on it any more. */
  #rest (): void {
    this.#due = 0
    if (this.#timer !== null) {
      clearTimeout(this.#timer)
      this.#timer = null
    }
    this.#body?.stop()
    this.#body = null
    this.#chunks = null
    this.#held = null
    this.#request = null
    this.#head = null
  }

  /** 101: the socket is the receiver's. */
  #switch (head: AnswerHead, rest: Buffer): void {
    const receiver = this.#receiver as Receiver
    const socket = this.#socket as Socket
    if (!(this.#request as Outgoing).upgrade) throw failure('SP_UPSTREAM_INVALID', 'another protocol that nobody has asked for')
    this.#state = CLOSED
    this.#rest()
    this.#receiver = null
    this.#socket = null
    for (const event of ['data', 'end', 'close', 'error'] as const) socket.removeAllListeners(event)
    socket.pause()
    if (rest.length > 0) socket.unshift(Buffer.from(rest))
    this.#owner.ended(this)
    receiver.onTunnel(head.status, head.fields, socket)
  }

  /** The upstream has ended the connection. */
  #end (): void {
    if (this.#state === UNTIL_END && !this.#wasReset()) this.#complete(null)
    else this.#fail(failure(this.#state === UNTIL_END ? 'ECONNRESET' : 'UND_ERR_SOCKET', 'the upstream has closed the connection'))
  }

  /**
   * Bytes and a reset that are found together, as they are by a busy process, come as bytes and a clean end: libuv reads
   * less than it could and sees the hang-up (`uv__stream_io`). The kernel still knows, and tells whoever writes; nothing is
   * written, since no byte is. A peer that had ended cleanly before it reset has sent all it had: that is EPIPE.
   */
  #wasReset (): boolean {
    const socket = this.#socket as Socket
    socket.write('')
    return (socket.errored as NodeJS.ErrnoException | null)?.code === 'ECONNRESET'
  }

  resume (receiver: Receiver): void {
    if (receiver !== this.#receiver || !this.#paused) return
    this.#goOn()
    this.#touch()
  }

  #goOn (): void {
    this.#paused = false
    this.#socket?.resume()
  }

  abort (receiver: Receiver): void {
    if (receiver === this.#receiver) this.#fail(failure('UND_ERR_ABORTED', 'nobody wants it any more'))
  }

  /** Closes it. Idle ones are closed without a word to anybody. */
  destroy (): void {
    this.#fail(failure('UND_ERR_DESTROYED', 'the gateway ends'))
  }

  /** Whether its socket is closed. */
  async closed (): Promise<void> {
    const socket = this.#socket
    if (socket !== null && !socket.closed) await new Promise<void>(resolve => { socket.once('close', () => resolve()) })
  }

  #fail (error: Error): void {
    if (this.#state === CLOSED) return
    const receiver = this.#receiver
    this.#receiver = null
    this.#close()
    receiver?.onError(error)
  }

  #close (): void {
    this.#rest()
    this.#state = CLOSED
    this.#paused = false
    this.#socket?.destroy()
    this.#owner.ended(this)
  }

  #isClosed (): boolean {
    return this.#state === CLOSED
  }

  #wait (time: number): void {
    this.#due = performance.now() + time
    if (time <= SHORT_TIME) this.#timer = setTimeout(checkNow, time, this)
  }

  /** Something came, or may come again. */
  #touch (): void {
    const time = this.#request?.readTimeout ?? 0
    if (time === 0 || this.#paused) return
    this.#due = performance.now() + time
    this.#timer?.refresh()
  }

  /** Looks whether the upstream was silent for too long. @param now monotonic milliseconds */
  check (now: number): void {
    if (this.#due === 0 || now < this.#due) return
    // a client that sends slowly is not the upstream's fault
    if (this.#state === HEAD && this.#body?.waits === true) this.#touch()
    // a process that was held up has not read yet what was here in time
    else setImmediate(expire, this, this.#due)
  }

  /** @param due what `check` has seen */
  expire (due: number): void {
    if (this.#due !== due) return
    this.#fail(this.#state === HEAD ? failure('UND_ERR_HEADERS_TIMEOUT', 'no answer in time') : failure('UND_ERR_BODY_TIMEOUT', 'no more of the answer in time'))
  }
}

// functions of the module: timers take the connection along, so that no request makes a closure

function expire (connection: Connection, due: number): void {
  connection.expire(due)
}

function checkNow (connection: Connection): void {
  // timers count whole milliseconds
  connection.check(performance.now() + 1)
}

function copyOf (bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from)
  bytes.copy(copy, 0, from, to)
  return copy
}

function ignore (): void {}
