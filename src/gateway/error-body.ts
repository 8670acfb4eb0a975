import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import { restoreFields } from '../proxy/fields/reply-fields.ts'
import { stamp } from './local-answer.ts'
import type { Context } from './context.ts'
import { isGatewayError } from './log-failure.ts'

/** Kong's default texts where they differ from the registered reason phrases. */
const TEXTS: Readonly<Record<number, string>> = {
  500: 'An unexpected error occurred',
  502: 'An invalid response was received from the upstream server',
  503: 'The upstream server is currently unavailable',
  504: 'The upstream server is timing out'
}

/** The JSON body of every error answer: what happened, and the id under which the log tells more. */
export function errorBody (message: string, requestId: string, members?: Readonly<Record<string, unknown>>): string {
  const own = members === undefined ? '' : JSON.stringify(members).slice(1, -1)
  return `{"message":${JSON.stringify(message)},${own === '' ? '' : `${own},`}"request_id":"${requestId}"}`
}

function defaultText (status: number): string {
  return TEXTS[status] ?? STATUS_CODES[status] ?? TEXTS[500] as string
}

/**
 * Renders an error as the answer: the one place for errors of hooks, of the hop, of intake and of Fastify itself.
 *
 * @param failed told about a 5xx that isn't the upstream's doing
 */
export function sendError (error: unknown, context: Context, reply: FastifyReply, failed: (error: unknown, context: Context) => void): void {
  const { statusCode, code, message } = (typeof error === 'object' && error !== null ? error : {}) as { statusCode?: unknown, code?: unknown, message?: unknown }
  const status = typeof statusCode === 'number' && statusCode >= 300 && statusCode <= 599 ? statusCode : 500
  const own = isGatewayError(error)
  // "token expired" is what an operator asks for; with an upstream, the attempts tell more than a general sentence
  if (own && status >= 400 && error.message !== '' && context.errorCode === null && context.proxiedTick === 0) context.refusal = error.message
  context.errorCode ??= typeof code === 'string' ? code : 'SP_UNEXPECTED'
  if (status >= 500 && !(own && (error.quiet || context.proxiedTick !== 0))) failed(error, context)

  reply.code(status)
  // a response hook has failed: the upstream's fields must not stand on an answer that is not its own, and what hooks have
  // changed already, they change again
  if (context.ownFields !== null) restoreFields(reply, context.ownFields)
  context.proxied = false
  context.failed = true
  const headers = own ? error.headers : undefined
  if (headers !== undefined) reply.headers(headers as Record<string, string>)
  stamp(context, reply)
  if (own && error.content !== undefined) {
    reply.send(error.content)
    return
  }
  if (status < 400) {
    reply.removeHeader('content-type')
    reply.send()
    return
  }
  // a library's own words may name addresses and files; below 500 they tell the client what to mend
  const text = own || status < 500 ? String(message ?? '') : ''
  // a body with more members may have a type of its own (RFC 9457)
  if (headers?.['content-type'] === undefined) reply.header('content-type', 'application/json; charset=utf-8')
  reply.send(errorBody(text === '' ? defaultText(status) : text, context.id, own ? error.body : undefined))
}
