import type { FastifyReply } from 'fastify'
import { debugFields } from '../proxy/fields/debug-fields.ts'
import { answerEarly } from '../proxy/request/request-body.ts'
import type { Context } from './context.ts'

/** Puts the gateway's own fields on an answer that did not come from an upstream. Bears being called twice. */
export function stamp (context: Context, reply: FastifyReply): void {
  if (context.stamped) return
  context.stamped = true
  if (!context.raw.complete) answerEarly(context)
  const { tokens } = context.snapshot
  if (tokens.server !== null && !reply.hasHeader('server')) reply.header('server', tokens.server)
  if (tokens.requestId !== null) reply.header(tokens.requestId, context.id)
  if (context.debug !== null) for (const [name, value] of debugFields(context)) reply.header(name, value)
  if (context.proxiedTick === 0) {
    if (tokens.responseLatency !== null) reply.header(tokens.responseLatency, String(Math.round(performance.now() - context.startedTick)))
    return
  }
  // the upstream was tried: the answer counts as proxied, as Kong has it
  if (tokens.via !== null) reply.header('via', `1.1 ${tokens.via}`)
  if (tokens.proxyLatency !== null) reply.header(tokens.proxyLatency, String(Math.round(context.proxiedTick - context.startedTick)))
}
