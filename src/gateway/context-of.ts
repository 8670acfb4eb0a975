import type { FastifyRequest } from 'fastify'
import { kContext, type Context, type GatewayMessage } from './context.ts'

/** The context of a request, where a plugin's hook or a handler of Fastify has only that. */
export function contextOf (request: FastifyRequest): Context {
  return (request.raw as GatewayMessage)[kContext]
}
