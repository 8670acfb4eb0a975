/** The `gateway:` block, resolved: a part of the configuration's model. */
import type { PathPolicy } from '../router/path-policy.ts'

export interface ListenAddress {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Beside `gateway.path_policy`. */
  readonly path_policy?: Partial<PathPolicy>
}

/** An address for clients, and what they speak there. */
export interface ListenSettings extends ListenAddress {
  readonly tls: boolean
  /** Offered by ALPN beside HTTP/1.1; only with `tls`. */
  readonly http2: boolean
  readonly min_version: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL's names. */
  readonly ciphers: readonly string[]
  /** `require` refuses who has none that one of `ca_certificates` vouches for; `request` leaves it to plugins. */
  readonly client_certificate: 'none' | 'request' | 'require'
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** A finding of `sallyport audit` that somebody accepts, for a time. */
export interface AuditIgnore {
  readonly rule: string
  /** Where, as the finding names it, with everything below; absent: everywhere. */
  readonly path?: string
  readonly reason: string
  /** Last day, `2027-01-31`, in UTC. */
  readonly until: string
}

/** The admin listener. */
export interface AdminSettings extends ListenAddress {
  /** null: whoever reaches the address may ask; on the loopback alone. */
  readonly token: string | null
  /** Something may be changed there. */
  readonly write: boolean
  /** `/metrics` needs no token. */
  readonly metrics_open: boolean
}

/** The `gateway:` block, our own: what Kong keeps in kong.conf. Durations are milliseconds, sizes bytes. */
export interface GatewaySettings {
  readonly listen: readonly ListenSettings[]
  /** null: no admin listener. */
  readonly admin: AdminSettings | null
  /** null: no debugging on demand. `secret` signs its tokens. */
  readonly debug: { readonly secret: string } | null
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
    /** 0: no limit. */
    readonly connections_per_address: number
  }
  readonly request_headers: {
    /** Of names with a `_`. */
    readonly underscores: 'drop' | 'reject' | 'keep'
    /** Further names that a request may have once only. */
    readonly once: readonly string[]
  }
  /** How odd paths are read. */
  readonly path_policy: PathPolicy
  readonly timeouts: {
    /** Until the TLS handshake, and then the header block, is complete: 408. */
    readonly headers: number
    /** Idle connection kept open. */
    readonly keep_alive: number
    /** Minimum rate of a request body in bytes per second, after `body_grace`: 408. */
    readonly body_min_rate: number
    readonly body_grace: number
    /** A client that takes nothing of what is written to it for this long is cut; 0: never. */
    readonly send: number
    /** Bytes a second that it has to take over each such period; 0: any. */
    readonly send_min_rate: number
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
  /** Requests that no plugin limits. */
  readonly exempt: {
    /** Addresses and CIDRs of clients. */
    readonly ips: readonly string[]
    /** `/*` at the end stands for everything below. */
    readonly paths: readonly string[]
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
  /** What `sallyport audit` goes by; nothing that runs looks at it. */
  readonly audit: {
    readonly ignore: readonly AuditIgnore[]
  }
  /** Third-party plugins: a package name, or a file relative to gateway.yaml. */
  readonly modules: readonly string[]
}
