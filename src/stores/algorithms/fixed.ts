import { endOfWindow } from '../periods.ts'
import { type Algorithm, EXPIRES, FIRST, SECOND } from './algorithm.ts'

/** Kong's windows: one count for each second, minute, … of the calendar (UTC). FIRST is the count. */
export const fixed: Algorithm = {
  roll (data, at, { period }, now) {
    if (now < (data[at + EXPIRES] as number)) return
    data[at + EXPIRES] = endOfWindow(period, now)
    data[at + FIRST] = 0
    data[at + SECOND] = 0
  },
  free: (data, at, { limit }) => limit - (data[at + FIRST] as number),
  spend (data, at, _window, _now, cost) {
    data[at + FIRST] = (data[at + FIRST] as number) + cost
  },
  weight: (data, at) => data[at + FIRST] as number,
  wait: (data, at, { limit }, now, cost) => cost > limit ? Infinity : (data[at + EXPIRES] as number) - now,
  reset: (data, at, _window, now) => (data[at + EXPIRES] as number) - now
}
