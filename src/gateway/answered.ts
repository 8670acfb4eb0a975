import type { FastifyInstance, FastifyReply } from 'fastify'
import { contextOf } from './compose.ts'

interface ReplyPrototype {
  send (this: FastifyReply, payload?: unknown): FastifyReply
  hijack (this: FastifyReply): FastifyReply
}

/**
 * Records on the context that an answer was sent or taken over.
 *
 * `reply.sent` is no help: it is still false right after `reply.send()` where an `onSend` hook waits. The root's Reply
 * class is wrapped once; the classes of all scopes inherit from it, and `redirect` and friends end in `send`.
 *
 * @throws when Fastify no longer keeps its Reply class where it was
 */
export function hijackWatch (app: FastifyInstance): void {
  const symbol = Object.getOwnPropertySymbols(app).find(candidate => candidate.description === 'fastify.Reply')
  const Reply = symbol === undefined ? undefined : (app as unknown as Record<symbol, { prototype: ReplyPrototype }>)[symbol]
  if (Reply === undefined) throw new Error('this version of Fastify keeps its Reply class elsewhere')
  const { send, hijack } = Reply.prototype
  Reply.prototype.send = function sendRecorded (payload) {
    contextOf(this.request).answered = true
    return send.call(this, payload)
  }
  Reply.prototype.hijack = function hijackRecorded () {
    contextOf(this.request).answered = true
    return hijack.call(this)
  }
}
