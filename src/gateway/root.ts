import { METHODS } from 'node:http'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { kContext, type Context, type GatewayMessage } from './context.ts'
import { sendError } from './error-body.ts'
import { prepareRoot } from './fastify-classes.ts'
import { logFailure } from './log-failure.ts'

/** The root instance of a snapshot: its scopes become plugins of it. */
export function createRoot (log: FastifyBaseLogger): FastifyInstance {
  const root = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    genReqId: request => (request as GatewayMessage)[kContext].id,
    rewriteUrl: request => scopeUrl((request as GatewayMessage)[kContext])
  })
  // no method has a body for Fastify: bodies are the engine's (streams, or read whole where a plugin asks), and
  // Fastify's parsers, limits and 415 answers stay out of the way
  for (const method of METHODS) root.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  root.setErrorHandler((error, request, reply) => {
    sendError(error, (request.raw as GatewayMessage)[kContext], reply, (cause, context) => logFailure(log, cause, context))
  })
  prepareRoot(root)
  return root
}

function scopeUrl (context: Context): string {
  return context.query === null ? context.scope.path : `${context.scope.path}?${context.query}`
}
