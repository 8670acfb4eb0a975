import type { Context } from '../gateway/context.ts'
import type { Target } from '../proxy/transport/transport.ts'
import type { Turn } from '../proxy/turn.ts'
import type { Destination, Ending } from './destination.ts'

/** A destination that lives by another clock than its requests: in a lab, where tests move the time of breakers and health. */
export class ShiftedDestination implements Destination {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly turn: Turn
  readonly #inner: Destination
  readonly #shift: () => number

  /** @param shift how far that clock is ahead, in milliseconds; it doesn't change while a request runs */
  constructor (inner: Destination, shift: () => number) {
    this.protocol = inner.protocol
    this.host = inner.host
    this.port = inner.port
    this.turn = inner.turn
    this.#inner = inner
    this.#shift = shift
  }

  admit (context: Context): void {
    this.#inner.admit(context)
  }

  pick (context: Context, tried: readonly Target[], now: number): Target {
    return this.#inner.pick(context, tried, now + this.#shift())
  }

  begin (target: Target, begun: number, context: Context): void {
    this.#inner.begin(target, begun + this.#shift(), context)
  }

  head (target: Target, status: number, begun: number, context: Context): void {
    const shift = this.#shift()
    const { headTick } = context
    context.headTick += shift
    try {
      this.#inner.head(target, status, begun + shift, context)
    } finally {
      context.headTick = headTick
    }
  }

  end (target: Target, ending: Ending, status: number, begun: number, context: Context): void {
    this.#inner.end(target, ending, status, begun + this.#shift(), context)
  }

  /** The inner one is given back by who made it. */
  release (): void {}
}
