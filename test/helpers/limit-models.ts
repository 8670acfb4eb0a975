/** Exact models of limits, which know every request there was. */
import type { CounterWindow, Period, WindowType } from '../../src/stores/counters.ts'
import { lengthOf } from '../../src/stores/periods.ts'

export interface Spent { readonly time: number, readonly cost: number }

/** Whether the cost fits. */
export type Model = (spent: readonly Spent[], window: CounterWindow, now: number, cost: number) => boolean

/** What was spent in [from, to]. */
export function sum (spent: readonly Spent[], from: number, to: number): number {
  return spent.reduce((total, { time, cost }) => time >= from && time <= to ? total + cost : total, 0)
}

const inCalendar: Record<Period, (date: Date) => string> = {
  second: date => date.toISOString().slice(0, 19),
  minute: date => date.toISOString().slice(0, 16),
  hour: date => date.toISOString().slice(0, 13),
  day: date => date.toISOString().slice(0, 10),
  month: date => date.toISOString().slice(0, 7),
  year: date => date.toISOString().slice(0, 4)
}

export const models: Record<WindowType, Model> = {
  fixed (spent, { period, limit }, now, cost) {
    const name = inCalendar[period as Period]
    const used = spent.filter(({ time }) => name(new Date(time)) === name(new Date(now))).reduce((total, one) => total + one.cost, 0)
    return used + cost <= limit
  },
  sliding (spent, { period, limit }, now, cost) {
    const length = lengthOf(period)
    const start = now - now % length
    // in whole numbers: (limit - current - cost) * length >= previous * rest
    return (limit - sum(spent, start, now) - cost) * length >= sum(spent, start - length, start - 1) * (start + length - now)
  },
  gcra (spent, { period, limit }, now, cost) {
    // time of arrival in units of 1/limit ms: whole numbers, as ITU-T I.371 has it
    const length = BigInt(lengthOf(period))
    const scale = BigInt(limit)
    let arrival = 0n
    const next = (time: number, units: number): bigint => {
      const at = BigInt(time) * scale
      return (arrival > at ? arrival : at) + BigInt(units) * length
    }
    for (const one of spent) arrival = next(one.time, one.cost)
    return next(now, cost) - BigInt(now) * scale <= length * scale
  }
}
