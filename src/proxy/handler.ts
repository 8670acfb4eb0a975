import type { FastifyReply, FastifyRequest } from 'fastify'
import { kContext, type Context, type GatewayMessage } from '../gateway/context.ts'
import { GatewayError } from '../errors.ts'
import { admit } from './admission.ts'
import type { Delivery } from './delivery.ts'
import { Exchange } from './exchange.ts'
import { WholeDelivery } from './answer/whole-answer.ts'
import { collectBody, hasBody, inviteBody, SMALL_BODY } from './request/request-body.ts'
import { Upload } from './request/upload.ts'
import type { Upstream } from './request/upstream.ts'

/** The proxy handler of a scope: what stands at the end of each chain. */
export function createProxyHandler (delivery: Delivery): (request: FastifyRequest, reply: FastifyReply) => void {
  return function proxy (request, reply) {
    const context = (request.raw as GatewayMessage)[kContext]
    context.reply = reply
    if (context.failure !== null) throw context.failure
    const upstream = context.upstream
    if (upstream === null) throw new GatewayError('SP_NO_SERVICE', 503, 'no Service found with those values')
    const answer = context.answer ?? admit(context, upstream)
    if (answer !== null) {
      upstream.destination.turn.add(new WholeDelivery(context, reply, answer, delivery))
      return
    }
    if (upstream.body !== null || !hasBody(context.raw) || context.upgrade !== null) {
      forward(context, reply, upstream, delivery)
      return
    }
    const length = context.raw.headers['content-length']
    if (length !== undefined && Number(length) <= Math.max(SMALL_BODY, upstream.retry.bodyLimit)) {
      collectBody(context, Number(length), (error, body) => {
        if (error !== null) {
          reply.send(error)
          return
        }
        upstream.body = body
        forward(context, reply, upstream, delivery)
      })
      return
    }
    inviteBody(context)
    if (length !== undefined) upstream.headers.append('content-length', length)
    // the upstream's connection is taken when the body flows, not while a client thinks about it
    upstream.body = new Upload(context.raw, () => forward(context, reply, upstream, delivery))
  }
}

function forward (context: Context, reply: FastifyReply, upstream: Upstream, delivery: Delivery): void {
  const { service } = context
  if (service === null || context.response.destroyed) return
  const exchange = new Exchange(context, reply, upstream, delivery)
  if (context.copies !== null) for (const copy of context.copies) copy.start(upstream, service)
  exchange.send()
}
