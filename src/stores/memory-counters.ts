import { randomBytes } from 'node:crypto'
import { type Algorithm, EXPIRES, FIRST, SECOND } from './algorithms/algorithm.ts'
import { ALGORITHMS, type Demand, leastOf, ROUNDING, settle, tightest } from './algorithms/usage.ts'
import { type Late, LATE } from './algorithms/late.ts'
import { CounterTable } from './counter-table.ts'
import type { Counting, CounterStore, CounterWindow, Decision, Order, OrderStore, Period, Settlement, Spending, WindowType, WindowUsage } from './counters.ts'
import { KeyHash } from './key-hash.ts'
import { PlaceHash } from './place-hash.ts'
import { PERIODS } from './periods.ts'
import { createSteadyClock } from './steady-clock.ts'

export interface MemoryCountersOptions {
  readonly type: WindowType
  /** Counters held at most; each window of a key is one, of 53 bytes when all are in use. */
  readonly most: number
  /** Milliseconds since the epoch; may jump. */
  readonly now: () => number
}

/** Counters in the memory of the process. */
export class MemoryCounters implements CounterStore, OrderStore {
  readonly #algorithm: Algorithm
  readonly #late: Late
  readonly #table: CounterTable
  readonly #now: () => number
  readonly #hash = new KeyHash(randomBytes(8))
  readonly #placeHash = new PlaceHash()
  /** Of the key that is being decided about, see `#meet`. */
  #place = 0
  #tag = 0
  /** Where the windows of a key are that is being decided about. */
  readonly #places = new Int32Array(PERIODS.length)
  /** A counter that isn't there yet. */
  readonly #blank = new Float64Array(3)

  constructor ({ type, most, now }: MemoryCountersOptions) {
    const algorithm = ALGORITHMS[type]
    this.#algorithm = algorithm
    this.#late = LATE[type]
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

  take (key: string | readonly string[], windows: readonly CounterWindow[], cost: number, counting: Counting): Decision {
    if (typeof key === 'string') return this.#takeOne(key, windows, cost, counting)
    const now = this.#now()
    const admitted = key.every(one => this.#fits(one, windows, cost, now))
    const demand = { cost, count: counts(admitted, cost, counting), need: cost }
    return { admitted, usage: tightest(key.map(one => this.#settle(one, windows, demand, now))) }
  }

  spend (key: string, orders: readonly Order[], spending: Spending): Settlement {
    const now = this.#now()
    const admitted = orders.every(({ name, windows, cost }) => cost === 0 || windows.every(window => this.#fits(`${name} ${key}`, [window], leastOf(window), now)))
    const count = admitted && spending === 'while-left'
    const usages = orders.map(({ name, windows, cost }) => windows.flatMap(window => this.#settle(`${name} ${key}`, [window], { cost, count: count && cost > 0, need: leastOf(window) }, now)))
    return { admitted, usages }
  }

  forget (key: string, names: ReadonlyArray<string | null>, windows: readonly CounterWindow[]): number {
    let count = 0
    for (const name of names) {
      this.#meet(name === null ? key : `${name} ${key}`)
      for (const window of windows) {
        const at = this.#table.find(this.#place, this.#tagOf(window))
        if (at === -1) continue
        this.#table.data.fill(0, at, at + 3)
        count++
      }
    }
    return count
  }

  /** Of a key that is known nothing is looked for twice: hash and search are most of what a decision costs. */
  #takeOne (key: string, windows: readonly CounterWindow[], cost: number, counting: Counting): Decision {
    this.#meet(key)
    const now = this.#now()
    const places = this.#places
    const algorithm = this.#algorithm
    let admitted = true
    let known = windows.length <= places.length
    for (let index = 0; index < windows.length; index++) {
      const window = windows[index] as CounterWindow
      const at = this.#table.find(this.#place, this.#tagOf(window))
      places[index] = at
      known &&= at !== -1
      const data = this.#rolled(at, window, now)
      if (algorithm.free(data, Math.max(at, 0), window, now) + ROUNDING < cost) admitted = false
    }
    const demand = { cost, count: counts(admitted, cost, counting), need: cost }
    // a counter that is made may move the others
    if (!known) return { admitted, usage: this.#settle(key, windows, demand, now) }
    const { data } = this.#table
    const usage = new Array<WindowUsage>(windows.length)
    for (let index = 0; index < windows.length; index++) usage[index] = settle(algorithm, data, places[index] as number, windows[index] as CounterWindow, now, demand)
    return { admitted, usage }
  }

  /**
   * Takes over what another store says of a key.
   *
   * @param numbers three for each window, as in the algorithms
   * @param since what was gathered here (algorithms/late.ts) and the other store doesn't know
   */
  adopt (key: string, windows: readonly CounterWindow[], numbers: Float64Array, since: Float64Array | undefined): void {
    const now = this.#now()
    this.#meet(key)
    for (const [index, window] of windows.entries()) {
      const tag = this.#tagOf(window)
      const found = this.#table.find(this.#place, tag)
      const at = found === -1 ? this.#table.add(this.#place, tag, now) : found
      const { data } = this.#table
      for (const place of [EXPIRES, FIRST, SECOND]) data[at + place] = numbers[index * 3 + place] as number
      this.#algorithm.roll(data, at, window, now)
      if (since !== undefined) this.#late.add(data, at, window, now, since, index * 3)
    }
  }

  /** The hash of a key, in two parts: where it is, which is known early, and what it is known by, while memory fetches the place. */
  #meet (key: string): void {
    const near = key.length <= PlaceHash.LONGEST
    if (near) {
      this.#place = this.#placeHash.of(key)
      this.#table.bring(this.#place)
    }
    this.#hash.of(key)
    if (!near) this.#place = this.#hash.high | 0
    this.#tag = this.#hash.low >>> 8
  }

  /** Each window of a key has a counter of its own, beside the others. */
  #tagOf ({ period }: CounterWindow): number {
    return this.#tag ^ (typeof period === 'number' ? (period + PERIODS.length) & 0xffffff : SALTS[period])
  }

  #fits (key: string, windows: readonly CounterWindow[], cost: number, now: number): boolean {
    this.#meet(key)
    let fits = true
    for (const window of windows) {
      const at = this.#table.find(this.#place, this.#tagOf(window))
      const data = this.#rolled(at, window, now)
      if (this.#algorithm.free(data, Math.max(at, 0), window, now) + ROUNDING < cost) fits = false
    }
    return fits
  }

  /** Counts, and says what the windows look like then. */
  #settle (key: string, windows: readonly CounterWindow[], demand: Demand, now: number): WindowUsage[] {
    this.#meet(key)
    return windows.map(window => {
      const tag = this.#tagOf(window)
      let at = this.#table.find(this.#place, tag)
      if (at === -1 && demand.count) at = this.#table.add(this.#place, tag, now)
      const data = this.#rolled(at, window, now)
      return settle(this.#algorithm, data, Math.max(at, 0), window, now, demand)
    })
  }

  /** The numbers of the counter at `at`, brought to `now`; of a new one, which start at 0, for -1. */
  #rolled (at: number, window: CounterWindow, now: number): Float64Array {
    const data = at === -1 ? this.#blank.fill(0) : this.#table.data
    this.#algorithm.roll(data, Math.max(at, 0), window, now)
    return data
  }
}

const SALTS = Object.fromEntries(PERIODS.map((period, index) => [period, index])) as Record<Period, number>

function counts (admitted: boolean, cost: number, counting: Counting): boolean {
  return cost > 0 && (counting === 'always' || (admitted && counting === 'admitted'))
}
