import type { Config } from '../config/model.ts'
import type { EndReason } from '../observability/end-reason.ts'
import type { MetricFamily } from '../plugin.ts'
import type { PoolFacts } from '../proxy/transport.ts'
import type { PluginRegistry } from '../plugins.ts'
import type { StoreFacts } from '../stores/store-stats.ts'
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
  /** Values that came from references: cut from every log. */
  readonly secrets: readonly string[]
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
  /** Entries that count requests, and how their store fares. */
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
  facts (): Promise<ProcessFacts[]>
  /** Has plugins open their files again, in every process. */
  reopen (): Promise<void>
  /** Metrics of plugins: lists of all processes that answer, to be added up. */
  metrics (): Promise<MetricFamily[][]>
  /** Has a plugin do what the admin listener was asked for, in every process. @returns sums of what they say */
  act (action: ActionOrder): Promise<Readonly<Record<string, number>>>
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
