/** What a plugin is: {@link PluginDefinition}. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Static, TObject } from 'typebox'
import type { CaCertificate, Credentials, PluginEntry, Service } from './config/model.ts'
import type { CircuitBreakerOptions } from './config/entities/circuit-breaker.ts'
import type { Consumers } from './consumers/consumers.ts'
import type { Outside } from './gateway/outside.ts'
import type { Redactor } from './observability/redaction.ts'
import type { ServerIdentities } from './tls/server-identities.ts'
import type { ExemptOptions } from './limits/exempt.ts'
import type { AdminAction, MetricFacts, MetricFamily, PublishedDocument } from './plugin-operations.ts'

/** Version of this contract; a definition made for another one is refused at load. */
export const PLUGIN_API = 1

/** Registered, so that a package with its own copy of this module is still recognised. */
const brand = Symbol.for('sallyport.plugin')

/** `consumer`: at consumers and consumer groups. */
export type PluginScope = 'global' | 'service' | 'route' | 'consumer'

/** `buffer`: held in memory up to `gateway.limits`, then given whole. `stream`: passed on as it arrives. */
export type BodyMode = 'stream' | 'buffer'

/** For answers: a pattern holds those whose Content-Type it matches, so that downloads and event streams pass. */
export type ResponseMode = BodyMode | RegExp

/** What `setup` may use. */
export interface PluginGateway {
  readonly entry: PluginEntry
  readonly log: FastifyBaseLogger
  /** Cuts what the access log cuts, for a plugin that writes something down elsewhere. */
  readonly redactor: Redactor
  /** The snapshot's root instance, to register official Fastify plugins on. */
  readonly root: FastifyInstance
  /** Of the gateway. */
  readonly version: string
  /** SHA-256 of the whole configuration, secrets included: tells two apart, and nothing of what is in them. */
  readonly configuration: string
  /** Folder of gateway.yaml: relative paths of the configuration start here. */
  readonly directory: string
  /** Worker processes that run the same file: local limits are divided by it. */
  readonly workers: number
  /** Whom no plugin limits (`gateway.exempt`), for {@link createExemption}. */
  readonly exempt: ExemptOptions
  /** Milliseconds since the epoch; the test kit's fake clock moves it. */
  now (): number
  /**
   * Where a configuration is tried (`sallyport test`): in the place of everything that a plugin would reach or write to
   * outside of the process. Absent: it reaches what is there.
   */
  readonly outside?: Outside
  /** Consumers and their credentials, by every key that a request can bring. */
  readonly consumers: Consumers
  /**
   * The service of an option that `refersTo: 'service'`: the loader has seen to it that there is one.
   *
   * @throws TypeError where there is none
   */
  service (nameOrId: string): Service
  /**
   * The authority of an option that `refersTo: 'ca_certificate'`: the loader has seen to it that there is one.
   *
   * @throws TypeError where there is none
   */
  caCertificate (nameOrId: string): CaCertificate
  /**
   * State that outlives a reload (counters, breakers, key sets). The same `key` of the same entry gives what `create`
   * made the first time; what no snapshot asks for any more is closed.
   */
  keep<T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T
  /**
   * The same for all entries that give the same key, of whatever plugin: what doesn't depend on the entry (a key set of an
   * issuer, say) is there once. `key` has to say everything that `create` goes by.
   */
  share<T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T
  /**
   * Has `then` called when this configuration begins to serve, and never where it is refused: what lives on from the
   * configuration before takes edited options over there.
   */
  serving (then: () => void): void
}

export interface RegisterOptions<Config, State> {
  readonly config: Config
  readonly state: State
}

/** Finding of {@link PluginDefinition.check}: `path` is a JSON pointer inside `config`, '' for the whole. */
export interface CheckFinding {
  readonly path: string
  /** One sentence: what is wrong. */
  readonly message: string
  /** One sentence: what to write instead. */
  readonly mend: string
  /** Default `error`. */
  readonly severity?: 'error' | 'warning'
}

/** What {@link PluginDefinition.check} may know beside the options. */
export interface CheckContext {
  /** Folder of gateway.yaml: names of files in the options start here. */
  readonly directory: string
  /**
   * Tell it of each file that the check has read, unless the plugin follows the file by itself: when the content changes, a running gateway
   * loads its configuration again.
   *
   * @param file whole path
   * @param content what was read; null: it can't be read, and may come
   */
  readonly reads?: (file: string, content: string | Buffer | null) => void
}

/** An authentication plugin of which a policy speaks: `path` is a JSON pointer inside `config`. */
export interface Companion {
  readonly path: string
  readonly plugin: string
}

/** What {@link PluginDefinition.checkRoute} may know of a route and the file around it. */
export interface RouteFacts {
  /** Names of the captures of its regex paths. */
  readonly captures: ReadonlySet<string>
  /** A request with OPTIONS to one of its paths finds a route, this one or another. */
  readonly takesOptions: boolean
  /** A listener asks clients for certificates. */
  readonly asksForCertificates: boolean
  /** There is a proxy whose word counts (`gateway.trusted_ips`). */
  readonly trustsProxies: boolean
}

export interface PluginDefinition<Schema extends TObject = TObject, State = unknown> {
  /** kebab-case, unique, equal to the folder's name. */
  readonly name: string
  /** Higher runs first, in every phase. Kong's number where Kong has the plugin. */
  readonly priority: number
  /** Closed TypeBox object: the one source of type, check, defaults, docs and editor schema. */
  readonly schema: Schema
  /** Default `stream`. */
  readonly body?: BodyMode | ((config: Static<Schema>) => BodyMode)
  /** What `onSend` gets as payload for proxied answers. Default `stream`. */
  readonly response?: ResponseMode | ((config: Static<Schema>) => ResponseMode)
  /** Levels at which an entry may stand. */
  readonly scopes: readonly PluginScope[]
  /**
   * What tests of a configuration are to have seen an entry with these options do, for `sallyport test --coverage`. Default: of a
   * plugin that authenticates or protects both, of others nothing.
   */
  outcomes? (config: Static<Schema>): Iterable<'allowed' | 'refused'>
  /**
   * `method`: verifies a credential, by {@link createAuthenticator}. `policy`: decides about what the methods of the chain
   * found; its priority is below theirs.
   */
  readonly authentication?: 'method' | 'policy'
  /**
   * What a route that loses the plugin is open to, beside what `authentication` says: callers that were kept out (`access`), more
   * requests than it bears (`limit`), or what nobody has looked at (`content`). `sallyport plan` goes by it.
   */
  readonly protects?: 'access' | 'limit' | 'content'
  /** Of a policy: authentication plugins that must be in the chain of each route where this entry decides. */
  companions? (config: Static<Schema>): Iterable<Companion>
  /** Of a policy: whether it lets everybody pass. */
  admitsAll? (config: Static<Schema>): boolean
  /** The collection of credentials that it reads: those of a file where nothing reads them are a warning. */
  readonly credentials?: keyof Credentials
  /** It counts the requests of API keys that have a `rate_limit`: without such an entry these limits are a warning. */
  readonly limitsKeys?: boolean
  /** Names of tiers that the `rate_limit` of an API key may name, of a plugin that `limitsKeys`. */
  keyTiers? (config: Static<Schema>): Iterable<string>
  /** Whether each worker process counts on its own with these options, so that it gets its share of a limit only. */
  dividedByWorkers? (config: Static<Schema>): boolean
  /**
   * The circuit breaker that stands between the requests of this entry's routes and their service: one for each service,
   * and of the entry alone. Not for entries of consumers.
   */
  circuitBreaker? (config: Static<Schema>): CircuitBreakerOptions
  /** Header fields in which this entry speaks to upstreams about the caller: client-sent copies are removed on all routes. */
  identityHeaders? (config: Static<Schema>): Iterable<string>
  /** Header fields in which this entry looks for credentials: a request that has one of them twice is refused with 400, on all routes. */
  credentialHeaders? (config: Static<Schema>): Iterable<string>
  /** Names of header fields and arguments whose values are credentials: they are cut in all logs. */
  secretNames? (config: Static<Schema>): Iterable<string>
  /** Options that Kong's plugin of this name has and this one has not, each with what to do instead. */
  readonly refuses?: Readonly<Record<string, string>>
  /** Documents for the admin listener, from the options of all enabled entries; an object or array each, sent as JSON. */
  publish? (configs: ReadonlyArray<Static<Schema>>): Iterable<PublishedDocument>
  /**
   * What the plugin has to say on `/metrics`: asked in every process that serves traffic, at each scrape. Nothing of it may be a
   * secret, and the number of series must not grow with what clients send.
   *
   * @param states of the plugin's enabled entries
   */
  metrics? (states: readonly State[], facts: MetricFacts): Iterable<MetricFamily>
  /** What operators may have done through the admin listener, where `gateway.admin.write` is true. */
  readonly actions?: ReadonlyArray<AdminAction<State>>
  /**
   * Header fields of this entry for answers that no hook sees: to what isn't HTTP. Asked of global entries; what no header may
   * have makes the configuration fail.
   */
  everyAnswer? (config: Static<Schema>, scheme: 'http' | 'https'): Iterable<readonly [name: string, value: string]>
  /** It looks at how long plugins kept requests waiting (`request.gateway.timeline()`): that is measured on its routes alone. */
  readonly timings?: boolean
  /** Rules that a schema can't say. Load time, no network; files that the options name may be read. */
  check? (config: Static<Schema>, context?: CheckContext): Iterable<CheckFinding>
  /**
   * What can't work on a route where an entry with these options runs, and nobody means: told as warnings, once an entry. `path` is
   * a JSON pointer inside `config`, '' for the entry.
   */
  checkRoute? (config: Static<Schema>, route: RouteFacts): Iterable<CheckFinding>
  /** Once per entry: state, limiters, caches. */
  setup? (config: Static<Schema>, gateway: PluginGateway): State | Promise<State>
  /** Once per scope: add hooks, nothing else. */
  register (scope: FastifyInstance, options: RegisterOptions<Static<Schema>, State>): void | Promise<void>
  /** Files were moved, and are to be opened again by their names (SIGUSR1). */
  reopen? (state: State): void
  /** Server certificates that an entry brings, for listeners with TLS. */
  serverIdentities? (state: State): ServerIdentities
  /** When the last request of the entry's snapshot has ended. */
  close? (state: State): void | Promise<void>
}

export type BrandedPlugin = PluginDefinition & { readonly api: number }

/**
 * Makes a plugin.
 *
 * @param definition what the plugin is; see {@link PluginDefinition}
 * @returns the same object, frozen and branded, to be the default export of the plugin's module
 */
export function definePlugin<const Schema extends TObject, State = undefined> (definition: PluginDefinition<Schema, State>): BrandedPlugin {
  return Object.freeze({ ...definition, api: PLUGIN_API, [brand]: true }) as unknown as BrandedPlugin
}

/** Whether `value` was made by {@link definePlugin}, of whatever copy of this module. */
export function isPlugin (value: unknown): value is BrandedPlugin {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}
