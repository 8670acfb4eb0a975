import type { FastifyBaseLogger } from 'fastify'
import type { Breath } from '../breath.ts'
import type { Copy } from '../proxy/copy.ts'
import type { Redactor } from '../observability/redaction.ts'
import type { Transport } from '../proxy/transport/transport.ts'
import type { Breakers } from '../upstream/breaker/breakers.ts'
import type { HealthChecks } from '../upstream/health/health-checks.ts'
import type { Context } from './context.ts'
import type { KeptState } from './keep.ts'
import type { Outside } from './outside.ts'
import type { Overload } from './overload/overload.ts'

/** What snapshots share: it belongs to the process and outlives each of them. */
export interface SnapshotServices {
  readonly transport: Transport
  readonly breakers: Breakers
  readonly health: HealthChecks
  readonly kept: KeptState
  readonly overload: Overload
  /** Copies of requests that are under way. */
  readonly copies: Set<Copy>
  readonly log: FastifyBaseLogger
  readonly directory: string
  readonly workers: number
  readonly now: () => number
  /** Taken while a snapshot is made or closed beside one that serves. */
  readonly breath: Breath
  /** Absent: what is there. */
  readonly outside?: Outside | undefined
  /** Told at the end of every request; null: nobody listens. */
  readonly onFinish: ((context: Context) => void) | null
  /** Of this configuration. */
  readonly redactor: Redactor
  /** Line of the access log, for plugins that take it elsewhere. */
  readonly lineOf: (context: Context) => string
}
