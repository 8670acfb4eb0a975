/**
 * Hooks of plugins for requests that are debugged: each phase is composed a second time, of hooks that note when they ran.
 *
 * Which of the two runs is decided once a phase, and only where `gateway.debug` is there: others pay nothing.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { contextOf } from '../context-of.ts'
import type { Onward } from '../hooks/onward.ts'
import type { composeResponse } from '../hooks/response-hooks.ts'
import type { RequestStep, Step } from '../hooks/step.ts'
import type { Context } from '../context.ts'
import type { Span, TracedPhase } from './trace.ts'

/** Arguments of hooks that don't wait for a callback. */
const ARITY: Readonly<Record<TracedPhase, number>> = { access: 2, request: 2, response: 3 }

type ResponseHook = ReturnType<typeof composeResponse>

/** `slow` for requests that are debugged, `fast` for all others. */
export function eitherRequest (fast: Onward, slow: Onward): Onward {
  return function chain (request, reply) {
    if (contextOf(request).debug === null) fast(request, reply)
    else slow(request, reply)
  }
}

/** The same of hooks that see answers. */
export function eitherResponse (fast: ResponseHook, slow: ResponseHook): ResponseHook {
  return function answerChain (request, reply, payload, done) {
    if (contextOf(request).debug === null) fast(request, reply, payload, done)
    else slow(request, reply, payload, done)
  }
}

export function tracedSteps<Kind extends RequestStep> (steps: readonly Kind[], phase: TracedPhase): Kind[] {
  return steps.map(step => 'run' in step ? { ...step, run: traced(step, phase) } : step)
}

function traced ({ run, callback, plugin }: Step, phase: TracedPhase): Step['run'] {
  const arity = ARITY[phase]
  return function tracedHook (...args) {
    const [request, reply] = args as [FastifyRequest, FastifyReply]
    const context = contextOf(request)
    const span = context.debug?.begin(plugin, phase)
    if (span === undefined) return run.apply(this, args)
    const answers = phase !== 'response'
    let given = args
    if (callback) {
      const done = args[arity] as (error?: unknown, value?: unknown) => void
      given = [...args.slice(0, arity), (error?: unknown, value?: unknown) => {
        if (error == null) pass(span, context, answers)
        else fail(span, error)
        done(error, value)
      }]
    }
    let result: unknown
    try {
      result = run.apply(this, given)
    } catch (error) {
      fail(span, error)
      throw error
    }
    if (result !== reply && isPromise(result)) {
      return result.then(value => {
        pass(span, context, answers)
        return value
      }, (error: unknown) => {
        fail(span, error)
        throw error
      })
    }
    // a callback hook that has answered calls nobody
    if (!callback || (answers && context.answered)) pass(span, context, answers)
    return result
  }
}

function pass (span: Span, context: Context, answers: boolean): void {
  if (span.to >= 0) return
  span.to = performance.now()
  if (answers && context.answered) span.outcome = 'answered'
}

function fail (span: Span, error: unknown): void {
  if (span.to >= 0) return
  span.to = performance.now()
  span.outcome = 'failed'
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown }
  span.error = typeof code === 'string' ? code : null
}

function isPromise (value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
