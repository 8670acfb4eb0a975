import type { Target } from '../../proxy/transport/transport.ts'
import type { Endpoint } from '../endpoint.ts'

/** Share with which a slow start begins: with less, a lightly used address would never get a request to warm up with. */
const FIRST_SHARE = 0.1

/** What each endpoint may get at this moment: its weight, or 0. Filled anew for each choice, into the same numbers. */
export class Shares {
  /** 0: out of the question. */
  weights = new Float64Array(0)
  total = 0
  endpoints: readonly Endpoint[] = []
  readonly #slowStart: number

  /** @param slowStart milliseconds until a new address has its whole share; 0: it has it at once */
  constructor (slowStart: number) {
    this.#slowStart = slowStart
  }

  update (endpoints: readonly Endpoint[]): void {
    this.endpoints = endpoints
    this.weights = new Float64Array(endpoints.length)
  }

  /**
   * Untried ones first, then failover ones that are untried, then any.
   *
   * @returns false: no endpoint can be used
   */
  fill (tried: readonly Target[], now: number): boolean {
    return this.#gather(false, tried, now) || this.#gather(true, tried, now) ||
      (tried.length > 0 && (this.#gather(false, NONE, now) || this.#gather(true, NONE, now)))
  }

  /** An index, by chance in proportion to the weights; -1 where nothing but `except` is left. */
  draw (random: number, except: number): number {
    const { weights } = this
    let rest = random * (except === -1 ? this.total : this.total - (weights[except] as number))
    let last = -1
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] as number
      if (weight === 0 || index === except) continue
      rest -= weight
      if (rest < 0) return index
      last = index
    }
    // what rounding has left over
    return last
  }

  #gather (failover: boolean, tried: readonly Target[], now: number): boolean {
    const { endpoints, weights } = this
    let total = 0
    for (let index = 0; index < endpoints.length; index++) {
      const endpoint = endpoints[index] as Endpoint
      let weight = 0
      if (endpoint.weight !== 0 && endpoint.failover === failover && (tried.length === 0 || !endpoint.isAmong(tried)) && endpoint.usable(now)) {
        weight = this.#slowStart === 0 ? endpoint.weight : this.#ramped(endpoint, now)
      }
      weights[index] = weight
      total += weight
    }
    this.total = total
    return total > 0
  }

  #ramped ({ weight, address }: Endpoint, now: number): number {
    const age = (now - address.since) / this.#slowStart
    return age >= 1 ? weight : weight * Math.max(FIRST_SHARE, age)
  }
}

const NONE: readonly Target[] = Object.freeze([])
