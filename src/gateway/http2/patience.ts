/** What a client may do for nothing: so much at once, and so much of it is forgiven each second. */
const MOST = 1_000
const FORGIVEN = 50

/** What each costs. */
export const COST = { ping: 1, priority: 1, settings: 2, reset: 5 } as const

/**
 * How much of a client's restlessness is borne on a connection of HTTP/2: pings, settings, and requests that it takes back
 * at once (CVE-2019-9512, -9515, CVE-2023-44487) cost us more than it. A browser that leaves a page with a hundred requests
 * under way is far from the end of it.
 */
export class Patience {
  #left = MOST
  #at: number

  constructor (now = performance.now()) {
    this.#at = now
  }

  /** @returns false: it has come to its end */
  spend (cost: number, now = performance.now()): boolean {
    this.#left = Math.min(MOST, this.#left + (now - this.#at) / 1_000 * FORGIVEN) - cost
    this.#at = now
    return this.#left >= 0
  }
}
