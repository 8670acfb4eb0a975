import type { CircuitBreakerOptions } from '../../config/entities/circuit-breaker.ts'
import type { Service } from '../../config/model.ts'
import type { GatewayError } from '../../errors.ts'
import type { Destination } from '../destination.ts'
import type { BreakerOwner, BreakerSet } from './breaker-set.ts'
import type { Breakers } from './breakers.ts'
import { Judge } from './judge.ts'
import { breakerRules } from './options.ts'
import { createRefusal } from './refusal.ts'
import { ServiceBreaker } from './service-breaker.ts'
import { TargetBreakers } from './target-breakers.ts'

/** What stands before a destination: breakers, and how they are told and asked. */
export interface Guard {
  readonly breakers: BreakerSet
  readonly judge: Judge
  /** Monotonic milliseconds. */
  readonly tick: () => number
  /** What is answered instead; `wait`: milliseconds until the next trial, 0 where nobody knows. */
  readonly refusal: (wait: number) => GatewayError
  /** Gets the requests while the breaker is open; null: they are refused. */
  readonly fallback: Service | null
  /** Gives the breakers back. */
  release (): void
}

export interface GuardOptions {
  readonly breakers: Breakers
  /** Of whom, never of what: breakers with the same key go on over a reload. */
  readonly key: string
  readonly owner: BreakerOwner
  readonly options: CircuitBreakerOptions
  readonly fallback?: Service | null
  /** Monotonic milliseconds; default `performance.now`. */
  readonly tick?: () => number
}

/** Puts breakers before a destination; what it guards is released by itself, since others may use it too. */
export function guard (inner: Destination, { breakers, key, owner, options, fallback = null, tick = () => performance.now() }: GuardOptions): Destination {
  // those of the service and those of its targets are not the same ones
  const lease = breakers.acquire(`${key}|${options.per}`, owner, breakerRules(options))
  const parts: Guard = {
    breakers: lease.state,
    judge: new Judge(options.failure_on, options.slow_call_duration ?? Infinity, tick),
    tick,
    refusal: createRefusal(options),
    fallback,
    release: lease.release
  }
  return options.per === 'target' ? new TargetBreakers(inner, parts) : new ServiceBreaker(inner, parts)
}
