import { randomBytes } from 'node:crypto'
import { type Algorithm, EXPIRES } from './algorithms/algorithm.ts'
import { fixed } from './algorithms/fixed.ts'
import { gcra } from './algorithms/gcra.ts'
import { sliding } from './algorithms/sliding.ts'
import { CounterTable } from './counter-table.ts'
import type { Counting, CounterStore, CounterWindow, Decision, WindowType, WindowUsage } from './counters.ts'
import { KeyHash } from './key-hash.ts'
import { LENGTHS, PERIODS } from './periods.ts'
import { createSteadyClock } from './steady-clock.ts'

const ALGORITHMS: Readonly<Record<WindowType, Algorithm>> = { fixed, gcra, sliding }

/** Shares of a limit such as a seventh of a minute are no whole numbers: what is missing by rounding is not missing. */
const ROUNDING = 1e-9

export interface MemoryCountersOptions {
  readonly type: WindowType
  /** Counters held at most; each window of a key is one, of 40 to 48 bytes. */
  readonly most: number
  /** Milliseconds since the epoch; may jump. */
  readonly now: () => number
}

/** Counters in the memory of the process. */
export class MemoryCounters implements CounterStore {
  readonly #algorithm: Algorithm
  readonly #table: CounterTable
  readonly #now: () => number
  readonly #hash = new KeyHash(randomBytes(8))
  /** A counter that isn't there yet. */
  readonly #blank = new Float64Array(3)

  constructor ({ type, most, now }: MemoryCountersOptions) {
    const algorithm = ALGORITHMS[type]
    this.#algorithm = algorithm
    this.#now = createSteadyClock(now)
    this.#table = new CounterTable({
      most,
      expired: (data, at, time) => (data[at + EXPIRES] as number) <= time,
      weight: algorithm.weight
    })
  }

  get count (): number {
    return this.#table.count
  }

  get bytes (): number {
    return this.#table.bytes
  }

  limitTo (most: number): void {
    this.#table.limitTo(most)
  }

  take (key: string, windows: readonly CounterWindow[], cost: number, counting: Counting): Decision {
    const now = this.#now()
    this.#hash.of(key)
    const { high, low } = this.#hash
    let admitted = true
    for (const window of windows) {
      const at = this.#table.find(high, saltedBy(low, window))
      const data = this.#rolled(at, window, now)
      if (this.#algorithm.free(data, Math.max(at, 0), window, now) + ROUNDING < cost) admitted = false
    }
    const count = counting === 'always' || (admitted && counting === 'admitted')
    const usage = windows.map(window => this.#settle(high, saltedBy(low, window), window, now, cost, count))
    return { admitted, usage }
  }

  /** Counts, and says what the window looks like then. */
  #settle (high: number, low: number, window: CounterWindow, now: number, cost: number, count: boolean): WindowUsage {
    const algorithm = this.#algorithm
    let at = this.#table.find(high, low)
    if (at === -1 && count && cost > 0) at = this.#table.add(high, low, now)
    const data = this.#rolled(at, window, now)
    const place = Math.max(at, 0)
    const wait = algorithm.free(data, place, window, now) + ROUNDING < cost ? whole(algorithm.wait(data, place, window, now, cost), window) : 0
    if (count && cost > 0) algorithm.spend(data, place, window, now, cost)
    const remaining = Math.round(Math.max(0, algorithm.free(data, place, window, now)) * 1e6) / 1e6
    return { window, remaining, reset: algorithm.reset(data, place, window, now), wait }
  }

  /** The numbers of the counter at `at`, brought to `now`; of a new one, which start at 0, for -1. */
  #rolled (at: number, window: CounterWindow, now: number): Float64Array {
    const data = at === -1 ? this.#blank.fill(0) : this.#table.data
    this.#algorithm.roll(data, Math.max(at, 0), window, now)
    return data
  }
}

/** The first millisecond at which what is missing is no more than rounding. */
function whole (wait: number, { period, limit }: CounterWindow): number {
  return Math.max(1, Math.ceil(wait - ROUNDING * LENGTHS[period] / limit))
}

/** Each window of a key has a counter of its own. */
function saltedBy (low: number, { period }: CounterWindow): number {
  return (low ^ Math.imul(PERIODS.indexOf(period) + 1, 0x9e3779b1)) >>> 0
}
