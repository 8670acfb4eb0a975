import type { Context } from '../gateway/context.ts'
import type { Target } from '../proxy/transport.ts'
import type { Turn } from '../proxy/turn.ts'

/**
 * How an attempt ended.
 *
 * `complete`: its answer is here to the last byte · `connect`: no connection · `timeout`: no connection, no head or no more
 * bytes in time · `reset`: cut after the connection was there · `invalid`: an answer that can't be passed on · `cancelled`:
 * the client has left, or a plugin has broken the request off; never the upstream's fault.
 */
export type Ending = 'complete' | 'connect' | 'timeout' | 'reset' | 'invalid' | 'cancelled'

/**
 * Where the requests of a service go: one host, or an upstream with its targets.
 *
 * Each attempt calls `begin`, then `head` when its final status is here, then `end`; `begin` and `end` exactly once each,
 * whatever happens. Plain arguments, no object an attempt.
 */
export interface Destination {
  readonly protocol: 'http' | 'https'
  /** Of the service: what plugins see before a target is chosen. */
  readonly host: string
  readonly port: number
  /** When to send: shared by all destinations. */
  readonly turn: Turn
  /**
   * The target of the next attempt.
   *
   * @param tried targets of this request's earlier attempts, in order
   * @throws GatewayError 503 where there is none, with Retry-After where that is known
   */
  pick (context: Context, tried: readonly Target[]): Target
  begin (target: Target, context: Context): void
  /** @param wait milliseconds since `begin` */
  head (target: Target, status: number, wait: number, context: Context): void
  end (target: Target, ending: Ending, context: Context): void
  /** Gives back what it holds: its snapshot has served its last request. */
  release (): void
}
