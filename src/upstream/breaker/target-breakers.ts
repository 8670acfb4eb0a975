import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { GuardedDestination } from './guarded.ts'

/** A destination with a breaker for each of its targets: while one is open, the others serve. */
export class TargetBreakers extends GuardedDestination {
  protected override breakerOf ({ origin }: Target): CircuitBreaker {
    return this.guard.breakers.of(origin)
  }

  override pick (context: Context, tried: readonly Target[], now: number): Target {
    const target = this.inner.pick(context, tried, now)
    return this.breakerOf(target).allows(now) ? target : this.#another(target, context, tried, now)
  }

  /** One whose breaker lets it pass: those that don't are as good as tried, and one that was tried is better than those. */
  #another (target: Target, context: Context, tried: readonly Target[], now: number): Target {
    const { breakers, refusal } = this.guard
    const open: Target[] = []
    let wait = Infinity
    for (const before of [tried, []]) {
      while (!open.includes(target)) {
        const breaker = breakers.of(target.origin)
        if (breaker.allows(now)) return target
        wait = Math.min(wait, breaker.wait(now))
        open.push(target)
        target = this.inner.pick(context, [...before, ...open], now)
      }
      if (tried.length === 0) break
      target = this.inner.pick(context, open, now)
    }
    throw refusal(wait)
  }
}
