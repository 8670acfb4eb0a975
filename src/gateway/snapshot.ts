import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Config, Route, Service } from '../config/model.ts'
import type { Copy } from '../proxy/copy.ts'
import { ServicePolicies, type ServicePolicy } from '../proxy/service-policy.ts'
import type { Transport } from '../proxy/transport.ts'
import type { PluginRegistry } from '../plugins.ts'
import { knowFields } from '../proxy/known-fields.ts'
import { tokensOf, type Tokens } from '../proxy/product.ts'
import { compileRouter } from '../router/compile.ts'
import type { Router } from '../router/types.ts'
import { chainKey, Chains, type Chain } from '../config/chains.ts'
import { kContext, type Context, type GatewayMessage } from './context.ts'
import { entryBreakers } from './entry-breakers.ts'
import { createHostReader, type Host } from './host.ts'
import type { ActionOrder } from './engine.ts'
import { admit, dashed } from './intake.ts'
import type { KeptState } from './keep.ts'
import { serveNext } from './pipeline.ts'
import type { Overload } from './overload/overload.ts'
import { ranksOf } from './overload/ranks.ts'
import { createRequestIds } from './request-id.ts'
import { createRoot } from './root.ts'
import { serviceHost, type RouteRuntime } from './runtime.ts'
import { registerScope, type LiveEntry, type Scope } from './scopes.ts'
import { closeEntries, setUpEntries } from './setup.ts'
import { createTrust, type Trust } from './trust.ts'
import type { Breakers } from '../upstream/breaker/breakers.ts'
import type { Destination } from '../upstream/destination.ts'
import type { HealthChecks } from '../upstream/health/health-checks.ts'
import { Destinations } from '../upstream/destinations.ts'
import { version } from '../version.ts'

/** What snapshots share: it belongs to the process and outlives each of them. */
export interface SnapshotServices {
  readonly transport: Transport
  readonly breakers: Breakers
  readonly health: HealthChecks
  readonly kept: KeptState
  readonly overload: Overload
  /** Copies of requests that are under way. */
  readonly copies: Set<Copy>
  readonly log: FastifyBaseLogger
  readonly directory: string
  readonly workers: number
  readonly now: () => number
  /** Told at the end of every request; null: nobody listens. */
  readonly onFinish: ((context: Context) => void) | null
}

/** One compiled configuration with everything that it owns. */
export class Snapshot {
  readonly config: Config
  readonly router: Router
  readonly trust: Trust
  readonly overload: Overload
  readonly copies: Set<Copy>
  readonly tokens: Tokens
  readonly readHost: (field: string) => Host | null
  readonly nextId: () => string
  /** Lower-case header names in which only the gateway speaks, beyond those of every configuration; null: none. */
  readonly vouched: ReadonlySet<string> | null
  /** Scope of requests that no route matches: the global entries' response and log hooks. */
  readonly miss: Scope
  readonly #services: SnapshotServices
  readonly #runtimes: Map<Route, RouteRuntime>
  readonly #destinations: Destinations
  readonly #policies: ServicePolicies
  readonly #app: FastifyInstance
  readonly #entries: ReadonlyMap<string, LiveEntry>
  readonly #kept: readonly string[]
  #inFlight = 0
  /** Those who wait until the last request has ended. */
  #waiting: Array<() => void> = []

  /**
   * Builds a snapshot and waits until it is ready to serve. What fails leaves nothing behind.
   *
   * @throws GatewayError or the error of a plugin's `setup` or `register`, with the plugin's name
   */
  static async build (config: Config, registry: PluginRegistry, services: SnapshotServices): Promise<Snapshot> {
    const app = createRoot(services.log)
    const { entries, kept } = await setUpEntries(config, registry, app, services)
    const destinations = await Destinations.open(config, services)
    const policies = new ServicePolicies(config, services.kept, services.workers)
    try {
      return await Snapshot.#assemble(config, registry, services, app, destinations, policies, entries, kept)
    } catch (error) {
      destinations.release()
      await policies.release()
      await closeEntries(entries, kept, services)
      await app.close().catch(() => {})
      throw error
    }
  }

  static async #assemble (config: Config, registry: PluginRegistry, services: SnapshotServices, app: FastifyInstance, destinations: Destinations, policies: ServicePolicies, entries: ReadonlyMap<string, LiveEntry>, kept: readonly string[]): Promise<Snapshot> {
    const tokens = tokensOf(config.gateway.headers, version)
    const chains = new Chains(config, registry)
    const scopes = new Map<string, Scope>()
    const add = (chain: Chain, miss: boolean): Scope => {
      const key = miss ? 'miss' : chainKey(chain)
      const before = scopes.get(key)
      if (before !== undefined) return before
      const policed = !miss && chain.some(item => registry.get(item.name)?.authentication === 'policy')
      const scope: Scope = { path: `/s${scopes.size}`, log: null, policed }
      const count = scopes.size
      scopes.set(key, scope)
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
          hookFailed: (plugin, error) => services.log.error({ err: error, plugin }, 'a hook failed on an answer or after it')
        })
      })
      return scope
    }
    const miss = add(chains.of(null), true)

    const serviceById = new Map(config.services.map(service => [service.id, service]))
    const runtimes = new Map<Route, RouteRuntime>()
    const ranks = ranksOf(config)
    for (const route of config.routes) {
      const service = route.service === null ? null : serviceById.get(route.service) ?? null
      const chain = chains.of(route)
      const secure = route.protocols.includes('https') && !route.protocols.includes('http')
      const breakers = [...entryBreakers(chain, registry, route)]
      const reach = (to: Service): Destination => destinations.behind(breakers, to)
      runtimes.set(route, {
        route,
        service,
        scope: add(chain, false),
        destination: service === null ? null : reach(service),
        reach,
        policy: service === null ? null : policies.of(service.id),
        hostHeader: service === null ? '' : serviceHost(service),
        preservesHost: route.preserve_host,
        rank: ranks.of(route),
        httpsOnly: secure ? route.https_redirect_status_code : 0
      })
    }
    await app.ready()
    return new Snapshot({ config, services, app, tokens, miss, runtimes, destinations, policies, entries, kept })
  }

  private constructor (parts: {
    config: Config,
    services: SnapshotServices,
    app: FastifyInstance,
    tokens: Tokens,
    miss: Scope
    runtimes: Map<Route, RouteRuntime>,
    destinations: Destinations,
    policies: ServicePolicies,
    entries: ReadonlyMap<string, LiveEntry>,
    kept: readonly string[]
  }) {
    this.config = parts.config
    this.#services = parts.services
    this.#app = parts.app
    this.tokens = parts.tokens
    this.miss = parts.miss
    this.#runtimes = parts.runtimes
    this.#destinations = parts.destinations
    this.#policies = parts.policies
    this.#entries = parts.entries
    this.#kept = parts.kept
    this.router = compileRouter(parts.config.routes)
    this.overload = parts.services.overload
    this.copies = parts.services.copies
    this.trust = createTrust(parts.config.gateway.trusted_ips)
    this.readHost = createHostReader()
    this.nextId = createRequestIds()
    this.vouched = vouchedFields(parts.entries.values())
  }

  /** Requests and streams that run. */
  get inFlight (): number {
    return this.#inFlight
  }

  runtimeOf (route: Route): RouteRuntime {
    return this.#runtimes.get(route) as RouteRuntime
  }

  policyOf (service: Service): ServicePolicy {
    return this.#policies.of(service.id)
  }

  /** Serves one request. `upgrade`: the client asks for a WebSocket on this socket. */
  handle (raw: IncomingMessage, response: ServerResponse, facts?: { upgrade?: Context['upgrade'], expectsContinue?: boolean }): void {
    const context = admit(this, raw, response)
    if (facts !== undefined) {
      context.upgrade = facts.upgrade ?? null
      context.expectsContinue = facts.expectsContinue === true
    }
    (raw as GatewayMessage)[kContext] = context
    context.connection.current = context
    this.#inFlight++
    response.on('close', onClose)
    this.#app.routing(raw, response)
  }

  /** The last byte is out, or the client is gone. Called once per request, by its response or its tunnel. */
  finish (context: Context): void {
    if (context.finished) return
    context.finished = true
    context.connection.current = null
    context.hop?.cancel()
    context.watcher?.closed()
    if (context.admitted) this.overload.end()
    context.scope.log?.(context)
    this.#services.onFinish?.(context)
    if (context.connection.waiting !== null) serveNext(context.connection)
    this.letGo()
  }

  /** Something without a client goes on: the snapshot stays until `letGo` is called as often. */
  hold (): void {
    this.#inFlight++
  }

  letGo (): void {
    this.#inFlight--
    if (this.#inFlight > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Does what the admin listener was asked for; a plugin without entries has nothing to do. */
  async act ({ plugin, path, body }: ActionOrder): Promise<Readonly<Record<string, number>>> {
    const entries = [...this.#entries.values()].filter(({ definition }) => definition.name === plugin)
    const action = entries[0]?.definition.actions?.find(candidate => candidate.path === path)
    return await action?.run(entries.map(({ state }) => state), body as never) ?? {}
  }

  /** Resolves when no request or stream runs. */
  async idle (): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
  }

  /** Closes what the snapshot owns, once its last request or stream has ended. */
  async retire (): Promise<void> {
    await this.idle()
    await this.#app.close()
    await closeEntries(this.#entries, this.#kept, this.#services)
    this.#destinations.release()
    await this.#policies.release()
  }
}

/** Fields that plugins vouch for. `_` is `-` to many upstreams (CGI, WSGI), so names are compared with dashes. */
function vouchedFields (entries: Iterable<LiveEntry>): ReadonlySet<string> | null {
  const names = new Set<string>()
  for (const { definition, entry } of entries) {
    const own = [...definition.identityHeaders?.(entry.config as never) ?? []]
    knowFields(own)
    for (const name of own) names.add(dashed(name))
  }
  return names.size === 0 ? null : names
}

function onClose (this: ServerResponse): void {
  // not so for a tunnel: it has taken the socket off the response, and ends the request itself
  const context = (this.req as GatewayMessage)[kContext]
  context.snapshot.finish(context)
}
