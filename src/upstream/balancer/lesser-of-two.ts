import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Balancer } from './balancer.ts'
import { Shares } from './shares.ts'

/**
 * Of two endpoints drawn by their weights, the one that costs less.
 *
 * Two and not all: gateways that don't know of each other would all choose the same least one, and flood it. Where both cost
 * the same the first one drawn wins, so that a quiet upstream is used by its weights, too.
 */
export abstract class LesserOfTwo implements Balancer {
  abstract readonly measures: boolean
  readonly #shares: Shares
  readonly #random: () => number

  constructor (slowStart: number, random: () => number) {
    this.#shares = new Shares(slowStart)
    this.#random = random
  }

  /** What one more attempt at this endpoint costs, in a unit of its own. */
  protected abstract cost (endpoint: Endpoint, weight: number, now: number): number

  update (endpoints: readonly Endpoint[]): void {
    this.#shares.update(endpoints)
  }

  pick (_context: Context | null, tried: readonly Target[], now: number): Endpoint | null {
    const shares = this.#shares
    if (!shares.fill(tried, now)) return null
    const first = shares.draw(this.#random(), -1)
    const second = shares.draw(this.#random(), first)
    return shares.endpoints[second !== -1 && this.#costAt(second, now) < this.#costAt(first, now) ? second : first] as Endpoint
  }

  #costAt (index: number, now: number): number {
    const { endpoints, weights } = this.#shares
    return this.cost(endpoints[index] as Endpoint, weights[index] as number, now)
  }
}
