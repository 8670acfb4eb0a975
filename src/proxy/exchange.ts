import { PassThrough, type Duplex } from 'node:stream'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Client, Dispatcher } from 'undici'
import type { Context, Hop } from '../gateway/context.ts'
import { GatewayError } from '../errors.ts'
import { AnswerFields } from './answer-fields.ts'
import { answerHead, type AnswerHead } from './answer-head.ts'
import { writeAnswer } from './answer-writer.ts'
import { causeCode, endingOf, isConnectionFailure, upstreamError } from './errors.ts'
import { HeaderList } from './header-list.ts'
import { answerThroughHooks, type AnswerChain } from './hooked-answer.ts'
import type { Ending } from '../upstream/destination.ts'
import type { Tokens } from './product.ts'
import { answerEarly, hasBody } from './request-body.ts'
import { finishRequestHead } from './request-head.ts'
import { copyToReply, mergeFields, type ReplyFields } from './reply-fields.ts'
import type { Task } from './turn.ts'
import type { Upstream } from './upstream.ts'
import { joinTunnel } from './websocket.ts'
import { watchUpload } from './write-timeout.ts'

/** How the answers of a scope are delivered: fixed when the scope is built. */
export interface Delivery {
  readonly tokens: Tokens
  /** Response hooks that see the answer; null: there are none. */
  readonly chain: AnswerChain | null
  /** Reads the header fields that hooks before the hop have put on the reply; null: there are no such hooks. */
  readonly ownFields: ((reply: FastifyReply) => Readonly<ReplyFields>) | null
  /** A response hook needs the whole body: its limit in bytes; 0: none does. */
  readonly buffer: number
  /** Which answers, by their Content-Type. */
  readonly holds: (contentType: string) => boolean
}

/** Answers up to this length are held until complete and written at once: one system call instead of two or three. */
const SMALL_ANSWER = 65_536

/** Safe to send again after bytes went out (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY'])

/**
 * One request at an upstream and its answer to the client: undici's handler for `dispatch`.
 *
 * The raw handler interface of undici 7 (`onHeaders` with bytes) is used on purpose: the newer one builds an object of
 * all fields for each answer, which the hop would take apart again.
 */
export class Exchange implements Dispatcher.DispatchHandler, Hop, Task {
  readonly #context: Context
  readonly #reply: FastifyReply
  readonly #upstream: Upstream
  readonly #response: ServerResponse
  readonly #delivery: Delivery
  readonly #fields: string[]
  #client: Client | null = null
  #abort: (() => void) | null = null
  #left: number
  /** The upstream's connection was there: bytes may have gone out. */
  #sent = false
  #done = false
  /** The answer is here as a whole. */
  #answered = false
  #status = 0
  #statusText = ''
  #head: AnswerHead | null = null
  /** Parts of an answer that is held until complete. */
  #chunks: Buffer[] | null = null
  #size = 0
  #limit = 0
  /** The answer as a stream for response hooks. */
  #stream: PassThrough | null = null
  #resume: (() => void) | null = null
  #stopWatch: (() => void) | null = null

  constructor (context: Context, reply: FastifyReply, upstream: Upstream, delivery: Delivery, retries: number, trusted: boolean) {
    this.#context = context
    this.#reply = reply
    this.#upstream = upstream
    this.#response = context.response
    this.#delivery = delivery
    this.#left = retries
    this.#fields = finishRequestHead(context, upstream, delivery.tokens, trusted)
    context.hop = this
  }

  /** Sends the request, at the end of the turn. */
  send (readTimeout: number, writeTimeout: number): void {
    this.#readTimeout = readTimeout
    this.#writeTimeout = writeTimeout
    this.#upstream.destination.turn.add(this)
  }

  /** The turn ends: sends the request, or the answer that has been held. */
  run (): void {
    if (!this.#done) {
      this.#dispatch()
      return
    }
    if (!this.#answered || this.#response.destroyed) {
      // the client has left meanwhile; nobody has taken charge of a body that was to go up
      const { body } = this.#upstream
      if (!this.#answered && body !== null && !Buffer.isBuffer(body)) body.destroy()
      return
    }
    try {
      try {
        this.#deliver(this.#body())
      } catch (error) {
        // what Node or Fastify refuse to write
        this.#reply.send(upstreamError(error))
      }
    } catch {
      this.#response.destroy()
    }
  }

  /** Called again for a retry. */
  #dispatch (): void {
    const { body, path, query } = this.#upstream
    this.#sent = false
    if (this.#context.proxiedTick === 0) this.#context.proxiedTick = performance.now()
    if (body !== null && !Buffer.isBuffer(body) && this.#stopWatch === null) {
      this.#stopWatch = watchUpload(body, this.#writeTimeout, error => this.#fail(error, 'timeout'))
    }
    try {
      const target = this.#upstream.begin(this.#context)
      this.#client = target.connections.take()
      this.#client.dispatch({
        path: query === null ? path : `${path}?${query}`,
        method: this.#upstream.method as Dispatcher.HttpMethod,
        headers: this.#fields,
        body,
        headersTimeout: this.#readTimeout,
        bodyTimeout: this.#readTimeout,
        upgrade: this.#context.upgrade === null ? null : 'websocket'
      }, this)
    } catch (error) {
      if (error instanceof GatewayError) {
        // there is no target
        this.#fail(error)
        return
      }
      // undici refuses the request itself: a path or field that may not be sent
      this.onError(error as Error)
    }
  }

  #readTimeout = 0
  #writeTimeout = 0

  onConnect (abort: () => void): void {
    if (this.#done) {
      abort()
      return
    }
    this.#abort = abort
    this.#sent = true
  }

  onHeaders (status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    if (this.#done) return true
    if (status < 200) {
      this.#interim(status, raw)
      return true
    }
    const context = this.#context
    context.headTick = performance.now()
    context.upstreamStatus = status
    this.#upstream.head(status, context)
    this.#status = status
    this.#statusText = reasonPhrase(status, statusText)
    this.#resume = resume
    const head = answerHead(context, raw, this.#delivery.tokens)
    if (!head.readable) {
      this.#fail(invalidAnswer('SP_UPSTREAM_CODING'))
      return true
    }
    this.#head = head
    const bare = context.method === 'HEAD' || status === 204 || status === 304 || head.length === 0
    if (bare || (head.length > 0 && head.length <= SMALL_ANSWER)) {
      this.#chunks = []
      this.#limit = SMALL_ANSWER
    } else if (this.#delivery.buffer > 0 && this.#delivery.holds(new HeaderList(head.fields).get('content-type') ?? '')) {
      this.#chunks = []
      this.#limit = this.#delivery.buffer
      if (head.length > this.#limit) {
        this.#fail(answerTooLarge())
        return true
      }
    } else {
      this.#startStream(head)
    }
    return true
  }

  /** The upstream has switched to the WebSocket: its own 101 goes to the client, then bytes flow both ways. */
  onUpgrade (status: number, raw: Buffer[] | string[] | null, socket: Duplex): void {
    this.#give()
    const { upgrade } = this.#context
    if (this.#done || upgrade === null) {
      socket.destroy()
      return
    }
    this.#finish(null)
    this.#context.headTick = performance.now()
    this.#context.upstreamStatus = status
    this.#upstream.head(status, this.#context)
    this.#context.proxied = true
    this.#context.answered = true
    const { fields } = answerHead(this.#context, (raw ?? []) as Buffer[], this.#delivery.tokens)
    if (this.#delivery.ownFields !== null) mergeFields(fields, this.#delivery.ownFields(this.#reply))
    joinTunnel(this.#context, upgrade, fields, socket)
  }

  onData (chunk: Buffer): boolean {
    if (this.#done) return true
    if (this.#chunks !== null) {
      this.#size += chunk.length
      if (this.#size > this.#limit) {
        this.#fail(answerTooLarge())
        return true
      }
      this.#chunks.push(chunk)
      return true
    }
    const sink = this.#stream ?? this.#response
    if (sink.write(chunk)) return true
    sink.once('drain', this.#resume as () => void)
    return false
  }

  onComplete (trailers: Buffer[] | string[] | null): void {
    this.#give()
    if (this.#done) return
    this.#finish('complete')
    if (this.#chunks !== null) {
      this.#answered = true
      this.#upstream.destination.turn.add(this)
    } else if (this.#stream !== null) {
      this.#stream.end()
    } else {
      if (trailers !== null && trailers.length > 0 && this.#context.trailers) this.#addTrailers(trailers)
      this.#response.end()
    }
  }

  onError (error: Error): void {
    this.#give()
    if (this.#done) return
    // undici counts the missing body of a 304 against its Content-Length, which RFC 9110 section 15.4.5 allows
    if (this.#status === 304 && causeCode(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
      this.onComplete(null)
      return
    }
    const { body } = this.#upstream
    if (body !== null && !Buffer.isBuffer(body) && body.errored === error) {
      // a plugin's stream has broken the upload off, and says with which status
      this.#fail(error, 'cancelled')
      return
    }
    if (this.#context.raw.destroyed && !this.#context.raw.complete && hasBody(this.#context.raw)) {
      // the client has left in the middle of its upload: that is no failure of the upstream
      this.cancel()
      return
    }
    if (this.#head === null && this.#mayRetry(error)) {
      this.#left--
      this.#upstream.end(endingOf(error), this.#context)
      this.#note(error)
      this.#abort = null
      this.#dispatch()
      return
    }
    this.#note(error)
    this.#fail(upstreamError(error), endingOf(error))
  }

  #body (): Buffer | null {
    const chunks = this.#chunks as Buffer[]
    return chunks.length === 0 ? null : chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, this.#size)
  }

  /** A held answer, whole; null for one without a body. */
  #deliver (body: Buffer | null): void {
    const context = this.#context
    const head = this.#head as AnswerHead
    if (!context.raw.complete) answerEarly(context)
    context.proxied = true
    if (this.#delivery.ownFields !== null) mergeFields(head.fields, this.#delivery.ownFields(this.#reply))
    if (this.#delivery.chain !== null) {
      context.answerFields = new AnswerFields(head.fields, this.#response)
      this.#setStatus()
      answerThroughHooks(context, this.#reply, this.#statusText, body, this.#delivery.chain)
      return
    }
    context.answered = true
    context.responseHeaders = head.fields
    writeAnswer(this.#response, this.#status, this.#statusText, head.fields, body, head.length)
  }

  #startStream (head: AnswerHead): void {
    const context = this.#context
    const response = this.#response
    if (!context.raw.complete) answerEarly(context)
    context.proxied = true
    if (this.#delivery.chain !== null) {
      context.ownFields = copyToReply(this.#reply, head.fields)
      this.#setStatus()
      response.statusMessage = this.#statusText
      this.#stream = new PassThrough()
      response.once('pipe', flushPiped)
      this.#reply.send(this.#stream)
      return
    }
    context.answered = true
    context.responseHeaders = head.fields
    if (this.#delivery.ownFields !== null) mergeFields(head.fields, this.#delivery.ownFields(this.#reply))
    response.writeHead(this.#status, this.#statusText, head.fields as unknown as Record<string, string>)
    // the head must not wait for the first event of a stream; where data is already here, it goes out with it
    process.nextTick(flushHead, response)
  }

  /** Fastify refuses statuses from 600 on, which RFC 9110 section 15 lets a proxy pass. */
  #setStatus (): void {
    if (this.#status < 600) this.#reply.code(this.#status)
    else this.#response.statusCode = this.#status
  }

  /** 1xx answers are passed on (RFC 9110 section 15.2): 102 and 103 are the ones that Node can write. */
  #interim (status: number, raw: readonly Buffer[]): void {
    if (this.#context.raw.httpVersionMinor === 0 || this.#response.headersSent) return
    if (status === 102) this.#response.writeProcessing()
    if (status !== 103) return
    const hints: Record<string, string[]> = {}
    for (let index = 0; index < raw.length; index += 2) {
      (hints[(raw[index] as Buffer).toString('latin1').toLowerCase()] ??= []).push((raw[index + 1] as Buffer).toString('latin1'))
    }
    if (hints['link'] === undefined) return
    try {
      this.#response.writeEarlyHints(hints)
    } catch {
      // a Link that Node refuses to write is no more than a hint lost
    }
  }

  #addTrailers (trailers: ReadonlyArray<Buffer | string>): void {
    const pairs: Array<[string, string]> = []
    for (let index = 0; index < trailers.length; index += 2) {
      pairs.push([latin1(trailers[index] as Buffer | string), latin1(trailers[index + 1] as Buffer | string)])
    }
    try {
      this.#response.addTrailers(pairs)
    } catch {
      // a trailer field that Node refuses to write is left out: the body is whole without it
    }
  }

  #mayRetry (error: Error): boolean {
    if (this.#left === 0 || !isConnectionFailure(error)) return false
    if (!this.#sent) return true
    const { body, method } = this.#upstream
    return IDEMPOTENT.has(method) && (body === null || Buffer.isBuffer(body))
  }

  /** Remembers a failed attempt for the log. */
  #note (error: Error): void {
    const { host, port } = this.#upstream
    ;(this.#context.tries ??= []).push({ host, port, startedAt: Date.now(), error: causeCode(error) })
  }

  #fail (error: Error, ending: Ending = 'invalid'): void {
    if (this.#done) return
    this.#finish(ending)
    this.#abort?.()
    if (error instanceof GatewayError) this.#context.errorCode = error.code
    if (this.#stream !== null) {
      this.#stream.destroy(error)
    } else if (this.#response.headersSent) {
      // a cut answer must not look whole: no last chunk, no clean end
      this.#response.destroy()
    } else {
      this.#reply.send(error)
    }
  }

  /** The client has left. */
  cancel (): void {
    if (this.#done) return
    this.#finish('cancelled')
    this.#stream?.destroy()
    this.#abort?.()
  }

  #give (): void {
    if (this.#client === null) return
    this.#upstream.target?.connections.give(this.#client)
    this.#client = null
  }

  /** @param ending of the attempt; null: a tunnel goes on with it */
  #finish (ending: Ending | null): void {
    this.#done = true
    this.#context.hop = null
    if (ending !== null) this.#upstream.end(ending, this.#context)
    this.#stopWatch?.()
  }
}

const PRINTABLE = /^[\t\x20-\x7e\x80-\xff]*$/

/** The upstream's reason phrase where it may be written, else the registered one. */
function reasonPhrase (status: number, text: string): string {
  const registered = STATUS_CODES[status]
  if (text === registered) return text
  return PRINTABLE.test(text) ? text : registered ?? ''
}

function flushHead (response: ServerResponse): void {
  if (!response.writableEnded && !response.destroyed) response.flushHeaders()
}

function flushPiped (this: ServerResponse): void {
  process.nextTick(flushHead, this)
}

function latin1 (value: Buffer | string): string {
  return typeof value === 'string' ? value : value.toString('latin1')
}

function answerTooLarge (): GatewayError {
  return invalidAnswer('SP_ANSWER_TOO_LARGE')
}

function invalidAnswer (code: string): GatewayError {
  return new GatewayError(code, 502, 'An invalid response was received from the upstream server')
}
