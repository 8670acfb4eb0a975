/**
 * The resolved configuration: what the loader makes of gateway.yaml and everything after it works on.
 *
 * Plain JSON on purpose: the primary process sends it to its workers as it is. Entities refer to each other by `id`.
 * Field names, units and defaults are Kong's (declarative format 3.0); times are milliseconds unless a name says more.
 */

import type { CircuitBreakerOptions } from './entities/circuit-breaker.ts'
import type { HealthchecksOptions } from './entities/healthchecks.ts'

/** JSON pointer (RFC 6901) of an entity or value in the file, as written there; the key to its line and column. */
export type Pointer = string

/** What every entity carries. */
export interface Entity {
  /** UUID: written in the file, or derived from the entity's name or place, so that a reload keeps it. */
  readonly id: string
  readonly tags: readonly string[]
  /** Where it stands in the file. */
  readonly pointer: Pointer
}

export type ServiceProtocol = 'http' | 'https'

/** Which requests are refused first when the gateway is overloaded. */
export type Importance = 'low' | 'normal' | 'high'

/** An upstream API. */
export interface Service extends Entity {
  readonly name: string | null
  readonly protocol: ServiceProtocol
  /** IPv6 addresses in brackets, as in a URL. */
  readonly host: string
  readonly port: number
  /** Prefix of every upstream path; null is the same as `/`. */
  readonly path: string | null
  /** Additional tries after the first, connection failures only. */
  readonly retries: number
  readonly connect_timeout: number
  readonly write_timeout: number
  readonly read_timeout: number
  /** All attempts together; null: no limit. */
  readonly total_timeout: number | null
  /** null: as if it said nothing. */
  readonly retry: Retry | null
  readonly deadline: Deadline | null
  readonly tls_verify: boolean
  /** null: none. */
  readonly circuit_breaker: CircuitBreakerOptions | null
  readonly enabled: boolean
  /** Of its routes, unless they say otherwise. */
  readonly importance: Importance
}

/** Reasons to ask a service again: kinds of failures, and statuses. */
export type RetryReason = 'connect' | 'reset' | 'timeout' | number

/** When a service is asked again. */
export interface Retry {
  readonly retry_on: readonly RetryReason[]
  /** That may be sent twice. */
  readonly methods: readonly string[]
  /** Bytes. */
  readonly body_limit: number
  readonly backoff: number
  readonly max_backoff: number
  /** Absent: no second attempt beside the first. */
  readonly hedge_delay?: number
  /** Of the requests of ten seconds. */
  readonly budget_percent: number
  /** A second. */
  readonly budget_minimum: number
}

/** How deadlines pass through the gateway. */
export interface Deadline {
  readonly header: 'x-request-deadline' | 'grpc-timeout' | 'x-envoy-expected-rq-timeout-ms'
  readonly accept: boolean
  readonly send: boolean
}

export type RouteProtocol = 'http' | 'https'

/** What requests reach a service. */
export interface Route extends Entity {
  readonly name: string | null
  /** Id of the service; null: plugins run, then 503. */
  readonly service: string | null
  readonly protocols: readonly RouteProtocol[]
  readonly methods: readonly string[] | null
  readonly hosts: readonly string[] | null
  /** `/literal-prefix` or `~/regex`. */
  readonly paths: readonly string[] | null
  /** Header name to accepted values; one value starting with `~*` is a regex. */
  readonly headers: Readonly<Record<string, readonly string[]>> | null
  readonly snis: readonly string[] | null
  readonly regex_priority: number
  readonly strip_path: boolean
  readonly path_handling: 'v0' | 'v1'
  readonly preserve_host: boolean
  readonly https_redirect_status_code: 426 | 301 | 302 | 307 | 308
  readonly request_buffering: boolean
  readonly response_buffering: boolean
  /** null: that of its service. */
  readonly importance: Importance | null
}

/** One `plugins:` item. */
export interface PluginEntry extends Entity {
  readonly name: string
  readonly instance_name: string | null
  /** Ids of the entities that scope it; all null is a global entry. */
  readonly service: string | null
  readonly route: string | null
  readonly consumer: string | null
  /** Never beside a consumer. */
  readonly consumer_group: string | null
  /** Checked against the plugin's schema, its defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>
  readonly protocols: readonly string[]
  readonly enabled: boolean
}

/** Who calls. At least one of `username` and `custom_id` is set. */
export interface Consumer extends Entity {
  readonly username: string | null
  readonly custom_id: string | null
  /** Ids of its consumer groups. */
  readonly groups: readonly string[]
}

/** Consumers that share plugin entries. */
export interface ConsumerGroup extends Entity {
  readonly name: string
}

export type BalancingAlgorithm = 'round-robin' | 'consistent-hashing' | 'least-connections' | 'latency' | 'sticky-sessions'

export type HashInput = 'none' | 'consumer' | 'ip' | 'header' | 'cookie' | 'path' | 'query_arg' | 'uri_capture'

/** Several addresses that serve the same. A service whose host is exactly its name is sent to them. */
export interface Upstream extends Entity {
  readonly name: string
  /** `consistent-hashing` exactly where `hash_on` isn't `none`: the loader sees to it. */
  readonly algorithm: BalancingAlgorithm
  readonly hash_on: HashInput
  readonly hash_fallback: HashInput
  readonly hash_on_header: string | null
  readonly hash_fallback_header: string | null
  readonly hash_on_cookie: string | null
  readonly hash_on_cookie_path: string
  readonly hash_on_query_arg: string | null
  readonly hash_fallback_query_arg: string | null
  readonly hash_on_uri_capture: string | null
  readonly hash_fallback_uri_capture: string | null
  /** Most points of the ring. */
  readonly slots: number
  readonly sticky_sessions_cookie: string | null
  readonly sticky_sessions_cookie_path: string
  /** Until a new target has its full share; 0: at once. */
  readonly slow_start: number
  readonly host_header: string | null
  readonly use_srv_name: boolean
  readonly healthchecks: HealthchecksOptions
}

/** One `targets:` item. */
export interface UpstreamTarget extends Entity {
  /** Id of the upstream. */
  readonly upstream: string
  /** `host:port`; IPv6 addresses in brackets. */
  readonly target: string
  /** 0: drained. */
  readonly weight: number
  /** Used while no other one can be. */
  readonly failover: boolean
}

/** What a consumer proves itself with, or is in. */
export interface OwnedByConsumer extends Entity {
  /** Id of the consumer. */
  readonly consumer: string
}

export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512' | 'RS256' | 'RS384' | 'RS512' | 'ES256' | 'ES384' | 'ES512' | 'PS256' | 'PS384' | 'PS512' | 'EdDSA'

/** A key or secret with which a consumer signs its tokens. */
export interface JwtSecret extends OwnedByConsumer {
  readonly key: string
  /** Of HS256, HS384 and HS512; null for the others. */
  readonly secret: string | null
  /** PEM; null for HS256, HS384 and HS512. */
  readonly rsa_public_key: string | null
  readonly algorithm: JwtAlgorithm
}

export interface RequestLimits {
  readonly second?: number
  readonly minute?: number
  readonly hour?: number
  readonly day?: number
  readonly month?: number
  readonly year?: number
}

/** An API key. The key itself ends at the loader. */
export interface KeyCredential extends OwnedByConsumer {
  /** SHA-256 of the key, in lower-case hex. */
  readonly digest: string
  readonly scopes: readonly string[]
  /** Milliseconds since the epoch; null: never. A `ttl` counts from the load of the file. */
  readonly expires_at: number | null
  readonly rate_limit: RequestLimits | null
}

/** A user name with its password. */
export interface BasicCredential extends OwnedByConsumer {
  readonly username: string
  /** A bcrypt or scrypt hash, or Kong's form: SHA-1 of password and consumer id, in lower-case hex. */
  readonly password: string
}

/** A name with the secret that signs requests. */
export interface HmacCredential extends OwnedByConsumer {
  readonly username: string
  readonly secret: string
}

/** A group for the acl plugin. */
export interface Acl extends OwnedByConsumer {
  readonly group: string
}

/** A client of Kong's oauth2 plugin. */
export interface Oauth2Credential extends OwnedByConsumer {
  readonly name: string
  readonly client_id: string
}

/** All credentials, by Kong's names of the collections. */
export interface Credentials {
  readonly jwt_secrets: readonly JwtSecret[]
  readonly keyauth_credentials: readonly KeyCredential[]
  readonly basicauth_credentials: readonly BasicCredential[]
  readonly hmacauth_credentials: readonly HmacCredential[]
  readonly acls: readonly Acl[]
  readonly oauth2_credentials: readonly Oauth2Credential[]
}

export interface ListenAddress {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** The `gateway:` block, our own: what Kong keeps in kong.conf. Durations are milliseconds, sizes bytes. */
export interface GatewaySettings {
  readonly listen: readonly ListenAddress[]
  /** null: no admin listener. */
  readonly admin: ListenAddress | null
  /** Addresses and CIDRs whose X-Forwarded-* are believed. */
  readonly trusted_ips: readonly string[]
  /** Worker processes; 1 runs in the one process. `auto` is resolved at start to the number of cores. */
  readonly workers: number | 'auto'
  readonly limits: {
    /** Request line, in bytes: 414 beyond. */
    readonly request_line: number
    /** Header block, in bytes: 431 beyond. */
    readonly header_block: number
    /** Header fields: 431 beyond. */
    readonly headers: number
    /** Largest request body held in memory for a plugin that needs it whole: 413 beyond. */
    readonly request_buffer: number
    /** Largest response body held in memory for a plugin that needs it whole: 502 beyond. */
    readonly response_buffer: number
  }
  readonly timeouts: {
    /** Until the header block is complete: 408. */
    readonly headers: number
    /** Idle connection kept open. */
    readonly keep_alive: number
    /** Minimum rate of a request body in bytes per second, after `body_grace`: 408. */
    readonly body_min_rate: number
    readonly body_grace: number
    /** Until a plugin's `setup` must be done. */
    readonly setup: number
  }
  /** When requests are refused with 503, by process; 0: never. */
  readonly overload: {
    /** Mean lateness of the event loop. */
    readonly event_loop_delay: number
    readonly heap_used: number
    readonly rss: number
    /** Requests that run, streams and tunnels included. */
    readonly in_flight: number
    /** Seconds. */
    readonly retry_after: number
  }
  readonly shutdown: {
    /** Between "not ready" and the end of accepting. */
    readonly delay: number
    /** For requests that run, before they are cut. */
    readonly timeout: number
  }
  readonly log: {
    readonly level: LogLevel
    /** One line a request. */
    readonly access: boolean
    /** Further request headers and query arguments whose values are cut in logs. */
    readonly redact: readonly string[]
  }
  readonly headers: {
    /** `sallyport`: X-Sallyport-*; `kong`: X-Kong-*. */
    readonly names: 'sallyport' | 'kong'
    /** `Via`, and `Server` on answers of our own. */
    readonly server_tokens: boolean
    /** -Upstream-Latency, -Proxy-Latency, -Response-Latency. */
    readonly latency_tokens: boolean
    /** -Request-Id on answers and towards upstreams. */
    readonly request_id: boolean
    /** -Upstream-Status. */
    readonly upstream_status: boolean
  }
  /** How names of targets are resolved. */
  readonly dns: {
    /** `address` or `address:port`; empty: the machine's own. */
    readonly servers: readonly string[]
    /** Until a server must have answered. */
    readonly timeout: number
  }
  /** Third-party plugins: a package name, or a file relative to gateway.yaml. */
  readonly modules: readonly string[]
}

/** Everything that runs: one compiled file. */
export interface Config {
  /** Absolute path of the file, or a name for text that came from elsewhere. */
  readonly file: string
  readonly gateway: GatewaySettings
  readonly services: readonly Service[]
  /** In declaration order: ties between equal routes are decided by it. */
  readonly routes: readonly Route[]
  readonly plugins: readonly PluginEntry[]
  readonly consumers: readonly Consumer[]
  readonly consumer_groups: readonly ConsumerGroup[]
  readonly upstreams: readonly Upstream[]
  readonly targets: readonly UpstreamTarget[]
  readonly credentials: Credentials
}
