import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { contextOf } from '../context-of.ts'
import { badResult, type Choice, chosen, completeChoices, type Done, isPromise, type Step } from './step.ts'

/**
 * Composes hooks that see every answer: each gets the payload that the one before it returned.
 *
 * A hook that fails turns the answer into an error, for which all hooks run again but the one that failed. One that fails
 * on an error is passed over: a second error would be Fastify's to render, which shows its message to the client.
 *
 * @param failed told about the hooks that were passed over
 */
export function composeResponse (steps: readonly Step[], choices: readonly Choice[], failed: (plugin: string, error: unknown) => void): (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done) => void {
  const count = steps.length

  function runFrom (index: number, context: Context, request: FastifyRequest, reply: FastifyReply, payload: unknown, first: unknown, done: Done): void {
    while (index < count) {
      const at = index++
      const step = steps[at] as Step
      if (at === context.failedStep || !chosen(step, context)) continue
      if (step.callback) {
        runCallback(step, at, context, request, reply, payload, first, done)
        return
      }
      let result: unknown
      try {
        result = step.run.call(step.instance, request, reply, payload)
      } catch (error) {
        fail(error, step, at, context, request, reply, payload, first, done)
        return
      }
      if (isPromise(result)) {
        awaitResult(result, step, at, context, request, reply, payload, first, done)
        return
      }
      if (result !== undefined) payload = result
    }
    // another body has another length; Fastify works it out for what it can measure
    if (payload !== first) reply.removeHeader('content-length')
    // Node writes head and text in one piece, in the text's encoding: field values beyond ASCII would be encoded twice
    done(null, typeof payload === 'string' ? Buffer.from(payload) : payload)
  }

  /** `payload`: as the hook at `at` got it. */
  function fail (error: unknown, step: Step, at: number, context: Context, request: FastifyRequest, reply: FastifyReply, payload: unknown, first: unknown, done: Done): void {
    context.failedStep = at
    if (!context.failed) {
      done(error ?? badResult(step))
      return
    }
    failed(step.plugin, error)
    runFrom(at + 1, context, request, reply, payload, first, done)
  }

  function runCallback (step: Step, at: number, context: Context, request: FastifyRequest, reply: FastifyReply, payload: unknown, first: unknown, done: Done): void {
    let called = false
    const finish: Done = (error, value) => {
      if (called) return
      called = true
      if (error != null) fail(error, step, at, context, request, reply, payload, first, done)
      else runFrom(at + 1, context, request, reply, value === undefined ? payload : value, first, done)
    }
    try {
      step.run.call(step.instance, request, reply, payload, finish)
    } catch (error) {
      if (!called) {
        called = true
        fail(error, step, at, context, request, reply, payload, first, done)
      }
    }
  }

  function awaitResult (result: PromiseLike<unknown>, step: Step, at: number, context: Context, request: FastifyRequest, reply: FastifyReply, payload: unknown, first: unknown, done: Done): void {
    result.then(
      value => runFrom(at + 1, context, request, reply, value === undefined ? payload : value, first, done),
      error => fail(error, step, at, context, request, reply, payload, first, done)
    )
  }

  return function answerChain (request, reply, payload, done) {
    const context = contextOf(request)
    completeChoices(choices, context)
    runFrom(0, context, request, reply, payload, payload, done)
  }
}
