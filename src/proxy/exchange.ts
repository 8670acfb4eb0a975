import type { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Context, Hop } from '../gateway/context.ts'
import type { Handshake } from '../gateway/handshake.ts'
import { GatewayError } from '../errors.ts'
import type { Ending } from '../upstream/destination.ts'
import { Answer, answerTooLarge } from './answer.ts'
import { answerHead } from './answer-head.ts'
import { Attempt, type Attempter } from './attempt.ts'
import type { Delivery } from './delivery.ts'
import { causeCode, endingOf, upstreamError } from './errors.ts'
import { hasBody } from './request-body.ts'
import { finishRequestHead } from './request-head.ts'
import { mergeFields } from './reply-fields.ts'
import { mayRepeat } from './retry.ts'
import type { Target } from './transport.ts'
import type { Task } from './turn.ts'
import type { Upstream } from './upstream.ts'
import { joinTunnel } from './websocket.ts'
import { WholeDelivery, type WholeAnswer } from './whole-answer.ts'
import { watchUpload } from './write-timeout.ts'

const NOBODY: readonly Target[] = Object.freeze([])

/** One request at its upstream, in as many attempts as it takes, and its answer to the client. */
export class Exchange implements Attempter, Hop, Task {
  readonly #context: Context
  readonly #reply: FastifyReply
  readonly #upstream: Upstream
  readonly #delivery: Delivery
  readonly #fields: string[]
  #left: number
  #attempt: Attempt | null = null
  /** Targets of earlier attempts. */
  #tried: readonly Target[] = NOBODY
  #answer: Answer | null = null
  #done = false
  /** The answer is here as a whole, and held. */
  #answered = false
  #stopWatch: (() => void) | null = null
  #readTimeout = 0
  #writeTimeout = 0

  constructor (context: Context, reply: FastifyReply, upstream: Upstream, delivery: Delivery, retries: number, trusted: boolean) {
    this.#context = context
    this.#reply = reply
    this.#upstream = upstream
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
      this.#begin()
      return
    }
    const { response } = this.#context
    if (!this.#answered || response.destroyed) {
      // the client has left meanwhile; nobody has taken charge of a body that was to go up
      const { body } = this.#upstream
      if (!this.#answered && body !== null && !Buffer.isBuffer(body)) body.destroy()
      return
    }
    try {
      try {
        (this.#answer as Answer).deliver()
      } catch (error) {
        // what Node or Fastify refuse to write
        this.#reply.send(upstreamError(error))
      }
    } catch {
      response.destroy()
    }
  }

  #begin (): void {
    const { body } = this.#upstream
    const now = performance.now()
    this.#context.proxiedTick = now
    if (body !== null && !Buffer.isBuffer(body)) {
      this.#stopWatch = watchUpload(body, this.#writeTimeout, error => this.#fail(error, 'timeout'))
    }
    this.#try(now)
  }

  #try (now: number): void {
    const upstream = this.#upstream
    let target: Target
    try {
      target = upstream.destination.pick(this.#context, this.#tried, now)
    } catch (error) {
      this.#fail(error as Error, 'cancelled')
      return
    }
    upstream.aim(target)
    this.#attempt = new Attempt(this, this.#context, upstream.destination, target, now)
    this.#attempt.send(upstream, this.#fields, this.#readTimeout)
  }

  onHead (attempt: Attempt, status: number, raw: Buffer[], resume: () => void, statusText: string): void {
    const answer = new Answer(this.#context, this.#reply, this.#delivery, status, statusText, resume)
    this.#answer = answer
    const other = answer.begin(raw)
    if (other === null) return
    if (other instanceof GatewayError) {
      this.#fail(other, 'invalid')
      return
    }
    this.#finish()
    if (!answer.short) attempt.drop('complete')
    this.#send(other)
  }

  /** The upstream has switched to the WebSocket: its own 101 goes to the client, then bytes flow both ways. */
  onTunnel (attempt: Attempt, raw: Buffer[], socket: Duplex): void {
    const context = this.#context
    this.#finish()
    context.proxied = true
    context.answered = true
    const { fields } = answerHead(context, raw, this.#delivery.tokens)
    if (this.#delivery.ownFields !== null) mergeFields(fields, this.#delivery.ownFields(this.#reply))
    joinTunnel(context, context.upgrade as Handshake, fields, socket, attempt)
  }

  /** @returns false: the client is slower */
  onData (_attempt: Attempt, chunk: Buffer): boolean {
    if (this.#done) return true
    const answer = this.#answer as Answer
    this.#context.watcher?.data(chunk)
    if (!answer.held) return answer.write(chunk)
    if (!answer.hold(chunk)) this.#fail(answerTooLarge(), 'invalid')
    return true
  }

  onComplete (attempt: Attempt, trailers: Buffer[] | string[] | null): void {
    attempt.end('complete')
    if (this.#done) return
    this.#finish()
    this.#context.watcher?.end()
    const answer = this.#answer as Answer
    if (answer.held) {
      this.#answered = true
      this.#upstream.destination.turn.add(this)
    } else {
      answer.end(trailers)
    }
  }

  onError (attempt: Attempt, error: Error): void {
    if (this.#answer?.isWhole(error) === true) {
      this.onComplete(attempt, null)
      return
    }
    if (this.#done) {
      attempt.end(endingOf(error))
      return
    }
    const { body } = this.#upstream
    const { raw } = this.#context
    if (body !== null && !Buffer.isBuffer(body) && body.errored === error) {
      // a plugin's stream has broken the upload off, and says with which status
      this.#fail(error, 'cancelled')
    } else if (raw.destroyed && !raw.complete && hasBody(raw)) {
      // the client has left in the middle of its upload: that is no failure of the upstream
      this.cancel()
    } else {
      this.#note(attempt, error)
      if (this.#answer === null && this.#left > 0 && mayRepeat(error, attempt.sent, this.#upstream)) this.#again(attempt, endingOf(error))
      else this.#fail(upstreamError(error), endingOf(error))
    }
  }

  #again (attempt: Attempt, ending: Ending): void {
    this.#left--
    attempt.end(ending)
    this.#tried = [...this.#tried, attempt.target]
    this.#try(performance.now())
  }

  /** Remembers a failed attempt for the log. */
  #note ({ target: { host, port } }: Attempt, error: Error): void {
    (this.#context.tries ??= []).push({ host, port, startedAt: Date.now(), error: causeCode(error) })
  }

  #fail (error: Error, ending: Ending): void {
    if (this.#done) return
    const { response } = this.#context
    this.#finish()
    this.#attempt?.drop(ending)
    const instead = this.#context.watcher?.failed() ?? null
    if (instead !== null && !this.#context.proxied && !response.headersSent) {
      this.#send(instead)
      return
    }
    if (error instanceof GatewayError) this.#context.errorCode = error.code
    if (this.#answer?.cut(error) === true) return
    // a cut answer must not look whole: no last chunk, no clean end
    if (response.headersSent) response.destroy()
    else this.#reply.send(error)
  }

  /** Another answer goes to the client. */
  #send (answer: WholeAnswer): void {
    this.#upstream.destination.turn.add(new WholeDelivery(this.#context, this.#reply, answer, this.#delivery))
  }

  /** The client has left. */
  cancel (): void {
    if (this.#done) return
    this.#finish()
    this.#answer?.cut()
    this.#attempt?.drop('cancelled')
  }

  #finish (): void {
    this.#done = true
    this.#context.hop = null
    this.#stopWatch?.()
  }
}
