import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { Destination } from '../destination.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { Guard } from './guard.ts'
import { GuardedDestination } from './guarded.ts'

/** A destination behind one breaker. */
export class ServiceBreaker extends GuardedDestination {
  readonly #breaker: CircuitBreaker

  constructor (inner: Destination, guard: Guard) {
    super(inner, guard)
    this.#breaker = guard.breakers.whole()
  }

  protected override breakerOf (): CircuitBreaker {
    return this.#breaker
  }

  override admit (context: Context): void {
    const { tick, fallback, breakers } = this.guard
    if (this.#breaker.state !== 'closed') {
      const now = tick()
      if (fallback !== null && !this.#breaker.allows(now)) {
        context.log['fallback_of'] = breakers.owner.service
        context.sendTo(fallback)
        return
      }
      this.#refuse(now)
    }
    super.admit(context)
  }

  override pick (context: Context, tried: readonly Target[], now: number): Target {
    this.#refuse(now)
    return this.inner.pick(context, tried, now)
  }

  #refuse (now: number): void {
    if (!this.#breaker.allows(now)) throw this.guard.refusal(this.#breaker.wait(now))
  }
}
