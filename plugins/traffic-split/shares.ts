import { hash } from 'node:crypto'
import { type Service, Spread, unitOf } from '../../src/plugin.ts'

export interface Share {
  readonly service: Service
  readonly weight: number
  /** Stands for the service in a cookie: says nothing about it. */
  readonly token: string
}

/** Services with their weights; those that get nothing are left out. */
export class Shares {
  readonly #shares: readonly Share[]
  readonly #total: number
  readonly #spread = new Spread()

  constructor (parts: ReadonlyArray<{ readonly service: Service, readonly weight: number }>) {
    this.#shares = parts.filter(({ weight }) => weight > 0)
      .map(({ service, weight }) => ({ service, weight, token: hash('sha256', service.id, 'hex').slice(0, 16) }))
    this.#total = this.#shares.reduce((sum, { weight }) => sum + weight, 0)
  }

  /** One after the other, evenly. */
  next (): Share {
    let left = this.#spread.next() * this.#total
    return this.#shares.find(({ weight }) => (left -= weight) < 0) ?? this.#shares.at(-1) as Share
  }

  /** The one that a cookie stands for; undefined where it gets nothing any more. */
  byToken (token: string | undefined): Share | undefined {
    return token === undefined ? undefined : this.#shares.find(share => share.token === token)
  }

  /**
   * The same for the same key, by weighted rendezvous hashing: where a weight is changed, only those move who have to.
   */
  byKey (key: string): Share {
    let best = this.#shares[0] as Share
    let lowest = Infinity
    for (const share of this.#shares) {
      // an exponential variable of its rate: the first of several is each with the probability of its weight
      const time = -Math.log(unitOf(`${share.token}|${key}`)) / share.weight
      if (time >= lowest) continue
      lowest = time
      best = share
    }
    return best
  }
}
