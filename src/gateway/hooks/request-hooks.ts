/**
 * Runs the hooks of a chain before the hop, from the handler of its route.
 *
 * Eight no-op hooks cost 5 µs a request when Fastify runs them, 0.6 µs here. The price: every way out of a hook must be
 * read right. The rule is fail-closed: the next hook runs only on an explicit "go on".
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { contextOf } from '../context-of.ts'
import { fail, goOn, type Onward } from './onward.ts'
import { badResult, choose, chosen, type Done, isChoice, isPromise, type RequestStep, type Step } from './step.ts'

/** Notes how long a plugin has kept a request waiting. */
function waited (context: Context, { plugin }: Step, from: number): void {
  (context.waits ??= []).push({ plugin, from, to: performance.now() })
}

/**
 * Composes hooks that run before the hop.
 *
 * Go on: `undefined` returned by a hook of two arguments, a promise that resolves, `done()` of a callback hook, each
 * without an answer sent meanwhile. Everything else ends the walk: an answer, a throw, a rejection, an odd result.
 *
 * @param onward what comes after the last one
 */
export function composeRequest (steps: readonly RequestStep[], onward: Onward): Onward {
  const count = steps.length

  // closures are made where a hook waits, in functions of their own: one that might make them costs each request memory
  function runFrom (index: number, context: Context, request: FastifyRequest, reply: FastifyReply): void {
    while (index < count) {
      const step = steps[index++] as RequestStep
      if (isChoice(step)) {
        (context.choices ??= [])[step.slot] = choose(step, context)
        continue
      }
      if (!chosen(step, context)) continue
      context.plugin = step.plugin
      if (step.callback) {
        runCallback(step, index, context, request, reply)
        return
      }

      let result: unknown
      try {
        result = step.run.call(step.instance, request, reply)
      } catch (error) {
        fail(reply, error)
        return
      }
      if (context.answered) {
        // an answer is on its way; a promise that still runs may only fail quietly
        if (result !== reply && isPromise(result)) result.then(undefined, () => {})
        return
      }
      if (result === undefined) continue
      if (isPromise(result)) awaitResult(result, step, index, context, request, reply)
      else fail(reply, badResult(step))
      return
    }
    context.plugin = null
    goOn(onward, request, reply)
  }

  function runCallback (step: Step, index: number, context: Context, request: FastifyRequest, reply: FastifyReply): void {
    let called = false
    const from = context.scope.timed ? performance.now() : 0
    const done: Done = error => {
      if (called) return
      called = true
      if (from !== 0) waited(context, step, from)
      if (error != null) fail(reply, error)
      else if (!context.answered) runFrom(index, context, request, reply)
    }
    try {
      step.run.call(step.instance, request, reply, done)
    } catch (error) {
      if (!called) {
        called = true
        fail(reply, error)
      }
    }
  }

  function awaitResult (result: PromiseLike<unknown>, step: Step, index: number, context: Context, request: FastifyRequest, reply: FastifyReply): void {
    const from = context.scope.timed ? performance.now() : 0
    result.then(value => {
      if (from !== 0) waited(context, step, from)
      if (context.answered) return
      if (value === undefined) runFrom(index, context, request, reply)
      else fail(reply, badResult(step))
    }, error => {
      if (from !== 0) waited(context, step, from)
      if (!context.answered) fail(reply, error ?? badResult(step))
    })
  }

  return function chain (request, reply) {
    const context = contextOf(request)
    context.reply = reply
    if (context.failure !== null) fail(reply, context.failure)
    else runFrom(0, context, request, reply)
  }
}
