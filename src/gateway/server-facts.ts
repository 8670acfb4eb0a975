import type { EndReason } from '../observability/end-reason.ts'
import type { PoolFacts } from '../proxy/transport/transport.ts'
import type { BreakerFacts } from '../upstream/breaker/breaker-set.ts'
import type { UpstreamFacts } from '../upstream/health/upstream-health.ts'

/** What a process that serves knows of itself. */
export interface ServerFacts {
  /** Counts commits, from 1. */
  readonly snapshot: number
  readonly connections: number
  /** Connections that were not taken: `limits.connections_per_address`. */
  readonly refused: number
  /** In flight, tunnels included. */
  readonly requests: number
  readonly total: number
  /** Refused by `gateway.overload`. */
  readonly shed: number
  /** Old snapshots that still serve. */
  readonly retired: number
  readonly breakers: readonly BreakerFacts[]
  readonly upstreams: readonly UpstreamFacts[]
  readonly pools: readonly PoolFacts[]
  /** Requests that the parser refused, by end reason. */
  readonly malformed: Readonly<Partial<Record<EndReason, number>>>
}
