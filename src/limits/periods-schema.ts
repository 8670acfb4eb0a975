import { Type } from 'typebox'
import type { CounterWindow, Period } from '../stores/counters.ts'
import { PERIODS } from '../stores/periods.ts'

function limitPer (period: Period, example: number) {
  return Type.Optional(Type.Number({
    title: `Per ${period}`,
    description: `Limit for each ${period}.`,
    exclusiveMinimum: 0,
    examples: [example]
  }))
}

/** Kong's limits, as options of a plugin: at least one of them must be there, which `periodFindings` sees to. */
export const Periods = {
  second: limitPer('second', 5),
  minute: limitPer('minute', 100),
  hour: limitPer('hour', 1000),
  day: limitPer('day', 10_000),
  month: limitPer('month', 100_000),
  year: limitPer('year', 1_000_000)
}

/** Limits by period, as they are written. */
export type PeriodLimits = { readonly [Name in Period]?: number }

export interface PeriodFinding {
  readonly path: string
  readonly message: string
  readonly mend: string
}

/** What is wrong with limits beyond their schema: Kong's rules. `path` is where they stand in the plugin's options. */
export function * periodFindings (limits: PeriodLimits, path: string): Generator<PeriodFinding> {
  const windows = windowsOf(limits)
  if (windows.length === 0) yield { path, message: 'there is no limit', mend: `Write at least one of ${PERIODS.join(', ')}.` }
  for (const [index, { period, limit }] of windows.entries()) {
    const shorter = windows.slice(0, index).find(other => other.limit > limit)
    if (shorter === undefined) continue
    yield {
      path: `${path}/${period}`,
      message: `The limit for ${period}(${limit}) cannot be lower than the limit for ${shorter.period}(${shorter.limit})`,
      mend: 'Raise it, or remove the other one, which could never be reached.'
    }
  }
}

/** Limits as windows, shortest first. */
export function windowsOf (limits: PeriodLimits): CounterWindow[] {
  return PERIODS.flatMap(period => {
    const limit = limits[period]
    return limit === undefined ? [] : [{ period, limit }]
  })
}

/** The share of one of several processes that count on their own: whole where the limit is, and never nothing. */
export function shareOf (windows: readonly CounterWindow[], processes: number): CounterWindow[] {
  return windows.map(({ period, limit }) => ({ period, limit: processes === 1 ? limit : Math.max(Math.min(1, limit), Math.floor(limit / processes)) }))
}

/** The same of one number. */
export function shareOfCount (limit: number, processes: number): number {
  return Math.max(1, Math.floor(limit / processes))
}
