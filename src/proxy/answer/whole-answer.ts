import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Context } from '../../gateway/context.ts'
import { AnswerFields } from '../fields/answer-fields.ts'
import { writeAnswer } from './answer-writer.ts'
import { debugFields } from '../fields/debug-fields.ts'
import { upstreamError } from '../errors.ts'
import type { Delivery } from '../delivery.ts'
import { answerThroughHooks } from './hooked-answer.ts'
import { mergeFields } from '../fields/reply-fields.ts'
import { answerEarly } from '../request/request-body.ts'
import type { Tokens } from '../fields/product.ts'
import type { Task } from '../turn.ts'

/** An answer that is here as a whole and stands for the upstream's: from a cache, say. */
export interface WholeAnswer {
  readonly status: number
  /** Reason phrase; the registered one by default. */
  readonly statusText?: string
  /** Name, value, …: taken over. Neither Content-Length nor fields of a connection. They must have passed an HTTP parser or `validateHeaderValue`. */
  readonly fields: string[]
  /** null: it has none. */
  readonly body: Buffer | null
  /** Content-Length of an answer without body (HEAD); -1, the default there: none. */
  readonly length?: number
}

/** Sends a whole answer at the end of the turn, with those that an upstream has given (see Turn). */
export class WholeDelivery implements Task {
  readonly #context: Context
  readonly #reply: FastifyReply
  readonly #answer: WholeAnswer
  readonly #delivery: Delivery

  constructor (context: Context, reply: FastifyReply, answer: WholeAnswer, delivery: Delivery) {
    this.#context = context
    this.#reply = reply
    this.#answer = answer
    this.#delivery = delivery
  }

  run (): void {
    if (this.#context.response.destroyed) return
    try {
      try {
        this.#send()
      } catch (error) {
        // what Node or Fastify refuse to write
        this.#reply.send(upstreamError(error))
      }
    } catch {
      this.#context.response.destroy()
    }
  }

  #send (): void {
    const context = this.#context
    const { response } = context
    const { status, body, fields } = this.#answer
    const statusText = this.#answer.statusText ?? STATUS_CODES[status] ?? ''
    const length = body === null ? this.#answer.length ?? -1 : body.length
    if (length !== -1) fields.push('Content-Length', String(length))
    addTokens(context, fields, context.snapshot.tokens)
    if (!context.raw.complete) answerEarly(context)
    context.proxied = true
    if (this.#delivery.ownFields !== null) mergeFields(fields, this.#delivery.ownFields(this.#reply))
    if (this.#delivery.chain !== null) {
      context.answerFields = new AnswerFields(fields, response)
      if (status < 600) this.#reply.code(status)
      else response.statusCode = status
      answerThroughHooks(context, this.#reply, statusText, body, this.#delivery.chain)
      return
    }
    context.answered = true
    context.responseHeaders = fields
    writeAnswer(response, status, statusText, fields, body, length)
  }
}

/** The gateway's own fields, as on an answer that has just come from the upstream, but without the times of one. */
function addTokens (context: Context, fields: string[], tokens: Tokens): void {
  if (tokens.via !== null) {
    fields.push('Via', `1.1 ${tokens.via}`)
    if (!hasServer(fields)) fields.push('Server', tokens.server as string)
  }
  if (tokens.proxyLatency !== null) fields.push(tokens.proxyLatency, String(Math.round((context.proxiedTick === 0 ? performance.now() : context.proxiedTick) - context.startedTick)))
  if (tokens.requestId !== null) fields.push(tokens.requestId, context.id)
  // the upstream was asked, and this answer stands for its own
  if (context.affinityCookie !== null) fields.push('Set-Cookie', context.affinityCookie)
  if (context.debug !== null) for (const field of debugFields(context)) fields.push(...field)
}

function hasServer (fields: readonly string[]): boolean {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    if (name.length === 6 && name.toLowerCase() === 'server') return true
  }
  return false
}
