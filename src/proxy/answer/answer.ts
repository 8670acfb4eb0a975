import { PassThrough, type Readable } from 'node:stream'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Context } from '../../gateway/context.ts'
import { GatewayError } from '../../errors.ts'
import { AnswerFields } from '../fields/answer-fields.ts'
import { watchedHead } from './answer-watcher.ts'
import { answerHead, type AnswerHead } from './answer-head.ts'
import { writeAnswer } from './answer-writer.ts'
import type { Attempt } from '../attempts/attempt.ts'
import type { Delivery } from '../delivery.ts'
import { HeaderList } from '../fields/header-list.ts'
import { answerThroughHooks } from './hooked-answer.ts'
import { answerEarly } from '../request/request-body.ts'
import { copyToReply, mergeFields } from '../fields/reply-fields.ts'
import { addTrailers } from '../fields/trailers.ts'
import type { WholeAnswer } from './whole-answer.ts'

/** Answers up to this length are held until complete and written at once: one system call instead of two or three. */
const SMALL_ANSWER = 65_536

/**
 * An upstream's answer on its way to the client: held until complete where it is short or a hook wants it whole, else a
 * stream with back-pressure.
 */
export class Answer {
  readonly #context: Context
  readonly #reply: FastifyReply
  readonly #response: ServerResponse
  readonly #delivery: Delivery
  readonly #status: number
  readonly #statusText: string
  readonly #attempt: Attempt
  #head: AnswerHead | null = null
  /** Parts of an answer that is held. */
  #chunks: Buffer[] | null = null
  #size = 0
  #limit = 0
  /** The answer as a stream for response hooks. */
  #stream: PassThrough | null = null

  constructor (context: Context, reply: FastifyReply, delivery: Delivery, status: number, statusText: string, attempt: Attempt) {
    this.#context = context
    this.#reply = reply
    this.#response = context.response
    this.#delivery = delivery
    this.#status = status
    this.#statusText = reasonPhrase(status, statusText)
    this.#attempt = attempt
  }

  /** Its head is here. @returns what is wrong with it, what is sent in its place, or null */
  begin (raw: readonly string[]): GatewayError | WholeAnswer | null {
    const head = answerHead(this.#context, raw, this.#delivery.tokens)
    if (!head.readable) return invalidAnswer('SP_UPSTREAM_CODING')
    this.#head = head
    const status = this.#status
    const { watcher } = this.#context
    if (watcher !== null) {
      const instead = watcher.head(watchedHead(head, status, this.#statusText))
      if (instead !== null) return instead
    }
    const bare = this.#context.method === 'HEAD' || status === 204 || status === 304 || head.length === 0
    if (bare || (head.length > 0 && head.length <= SMALL_ANSWER)) {
      this.#chunks = []
      this.#limit = SMALL_ANSWER
    } else if (this.#delivery.buffer > 0 && this.#delivery.holds(new HeaderList(head.fields).get('content-type') ?? '')) {
      this.#chunks = []
      this.#limit = this.#delivery.buffer
      if (head.length > this.#limit) return answerTooLarge()
    } else {
      this.#startStream(head)
    }
    return null
  }

  /** Whether it is worth to read it to its end where nobody wants it, so that its connection can be used again. */
  get short (): boolean {
    return this.#status === 304 || (this.#head !== null && this.#head.length >= 0 && this.#head.length <= SMALL_ANSWER)
  }

  /** Whether nothing of it has gone to the client yet, and nothing will before it is complete. */
  get held (): boolean {
    return this.#chunks !== null
  }

  /** @returns whether there is room in what is held */
  hold (chunk: Buffer): boolean {
    this.#size += chunk.length
    if (this.#size > this.#limit) return false
    ;(this.#chunks as Buffer[]).push(chunk)
    return true
  }

  /** @returns false: the client is slower; what was to be resumed will be */
  write (chunk: Buffer): boolean {
    const sink = this.#stream ?? this.#response
    if (sink.write(chunk)) return true
    const attempt = this.#attempt
    sink.once('drain', () => attempt.resume())
    return false
  }

  /** A streamed answer is complete. */
  end (trailers: readonly string[] | null): void {
    if (this.#stream !== null) {
      this.#stream.end()
      return
    }
    if (trailers !== null && trailers.length > 0 && this.#context.trailers) addTrailers(this.#response, trailers)
    this.#response.end()
  }

  /**
   * It won't be complete.
   *
   * @param error for the response hooks; undefined: the client has left
   * @returns whether the client sees that by itself; else it can still be sent an error
   */
  cut (error?: Error): boolean {
    if (this.#stream === null) return false
    this.#stream.destroy(error)
    return true
  }

  /** A held answer, whole, goes out. @throws what Node or Fastify refuse to write */
  deliver (): void {
    const context = this.#context
    const head = this.#head as AnswerHead
    const body = this.#body()
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

  /** null for an answer without a body. */
  #body (): Buffer | null {
    const chunks = this.#chunks as Buffer[]
    return chunks.length === 0 ? null : chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, this.#size)
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
      // it may break off before the hooks hand it to Fastify, which then sees that it did
      this.#stream.on('error', () => {})
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
}

const PRINTABLE = /^[\t\x20-\x7e\x80-\xff]*$/

/** The upstream's reason phrase where it may be written, else the registered one. */
function reasonPhrase (status: number, text: string): string {
  const registered = STATUS_CODES[status]
  if (text === registered) return text
  return PRINTABLE.test(text) ? text : registered ?? ''
}

function flushHead (response: ServerResponse, source?: Readable): void {
  // of one that broke off nothing goes out: Fastify sends the error
  if (!response.writableEnded && !response.destroyed && source?.destroyed !== true) response.flushHeaders()
}

function flushPiped (this: ServerResponse, source: Readable): void {
  process.nextTick(flushHead, this, source)
}

export function answerTooLarge (): GatewayError {
  return invalidAnswer('SP_ANSWER_TOO_LARGE')
}

function invalidAnswer (code: string): GatewayError {
  return new GatewayError(code, 502, 'An invalid response was received from the upstream server')
}
