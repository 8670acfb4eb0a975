import type { FastifyBaseLogger } from 'fastify'
import { GatewayError } from '../errors.ts'
import type { Context } from './context.ts'

/** Whether it is a coded error; packages may have a copy of the class. */
export function isGatewayError (error: unknown): error is GatewayError {
  return error instanceof GatewayError || (error as { name?: unknown } | null)?.name === 'GatewayError'
}

/**
 * Writes why a request ended with a 5xx of our own. A coded error is said on purpose: its code and what it came from tell
 * all, and under load (a key server that is down) a stack each would be most of the log. Anything else is a defect,
 * whose stack is wanted.
 */
export function logFailure (log: FastifyBaseLogger, error: unknown, context: Context): void {
  const facts = { request_id: context.id, route: context.route?.name }
  if (!isGatewayError(error)) {
    log.error({ err: error, ...facts }, 'a request failed')
    return
  }
  const { code, statusCode, message, cause } = error
  const level = statusCode === 500 ? 'error' : 'warn'
  log[level]({ code, status: statusCode, ...cause === undefined ? {} : { cause: cause instanceof Error ? cause.message : String(cause) }, ...facts }, `a request failed: ${message}`)
}
