/**
 * The two places where the engine reaches into Fastify, in one file. Each looks its symbol up by its description and
 * throws at boot when it isn't there: a version of Fastify that works otherwise can't go unnoticed.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { contextOf } from './compose.ts'

interface ReplyPrototype {
  send (this: FastifyReply, payload?: unknown): FastifyReply
  hijack (this: FastifyReply): FastifyReply
}
type FastifyClass = Record<symbol, unknown> & { prototype: ReplyPrototype }

const DECORATED = 'fastify.hasBeenDecorated'

function symbolOf (object: object, description: string): symbol {
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const symbol = Object.getOwnPropertySymbols(holder).find(candidate => candidate.description === description)
    if (symbol !== undefined) return symbol
  }
  throw new Error(`this version of Fastify has no '${description}'`)
}

function classOf (instance: FastifyInstance, description: 'fastify.Request' | 'fastify.Reply'): FastifyClass {
  return (instance as unknown as Record<symbol, FastifyClass>)[symbolOf(instance, description)] as FastifyClass
}

/**
 * Prepares the root: puts `request.gateway` on its Request class, and lets its Reply class record on the context that an
 * answer was sent or taken over.
 *
 * `reply.sent` is no help for that: it is still false right after `reply.send()` where an `onSend` hook waits.
 * `redirect` and its like end in `send`.
 */
export function prepareRoot (root: FastifyInstance): void {
  root.decorateRequest('gateway', { getter () { return contextOf(this) } })
  const Request = classOf(root, 'fastify.Request')
  const Reply = classOf(root, 'fastify.Reply')
  const { send, hijack } = Reply.prototype
  Reply.prototype.send = function sendRecorded (payload) {
    contextOf(this.request).answered = true
    return send.call(this, payload)
  }
  Reply.prototype.hijack = function hijackRecorded () {
    contextOf(this.request).answered = true
    return hijack.call(this)
  }
  // routes use the nearest class that says it was decorated: this one
  Reply[symbolOf(Request, DECORATED)] = true
}

/**
 * Lets the routes of a scope use the root's Request and Reply classes.
 *
 * A scope has classes of its own, which inherit the root's mark and so would stay apart: a hundred classes make every
 * property access of the process megamorphic. A scope whose plugins really decorate keeps its own.
 */
export function shareClasses (scope: FastifyInstance): void {
  for (const name of ['fastify.Request', 'fastify.Reply'] as const) {
    const own = classOf(scope, name)
    const decorated = symbolOf(own, DECORATED)
    if (!Object.hasOwn(own, decorated)) own[decorated] = false
  }
}
