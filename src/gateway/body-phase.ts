import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { collectBody, hasBody, inviteBody } from '../proxy/request/request-body.ts'
import { contextOf } from './context-of.ts'
import { fail, goOn, type Onward } from './hooks/onward.ts'
import { chosen, type Step } from './hooks/step.ts'

export type Transform = Step

/**
 * The body-in phase: runs the hooks that look at the body as a stream, then reads it whole where a plugin of the chain
 * wants it so.
 *
 * @param transforms hooks of `preParsing`: each gets the stream and may return another
 * @param buffer limit in bytes for a body that is held; 0: it stays a stream
 * @param onward what comes then
 */
export function createBodyReader (transforms: readonly Transform[], buffer: number, onward: Onward): Onward {
  return function bodyPhase (request, reply) {
    const context = contextOf(request)
    if (!hasBody(context.raw) || context.upgrade !== null) {
      goOn(onward, request, reply)
      return
    }
    // the access phase has read it, and may have changed what goes up
    const replaced = context.upstream?.body
    const held = context.heldBody === null ? null : Buffer.isBuffer(replaced) ? replaced : context.heldBody
    if (held !== null && transforms.length === 0) {
      request.body = held
      goOn(onward, request, reply)
      return
    }
    const received = held === null ? context.raw : Readable.from(held, { objectMode: false })
    transform(transforms, request, reply, received).then(source => {
      if (context.answered) return
      if (source !== context.raw && source.errored !== null) {
        if (!context.response.destroyed) fail(reply, source.errored)
        return
      }
      if (buffer === 0) {
        inviteBody(context)
        if (context.upstream !== null && source !== context.raw) context.upstream.body = source
        goOn(onward, request, reply)
        return
      }
      collectBody(context, buffer, (error, body) => {
        if (error !== null) {
          fail(reply, error)
          return
        }
        request.body = body
        if (context.upstream !== null) context.upstream.body = body
        goOn(onward, request, reply)
      }, source)
    }, (error: Error) => { if (!context.answered) fail(reply, error) })
  }
}

async function transform (transforms: readonly Transform[], request: FastifyRequest, reply: FastifyReply, source: Readable): Promise<Readable> {
  let stream = source
  const context = contextOf(request)
  for (const step of transforms) {
    if (!chosen(step, context)) continue
    const result = step.callback
      ? await new Promise((resolve, reject) => {
        step.run.call(step.instance, request, reply, stream, (error?: unknown, value?: unknown) => error != null ? reject(error) : resolve(value))
      })
      : await step.run.call(step.instance, request, reply, stream)
    if (result === undefined || result === stream) continue
    stream = result as Readable
    // who reads it asks whether it has broken off: that may be before anybody listens, and must not end the process
    stream.on('error', ignore)
  }
  return stream
}

function ignore (): void {}
