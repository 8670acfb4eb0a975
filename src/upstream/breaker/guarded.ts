import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { Turn } from '../../proxy/turn.ts'
import type { Destination, Ending } from '../destination.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { Guard } from './guard.ts'

/** A destination behind breakers, which are told of each attempt. Who may pass is said by those that extend it. */
export abstract class GuardedDestination implements Destination {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly turn: Turn
  protected readonly inner: Destination
  protected readonly guard: Guard

  constructor (inner: Destination, guard: Guard) {
    this.protocol = inner.protocol
    this.host = inner.host
    this.port = inner.port
    this.turn = inner.turn
    this.inner = inner
    this.guard = guard
  }

  abstract pick (context: Context, tried: readonly Target[], now: number): Target

  /** The one that is told of attempts at this target. */
  protected abstract breakerOf (target: Target): CircuitBreaker

  admit (context: Context): void {
    this.inner.admit(context)
  }

  begin (target: Target, begun: number, context: Context): void {
    this.breakerOf(target).begin(begun)
    this.inner.begin(target, begun, context)
  }

  head (target: Target, status: number, begun: number, context: Context): void {
    this.guard.judge.head(this.breakerOf(target), status, begun, context)
    this.inner.head(target, status, begun, context)
  }

  end (target: Target, ending: Ending, status: number, begun: number, context: Context): void {
    this.guard.judge.end(this.breakerOf(target), ending, status, begun)
    this.inner.end(target, ending, status, begun, context)
  }

  release (): void {
    this.guard.release()
  }
}
