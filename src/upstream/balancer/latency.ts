import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Balancer } from './balancer.ts'
import { Shares } from './shares.ts'

/** What an address without a measurement counts as while its first answer is under way, in milliseconds. */
const UNKNOWN = 1_000

/**
 * Of two endpoints drawn by their weights, the one where a request will probably wait less: average time to an answer's
 * head (peak-EWMA, as in Finagle and Kong), times the attempts that run there and this one, for its weight.
 */
export class Latency implements Balancer {
  readonly measures = true
  readonly #shares: Shares
  readonly #random: () => number

  constructor (slowStart: number, random: () => number) {
    this.#shares = new Shares(slowStart)
    this.#random = random
  }

  update (endpoints: readonly Endpoint[]): void {
    this.#shares.update(endpoints)
  }

  pick (_context: Context | null, tried: readonly Target[], now: number): Endpoint | null {
    const shares = this.#shares
    if (!shares.fill(tried, now)) return null
    const first = shares.draw(this.#random(), -1)
    const second = shares.draw(this.#random(), first)
    return shares.endpoints[second !== -1 && this.#cost(second, now) < this.#cost(first, now) ? second : first] as Endpoint
  }

  #cost (index: number, now: number): number {
    const { address } = this.#shares.endpoints[index] as Endpoint
    const latency = address.latency(now)
    const running = address.inFlight
    // nothing known: worth one try, and no second one before the first has come back
    const wait = Number.isNaN(latency) ? (running === 0 ? 0 : UNKNOWN) : latency
    return wait * (running + 1) / (this.#shares.weights[index] as number)
  }
}
