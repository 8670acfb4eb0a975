import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Balancer } from './balancer.ts'
import { Shares } from './shares.ts'

/**
 * Smooth weighted round-robin, as nginx has it: weights of 5, 1 and 1 give a, a, b, a, c, a, a and not five times a in a
 * row. Exact over each turn of as many requests as the weights add up to.
 */
export class RoundRobin implements Balancer {
  readonly measures = false
  readonly #shares: Shares
  readonly #random: () => number

  constructor (slowStart: number, random: () => number) {
    this.#shares = new Shares(slowStart)
    this.#random = random
  }

  update (endpoints: readonly Endpoint[]): void {
    // many gateways that start at the same time must not all begin with the first one
    this.#shares.update(shuffled(endpoints, this.#random))
  }

  pick (_context: Context | null, tried: readonly Target[], now: number): Endpoint | null {
    const shares = this.#shares
    if (!shares.fill(tried, now)) return null
    const { endpoints, weights, total } = shares
    let best: Endpoint | null = null
    for (let index = 0; index < endpoints.length; index++) {
      const weight = weights[index] as number
      if (weight === 0) continue
      const endpoint = endpoints[index] as Endpoint
      endpoint.current += weight
      if (best === null || endpoint.current > best.current) best = endpoint
    }
    if (best !== null) best.current -= total
    return best
  }
}

function shuffled<Item> (items: readonly Item[], random: () => number): Item[] {
  const list = [...items]
  for (let left = list.length; left > 1; left--) {
    const from = Math.floor(random() * left)
    const item = list[from] as Item
    list[from] = list[left - 1] as Item
    list[left - 1] = item
  }
  return list
}
