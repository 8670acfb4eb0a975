/**
 * The resolved configuration: what the loader makes of gateway.yaml and everything after it works on.
 *
 * Plain JSON on purpose: the primary process sends it to its workers as it is. Entities refer to each other by `id`.
 * Field names, units and defaults are Kong's (declarative format 3.0); times are milliseconds unless a name says more.
 */

import type { CaCertificate, Certificate, Sni } from './certificates-model.ts'
import type { Credentials } from './credentials-model.ts'
import type { CircuitBreakerOptions } from './entities/circuit-breaker.ts'
import type { HealthchecksOptions } from './entities/healthchecks.ts'
import type { GatewaySettings } from './gateway-settings.ts'
import type { PathPolicy } from '../router/path-policy.ts'

export type * from './certificates-model.ts'
export type * from './credentials-model.ts'
export type * from './gateway-settings.ts'

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
  /** HTTP/2 towards it, without TLS as well. */
  readonly http2: boolean
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
  /** Intermediates between its certificate and an authority; null: no limit of ours. */
  readonly tls_verify_depth: number | null
  /** Ids of the authorities that may vouch for it; null: the public ones. */
  readonly ca_certificates: readonly string[] | null
  /** Id of the certificate that the gateway shows; null: that of the upstream, or none. */
  readonly client_certificate: string | null
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
  /** Beside its listener's; null: none of its own. */
  readonly path_policy: Partial<PathPolicy> | null
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
  /** Id of the certificate that targets get to see; null: none. */
  readonly client_certificate: string | null
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
  /** In declaration order: the first is the default where no SNI is `*`. */
  readonly certificates: readonly Certificate[]
  readonly snis: readonly Sni[]
  readonly ca_certificates: readonly CaCertificate[]
}
