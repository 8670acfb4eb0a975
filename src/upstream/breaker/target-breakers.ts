import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport.ts'
import type { Turn } from '../../proxy/turn.ts'
import type { Destination, Ending } from '../destination.ts'
import type { Guard } from './guard.ts'

/** A destination with a breaker for each of its targets: while one is open, the others serve. */
export class TargetBreakers implements Destination {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly turn: Turn
  readonly #inner: Destination
  readonly #guard: Guard

  constructor (inner: Destination, guard: Guard) {
    this.protocol = inner.protocol
    this.host = inner.host
    this.port = inner.port
    this.turn = inner.turn
    this.#inner = inner
    this.#guard = guard
  }

  admit (context: Context): void {
    this.#inner.admit(context)
  }

  pick (context: Context, tried: readonly Target[], now: number): Target {
    const target = this.#inner.pick(context, tried, now)
    return this.#guard.breakers.of(target.origin).allows(now) ? target : this.#another(target, context, tried, now)
  }

  begin (target: Target, begun: number, context: Context): void {
    this.#guard.breakers.of(target.origin).begin(begun)
    this.#inner.begin(target, begun, context)
  }

  head (target: Target, status: number, begun: number, context: Context): void {
    this.#guard.judge.head(this.#guard.breakers.of(target.origin), status, begun, context)
    this.#inner.head(target, status, begun, context)
  }

  end (target: Target, ending: Ending, status: number, begun: number, context: Context): void {
    this.#guard.judge.end(this.#guard.breakers.of(target.origin), ending, status, begun)
    this.#inner.end(target, ending, status, begun, context)
  }

  release (): void {
    this.#guard.release()
  }

  /** One whose breaker lets it pass: those that don't are as good as tried, and one that was tried is better than those. */
  #another (target: Target, context: Context, tried: readonly Target[], now: number): Target {
    const { breakers, refusal } = this.#guard
    const open: Target[] = []
    let wait = Infinity
    for (const before of [tried, []]) {
      while (!open.includes(target)) {
        const breaker = breakers.of(target.origin)
        if (breaker.allows(now)) return target
        wait = Math.min(wait, breaker.wait(now))
        open.push(target)
        target = this.#inner.pick(context, [...before, ...open], now)
      }
      if (tried.length === 0) break
      target = this.#inner.pick(context, open, now)
    }
    throw refusal(wait)
  }
}
