import type { FastifyReply, FastifyRequest } from 'fastify'
import { identify } from '../auth/authenticator.ts'
import { identityOf } from '../auth/identity.ts'
import type { Consumer, PluginEntry } from '../config/model.ts'
import { contextOf } from '../gateway/context-of.ts'
import type { Context } from '../gateway/context.ts'
import type { ObservedHook, ObservedPhase } from '../gateway/outside.ts'
import type { PluginRegistry } from '../plugins.ts'

/** A message as it stood at one moment; a body that passes as a stream is not there. */
export interface Moment {
  /** What goes to the upstream; null: the route has no service. */
  readonly upstream: {
    readonly method: string
    readonly protocol: 'http' | 'https'
    readonly host: string
    readonly port: number
    readonly path: string
    readonly query: string | null
    readonly hostHeader: string
    /** Name, value, … */
    readonly headers: readonly string[]
    readonly body: Buffer | null
  } | null
  /** The answer, as far as it stands. */
  readonly answer: {
    readonly status: number
    readonly headers: Readonly<Record<string, string | readonly string[]>>
    readonly body: Buffer | null
  }
  /** Username or id. */
  readonly consumer: string | null
}

/** One hook of one plugin entry, as it ran for one request. */
export interface ObservedStep {
  readonly plugin: string
  readonly entry: PluginEntry
  readonly phase: ObservedPhase
  readonly before: Moment
  readonly after: Moment
  /** `passed`: the request went on. `answered`: the plugin has sent an answer. `threw`: an error became the answer. `assumed`: it did not run, since the test says who calls. */
  readonly outcome: 'passed' | 'answered' | 'threw' | 'assumed'
  /** Of the answer or the error. */
  readonly status?: number
  /** Code of the error. */
  readonly code?: string
}

/** What is known of a request before it comes. */
export interface Watched {
  readonly steps: ObservedStep[]
  /** Who calls, whatever authentication plugins would say. */
  readonly consumer: Consumer | null
  context: Context | null
  /** What a plugin of its route threw when it was set up. */
  broken: Error | null
}

/** Arguments of hooks that don't wait for a callback. */
const ARITY: Readonly<Record<ObservedPhase, number>> = { onRequest: 2, preParsing: 3, preHandler: 2, onSend: 3, onResponse: 2 }

export interface ObserverOptions {
  readonly registry: PluginRegistry
  /** null: nobody asks about it. */
  watched (context: Context): Watched | null
}

/** Looks at each plugin's hooks from outside: what was there before, and what after. */
export class Observer {
  /** Ids of entries that have a hook before the hop. */
  readonly guards = new Set<string>()
  readonly #options: ObserverOptions

  constructor (options: ObserverOptions) {
    this.#options = options
  }

  /** What runs in the place of a hook. */
  wrap (entry: PluginEntry, phase: ObservedPhase, run: ObservedHook): ObservedHook {
    if (phase === 'onRequest' || phase === 'preHandler' || phase === 'preParsing') this.guards.add(entry.id)
    if (phase === 'onResponse') return run
    const authenticates = this.#options.registry.get(entry.name)?.authentication !== undefined
    const { watched } = this.#options
    return function observed (...args) {
      const [request, reply] = args as [FastifyRequest, FastifyReply]
      const context = contextOf(request)
      const seen = watched(context)
      if (seen === null) return run.apply(this, args)
      const before = momentOf(context, reply, phase === 'onSend' ? args[2] : null)
      const { answer } = context
      const finish = (outcome: ObservedStep['outcome'], error?: unknown, payload?: unknown): void => {
        seen.steps.push({ plugin: entry.name, entry, phase, before, after: momentOf(context, reply, phase === 'onSend' ? payload ?? args[2] : null), outcome, ...detailsOf(outcome, error, reply) })
      }
      const passed = (payload?: unknown): void => finish(phase !== 'onSend' && (context.answered || (context.answer !== null && context.answer !== answer)) ? 'answered' : 'passed', undefined, payload)
      const waits = args[ARITY[phase]]
      if (seen.consumer !== null && authenticates && phase === 'onRequest') {
        if (context.consumer !== seen.consumer) identify(request.gateway, identityOf({ consumer: seen.consumer, groups: null }))
        finish('assumed')
        if (typeof waits === 'function') waits()
        return
      }
      if (typeof waits === 'function') {
        const done = (error?: unknown, value?: unknown): void => {
          if (error == null) passed(value)
          else finish('threw', error)
          ;(waits as (error?: unknown, value?: unknown) => void)(error, value)
        }
        try {
          const result = run.apply(this, [...args.slice(0, ARITY[phase]), done])
          // a callback hook that has answered calls nobody
          if (phase !== 'onSend' && context.answered) passed()
          return result
        } catch (error) {
          finish('threw', error)
          throw error
        }
      }
      let result: unknown
      try {
        result = run.apply(this, args)
      } catch (error) {
        finish('threw', error)
        throw error
      }
      if (result !== reply && isPromise(result)) {
        return result.then(value => {
          passed(value)
          return value
        }, (error: unknown) => {
          finish('threw', error)
          throw error
        })
      }
      passed(result === reply ? undefined : result)
      return result
    }
  }
}

function momentOf (context: Context, reply: FastifyReply, payload: unknown): Moment {
  const { upstream, consumer } = context
  return {
    upstream: upstream === null
      ? null
      : {
          method: upstream.method,
          protocol: upstream.protocol,
          host: upstream.host,
          port: upstream.port,
          path: upstream.path,
          query: upstream.query,
          hostHeader: upstream.hostHeader,
          headers: [...upstream.headers.raw],
          body: Buffer.isBuffer(upstream.body) ? upstream.body : null
        },
    answer: {
      status: reply.statusCode,
      headers: fieldsOf(reply),
      body: typeof payload === 'string' ? Buffer.from(payload) : Buffer.isBuffer(payload) ? payload : null
    },
    consumer: consumer === null ? null : consumer.username ?? consumer.id
  }
}

function fieldsOf (reply: FastifyReply): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).flatMap(([name, value]) => value === undefined ? [] : [[name, Array.isArray(value) ? value.map(String) : String(value)]]))
}

function detailsOf (outcome: ObservedStep['outcome'], error: unknown, reply: FastifyReply): { status?: number, code?: string } {
  if (outcome === 'answered') return { status: reply.statusCode }
  if (outcome !== 'threw') return {}
  const { statusCode, code } = (typeof error === 'object' && error !== null ? error : {}) as { statusCode?: unknown, code?: unknown }
  return {
    status: typeof statusCode === 'number' && statusCode >= 300 && statusCode <= 599 ? statusCode : 500,
    ...typeof code === 'string' ? { code } : {}
  }
}

function isPromise (value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
