import { failure } from '../failure.ts'
import { latin1 } from '../../fields/latin1.ts'
import { Chunks } from './chunks.ts'
import { mayBecomeHead, parseHead, type AnswerHead } from './head.ts'

/** Who is told what is read. Each may call `stop`. */
export interface AnswerSink {
  /** Something came. */
  moved (): void
  /** A head of 1xx that is worth to be told. */
  interim (head: AnswerHead): void
  head (head: AnswerHead): void
  /** 101: what follows is another protocol. */
  switched (head: AnswerHead, rest: Buffer): void
  /** @param chunk the sink's to keep */
  body (chunk: Buffer): void
  complete (trailers: string[] | null): void
}

/** No answer is expected. */
const NOTHING = 0
const HEAD = 1
/** A body of known length. */
const LENGTH = 2
const CHUNKED = 3
/** A body that ends with the connection. */
const UNTIL_END = 4

/** Longest head, and longest series of 1xx before one, in bytes. */
const LONGEST_HEAD = 65_536
const END = Buffer.from('\r\n\r\n')
const CONTINUE = 100
const SWITCHING_PROTOCOLS = 101
const NO_CONTENT = 204
const NOT_MODIFIED = 304

/** Reads answers from the bytes of a connection, one after the other (RFC 9112 section 6.3). */
export class AnswerReader {
  /** More came than the answer: that is nobody's, and the connection can't be trusted. */
  excess = false
  readonly #sink: AnswerSink
  #state = NOTHING
  /** The request was HEAD. */
  #bare = false
  /** A head that isn't complete. */
  #held: Buffer | null = null
  /** Bytes of 1xx answers to this request. */
  #interim = 0
  /** Of the body. */
  #left = 0
  #chunks: Chunks | null = null

  constructor (sink: AnswerSink) {
    this.#sink = sink
  }

  /** A request goes out. */
  expect (method: string): void {
    this.#state = HEAD
    this.#bare = method === 'HEAD'
    this.#interim = 0
    this.excess = false
  }

  /** Nothing more is expected. */
  stop (): void {
    this.#state = NOTHING
    this.#held = null
    this.#chunks = null
  }

  /** No head is here yet. */
  get waits (): boolean {
    return this.#state === HEAD
  }

  /** The answer ends with its connection. */
  get endless (): boolean {
    return this.#state === UNTIL_END
  }

  /**
   * Bytes are here. They are the caller's again when this returns.
   *
   * @param count of `read`, which may have others after them
   * @throws Error for what is no answer
   */
  read (read: Buffer, count: number): void {
    let at = 0
    const known = this.#held?.length ?? 0
    const bytes = this.#held === null ? read : Buffer.concat([this.#held, read.subarray(0, count)])
    const size = known + count
    this.#held = null
    while (this.#state === HEAD) {
      const end = bytes.indexOf(END, Math.max(at, known - END.length + 1))
      if (end === -1 || end + END.length > size) {
        this.#hold(bytes.subarray(at, size), at === 0 ? known : 0)
        return
      }
      const length = end + END.length - at
      if (length > LONGEST_HEAD) throw tooLong()
      const head = parseHead(latin1(bytes, at, end + 2))
      at = end + END.length
      this.#sink.moved()
      if (head.status === SWITCHING_PROTOCOLS) {
        this.#sink.switched(head, bytes.subarray(at, size))
        return
      }
      if (head.status >= 200) this.#begin(head, at < size)
      else this.#passInterim(head, length)
    }
    if (at < size) this.#readBody(bytes, at, size)
  }

  #hold (rest: Buffer, known: number): void {
    if (rest.length === 0) return
    if (!mayBecomeHead(rest, known)) throw isSettings(rest) ? failure('SP_UPSTREAM_PROTOCOL', 'the upstream speaks HTTP/2') : failure('SP_UPSTREAM_INVALID', 'a head that is none')
    if (rest.length > LONGEST_HEAD) throw tooLong()
    this.#held = Buffer.from(rest)
    this.#sink.moved()
  }

  #passInterim (head: AnswerHead, length: number): void {
    this.#interim += length
    if (this.#interim > LONGEST_HEAD) throw tooLong()
    // RFC 9110 section 15.2.1 allows it unasked; whom it was meant for is told by the gateway
    if (head.status !== CONTINUE) this.#sink.interim(head)
  }

  /** The final head is here. @param more bytes are */
  #begin (head: AnswerHead, more: boolean): void {
    const bare = this.#bare || head.status === NO_CONTENT || head.status === NOT_MODIFIED
    this.#left = bare ? 0 : head.length
    this.#state = bare || head.length !== -1 ? LENGTH : head.chunked ? CHUNKED : UNTIL_END
    if (this.#state === CHUNKED) this.#chunks = new Chunks()
    this.#sink.head(head)
    if (this.#state !== LENGTH || this.#left > 0) return
    if (more) this.excess = true
    this.#end(null)
  }

  #readBody (bytes: Buffer, at: number, size: number): void {
    switch (this.#state) {
      case LENGTH: {
        const end = Math.min(size, at + this.#left)
        this.#left -= end - at
        if (end < size) this.excess = true
        this.#sink.moved()
        this.#sink.body(copyOf(bytes, at, end))
        if (this.#left === 0) this.#end(null)
        break
      }
      case CHUNKED:
        this.#readChunks(bytes.length === size ? bytes : bytes.subarray(0, size), at)
        break
      case UNTIL_END:
        this.#sink.moved()
        this.#sink.body(copyOf(bytes, at, size))
        break
    }
  }

  #readChunks (bytes: Buffer, at: number): void {
    const pieces: Buffer[] = []
    const chunks = this.#chunks as Chunks
    this.#sink.moved()
    try {
      if (chunks.read(bytes, at, pieces) < bytes.length) this.excess = true
    } finally {
      // what came before something that is none is passed on
      if (pieces.length > 0) this.#sink.body(pieces.length === 1 ? Buffer.from(pieces[0] as Buffer) : Buffer.concat(pieces))
    }
    if (chunks.trailers !== null) this.#end(chunks.trailers)
  }

  /** The answer is complete, unless the sink has had enough before. */
  #end (trailers: string[] | null): void {
    if (this.#state === NOTHING) return
    this.stop()
    this.#sink.complete(trailers)
  }
}

function tooLong (): Error {
  return failure('UND_ERR_HEADERS_OVERFLOW', 'the head is too long')
}

function copyOf (bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from)
  bytes.copy(copy, 0, from, to)
  return copy
}

/** A frame of SETTINGS, with which a server of HTTP/2 begins (RFC 9113 section 3.4). */
function isSettings (bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && bytes[3] === 4
}
