import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { chainKey, type Chain } from '../config/chains.ts'
import type { Config } from '../config/model.ts'
import type { GatewayError } from '../errors.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { Tokens } from '../proxy/fields/product.ts'
import { kContext, type GatewayMessage } from './context.ts'
import { createRoot } from './root.ts'
import { runAll } from './run-all.ts'
import { registerScope, type Scope } from './scopes.ts'
import type { Entries } from './setup.ts'
import type { SnapshotServices } from './snapshot-services.ts'

export interface ScopesOptions {
  readonly config: Config
  readonly registry: PluginRegistry
  readonly services: SnapshotServices
  /** The root of the snapshot. */
  readonly app: FastifyInstance
  readonly tokens: Tokens
  readonly entries: Entries
}

/**
 * One scope for each distinct chain.
 *
 * While a configuration is tried (see `Outside`), a scope is opened for its first request, with the entries of its chain:
 * of ten thousand routes a test asks for a few.
 */
export class Scopes {
  readonly #options: ScopesOptions
  readonly #scopes = new Map<string, Scope>()
  readonly #miss: Scope
  /** Of scopes that were opened late. */
  readonly #roots: FastifyInstance[] = []

  /** @param chain of requests that no route matches */
  constructor (options: ScopesOptions, chain: Chain) {
    this.#options = options
    this.#miss = this.#make(chain, true)
  }

  /** Scope of requests that no route matches. */
  get miss (): Scope {
    return this.#miss
  }

  /** Whether any of them has log hooks; known when they are ready. */
  get logged (): boolean {
    return this.#miss.log !== null || [...this.#scopes.values()].some(scope => scope.log !== null)
  }

  of (chain: Chain): Scope {
    const key = chainKey(chain)
    const scope = this.#scopes.get(key) ?? this.#make(chain, false)
    this.#scopes.set(key, scope)
    return scope
  }

  /** Closes what was opened late. */
  async close (): Promise<void> {
    await runAll(this.#roots.map(root => () => root.close()), this.#options.services.log)
  }

  #make (chain: Chain, miss: boolean): Scope {
    const { registry, app, services } = this.#options
    const scope: Scope = {
      path: miss ? '/miss' : `/s${this.#scopes.size}`,
      log: null,
      policed: !miss && chain.some(item => registry.get(item.name)?.authentication === 'policy'),
      timed: chain.some(item => registry.get(item.name)?.timings === true),
      serve: app.routing
    }
    if (miss || services.outside === undefined) this.#register(app, scope, chain, miss)
    else this.#openLater(scope, chain)
    return scope
  }

  #register (root: FastifyInstance, scope: Scope, chain: Chain, miss: boolean): void {
    const { config, services, tokens, entries } = this.#options
    const count = this.#scopes.size
    root.register(async instance => {
      await services.breath()
      // Fastify's runners of these hooks recurse through children that never wait: at some 3,000 of them the stack
      // overflows. One that waits unwinds it, and lets requests have their turn.
      if (count % 64 === 63) {
        instance.addHook('onReady', done => { setImmediate(done) })
        instance.addHook('preClose', done => { setImmediate(done) })
        instance.addHook('onClose', async () => await services.breath())
      }
      await registerScope(instance, {
        scope,
        chain,
        entries: entries.live,
        delivery: { tokens },
        requestBuffer: config.gateway.limits.request_buffer,
        responseBuffer: config.gateway.limits.response_buffer,
        miss,
        debugged: config.gateway.debug !== null,
        observe: services.outside === undefined ? null : services.outside.observe.bind(services.outside),
        hookFailed: (plugin, error) => services.log.error({ err: error, plugin }, 'a hook failed on an answer or after it')
      })
    })
  }

  #openLater (scope: Scope, chain: Chain): void {
    let opening: Promise<void> | null = null
    scope.serve = (request, response) => {
      opening ??= this.#open(scope, chain)
      opening.then(() => { scope.serve(request, response) }, error => { this.#fail(error, request, response) })
    }
  }

  async #open (scope: Scope, chain: Chain): Promise<void> {
    const { services, entries } = this.#options
    await entries.setUp(chain.flatMap(item => item.entries))
    // nothing can be added to one that is ready
    const root = createRoot(services.log)
    this.#roots.push(root)
    this.#register(root, scope, chain, false)
    await root.ready()
    scope.serve = root.routing
  }

  #fail (error: unknown, request: IncomingMessage, response: ServerResponse): void {
    const context = (request as GatewayMessage)[kContext]
    this.#options.services.outside?.failed(context, error)
    context.failure = error as GatewayError
    context.scope = this.#miss
    this.#miss.serve(request, response)
  }
}
