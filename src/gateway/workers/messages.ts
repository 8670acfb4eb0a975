/** What the primary process and its workers tell each other. */
import type { Config } from '../../config/model.ts'
import type { Secrets } from '../../observability/secret-values.ts'
import type { MetricFamily } from '../../plugin.ts'
import type { TicketSeed } from '../../tls/ticket-keys.ts'
import type { ActionOrder, BoundAddress, ProcessFacts, Question } from '../engine.ts'

/** A loadout without what can't be sent: the worker loads the plugins itself. */
export interface SentLoadout {
  readonly number: number
  readonly config: Config
  readonly directory: string
  readonly secrets: Secrets
}

/** To a worker, which answers with the same `id`. */
export type Order =
  | { readonly type: 'prepare', readonly id: number, readonly loadout: SentLoadout, readonly workers: number, readonly tickets: TicketSeed }
  | { readonly type: 'commit', readonly id: number }
  | { readonly type: 'discard', readonly id: number }
  | { readonly type: 'facts', readonly id: number, readonly limits: boolean }
  | { readonly type: 'reopen', readonly id: number }
  | { readonly type: 'metrics', readonly id: number }
  | { readonly type: 'ask', readonly id: number, readonly kind: keyof Question, readonly about: Question[keyof Question]['about'] }
  | { readonly type: 'act', readonly id: number, readonly action: ActionOrder }
  /** Answered when the last request has ended. */
  | { readonly type: 'drain', readonly id: number }
  /** Cuts what still runs. */
  | { readonly type: 'destroy', readonly id: number }
  /** Answered when plugins have closed and all logs are written; then the worker exits. */
  | { readonly type: 'close', readonly id: number }

/** What says more than the message, for whoever shows it. */
export interface FailureDetails {
  readonly code?: string
  readonly address?: string
  readonly port?: number
}

/** From a worker. */
export type Answer =
  /** Orders may come: Node drops what arrives before anybody listens. */
  | { readonly type: 'hello' }
  | { readonly type: 'done', readonly id: number, readonly addresses?: readonly BoundAddress[], readonly facts?: ProcessFacts, readonly counts?: Readonly<Record<string, number>>, readonly metrics?: MetricFamily[][], readonly answer?: unknown }
  | { readonly type: 'failed', readonly id: number, readonly message: string, readonly details: FailureDetails }

/** An order before it has its number. */
export type OrderOf = Order extends infer Each ? Each extends Order ? Omit<Each, 'id'> : never : never
