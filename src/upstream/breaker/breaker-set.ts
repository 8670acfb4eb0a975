import type { FastifyBaseLogger } from 'fastify'
import { CircuitBreaker, type BreakerChange, type BreakerState } from './circuit-breaker.ts'
import type { BreakerRules } from './rules.ts'

/** Whose requests a set of breakers guards. */
export interface BreakerOwner {
  /** Name or id of the service. */
  readonly service: string
  /** Name or id of the route, where the breakers are one route's. */
  readonly route: string | null
}

/** What `/status` tells of a breaker. */
export interface BreakerFacts extends BreakerOwner {
  /** Origin of the target; null: the breaker is the whole service's. */
  readonly target: string | null
  readonly state: BreakerState
}

/** Name of the breaker of a whole service. */
const WHOLE = ''

/** A set has no more breakers than this. */
const MOST = 4096

const MESSAGES: Readonly<Record<BreakerState, string>> = {
  open: 'a circuit breaker has opened',
  'half-open': 'a circuit breaker lets calls through on trial',
  closed: 'a circuit breaker has closed'
}

/** The breakers of a service, or of one route to it: one for all, or one for each target. They outlive reloads. */
export class BreakerSet {
  readonly #breakers = new Map<string, CircuitBreaker>()
  readonly owner: BreakerOwner
  readonly #log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  #rules: BreakerRules

  constructor (owner: BreakerOwner, rules: BreakerRules, log: Pick<FastifyBaseLogger, 'warn' | 'info'>) {
    this.owner = owner
    this.#rules = rules
    this.#log = log
  }

  /** Takes edited rules over. */
  follow (rules: BreakerRules): void {
    this.#rules = rules
    for (const breaker of this.#breakers.values()) breaker.follow(rules)
  }

  /** That of the service. */
  whole (): CircuitBreaker {
    return this.of(WHOLE)
  }

  /** @param origin of a target */
  of (origin: string): CircuitBreaker {
    return this.#breakers.get(origin) ?? this.#add(origin)
  }

  facts (): BreakerFacts[] {
    return [...this.#breakers].map(([origin, { state }]) => ({ ...this.owner, target: origin === WHOLE ? null : origin, state }))
  }

  #add (origin: string): CircuitBreaker {
    if (this.#breakers.size >= MOST) this.#makeRoom()
    const breaker = new CircuitBreaker(this.#rules, change => this.#tell(origin, change))
    this.#breakers.set(origin, breaker)
    return breaker
  }

  /** Addresses come and go with the years. One that is closed is as good as a new one; else the oldest goes. */
  #makeRoom (): void {
    for (const [origin, { state }] of this.#breakers) {
      if (state === 'closed') this.#breakers.delete(origin)
    }
    const [oldest] = this.#breakers.keys()
    if (this.#breakers.size >= MOST && oldest !== undefined) this.#breakers.delete(oldest)
  }

  #tell (origin: string, { from, to, reason, pause }: BreakerChange): void {
    const facts = {
      service: this.owner.service,
      ...(this.owner.route === null ? {} : { route: this.owner.route }),
      ...(origin === WHOLE ? {} : { target: origin }),
      from,
      to,
      reason,
      ...(to === 'open' ? { pause } : {})
    }
    if (to === 'open') this.#log.warn(facts, MESSAGES[to])
    else this.#log.info(facts, MESSAGES[to])
  }
}
