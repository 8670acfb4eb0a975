import { METHODS, type IncomingMessage, type ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../errors.ts'
import type { BrandedPlugin, PluginEntry, ResponseMode } from '../plugin.ts'
import type { Delivery } from '../proxy/delivery.ts'
import { createProxyHandler } from '../proxy/handler.ts'
import { copyFields } from '../proxy/fields/reply-fields.ts'
import { createBodyReader, type Transform } from './body-phase.ts'
import { audienceOf, type Chain, type ChainItem } from '../config/chains.ts'
import type { Context } from './context.ts'
import { contextOf } from './context-of.ts'
import { eitherRequest, eitherResponse, tracedSteps } from './debug/traced.ts'
import { createFieldsReader, shareClasses } from './fastify-classes.ts'
import { composeLog } from './hooks/log-hooks.ts'
import type { Onward } from './hooks/onward.ts'
import { composeRequest } from './hooks/request-hooks.ts'
import { composeResponse } from './hooks/response-hooks.ts'
import type { Choice, RequestStep, Step } from './hooks/step.ts'
import { stamp } from './local-answer.ts'
import type { Outside } from './outside.ts'

/** One encapsulated Fastify instance that carries one chain; routes with equal chains share it. */
export interface Scope {
  /** Static path of its one Fastify route: the only thing that Fastify's router sees. */
  readonly path: string
  /** Log hooks of the chain; null: none. Set when the scope is registered. */
  log: ((context: Context) => void) | null
  /** A plugin of the chain decides what the authentication plugins found: they write down their attempts for it. */
  readonly policed: boolean
  /** A plugin of the chain wants to know how long the others kept requests waiting. */
  readonly timed: boolean
  /** Takes requests whose context says this scope. */
  serve: (request: IncomingMessage, response: ServerResponse) => void
}

/** An entry that has been set up. */
export interface LiveEntry {
  readonly entry: PluginEntry
  readonly definition: BrandedPlugin
  readonly state: unknown
}

export interface ScopeOptions {
  readonly scope: Scope
  readonly chain: Chain
  readonly entries: ReadonlyMap<string, LiveEntry>
  readonly delivery: Pick<Delivery, 'tokens'>
  readonly requestBuffer: number
  readonly responseBuffer: number
  /** No route: only response and log hooks run, as in Kong. */
  readonly miss: boolean
  readonly hookFailed: (plugin: string, error: unknown) => void
  /** Requests may be debugged: their hooks are timed. */
  readonly debugged: boolean
  /** Wraps each hook; null: nobody looks. */
  readonly observe: Outside['observe'] | null
}

const PHASES = ['onRequest', 'preParsing', 'preHandler', 'onSend', 'onResponse'] as const
type Phase = typeof PHASES[number]

/** Arguments of a hook that doesn't wait for a callback. */
const ARITY: Readonly<Record<Phase, number>> = { onRequest: 2, preParsing: 3, preHandler: 2, onSend: 3, onResponse: 2 }

/** CONNECT never arrives as a request. */
const ROUTABLE = METHODS.filter(method => method !== 'CONNECT')

interface Recorded {
  readonly steps: Record<Phase, Step[]>
  /** Alternatives, with the position in `access` at which each is decided. */
  readonly choices: Choice[]
  readonly access: RequestStep[]
}

/** Builds the scope: runs each plugin's `register`, collects its hooks, composes those of each phase. */
export async function registerScope (instance: FastifyInstance, options: ScopeOptions): Promise<void> {
  const { scope, chain, miss } = options
  const { steps, choices, access } = await record(instance, chain, options)
  if (scope.policed && !miss) checkPolicy(chain, options.entries, steps.onRequest)

  const requestSteps = miss ? [] : steps.preHandler
  const accessSteps = miss ? [] : access
  const transforms = miss ? [] : steps.preParsing
  const buffers = !miss && modes(chain, options.entries, 'body').length > 0
  const held = modes(chain, options.entries, 'response')
  const { hookFailed, debugged } = options
  const plainAnswer = composeResponse(steps.onSend, choices, hookFailed)
  const answer = debugged ? eitherResponse(plainAnswer, composeResponse(tracedSteps(steps.onSend, 'response'), choices, hookFailed)) : plainAnswer
  const delivery: Delivery = {
    tokens: options.delivery.tokens,
    chain: steps.onSend.length > 0 ? answer : null,
    ownFields: accessSteps.length > 0 || requestSteps.length > 0 ? createFieldsReader() : null,
    buffer: held.length > 0 ? options.responseBuffer : 0,
    holds: type => held.some(mode => mode === 'buffer' || (mode as RegExp).test(type))
  }

  if (delivery.chain !== null || delivery.ownFields !== null) {
    instance.addHook('onSend', function answerPhase (request, reply, payload, done) {
      const context = contextOf(request)
      if (context.hooksDone) {
        done(null, payload)
        return
      }
      if (!context.proxied) {
        stamp(context, reply)
        context.ownFields ??= copyFields(reply)
      }
      answer(request, reply, payload, done as (error?: unknown, value?: unknown) => void)
    })
  }
  if (steps.onResponse.length > 0) scope.log = composeLog(steps.onResponse, choices, hookFailed)

  shareClasses(instance)
  // all from the handler: each phase that is a hook of Fastify costs a request three closures
  const phase = (list: readonly RequestStep[], name: 'access' | 'request', onward: Onward): Onward => {
    if (list.length === 0) return onward
    return debugged ? eitherRequest(composeRequest(list, onward), composeRequest(tracedSteps(list, name), onward)) : composeRequest(list, onward)
  }
  const request = phase(requestSteps, 'request', createProxyHandler(delivery))
  const body = buffers || transforms.length > 0 ? createBodyReader(transforms as unknown as Transform[], buffers ? options.requestBuffer : 0, request) : request
  instance.route({ method: ROUTABLE, url: scope.path, handler: phase(accessSteps, 'access', body) })
}

/** Runs `register` of every entry of the chain, in order, and writes down the hooks that it adds. */
async function record (instance: FastifyInstance, chain: Chain, { entries, observe }: Pick<ScopeOptions, 'entries' | 'observe'>): Promise<Recorded> {
  const steps: Record<Phase, Step[]> = { onRequest: [], preParsing: [], preHandler: [], onSend: [], onResponse: [] }
  const choices: Choice[] = []
  const access: RequestStep[] = []
  let slot = -1
  let choice = 0
  let plugin = ''
  let current: PluginEntry | null = null

  // official plugins add their hooks on the instance they are given: this shadows the method for them, too
  function addHook (this: FastifyInstance, name: string, run: Step['run']): FastifyInstance {
    if (!(PHASES as readonly string[]).includes(name)) throw new TypeError(`plugin '${plugin}' adds a hook '${name}'; a plugin may add ${PHASES.join(', ')}`)
    const phase = name as Phase
    const seen = observe === null || current === null ? run : observe(current, phase, run)
    const step: Step = { run: seen, instance, callback: run.length > ARITY[phase], slot, choice, plugin }
    steps[phase].push(step)
    if (phase === 'onRequest') access.push(step)
    return this
  }
  Object.defineProperty(instance, 'addHook', { value: addHook, configurable: true, writable: true })

  let slots = 0
  for (const item of chain) {
    plugin = item.name
    const several = item.entries.some(entry => audienceOf(entry) !== null)
    slot = several ? slots++ : -1
    if (several) {
      const decision: Choice = { slot, audiences: item.entries.map(audienceOf) }
      choices.push(decision)
      access.push(decision)
    }
    for (const [index, entry] of item.entries.entries()) {
      choice = index
      current = entry
      await register(instance, entry, entries.get(entry.id) as LiveEntry)
    }
  }
  delete (instance as { addHook?: unknown }).addHook
  return { steps, choices, access }
}

/** @throws GatewayError that names the plugin */
async function register (instance: FastifyInstance, entry: PluginEntry, { definition, state }: LiveEntry): Promise<void> {
  try {
    await definition.register(instance, { config: entry.config as never, state: state as never })
    await instance.after()
  } catch (error) {
    throw new GatewayError('SP_PLUGIN_SETUP', 500, `plugin '${entry.name}' (${entry.pointer}) failed to register: ${(error as Error)?.message}`, { cause: error })
  }
}

/**
 * Authentication plugins leave a route open for its policy to decide: it must be there, and be the last of them.
 *
 * @throws GatewayError where requests would pass undecided
 */
function checkPolicy (chain: Chain, entries: ReadonlyMap<string, LiveEntry>, steps: readonly Step[]): void {
  const roles = chain.map(item => entries.get((item.entries[0] as PluginEntry).id)?.definition.authentication)
  for (const [index, item] of chain.entries()) {
    if (roles[index] !== 'policy') continue
    const late = roles.indexOf('method', index + 1)
    if (late !== -1) throw new GatewayError('SP_PLUGIN_CONTRACT', 500, `plugin '${(chain[late] as ChainItem).name}' authenticates after '${item.name}', which decides about it: give it a higher priority`)
    if (!steps.some(step => step.plugin === item.name)) throw new GatewayError('SP_PLUGIN_CONTRACT', 500, `plugin '${item.name}' is a policy and adds no onRequest hook`)
  }
}

/** What the plugins of a chain want to get of a body. */
function modes (chain: Chain, entries: ReadonlyMap<string, LiveEntry>, side: 'body' | 'response'): ResponseMode[] {
  return chain.flatMap(item => item.entries.map(entry => {
    const mode: ResponseMode | ((config: never) => ResponseMode) | undefined = entries.get(entry.id)?.definition[side]
    return (typeof mode === 'function' ? mode(entry.config as never) : mode) ?? 'stream'
  })).filter(mode => mode !== 'stream')
}
