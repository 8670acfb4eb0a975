import type { Period } from './counters.ts'

/** Periods by length, shortest first. */
export const PERIODS: readonly Period[] = ['second', 'minute', 'hour', 'day', 'month', 'year']

/** Milliseconds. A month has thirty days and a year 365, as in Kong, but for the windows of the calendar. */
export const LENGTHS: Readonly<Record<Period, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 2_592_000_000,
  year: 31_536_000_000
}

/** Milliseconds. @param period a word, or seconds */
export function lengthOf (period: Period | number): number {
  return typeof period === 'number' ? period * 1000 : LENGTHS[period]
}

/** First millisecond after the calendar window (UTC) that `now` is in. */
export function endOfWindow (period: Period | number, now: number): number {
  if (period === 'month' || period === 'year') {
    const date = new Date(now)
    return period === 'month' ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) : Date.UTC(date.getUTCFullYear() + 1, 0)
  }
  const length = lengthOf(period)
  return (Math.floor(now / length) + 1) * length
}
