/** How a request goes from one part of its chain to the next: access hooks, body, request hooks, hop. */
import type { FastifyReply, FastifyRequest } from 'fastify'

/** What comes next. */
export type Onward = (request: FastifyRequest, reply: FastifyReply) => void

/** Fastify catches what a handler throws, but not what is thrown after it had to wait. */
export function goOn (onward: Onward, request: FastifyRequest, reply: FastifyReply): void {
  try {
    onward(request, reply)
  } catch (error) {
    fail(reply, error)
  }
}

/** Ends a request with an error, whatever it was that was thrown: what is no Error, Fastify would take for the answer. */
export function fail (reply: FastifyReply, thrown: unknown): void {
  reply.send(thrown instanceof Error ? thrown : Object.assign(new Error('something other than an error was thrown', { cause: thrown }), typeof thrown === 'object' ? thrown : {}))
}
