import type { FastifyInstance } from 'fastify'
import type { Config, Route, Service } from '../config/model.ts'
import { chainKey, Chains, type Chain } from '../config/chains.ts'
import type { PluginRegistry } from '../plugins.ts'
import { tokensOf, type Tokens } from '../proxy/fields/product.ts'
import { ServicePolicies } from '../proxy/service-policy.ts'
import type { Destination } from '../upstream/destination.ts'
import { Destinations } from '../upstream/destinations.ts'
import { version } from '../version.ts'
import { entryBreakers } from './entry-breakers.ts'
import { ranksOf } from './overload/ranks.ts'
import { createRoot } from './root.ts'
import { runAll } from './run-all.ts'
import { httpsOnlyOf, serviceHost, type RouteRuntime } from './runtime.ts'
import { registerScope, type LiveEntry, type Scope } from './scopes.ts'
import { closeEntries, setUpEntries } from './setup.ts'
import type { SnapshotServices } from './snapshot-services.ts'

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly config: Config
  readonly services: SnapshotServices
  readonly app: FastifyInstance
  readonly tokens: Tokens
  /** Scope of requests that no route matches. */
  readonly miss: Scope
  readonly runtimes: ReadonlyMap<Route, RouteRuntime>
  readonly destinations: Destinations
  readonly policies: ServicePolicies
  readonly entries: ReadonlyMap<string, LiveEntry>
  /** Keys of kept state that it has asked for. */
  readonly kept: readonly string[]
  /** To be called when it serves. */
  readonly beginnings: ReadonlyArray<() => void>
  /** Somebody wants to know how requests end: the access log, or a log hook. */
  readonly observed: boolean
}

/**
 * Makes the parts of a snapshot and waits until they are ready. What fails leaves nothing behind.
 *
 * @throws GatewayError or the error of a plugin's `setup` or `register`, with the plugin's name
 */
export async function assemble (config: Config, registry: PluginRegistry, services: SnapshotServices): Promise<SnapshotParts> {
  // what was made is given back in reverse order
  const undo: Array<() => unknown> = []
  try {
    const app = createRoot(services.log)
    // it may fail for what it failed to start for
    undo.unshift(() => app.close().catch(() => {}))
    const { entries, kept, beginnings } = await setUpEntries(config, registry, app, services)
    undo.unshift(() => closeEntries(entries, kept, services))
    const policies = new ServicePolicies(services)
    undo.unshift(() => policies.release())
    policies.open(config)
    const destinations = new Destinations(config, services)
    undo.unshift(() => destinations.release())
    await destinations.open()
    const tokens = tokensOf(config.gateway.headers, version)
    const chains = new Chains(config, registry)
    const scopes = new Scopes({ config, registry, services, app, tokens, entries })
    const miss = scopes.of(chains.of(null), true)
    const runtimes = runtimesOf({ config, registry, chains, scopes, destinations, policies })
    await app.ready()
    const observed = services.onFinish !== null || scopes.logged
    return { config, services, app, tokens, miss, runtimes, destinations, policies, entries, kept, beginnings, observed }
  } catch (error) {
    await runAll(undo, services.log)
    throw error
  }
}

interface ScopesOptions {
  readonly config: Config
  readonly registry: PluginRegistry
  readonly services: SnapshotServices
  readonly app: FastifyInstance
  readonly tokens: Tokens
  readonly entries: ReadonlyMap<string, LiveEntry>
}

/** One scope for each distinct chain. */
class Scopes {
  readonly #options: ScopesOptions
  readonly #scopes = new Map<string, Scope>()

  constructor (options: ScopesOptions) {
    this.#options = options
  }

  /** Whether any of them has log hooks; known when they are ready. */
  get logged (): boolean {
    return [...this.#scopes.values()].some(scope => scope.log !== null)
  }

  /** @param miss for requests that no route matches */
  of (chain: Chain, miss: boolean): Scope {
    const { config, registry, services, app, tokens, entries } = this.#options
    const key = miss ? 'miss' : chainKey(chain)
    const before = this.#scopes.get(key)
    if (before !== undefined) return before
    const policed = !miss && chain.some(item => registry.get(item.name)?.authentication === 'policy')
    const count = this.#scopes.size
    const timed = chain.some(item => registry.get(item.name)?.timings === true)
    const scope: Scope = { path: `/s${count}`, log: null, policed, timed }
    this.#scopes.set(key, scope)
    app.register(async instance => {
      // Fastify's runners of these hooks recurse through children that never wait: at some 3,000 of them the stack
      // overflows. One that waits unwinds it.
      if (count % 256 === 255) {
        instance.addHook('onReady', done => { setImmediate(done) })
        instance.addHook('preClose', done => { setImmediate(done) })
      }
      await registerScope(instance, {
        scope,
        chain,
        entries,
        delivery: { tokens },
        requestBuffer: config.gateway.limits.request_buffer,
        responseBuffer: config.gateway.limits.response_buffer,
        miss,
        debugged: config.gateway.debug !== null,
        observe: services.outside === undefined ? null : services.outside.observe.bind(services.outside),
        hookFailed: (plugin, error) => services.log.error({ err: error, plugin }, 'a hook failed on an answer or after it')
      })
    })
    return scope
  }
}

/** What is known about the requests of each route before the first one comes. */
function runtimesOf ({ config, registry, chains, scopes, destinations, policies }: {
  readonly config: Config
  readonly registry: PluginRegistry
  readonly chains: Chains
  readonly scopes: Scopes
  readonly destinations: Destinations
  readonly policies: ServicePolicies
}): ReadonlyMap<Route, RouteRuntime> {
  const serviceById = new Map(config.services.map(service => [service.id, service]))
  const runtimes = new Map<Route, RouteRuntime>()
  const ranks = ranksOf(config)
  for (const route of config.routes) {
    const service = route.service === null ? null : serviceById.get(route.service) ?? null
    const chain = chains.of(route)
    const breakers = [...entryBreakers(chain, registry, route)]
    const reach = (to: Service): Destination => destinations.behind(breakers, to)
    runtimes.set(route, {
      route,
      service,
      scope: scopes.of(chain, false),
      destination: service === null ? null : reach(service),
      reach,
      policy: service === null ? null : policies.of(service.id),
      hostHeader: service === null ? '' : serviceHost(service),
      preservesHost: route.preserve_host,
      rank: ranks.of(route),
      httpsOnly: httpsOnlyOf(route)
    })
  }
  return runtimes
}
