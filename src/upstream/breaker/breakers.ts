import type { FastifyBaseLogger } from 'fastify'
import { SharedState, type Lease } from '../shared-state.ts'
import { BreakerSet, type BreakerFacts, type BreakerOwner } from './breaker-set.ts'
import type { BreakerRules } from './rules.ts'

/** All breakers of the process: a reload asks for the same ones again, and finds open what was open. */
export class Breakers {
  readonly #log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  readonly #shared = new SharedState<BreakerSet, BreakerRules>()

  constructor (log: Pick<FastifyBaseLogger, 'warn' | 'info'>) {
    this.#log = log
  }

  /** Those with this key, which follow these rules from `commit` on. */
  acquire (key: string, owner: BreakerOwner, rules: BreakerRules): Lease<BreakerSet> {
    return this.#shared.acquire(key, rules, () => new BreakerSet(owner, rules, this.#log))
  }

  /** The snapshot that has asked last serves. */
  commit (): void {
    this.#shared.commit()
  }

  facts (): BreakerFacts[] {
    return this.#shared.states().flatMap(set => set.facts())
  }
}
