import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { Endpoint } from '../endpoint.ts'

/** Chooses among the endpoints of an upstream. One for all services that use it. */
export interface Balancer {
  /** Whether it wants to know how long answers take. */
  readonly measures: boolean
  /** The list has changed; an endpoint that stays is the same object. */
  update (endpoints: readonly Endpoint[]): void
  /**
   * The endpoint of the next attempt; null where none can be used.
   *
   * One that was tried for this request is chosen again only where no other is left.
   */
  pick (context: Context, tried: readonly Target[], now: number): Endpoint | null
  /** The answer comes from this one; of several attempts at a time it need not be the one that was picked last. */
  answers? (endpoint: Endpoint, context: Context): void
}
