import type { CounterWindow, WindowType } from '../counters.ts'
import { lengthOf } from '../periods.ts'
import { type Algorithm, EXPIRES, FIRST, SECOND } from './algorithm.ts'
import { fixed } from './fixed.ts'
import { gcra } from './gcra.ts'
import { sliding } from './sliding.ts'

/**
 * What was counted in one place and is told in another one later: it belongs to the bucket in which it was counted, not to
 * that in which it is told. The same stands in Lua in ../redis/late-script.ts.
 */
export interface Late {
  /** How counts are gathered: in the calendar's windows for `fixed`, else in the two buckets of `sliding`. */
  readonly gather: Algorithm
  /**
   * Adds what was gathered to a counter that was brought to `now`. Of what ended by the counter's own clock nothing is left; what
   * has not begun by it (clocks differ), or was gathered without a clock (its end is 0), counts as just now.
   */
  add (data: Float64Array, at: number, window: CounterWindow, now: number, gathered: Float64Array, from: number): void
}

function addFixed (data: Float64Array, at: number, _window: CounterWindow, _now: number, gathered: Float64Array, from: number): void {
  const end = gathered[from + EXPIRES] as number
  if (end === 0 || end >= (data[at + EXPIRES] as number)) data[at + FIRST] = (data[at + FIRST] as number) + (gathered[from + FIRST] as number)
}

function addSliding (data: Float64Array, at: number, { period }: CounterWindow, _now: number, gathered: Float64Array, from: number): void {
  const end = gathered[from + EXPIRES] as number
  const first = gathered[from + FIRST] as number
  const second = gathered[from + SECOND] as number
  // buckets of the counter since the one that was gathered last
  const behind = end === 0 ? 0 : ((data[at + EXPIRES] as number) - end) / lengthOf(period)
  if (behind < 0) data[at + SECOND] = (data[at + SECOND] as number) + first + second
  else if (behind === 0) {
    data[at + FIRST] = (data[at + FIRST] as number) + first
    data[at + SECOND] = (data[at + SECOND] as number) + second
  } else if (behind === 1) data[at + FIRST] = (data[at + FIRST] as number) + second
}

/** Without the leak since: a bucket that has leaked can't be told from one that never held it. */
function addGcra (data: Float64Array, at: number, window: CounterWindow, now: number, gathered: Float64Array, from: number): void {
  gcra.spend(data, at, window, now, (gathered[from + FIRST] as number) + (gathered[from + SECOND] as number))
}

export const LATE: Readonly<Record<WindowType, Late>> = {
  fixed: { gather: fixed, add: addFixed },
  sliding: { gather: sliding, add: addSliding },
  gcra: { gather: sliding, add: addGcra }
}
