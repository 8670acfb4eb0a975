/**
 * The two places where the engine reaches into Fastify, in one file. Each looks its symbol up by its description and
 * throws at boot when it isn't there: a version of Fastify that works otherwise can't go unnoticed.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { FieldValue } from '../proxy/fields/answer-fields.ts'
import { restoreFields, type ReplyFields } from '../proxy/fields/reply-fields.ts'
import { contextOf } from './context-of.ts'

type ReplyPrototype = Pick<FastifyReply, 'send' | 'hijack' | 'header' | 'getHeader' | 'getHeaders' | 'hasHeader' | 'removeHeader' | 'type'>
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
  Reply.prototype.send = function sendRecorded (this: FastifyReply, payload?: unknown) {
    const context = contextOf(this.request)
    context.answered = true
    // an error takes nothing from the answer that it replaces
    if (context.answerFields !== null) moveToFastify(this, !(payload instanceof Error))
    return send.call(this, payload)
  }
  Reply.prototype.hijack = function hijackRecorded (this: FastifyReply) {
    contextOf(this.request).answered = true
    return hijack.call(this)
  }
  useAnswerFields(Reply.prototype)
  // routes use the nearest class that says it was decorated: this one
  Reply[symbolOf(Request, DECORATED)] = true
}

/**
 * Has the methods for header fields work on the header of a held answer, where there is one (see AnswerFields), else as
 * Fastify made them.
 */
function useAnswerFields (prototype: ReplyPrototype): void {
  const { header, getHeader, getHeaders, hasHeader, removeHeader, type } = prototype
  Object.assign(prototype, {
    header (this: FastifyReply, name: string, value?: FieldValue) {
      const fields = contextOf(this.request).answerFields
      if (fields === null) return header.call(this, name, value)
      fields.put(name, value)
      return this
    },
    getHeader (this: FastifyReply, name: string) {
      const fields = contextOf(this.request).answerFields
      return fields === null ? getHeader.call(this, name) : fields.get(name)
    },
    getHeaders (this: FastifyReply) {
      const fields = contextOf(this.request).answerFields
      return fields === null ? getHeaders.call(this) : fields.toObject()
    },
    hasHeader (this: FastifyReply, name: string) {
      const fields = contextOf(this.request).answerFields
      return fields === null ? hasHeader.call(this, name) : fields.has(name)
    },
    removeHeader (this: FastifyReply, name: string) {
      const fields = contextOf(this.request).answerFields
      if (fields === null) return removeHeader.call(this, name)
      fields.remove(name)
      return this
    },
    type (this: FastifyReply, contentType: string) {
      const fields = contextOf(this.request).answerFields
      if (fields === null) return type.call(this, contentType)
      fields.put('content-type', contentType)
      return this
    }
  })
}

/** Leaves the header of a held answer to Fastify, which sends what comes now; or drops it. */
function moveToFastify (reply: FastifyReply, keep: boolean): void {
  const context = contextOf(reply.request)
  const fields = context.answerFields?.toObject()
  context.answerFields = null
  if (keep && fields !== undefined) restoreFields(reply, fields)
}

/**
 * Reads what stands in Fastify's own store of a reply, without the copy that `getHeaders` makes.
 */
export function createFieldsReader (): (reply: FastifyReply) => Readonly<ReplyFields> {
  let store: symbol | null = null
  return function readFields (reply) {
    if (reply.raw.getHeaderNames().length > 0) return reply.getHeaders()
    store ??= symbolOf(reply, 'fastify.reply.headers')
    return (reply as unknown as Record<symbol, ReplyFields>)[store] as ReplyFields
  }
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
