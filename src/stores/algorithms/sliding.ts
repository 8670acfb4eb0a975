import type { CounterWindow } from '../counters.ts'
import { lengthOf } from '../periods.ts'
import { type Algorithm, EXPIRES, FIRST, SECOND } from './algorithm.ts'

/**
 * A sliding window of two buckets: what was spent in the current bucket, and of the one before the share that the window
 * still covers. FIRST is the previous bucket, SECOND the current one.
 *
 * The error: what is counted of the previous bucket is taken to be spread evenly over it. At the fraction x of a bucket no
 * window that ends there holds more than (1 + x) times the limit (all spent at the very end of the previous bucket), and
 * who has spent no more than the limit in the last two lengths of the window is never refused.
 */
export const sliding: Algorithm = {
  roll (data, at, { period }, now) {
    const length = lengthOf(period)
    const start = Math.floor(now / length) * length
    const known = (data[at + EXPIRES] as number) - 2 * length
    if (start <= known) return
    data[at + FIRST] = start === known + length ? data[at + SECOND] as number : 0
    data[at + SECOND] = 0
    data[at + EXPIRES] = start + 2 * length
  },
  free (data, at, window, now) {
    return window.limit - (data[at + SECOND] as number) - (data[at + FIRST] as number) * left(data, at, window, now) / lengthOf(window.period)
  },
  spend (data, at, _window, _now, cost) {
    data[at + SECOND] = (data[at + SECOND] as number) + cost
  },
  weight: (data, at) => (data[at + FIRST] as number) + (data[at + SECOND] as number),
  wait (data, at, window, now, cost) {
    const { limit, period } = window
    if (cost > limit) return Infinity
    const length = lengthOf(period)
    const current = data[at + SECOND] as number
    const rest = left(data, at, window, now)
    const room = limit - cost - current
    // while this bucket lasts the previous one fades; after it, this one does
    if (room >= 0) return rest - length * room / (data[at + FIRST] as number)
    return rest + length * (1 - (limit - cost) / current)
  },
  reset: left
}

/** Milliseconds that the current bucket lasts. */
function left (data: Float64Array, at: number, { period }: CounterWindow, now: number): number {
  const length = lengthOf(period)
  return Math.min(length, (data[at + EXPIRES] as number) - length - now)
}
