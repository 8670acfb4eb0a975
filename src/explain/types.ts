/** What `sallyport explain --json` prints and the Admin API's `POST /explain` answers: plain JSON, secrets cut. */
import type { Priority } from '../router/order.ts'
import type { PathAction } from '../router/path-policy.ts'

/** A request as a client would send it. */
export interface ExplainRequest {
  readonly method: string
  /** `https://host:port/path?query`, or `/path` for the first listener. Sent as it is written, but for characters that no client can send. */
  readonly url: string
  /** Name and value, in order. `Host` replaces the one of the URL. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
  /** Address that the connection comes from; default 127.0.0.1. */
  readonly ip?: string
  /** Username, custom_id or id: as if the authentication plugins had found this consumer. */
  readonly consumer?: string
  readonly data?: string
  /** How many near candidates are listed; default 5. */
  readonly near?: number
}

/** The request itself can't be read; the message is for the user. */
export class ExplainError extends Error {}

/** Where something stands in the file. */
export interface Place {
  /** JSON pointer (RFC 6901). */
  readonly pointer: string
  /** In words: `services[orders].routes[list]`; null where the text of the file is not at hand. */
  readonly path: string | null
  /** From 1; null where the file does not say it, or its text is not at hand. */
  readonly line: number | null
}

export interface Explanation {
  readonly version: 1
  readonly request: {
    readonly method: string
    /** As the client sees it. */
    readonly url: string
    /** Of the request line. */
    readonly target: string
    /** Host field. */
    readonly host: string
    readonly listener: (Place & { readonly host: string, readonly port: number, readonly tls: boolean }) | null
    /** Address of the connection. */
    readonly peer: string
    /** Whether it is in `gateway.trusted_ips`. */
    readonly trusted: boolean
    /** Address that plugins and logs see. */
    readonly client_ip: string
    /** In effect, after `trusted_ips`. */
    readonly scheme: 'http' | 'https'
    /** Server name of the TLS handshake. */
    readonly sni: string | null
    readonly consumer: string | null
  }
  readonly path: ExplainedPath | null
  readonly outcome: Outcome
  readonly route: ExplainedRoute | null
  /** Nearest first; at most as many as were asked for. */
  readonly near: readonly NearRoute[]
  /** Near routes that are not listed. */
  readonly near_more: number
  /** In the order in which they run. */
  readonly chain: readonly ExplainedPlugin[]
  /** Entries over the route that are not in its chain. */
  readonly left_out: readonly LeftOut[]
  readonly upstream: ExplainedUpstream | null
  /** Sentences about what is surprising. */
  readonly notes: readonly string[]
}

/** What the path policy makes of the URL's path. */
export interface ExplainedPath {
  readonly received: string
  /** What router, plugins and upstream see; null: refused. */
  readonly normal: string | null
  readonly query: string | null
  /** What servers read differently and this path has. */
  readonly features: ReadonlyArray<{
    /** Key of `path_policy`. */
    readonly feature: string
    readonly action: PathAction
    /** Whose policy says so. */
    readonly policy: 'route' | 'listener' | 'gateway'
    /** It alone is why the request is refused. */
    readonly refused: boolean
  }>
}

/**
 * `upstream`: goes to the service, unless a plugin answers before. `no-service`: the same, and 503 in the end. `https-required`,
 * `not-found`, `refused`: answered by the gateway before any plugin.
 */
export interface Outcome {
  readonly kind: 'upstream' | 'no-service' | 'https-required' | 'not-found' | 'refused'
  /** null: the upstream's, or a plugin's. */
  readonly status: number | null
  /** Code of the error, as in the log. */
  readonly code: string | null
  readonly message: string | null
  readonly location: string | null
}

export interface RouteName extends Place {
  readonly name: string | null
  readonly id: string
}

export interface ExplainedRoute extends RouteName {
  /** Place in matching order, from 1, as `sallyport routes` counts. */
  readonly position: number
  readonly service: RouteName | null
  /** The entry of `paths` that accepted the request; null: the route has none. */
  readonly matched_path: string | null
  /** What of the path it matched. */
  readonly prefix: string
  readonly captures: Readonly<Record<string, string>>
}

export interface NearRoute extends RouteName {
  /** Entries of `paths` that are ranked together; null: it has none. */
  readonly paths: readonly string[] | null
  /** Why it was not chosen: what it does not accept; empty: it accepts the request, and `lost_by` says why another one won. */
  readonly failed: readonly FailedCriterion[]
  readonly lost_by: LostBy | null
}

export interface FailedCriterion {
  readonly criterion: 'method' | 'host' | 'path' | 'header' | 'sni'
  /** Of the header. */
  readonly name: string | null
  /** What the route accepts. */
  readonly wants: readonly string[]
  /** What the request has; null: nothing. */
  readonly got: string | null
}

export interface LostBy {
  /** The first field of the priority in which the two differ. */
  readonly rule: keyof Priority
  readonly winner: Priority[keyof Priority]
  readonly own: Priority[keyof Priority]
}

export type EntryScope = 'global' | 'service' | 'route' | 'consumer' | 'consumer, route' | 'consumer, service' | 'consumer, route, service' |
  'consumer_group' | 'consumer_group, route' | 'consumer_group, service' | 'consumer_group, route, service' | 'route, service'

export interface ExplainedEntry extends Place {
  readonly id: string
  readonly instance_name: string | null
  readonly scope: EntryScope
  /** Whom it is for; null: everybody. */
  readonly audience: string | null
}

export interface ExplainedPlugin {
  /** From 1. */
  readonly position: number
  readonly plugin: string
  readonly priority: number
  /** The entry that runs for this request; null: none does for its consumer. */
  readonly entry: ExplainedEntry | null
  /** Those that run for other consumers, most specific first. */
  readonly alternatives: readonly ExplainedEntry[]
}

export interface LeftOut extends ExplainedEntry {
  readonly plugin: string
  readonly reason: 'disabled' | 'less-specific'
}

export interface ExplainedUpstream {
  readonly service: RouteName
  readonly method: string
  /** Without plugins' changes. Host and port are the service's; of an upstream, its name. */
  readonly url: string
  /** Name of the upstream and where the service's requests go; null: the host of the service is one. */
  readonly balanced: {
    readonly upstream: RouteName
    readonly algorithm: string
    readonly targets: ReadonlyArray<Place & { readonly target: string, readonly weight: number, readonly failover: boolean }>
  } | null
  /** What goes up, in order. `by`: who says so. */
  readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string, readonly by: 'client' | 'gateway' }>
  /** Fields of the client that do not go up as they are. */
  readonly dropped: ReadonlyArray<{ readonly name: string, readonly reason: string }>
}
