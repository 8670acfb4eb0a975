import { lengthOf } from '../periods.ts'
import { type Algorithm, EXPIRES, FIRST, SECOND } from './algorithm.ts'

/**
 * The generic cell rate algorithm, as the leaky bucket that ITU-T I.371 shows it to be: it holds as much as the limit and
 * leaks as much in each period, evenly. FIRST is the level, SECOND the time at which it was that.
 *
 * In levels, not in times of arrival: whole costs stay whole numbers, and an edited limit keeps what was spent.
 */
export const gcra: Algorithm = {
  roll (data, at, { period, limit }, now) {
    const rate = limit / lengthOf(period)
    const since = now - (data[at + SECOND] as number)
    if (since <= 0) return
    data[at + FIRST] = Math.max(0, (data[at + FIRST] as number) - since * rate)
    data[at + SECOND] = now
    data[at + EXPIRES] = now + (data[at + FIRST] as number) / rate
  },
  free: (data, at, { limit }) => limit - (data[at + FIRST] as number),
  spend (data, at, { period, limit }, _now, cost) {
    data[at + FIRST] = (data[at + FIRST] as number) + cost
    data[at + EXPIRES] = (data[at + SECOND] as number) + (data[at + FIRST] as number) * lengthOf(period) / limit
  },
  weight: (data, at) => data[at + FIRST] as number,
  wait (data, at, { period, limit }, _now, cost) {
    return cost > limit ? Infinity : ((data[at + FIRST] as number) + cost - limit) * lengthOf(period) / limit
  },
  reset: (data, at, { period, limit }) => (data[at + FIRST] as number) * lengthOf(period) / limit
}
