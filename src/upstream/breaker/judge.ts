import type { Context } from '../../gateway/context.ts'
import type { Ending } from '../destination.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { FailureKinds, type FailureKind } from './failure-kinds.ts'

/** Tells a breaker what became of an attempt. */
export class Judge {
  readonly #failures: FailureKinds
  readonly #slow: number
  readonly #tick: () => number

  /**
   * @param slow milliseconds until the head, beyond which a call is slow; Infinity: none is
   * @param tick monotonic milliseconds
   */
  constructor (failures: readonly FailureKind[], slow: number, tick: () => number) {
    this.#failures = new FailureKinds(failures)
    this.#slow = slow
    this.#tick = tick
  }

  head (breaker: CircuitBreaker, status: number, begun: number, { headTick }: Pick<Context, 'headTick'>): void {
    breaker.answer(begun, this.#failures.status(status), headTick - begun > this.#slow, headTick)
  }

  end (breaker: CircuitBreaker, ending: Ending, status: number, begun: number): void {
    if (ending === 'complete') {
      if (!this.#failures.status(status)) breaker.complete(begun)
    } else if (this.#failures.ending(ending)) {
      const now = this.#tick()
      breaker.fail(begun, status !== 0, now - begun > this.#slow, now)
    } else {
      breaker.forget(begun, status !== 0)
    }
  }
}
