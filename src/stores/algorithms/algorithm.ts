import type { CounterWindow } from '../counters.ts'

/** Places of a counter's numbers, from where it starts in its table. */
export const EXPIRES = 0
export const FIRST = 1
export const SECOND = 2

/**
 * How a window is counted, on three numbers of a table: when the counter says nothing any more (milliseconds since the
 * epoch; 0: it is new), and two that the algorithm gives a meaning.
 */
export interface Algorithm {
  /** Brings the counter to `now`. A time before the counter's own changes nothing: clocks jump. */
  roll (data: Float64Array, at: number, window: CounterWindow, now: number): void
  /** What may still be spent, of a counter that was brought to `now`; below 0 where a limit was lowered. */
  free (data: Float64Array, at: number, window: CounterWindow, now: number): number
  /** Counts. */
  spend (data: Float64Array, at: number, window: CounterWindow, now: number, cost: number): void
  /** What was spent and still counts, roughly: who must make room for others is chosen by it. */
  weight (data: Float64Array, at: number): number
  /** Milliseconds until `cost` fits, where it doesn't; Infinity: never. */
  wait (data: Float64Array, at: number, window: CounterWindow, now: number, cost: number): number
  /** Milliseconds until the window starts anew. */
  reset (data: Float64Array, at: number, window: CounterWindow, now: number): number
}
