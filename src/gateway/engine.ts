import type { Config } from '../config/model.ts'
import type { RequestDetails, RequestView } from '../admin/api/types.ts'
import type { RequestFilter } from '../admin/record/request-ring.ts'
import type { TrafficPart } from '../admin/record/traffic.ts'
import type { EndReason } from '../observability/end-reason.ts'
import type { Redactor } from '../observability/redaction.ts'
import type { Secrets } from '../observability/secret-values.ts'
import type { MetricFamily } from '../plugin.ts'
import type { PoolFacts } from '../proxy/transport/transport.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { CountPart, LimitOrder, StoreFacts } from '../stores/store-stats.ts'
import type { BreakerFacts } from '../upstream/breaker/breaker-set.ts'
import type { UpstreamFacts } from '../upstream/health/upstream-health.ts'

/** One checked configuration on its way to be run. */
export interface Loadout {
  /** Counts the configurations of this gateway, from 1. */
  readonly number: number
  readonly config: Config
  readonly registry: PluginRegistry
  /** Folder of gateway.yaml. */
  readonly directory: string
  /** What came from references: cut from every log. */
  readonly secrets: Secrets
  /** Made of it and of the configuration. */
  readonly redactor: Redactor
}

/** What one process that serves traffic tells of itself. */
export interface ProcessFacts {
  readonly pid: number
  /** Milliseconds since the epoch. */
  readonly started_at: number
  readonly snapshot: number
  /** Configurations that were replaced and still have requests or streams to finish. */
  readonly retired_snapshots: number
  readonly connections: number
  /** Not taken: `limits.connections_per_address`. */
  readonly refused_connections: number
  readonly requests: {
    /** WebSocket tunnels and event streams included. */
    readonly in_flight: number
    readonly total: number
    /** Refused by `gateway.overload`. */
    readonly shed: number
  }
  readonly access_log: {
    /** Lines lost because their reader was too slow or gone. */
    readonly dropped: number
  }
  /** Targets of the upstreams that services use, and how each process sees them. */
  readonly upstreams: readonly UpstreamFacts[]
  /** Each process has its own. */
  readonly circuit_breakers: readonly BreakerFacts[]
  /** Entries that count requests, and how their store fares; empty unless asked for. */
  readonly limits: readonly StoreFacts[]
  /** Connections to upstreams. */
  readonly pools: readonly PoolFacts[]
  /** Requests that the HTTP parser refused, by end reason. */
  readonly malformed: Readonly<Partial<Record<EndReason, number>>>
  /** Bytes. */
  readonly memory: {
    readonly rss: number
    readonly heap_used: number
    readonly heap_total: number
    readonly external: number
  }
}

/** What a process that serves can be asked, beside its facts; each with its answer. Plain JSON. */
export interface Question {
  /** Series of a route; null: of all requests. */
  readonly traffic: { readonly about: { readonly route: string | null }, readonly answer: TrafficPart }
  readonly requests: { readonly about: RequestFilter, readonly answer: readonly RequestView[] }
  /** One request, by id. */
  readonly request: { readonly about: { readonly id: string }, readonly answer: RequestDetails | null }
  /** Counters of an entry. null: it is none of those that can be looked up. */
  readonly count: { readonly about: LimitOrder, readonly answer: CountPart | null }
}

/** Which action of which plugin, with its checked body. Plain JSON. */
export interface ActionOrder {
  readonly plugin: string
  readonly path: string
  readonly body: unknown
}

export interface BoundAddress {
  readonly host: string
  readonly port: number
  readonly scheme: 'http' | 'https'
}

/** What serves the traffic: this process, or worker processes that it looks after. */
export interface Engine {
  /** Builds the first snapshot, then listens. @throws leaving nothing behind */
  start (loadout: Loadout): Promise<void>
  /** The next snapshot everywhere, or nowhere. */
  replace (loadout: Loadout): Promise<void>
  readonly addresses: readonly BoundAddress[]
  /** null: takes requests; otherwise why not. */
  notReady (): string | null
  /** @param limits whether entries that count are told of as well */
  facts (limits: boolean): Promise<ProcessFacts[]>
  /** Has plugins open their files again, in every process. */
  reopen (): Promise<void>
  /** Metrics of plugins: lists of all processes that answer, to be added up. */
  metrics (): Promise<MetricFamily[][]>
  /** Has a plugin do what the admin listener was asked for, in every process. @returns sums of what they say */
  act (action: ActionOrder): Promise<Readonly<Record<string, number>>>
  /** Asks every process that serves; those that don't answer in time are left out. */
  ask<Kind extends keyof Question> (kind: Kind, about: Question[Kind]['about']): Promise<Array<Question[Kind]['answer']>>
  /** Processes that died and were replaced. */
  readonly restarts: number
  /** Lines of workers' access logs that were lost on their way through this process. */
  readonly relayDropped: number
  /** Stops accepting; resolves when the last request, stream and tunnel has ended. */
  drain (): Promise<void>
  /** Cuts what is left. */
  destroy (): void
  /** Lets go of everything else. */
  close (): Promise<void>
}
