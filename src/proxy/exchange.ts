import type { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Context, Hop } from '../gateway/context.ts'
import type { Handshake } from '../gateway/listener/handshake.ts'
import { GatewayError } from '../errors.ts'
import type { Ending } from '../upstream/destination.ts'
import { Answer, answerTooLarge } from './answer/answer.ts'
import { answerHead } from './answer/answer-head.ts'
import type { Attempt, Attempter } from './attempts/attempt.ts'
import { Attempts } from './attempts/attempts.ts'
import { deadlineOf } from './attempts/deadline.ts'
import type { Delivery } from './delivery.ts'
import { passInterim } from './answer/early-hints.ts'
import { deadlinePassed, endingOf, isWrongName, upstreamError } from './errors.ts'
import { hasBody } from './request/request-body.ts'
import { finishRequestHead } from './request/request-head.ts'
import { mergeFields } from './fields/reply-fields.ts'
import type { Task } from './turn.ts'
import type { Upstream } from './request/upstream.ts'
import { joinTunnel } from './websocket.ts'
import { WholeDelivery, type WholeAnswer } from './answer/whole-answer.ts'
import { watchUpload } from './request/write-timeout.ts'

/** One request at its upstream, in as many attempts as it takes, and its answer to the client. */
export class Exchange implements Attempter, Hop, Task {
  readonly #context: Context
  readonly #reply: FastifyReply
  readonly #upstream: Upstream
  readonly #delivery: Delivery
  /** When it must be over, in monotonic milliseconds; 0: never. */
  readonly #deadline: number
  readonly #attempts: Attempts
  #answer: Answer | null = null
  #done = false
  /** The answer is here as a whole, and held. */
  #answered = false
  #stopWatch: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null

  constructor (context: Context, reply: FastifyReply, upstream: Upstream, delivery: Delivery) {
    this.#context = context
    this.#reply = reply
    this.#upstream = upstream
    this.#delivery = delivery
    this.#deadline = upstream.timeouts.total === 0 && upstream.policy.deadline === null ? 0 : deadlineOf(context, upstream)
    const fields = finishRequestHead(context, upstream, delivery.tokens, context.trusted)
    this.#attempts = new Attempts(this, context, upstream, fields, this.#deadline)
    context.hop = this
  }

  /** Sends the request, at the end of the turn. */
  send (): void {
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
      // the client has left meanwhile
      if (!this.#answered) this.#dropBody()
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
    const { body, policy, timeouts } = this.#upstream
    const now = performance.now()
    this.#context.proxiedTick = now
    policy.budget.request(now)
    if (this.#deadline !== 0) {
      if (this.#deadline <= now) {
        this.fail(deadlinePassed(), 'cancelled')
        return
      }
      this.#timer = setTimeout(expire, Math.ceil(this.#deadline - now), this)
    }
    if (body !== null && !Buffer.isBuffer(body)) this.#stopWatch = watchUpload(body, timeouts.write, error => this.fail(error, 'timeout'))
    this.#attempts.begin(now)
  }

  onHead (attempt: Attempt, status: number, raw: string[], statusText: string): void {
    if (!this.#attempts.accept(attempt, status, raw)) return
    const answer = new Answer(this.#context, this.#reply, this.#delivery, status, statusText, attempt)
    this.#answer = answer
    const other = answer.begin(raw)
    if (other === null) return
    if (other instanceof GatewayError) {
      this.fail(other, 'invalid')
      return
    }
    this.#finish()
    if (!answer.short) attempt.drop('complete')
    this.#send(other)
  }

  /** The upstream has switched to the WebSocket: its own 101 goes to the client, then bytes flow both ways. */
  onTunnel (attempt: Attempt, raw: string[], socket: Duplex): void {
    const context = this.#context
    this.#finish()
    context.proxied = true
    context.answered = true
    const { fields } = answerHead(context, raw, this.#delivery.tokens)
    if (this.#delivery.ownFields !== null) mergeFields(fields, this.#delivery.ownFields(this.#reply))
    joinTunnel(context, context.upgrade as Handshake, fields, socket, attempt)
  }

  onInterim (status: number, raw: readonly string[]): void {
    passInterim(this.#context, status, raw)
  }

  /** @returns false: the client is slower */
  onData (_attempt: Attempt, chunk: Buffer): boolean {
    if (this.#done) return true
    this.#context.watcher?.data(chunk)
    const answer = this.#answer as Answer
    if (!answer.held) return answer.write(chunk)
    if (!answer.hold(chunk)) this.fail(answerTooLarge(), 'invalid')
    return true
  }

  onComplete (attempt: Attempt, trailers: string[] | null): void {
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
    if (this.#done) {
      attempt.end(endingOf(error, attempt.sent))
      return
    }
    const { body } = this.#upstream
    const { raw } = this.#context
    if (body !== null && !Buffer.isBuffer(body) && body.errored === error) {
      // a plugin's stream has broken the upload off, and says with which status
      this.fail(error, 'cancelled')
    } else if (raw.destroyed && !raw.complete && hasBody(raw)) {
      // the client has left in the middle of its upload: that is no failure of the upstream
      this.cancel()
    } else {
      // a client may ask for any name: breakers and health must not hear of those that the upstream doesn't have
      const ending = this.#upstream.preserved && isWrongName(error) ? 'cancelled' : endingOf(error, attempt.sent)
      if (!this.#attempts.replace(attempt, error, ending, this.#answer !== null)) this.fail(upstreamError(error), ending)
    }
  }

  /** The deadline is here. */
  expire (): void {
    // a deadline that somebody else has set, or that earlier attempts have eaten up, says nothing about this target
    const own = this.#attempts.isFirst && this.#deadline === this.#context.startedTick + this.#upstream.timeouts.total
    this.fail(deadlinePassed(), own ? 'timeout' : 'cancelled')
  }

  /** @param ending of the attempt that runs */
  fail (error: Error, ending: Ending): void {
    if (this.#done) return
    const { response } = this.#context
    this.#finish()
    this.#attempts.drop(ending)
    this.#dropBody()
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
    this.#attempts.drop('cancelled')
    this.#dropBody()
  }

  /** What is left of a body that goes up is not wanted: nobody else says so in a pause, or before there is a connection. */
  #dropBody (): void {
    const { body } = this.#upstream
    if (body !== null && !Buffer.isBuffer(body)) body.destroy()
  }

  #finish (): void {
    this.#done = true
    this.#context.hop = null
    this.#stopWatch?.()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}

/** A function of the module: the timer takes the exchange along, so that no request makes a closure. */
function expire (exchange: Exchange): void {
  exchange.expire()
}
