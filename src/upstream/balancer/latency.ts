import type { Endpoint } from '../endpoint.ts'
import { LesserOfTwo } from './lesser-of-two.ts'

/** What an address without a measurement counts as while its first answer is under way, in milliseconds. */
const UNKNOWN = 1_000

/**
 * Where a request will probably wait less: average time to an answer's head (peak-EWMA, as in Finagle and Kong), times the
 * attempts that run there and this one, for its weight.
 */
export class Latency extends LesserOfTwo {
  readonly measures = true

  protected cost ({ address }: Endpoint, weight: number, now: number): number {
    const latency = address.latency(now)
    const running = address.inFlight
    // nothing known: worth one try, and no second one before the first has come back
    const wait = Number.isNaN(latency) ? (running === 0 ? 0 : UNKNOWN) : latency
    return wait * (running + 1) / weight
  }
}
