import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Balancer } from './balancer.ts'
import { Shares } from './shares.ts'

/**
 * Of two endpoints drawn by their weights, the one with fewer attempts for its weight.
 *
 * Two and not all: gateways that don't know of each other would all choose the same least one, and flood it. Where both
 * have nothing to do the first one drawn wins, so that a quiet upstream is used by its weights, too.
 */
export class LeastConnections implements Balancer {
  readonly measures = false
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
    return shares.endpoints[second !== -1 && this.#load(second) < this.#load(first) ? second : first] as Endpoint
  }

  #load (index: number): number {
    const { endpoints, weights } = this.#shares
    return (endpoints[index] as Endpoint).address.inFlight / (weights[index] as number)
  }
}
