import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Config, Route, Service } from '../config/model.ts'
import type { Copy } from '../proxy/copy.ts'
import type { ServicePolicies, ServicePolicy } from '../proxy/service-policy.ts'
import { endOf, type Ended } from '../observability/ended.ts'
import type { LogSink, MetricFacts, MetricFamily } from '../plugin.ts'
import type { PluginRegistry } from '../plugins.ts'
import { FieldRules } from '../proxy/fields/field-rules.ts'
import { knowFields } from '../proxy/transport/http1/request-head.ts'
import type { Tokens } from '../proxy/fields/product.ts'
import { compileRouter } from '../router/compile.ts'
import type { Router } from '../router/types.ts'
import { kContext, type Context, type GatewayMessage } from './context.ts'
import { DebugGate, endDebug } from './debug/gate.ts'
import { createHostReader, type Host } from './intake/host.ts'
import { cutTargets } from './cut-facts.ts'
import type { ActionOrder } from './engine.ts'
import { admit } from './intake/intake.ts'
import { enabledEntries, namedFields } from './named-fields.ts'
import { pluginMetrics, runAction } from './operations.ts'
import { PathPolicies } from './intake/path-policies.ts'
import { serveNext } from './listener/pipeline.ts'
import type { Overload } from './overload/overload.ts'
import { createRequestIds } from './intake/request-id.ts'
import { refusalFields } from './refusal-fields.ts'
import { runAll } from './run-all.ts'
import type { RouteRuntime } from './runtime.ts'
import type { Runtimes } from './runtimes.ts'
import type { Scopes } from './scope-set.ts'
import type { Scope } from './scopes.ts'
import type { Entries } from './setup.ts'
import type { SnapshotServices } from './snapshot-services.ts'
import { createTrust, type Trust } from './intake/trust.ts'
import type { Steps } from '../steps.ts'
import { CertificateStore } from '../tls/certificate-store.ts'
import { answerChallenge, type ServerIdentities } from '../tls/server-identities.ts'
import type { Destinations } from '../upstream/destinations.ts'
import { assemble, type SnapshotParts } from './assemble.ts'

/** One compiled configuration with everything that it owns. */
export class Snapshot {
  readonly config: Config
  readonly router: Router
  readonly trust: Trust
  readonly pathPolicies: PathPolicies
  /** What listeners with TLS show. */
  readonly certificates: CertificateStore
  readonly overload: Overload
  readonly copies: Set<Copy>
  readonly tokens: Tokens
  readonly readHost: (field: string) => Host | null
  readonly nextId: () => string
  readonly fieldRules: FieldRules
  /** Header fields of answers that no hook sees, as lines. */
  readonly refusalFields: Readonly<Record<'http' | 'https', string>>
  /** Scope of requests that no route matches: the global entries' response and log hooks. */
  readonly miss: Scope
  readonly #services: SnapshotServices
  readonly #runtimes: Runtimes
  readonly #destinations: Destinations
  readonly #policies: ServicePolicies
  readonly #app: FastifyInstance
  readonly #entries: Entries
  readonly #scopes: Scopes
  readonly #identities: readonly ServerIdentities[]
  /** null: no request is debugged. */
  readonly #debug: DebugGate | null
  /** Somebody wants to know how requests end. */
  readonly #observed: boolean
  #inFlight = 0
  #cutting = false
  /** Those who wait until the last request has ended. */
  #waiting: Array<() => void> = []

  /**
   * Builds a snapshot and waits until it is ready to serve. What fails leaves nothing behind.
   *
   * @throws GatewayError or the error of a plugin's `setup` or `register`, with the plugin's name
   */
  static async build (config: Config, registry: PluginRegistry, services: SnapshotServices): Promise<Snapshot> {
    return new Snapshot(await assemble(config, registry, services))
  }

  private constructor (parts: SnapshotParts) {
    this.config = parts.config
    this.#services = parts.services
    this.#app = parts.app
    this.tokens = parts.tokens
    this.miss = parts.scopes.miss
    this.#runtimes = parts.runtimes
    this.#destinations = parts.destinations
    this.#policies = parts.policies
    this.#entries = parts.entries
    this.#scopes = parts.scopes
    this.#observed = parts.observed
    const { debug } = parts.config.gateway
    this.#debug = debug === null ? null : new DebugGate(debug, parts.services.now)
    this.router = (parts.services.outside?.router ?? compileRouter)(parts.config.routes)
    this.overload = parts.services.overload
    this.copies = parts.services.copies
    this.pathPolicies = new PathPolicies(parts.config)
    this.trust = createTrust(parts.config.gateway.trusted_ips)
    this.readHost = createHostReader()
    this.nextId = createRequestIds()
    // of all that are enabled, whether they are set up already or not
    const enabled = enabledEntries(parts.config, parts.registry)
    const fields = namedFields(enabled)
    knowFields(fields.vouched)
    this.fieldRules = new FieldRules({ ...fields, settings: parts.config.gateway.request_headers })
    this.refusalFields = { http: refusalFields(enabled, 'http'), https: refusalFields(enabled, 'https') }
    this.#identities = [...parts.entries.live.values()].flatMap(({ definition, state }) => definition.serverIdentities?.(state as never) ?? [])
    this.certificates = new CertificateStore(parts.config, this.#identities)
  }

  /** Requests and streams that run. */
  get inFlight (): number {
    return this.#inFlight
  }

  runtimeOf (route: Route): RouteRuntime {
    return this.#runtimes.of(route)
  }

  policyOf (service: Service): ServicePolicy {
    return this.#policies.of(service.id)
  }

  /** It serves from now on: what lives on from the one before follows its options. */
  begin (): void {
    this.#entries.begin()
  }

  /** Serves one request. `upgrade`: the client asks for a WebSocket on this socket. */
  handle (raw: IncomingMessage, response: ServerResponse, facts?: { upgrade?: Context['upgrade'], expectsContinue?: boolean }): void {
    if (this.#identities.length > 0 && answerChallenge(this.#identities, raw, response)) return
    const context = admit(this, raw, response)
    if (facts !== undefined) {
      context.upgrade = facts.upgrade ?? null
      context.expectsContinue = facts.expectsContinue === true
    }
    if (context.debugToken !== null) this.#debug?.begin(context, context.debugToken)
    ;(raw as GatewayMessage)[kContext] = context
    context.connection.current = context
    this.#inFlight++
    response.on('close', onClose)
    context.scope.serve(raw, response)
  }

  /** The last byte is out, or the client is gone. Called once per request, by its response or its tunnel. */
  finish (context: Context): void {
    if (context.finished) return
    context.finished = true
    context.connection.current = null
    context.hop?.cancel()
    context.watcher?.closed()
    if (context.admitted) this.overload.end()
    if (this.#cutting && !context.response.writableFinished) context.errorCode ??= 'SP_SHUTDOWN'
    if (this.#observed) context.ended = endOf(context)
    if (context.debug !== null) endDebug(context, context.debug, this.#services)
    context.scope.log?.(context)
    this.#services.onFinish?.(context)
    if (context.sinks !== null) this.#feed(context, context.sinks)
    if (context.connection.waiting !== null) serveNext(context.connection)
    this.letGo()
  }

  #feed (context: Context, sinks: readonly LogSink[]): void {
    const line = this.#services.lineOf(context)
    for (const sink of sinks) {
      try {
        sink.take(line, context.ended as Ended)
      } catch (error) {
        // thrown on it would end the process, and keep the snapshot from ending
        this.#services.log.error({ err: error }, 'a plugin failed to take a log line')
      }
    }
  }

  /** Log files were moved. */
  reopen (): void {
    for (const { definition, state } of this.#entries.live.values()) definition.reopen?.(state)
  }

  /** Of the plugins, one list each: series of the same name and labels are to be added up. */
  * metrics (facts: MetricFacts): Steps<MetricFamily[][]> {
    return yield * pluginMetrics(this.#entries.live, { ...facts, upstreams: cutTargets(facts.upstreams, this.#services.redactor) })
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

  /** Does what the admin listener was asked for. */
  async act (order: ActionOrder): Promise<Readonly<Record<string, number>>> {
    return await runAction(this.#entries.live, order)
  }

  /** What still runs is cut from here on: that it ends is not its client's doing. */
  cut (): void {
    this.#cutting = true
  }

  /** Resolves when no request or stream runs. */
  async idle (): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
  }

  /** Closes what the snapshot owns, once its last request or stream has ended. */
  async retire (): Promise<void> {
    await this.idle()
    await runAll([
      () => this.#scopes.close(),
      () => this.#app.close(),
      () => this.#entries.close(),
      () => this.#destinations.release(),
      () => this.#policies.release()
    ], this.#services.log)
  }
}

function onClose (this: ServerResponse): void {
  // not so for a tunnel: it has taken the socket off the response, and ends the request itself
  const context = (this.req as GatewayMessage)[kContext]
  context.snapshot.finish(context)
}
