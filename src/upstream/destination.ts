import type { Context } from '../gateway/context.ts'
import type { Target } from '../proxy/transport/transport.ts'
import type { Turn } from '../proxy/turn.ts'

/**
 * How an attempt ended.
 *
 * `complete`: its answer is here to the last byte · `connect`: no connection, or none within `connect_timeout` · `timeout`: no
 * head or no more bytes in time · `reset`: cut after the connection was there · `invalid`: an answer that can't be passed on · `cancelled`:
 * the client has left, or a plugin has broken the request off; never the upstream's fault.
 */
export type Ending = 'complete' | 'connect' | 'timeout' | 'reset' | 'invalid' | 'cancelled'

/**
 * Where the requests of a service go: one host, or an upstream with its targets.
 *
 * A request is admitted once. Each attempt calls `begin`, then `head` when its final status is here, then `end`; `begin` and `end` exactly once each,
 * whatever happens. Plain arguments, no object an attempt. Times are monotonic milliseconds; that of `begun` is read once
 * for an attempt, before `pick`, so that it can be told from others by it. Two attempts of a request may run at once.
 */
export interface Destination {
  readonly protocol: 'http' | 'https'
  /** Of the service: what plugins see before a target is chosen. */
  readonly host: string
  readonly port: number
  /** When to send: shared by all destinations. */
  readonly turn: Turn
  /**
   * Asked once for a request, before its body is read: what is known to be down needs no upload. May send it to another
   * service, whose destination is asked as well.
   *
   * @throws GatewayError 503, with Retry-After
   */
  admit (context: Context): void
  /**
   * The target of the next attempt.
   *
   * @param tried targets of this request's earlier attempts, in order
   * @param now when the attempt will have begun
   * @throws GatewayError 503 where there is none, with Retry-After where that is known
   */
  pick (context: Context, tried: readonly Target[], now: number): Target
  begin (target: Target, begun: number, context: Context): void
  /** The final status is here, at `context.headTick`. */
  head (target: Target, status: number, begun: number, context: Context): void
  /** @param status of the answer; 0: none came */
  end (target: Target, ending: Ending, status: number, begun: number, context: Context): void
  /** Gives back what it holds: its snapshot has served its last request. */
  release (): void
}
