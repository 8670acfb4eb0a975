/**
 * The contract between Sallyport and its plugins: the only module that a plugin imports (`sallyport/plugin`).
 *
 * A plugin is an object made by {@link definePlugin}. `setup` runs once per entry of the file, `register` once per scope
 * that the entry serves; hooks added in `register` run per request, in the order of the plugins' priorities.
 */
import type { Readable } from 'node:stream'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject } from 'typebox'
import type { Consumer, Credentials, PluginEntry, Route, Service } from './config/model.ts'
import type { Attempt, Identity } from './auth/identity.ts'
import type { CircuitBreakerOptions } from './config/entities/circuit-breaker.ts'
import type { Consumers } from './consumers/consumers.ts'
import type { AnswerWatcher } from './proxy/answer-watcher.ts'
import type { HeaderList } from './proxy/header-list.ts'
import type { WholeAnswer } from './proxy/whole-answer.ts'
import type { RetryPolicy } from './proxy/retry-policy.ts'
import type { Timeouts as UpstreamTimeouts } from './proxy/service-policy.ts'

export { Type } from 'typebox'
export type { Static, TObject, TSchema } from 'typebox'
export type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
export type { BasicCredential, Consumer, HmacCredential, JwtSecret, KeyCredential, PluginEntry, Route, Service } from './config/model.ts'
export { HeaderList } from './proxy/header-list.ts'
export type { AnswerWatcher, WatchedHead } from './proxy/answer-watcher.ts'
export type { WholeAnswer } from './proxy/whole-answer.ts'
export type { Consumers } from './consumers/consumers.ts'
export { GatewayError } from './errors.ts'
export type { Attempt, Identity } from './auth/identity.ts'
export { identityOf } from './auth/identity.ts'
export type { AuthenticatorOptions, Verify } from './auth/authenticator.ts'
export { createAuthenticator, identify } from './auth/authenticator.ts'
export type { RefusalOptions } from './auth/refuse.ts'
export { quoted, refuse } from './auth/refuse.ts'
export { AnonymousConsumer } from './auth/anonymous.ts'
export { digestApiKey, isMalformedApiKey } from './auth/api-key.ts'
export { fieldOf } from './auth/field.ts'
export type { BcryptHash, PasswordHash, ScryptHash, Sha1Hash } from './auth/password-hash.ts'
export { parsePasswordHash } from './auth/password-hash.ts'
export { BearerError, insufficientScope, invalidToken, noToken } from './auth/bearer-error.ts'
export type { TokenFinder, TokenPlaces } from './auth/bearer-token.ts'
export { createTokenFinder } from './auth/bearer-token.ts'
export type { ClaimReader } from './auth/claims.ts'
export { compileClaimPath, compileRequirement, missingWords, wordsOf } from './auth/claims.ts'
export { checkClientKey } from './auth/introspection/client-auth.ts'
export type { Introspector } from './auth/introspection/introspector.ts'
export type { IntrospectionOptions } from './auth/introspection/keep.ts'
export { keepIntrospector } from './auth/introspection/keep.ts'
export type { TokenJudge } from './auth/introspection/token-judge.ts'
export { createTokenJudge } from './auth/introspection/token-judge.ts'
export type { ClaimRules, IdentityMaker, Owner } from './auth/identity-from-claims.ts'
export { createIdentityMaker } from './auth/identity-from-claims.ts'
export type { JwtAlgorithm } from './auth/jwt/algorithms.ts'
export { JWT_ALGORITHMS, keyFits } from './auth/jwt/algorithms.ts'
export { BadKey, readPublicKey, readSecret, singleKey } from './auth/jwt/keys.ts'
export type { ParsedToken } from './auth/jwt/token.ts'
export { parseJsonObject } from './auth/jwt/json.ts'
export type { TokenVerifier, Trust } from './auth/jwt/verifier.ts'
export { createTokenVerifier } from './auth/jwt/verifier.ts'
export type { KeySource } from './auth/key-source.ts'
export { createLocalKeys, LocalKeysError, readLocalKeys } from './auth/provider/local-keys.ts'
export { keepProvider } from './auth/provider/provider.ts'
export { urlProblem } from './auth/provider/url.ts'
export { keepRevocations } from './auth/revocation/keep.ts'
export type { Revocations } from './auth/revocation/revocations.ts'
export { fieldValue } from './proxy/field-value.ts'
export { ArgumentList } from './plugin-kit/argument-list.ts'
export { escapePath, escapeQuery, escapeRest, hasDotSegment, toBytes, toFieldValue, toText } from './plugin-kit/bytes.ts'
export type { Subanswer, SubrequestOptions } from './auth/subrequest.ts'
export { SubrequestError, Subrequests } from './auth/subrequest.ts'
export { isIdentityField } from './proxy/request-fields.ts'
export type { RetryPolicy } from './proxy/retry-policy.ts'
export { createRetryPolicy } from './proxy/retry-policy.ts'
export type { Timeouts as UpstreamTimeouts } from './proxy/service-policy.ts'
export { retryOptions } from './config/entities/retry.ts'
export { escapePath as escapeMatchedPath } from './router/escape.ts'
export type { Edit, Editable, Edits } from './plugin-kit/edits.ts'
export { applyEdits, hasEdits } from './plugin-kit/edits.ts'
export { JsonMembers } from './plugin-kit/json-members.ts'
export { MultipartForm } from './plugin-kit/multipart-form.ts'
export { FieldName, FieldPair, FieldRename, HeaderName, HeaderPair, HeaderRename, isHopField, splitPair } from './plugin-kit/pairs.ts'
export { createUuids } from './plugin-kit/uuid.ts'
export type { Counting, CounterStore, CounterWindow, Decision, Period, WindowType, WindowUsage } from './stores/counters.ts'
export { clientNetwork } from './limits/client-network.ts'
export { LENGTHS } from './stores/periods.ts'
export type { CachedAnswer, CacheRecord, CacheStore, CacheUsage, PurgeOrder } from './stores/cache/cache-store.ts'
export type { KeepCacheOptions } from './stores/cache/keep-cache.ts'
export { keepCache } from './stores/cache/keep-cache.ts'
export { KeyHash } from './stores/key-hash.ts'
export type { StoreStats } from './stores/store-stats.ts'
export { keepCounters } from './stores/keep-counters.ts'
export type { RedisSettings } from './stores/redis/connect.ts'
export type { Identifier } from './limits/identifier.ts'
export { ClaimName, createIdentifier, identifierFindings } from './limits/identifier.ts'
export { createExemption, isNetwork } from './limits/exempt.ts'
export type { PeriodLimits } from './limits/periods-schema.ts'
export { RedisOptions, redisFindings, SyncRate, syncFindings } from './limits/redis-schema.ts'
export { periodFindings, Periods, shareOf, shareOfCount, windowsOf } from './limits/periods-schema.ts'
export type { CircuitBreakerOptions } from './config/entities/circuit-breaker.ts'
export { circuitBreakerOptions } from './config/entities/circuit-breaker.ts'
export { breakerFindings } from './config/validate/circuit-breaker.ts'
export type { RegexVerdict } from './config/regex-safety.ts'
export { checkRegex } from './config/regex-safety.ts'

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

/** What was verified about the caller. */
export interface Credential {
  readonly id: string
  /** Shown to the upstream as X-Credential-Identifier. */
  readonly identifier?: string
}

/** What goes to the upstream; plugins of the access and request phases change it in place. */
export interface UpstreamRequest {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  method: string
  /** Path in its final, escaped form, without query. */
  path: string
  /** Query as the client sent it, without the `?`; null when there was none, '' for a lone `?`. */
  query: string | null
  /** The Host field. Never in `headers`. */
  hostHeader: string
  /** Header fields in order; hop-by-hop fields and client-sent identity headers are already gone. */
  readonly headers: HeaderList
  /** How long is waited for what. Of the service; a plugin may put another object here, and changes none. */
  timeouts: UpstreamTimeouts
  /** When it is asked again. Of the service; a plugin may put what {@link createRetryPolicy} made here. */
  retry: RetryPolicy
  /** Replaces the body: set it only where `body: 'buffer'` is declared. Content-Length is recomputed. */
  body: Buffer | Readable | null
}

/**
 * What became of a copy. `answered`: with whatever status · `failed`: no whole answer · `timeout` · `refused`: the service has no
 * target, or its circuit breaker is open · `too_large`: its body is longer than the limit · `cut`: the body broke off, or the
 * process ends.
 */
export type CopyOutcome = 'answered' | 'failed' | 'timeout' | 'refused' | 'too_large' | 'cut'

/** A copy of a request, for {@link GatewayRequest.copyTo}. */
export interface CopyOptions {
  readonly service: Service
  /** Milliseconds for the whole of it. */
  readonly timeout: number
  /** Longest body that is copied, in bytes. */
  readonly limit: number
  /** Sends the Host of the request instead of the service's. */
  readonly preserveHost: boolean
  /** Asked when the request goes up: the last word. */
  wanted (): boolean
  /** Changes the header fields of the copy. */
  edit (headers: HeaderList): void
  /** Told once what became of it, if it was wanted. */
  done (outcome: CopyOutcome): void
}

/** One request on its way through the gateway, at `request.gateway`. */
export interface GatewayRequest {
  /** 32 hex digits. */
  readonly id: string
  /** null where no route matched. */
  readonly route: Route | null
  readonly service: Service | null
  /** Address of the client, after `trusted_ips`. */
  readonly clientIp: string
  readonly scheme: 'http' | 'https'
  /** Lower-case, without port. */
  readonly host: string
  readonly port: number
  readonly method: string
  /** Request target as received. */
  readonly target: string
  /** Normalised path: the one that the router matched. */
  readonly path: string
  /** Groups of the regex path that matched: by number (from 1) and by name. */
  readonly captures: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Set by authentication plugins; decides which consumer-level entries apply from here on. */
  consumer: Consumer | null
  credential: Credential | null
  /** All that is known about the caller: of the authentication that counts. Set by {@link createAuthenticator}. */
  identity: Identity | null
  /** What authentication plugins found, where the route has a policy that decides about it; null: it has none. */
  readonly attempts: Attempt[] | null
  /** null where the route has no service. */
  readonly upstream: UpstreamRequest | null
  /**
   * What is sent in place of an answer of the upstream, which is not asked then. Set it in the access or request phase: it goes
   * out when all hooks of these phases have let the request pass, through the response hooks, as an answer of the upstream would.
   */
  answer: WholeAnswer | null
  /** Has the upstream's answer watched as it arrives; one watcher a request. Set it in the access or request phase. */
  watch (watcher: AnswerWatcher): void
  /**
   * Sends the request as it stands to the upstream, once and without a body, beside what happens to it here: its answer goes to
   * the watcher alone, also when the client has left.
   *
   * @param headers in place of `upstream.headers`; taken over
   */
  sendBeside (headers: HeaderList, watcher: AnswerWatcher): void
  /** Fields added to this request's access log line. Never put a secret here. */
  readonly log: Record<string, unknown>
  /**
   * Sends the request to another service than the route's: protocol, host, path, timeouts, retries and `service` are its own
   * from here on. For the access phase, before plugins that change `upstream.path`. Plugin entries of that service don't
   * run: say in the schema that the option `refersTo: 'service'`, and `check` finds out.
   */
  sendTo (service: Service): void
  /**
   * Sends a copy of the request, as it goes up, to another service; when it goes up, and never when it doesn't. The answer is
   * thrown away, and nothing that becomes of the copy touches the request. A WebSocket is not copied.
   */
  copyTo (options: CopyOptions): void
  /**
   * Reads the body whole in the access phase, for a credential that is in it; null where the request has none. It is held
   * from then on, for plugins that want it (`body: 'buffer'`) and for the upstream. Clients that are still unknown can fill
   * memory with it, up to `gateway.limits.request_buffer` each: call it last.
   *
   * @throws GatewayError 413 beyond that limit
   */
  readBody (): Promise<Buffer | null>
}

/** What `setup` may use. */
export interface PluginGateway {
  readonly entry: PluginEntry
  readonly log: FastifyBaseLogger
  /** The snapshot's root instance, to register official Fastify plugins on. */
  readonly root: FastifyInstance
  /** Folder of gateway.yaml: relative paths of the configuration start here. */
  readonly directory: string
  /** Worker processes that run the same file: local limits are divided by it. */
  readonly workers: number
  /** Milliseconds since the epoch; the test kit's fake clock moves it. */
  now (): number
  /** Consumers and their credentials, by every key that a request can bring. */
  readonly consumers: Consumers
  /**
   * The service of an option that `refersTo: 'service'`: the loader has seen to it that there is one.
   *
   * @throws TypeError where there is none
   */
  service (nameOrId: string): Service
  /**
   * State that outlives a reload (counters, breakers, key sets). The same `key` of the same entry gives what `create`
   * made the first time; what no snapshot asks for any more is closed.
   */
  keep<T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T
}

/** What the admin listener serves at a path of its own. */
export interface PublishedDocument {
  /** Starts with `/`. */
  readonly path: string
  readonly body: unknown
}

/** Something that operators may have done: `POST` to a path of the admin listener, with a JSON object. */
export interface AdminAction<State = unknown> {
  /** Starts with `/`. */
  readonly path: string
  /** Closed TypeBox object: what the request's body has to be. */
  readonly body: TObject
  /**
   * Runs in every process that serves traffic.
   *
   * @param states of the plugin's enabled entries
   * @returns numbers for the answer; those of several processes are added up
   */
  run (states: readonly State[], body: never): Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>
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

/** An authentication plugin of which a policy speaks: `path` is a JSON pointer inside `config`. */
export interface Companion {
  readonly path: string
  readonly plugin: string
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
   * `method`: verifies a credential, by {@link createAuthenticator}. `policy`: decides about what the methods of the chain
   * found; its priority is below theirs.
   */
  readonly authentication?: 'method' | 'policy'
  /** Of a policy: authentication plugins that must be in the chain of each route where this entry decides. */
  companions? (config: Static<Schema>): Iterable<Companion>
  /** Of a policy: whether it lets everybody pass. */
  admitsAll? (config: Static<Schema>): boolean
  /** The collection of credentials that it reads: those of a file where nothing reads them are a warning. */
  readonly credentials?: keyof Credentials
  /** It counts the requests of API keys that have a `rate_limit`: without such an entry these limits are a warning. */
  readonly limitsKeys?: boolean
  /** Whether each worker process counts on its own with these options, so that it gets its share of a limit only. */
  dividedByWorkers? (config: Static<Schema>): boolean
  /**
   * The circuit breaker that stands between the requests of this entry's routes and their service: one for each service,
   * and of the entry alone. Not for entries of consumers.
   */
  circuitBreaker? (config: Static<Schema>): CircuitBreakerOptions
  /** Header fields in which this entry speaks to upstreams about the caller: client-sent copies are removed on all routes. */
  identityHeaders? (config: Static<Schema>): Iterable<string>
  /** Names of header fields and arguments whose values are credentials: they are cut in all logs. */
  secretNames? (config: Static<Schema>): Iterable<string>
  /** Options that Kong's plugin of this name has and this one has not, each with what to do instead. */
  readonly refuses?: Readonly<Record<string, string>>
  /** Documents for the admin listener, from the options of all enabled entries; an object or array each, sent as JSON. */
  publish? (configs: ReadonlyArray<Static<Schema>>): Iterable<PublishedDocument>
  /** What operators may have done through the admin listener, where that is one that only this machine can reach. */
  readonly actions?: ReadonlyArray<AdminAction<State>>
  /** Rules that a schema can't say. Load time, no network. */
  check? (config: Static<Schema>): Iterable<CheckFinding>
  /** Once per entry: state, limiters, caches. */
  setup? (config: Static<Schema>, gateway: PluginGateway): State | Promise<State>
  /** Once per scope: add hooks, nothing else. */
  register (scope: FastifyInstance, options: RegisterOptions<Static<Schema>, State>): void | Promise<void>
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

declare module 'fastify' {
  interface FastifyRequest {
    readonly gateway: GatewayRequest
  }
}

/** Hooks by phase, for authors who name their hook functions. */
export type AccessHook = (request: FastifyRequest, reply: FastifyReply) => void | Promise<unknown>
export type ResponseHook = (request: FastifyRequest, reply: FastifyReply, payload: unknown) => unknown
