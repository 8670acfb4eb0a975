import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Balancer } from './balancer.ts'
import { hashText, mix } from './hash.ts'
import type { HashInput } from './hash-input.ts'
import type { RoundRobin } from './round-robin.ts'
import { Shares } from './shares.ts'

/**
 * Equal keys go to one endpoint, and stay there while others come and go.
 *
 * Weighted rendezvous hashing: key and endpoint together give each endpoint a number, and the least one wins. Shares are as exact as the
 * keys are many, where a ring of 10,000 points is off by 1 to 3 %; when an endpoint goes, its keys alone move, to all
 * others alike, and the second best is what a retry asks. It costs a few
 * nanoseconds an endpoint, and a logarithm where weights differ: docs/decisions/0008-rendezvous-hashing.md.
 */
export class ConsistentHashing implements Balancer {
  readonly measures = false
  // a share that grows would move keys all the time: no slow start
  readonly #shares = new Shares(0)
  readonly #input: HashInput
  readonly #spread: RoundRobin
  /** All weights are equal: the logarithm would change nothing. */
  #uniform = false

  /** @param spread takes requests that have nothing to be told apart by */
  constructor (input: HashInput, spread: RoundRobin) {
    this.#input = input
    this.#spread = spread
  }

  update (endpoints: readonly Endpoint[]): void {
    this.#shares.update(endpoints)
    this.#uniform = new Set(endpoints.map(({ weight }) => weight).filter(weight => weight !== 0)).size === 1
    this.#spread.update(endpoints)
  }

  pick (context: Context, tried: readonly Target[], now: number): Endpoint | null {
    const key = this.#input(context)
    if (key === null) return this.#spread.pick(context, tried, now)
    const shares = this.#shares
    if (!shares.fill(tried, now)) return null
    const hash = hashText(key)
    return this.#uniform ? highest(shares, hash) : first(shares, hash)
  }
}

/** The least of exponentially distributed numbers: the first of several such clocks rings in proportion to their rates. */
function first ({ endpoints, weights }: Shares, hash: number): Endpoint | null {
  let best: Endpoint | null = null
  let least = Infinity
  for (let index = 0; index < endpoints.length; index++) {
    const weight = weights[index] as number
    if (weight === 0) continue
    const endpoint = endpoints[index] as Endpoint
    // the logarithm of what is between 0 and 1, and never one of them
    const score = -Math.log((mix(hash ^ endpoint.seed) + 0.5) / 0x1_0000_0000) / weight
    if (score >= least) continue
    least = score
    best = endpoint
  }
  return best
}

/** The same for equal weights. */
function highest ({ endpoints, weights }: Shares, hash: number): Endpoint | null {
  let best: Endpoint | null = null
  let most = -1
  for (let index = 0; index < endpoints.length; index++) {
    if (weights[index] === 0) continue
    const endpoint = endpoints[index] as Endpoint
    const score = mix(hash ^ endpoint.seed)
    if (score <= most) continue
    most = score
    best = endpoint
  }
  return best
}
