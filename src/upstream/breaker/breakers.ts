import type { FastifyBaseLogger } from 'fastify'
import { BreakerSet, type BreakerFacts, type BreakerOwner } from './breaker-set.ts'
import type { BreakerRules } from './rules.ts'

interface Held {
  readonly set: BreakerSet
  users: number
}

/**
 * All breakers of the process. They belong to who asked for them, by a key that is no content, and outlive snapshots: a
 * reload asks for the same ones again, and finds open what was open.
 */
export class Breakers {
  readonly #log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  readonly #held = new Map<string, Held>()

  constructor (log: Pick<FastifyBaseLogger, 'warn' | 'info'>) {
    this.#log = log
  }

  /** Those with this key, which follow these rules from now on; give them back with `release`. */
  acquire (key: string, owner: BreakerOwner, rules: BreakerRules): BreakerSet {
    let held = this.#held.get(key)
    if (held === undefined) {
      held = { set: new BreakerSet(owner, rules, this.#log), users: 0 }
      this.#held.set(key, held)
    } else {
      held.set.follow(rules)
    }
    held.users++
    return held.set
  }

  release (key: string): void {
    const held = this.#held.get(key)
    if (held !== undefined && --held.users === 0) this.#held.delete(key)
  }

  facts (): BreakerFacts[] {
    return [...this.#held.values()].flatMap(({ set }) => set.facts())
  }
}
