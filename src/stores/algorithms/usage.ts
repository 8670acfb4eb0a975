import type { CounterWindow, WindowType, WindowUsage } from '../counters.ts'
import { lengthOf } from '../periods.ts'
import type { Algorithm } from './algorithm.ts'
import { fixed } from './fixed.ts'
import { gcra } from './gcra.ts'
import { sliding } from './sliding.ts'

export const ALGORITHMS: Readonly<Record<WindowType, Algorithm>> = { fixed, gcra, sliding }

/** Shares of a limit such as a seventh of a minute are no whole numbers: what is missing by rounding is not missing. */
export const ROUNDING = 1e-9

/** What is asked of a counter. */
export interface Demand {
  readonly cost: number
  /** The cost is counted. */
  readonly count: boolean
  /** What must be free, or has to be waited for. */
  readonly need: number
}

/** What a window must have left so that anything may be spent: limits may be below 1. */
export function leastOf ({ limit }: CounterWindow): number {
  return Math.min(1, limit)
}

/** What a counter that was brought to `now` says of a cost, which is counted in it here where that is asked for. */
export function settle (algorithm: Algorithm, data: Float64Array, at: number, window: CounterWindow, now: number, { cost, count, need }: Demand): WindowUsage {
  const wait = algorithm.free(data, at, window, now) + ROUNDING < need ? whole(algorithm.wait(data, at, window, now, need), window) : 0
  if (count) algorithm.spend(data, at, window, now, cost)
  const remaining = Math.round(Math.max(0, algorithm.free(data, at, window, now)) * 1e6) / 1e6
  return { window, remaining, reset: algorithm.reset(data, at, window, now), wait }
}

/** Of what several keys say about the same windows, the tighter one for each window. */
export function tightest (all: ReadonlyArray<readonly WindowUsage[]>): readonly WindowUsage[] {
  return all.reduce((least, other) => least.map((one, index) => {
    const two = other[index] as WindowUsage
    return two.wait > one.wait || (two.wait === one.wait && two.remaining < one.remaining) ? two : one
  }))
}

/** The first millisecond at which what is missing is no more than rounding. */
function whole (wait: number, { period, limit }: CounterWindow): number {
  return Math.max(1, Math.ceil(wait - ROUNDING * lengthOf(period) / limit))
}
