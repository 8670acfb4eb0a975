import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport.ts'
import type { Turn } from '../../proxy/turn.ts'
import type { Destination, Ending } from '../destination.ts'
import type { Guard } from './guard.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'

/** A destination behind one breaker. */
export class ServiceBreaker implements Destination {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly turn: Turn
  readonly #inner: Destination
  readonly #guard: Guard
  readonly #breaker: CircuitBreaker

  constructor (inner: Destination, guard: Guard) {
    this.protocol = inner.protocol
    this.host = inner.host
    this.port = inner.port
    this.turn = inner.turn
    this.#inner = inner
    this.#guard = guard
    this.#breaker = guard.breakers.whole()
  }

  admit (context: Context): void {
    const { tick, fallback, breakers } = this.#guard
    if (this.#breaker.state !== 'closed') {
      const now = tick()
      if (fallback !== null && !this.#breaker.allows(now)) {
        context.log['fallback_of'] = breakers.owner.service
        context.sendTo(fallback)
        return
      }
      this.#refuse(now)
    }
    this.#inner.admit(context)
  }

  pick (context: Context, tried: readonly Target[], now: number): Target {
    this.#refuse(now)
    return this.#inner.pick(context, tried, now)
  }

  begin (target: Target, begun: number, context: Context): void {
    this.#breaker.begin(begun)
    this.#inner.begin(target, begun, context)
  }

  head (target: Target, status: number, begun: number, context: Context): void {
    this.#guard.judge.head(this.#breaker, status, begun, context)
    this.#inner.head(target, status, begun, context)
  }

  end (target: Target, ending: Ending, status: number, begun: number, context: Context): void {
    this.#guard.judge.end(this.#breaker, ending, status, begun)
    this.#inner.end(target, ending, status, begun, context)
  }

  release (): void {
    this.#guard.release()
  }

  #refuse (now: number): void {
    if (!this.#breaker.allows(now)) throw this.#guard.refusal(this.#breaker.wait(now))
  }
}
