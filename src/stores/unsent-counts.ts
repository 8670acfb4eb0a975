import { EXPIRES, FIRST, SECOND } from './algorithms/algorithm.ts'
import { type Late, LATE } from './algorithms/late.ts'
import type { CounterWindow, WindowType } from './counters.ts'

/** Keys that are remembered at most: those beyond are counted in this process alone. */
const MOST = 50_000

/** Three numbers for each window of a key, as they are gathered (algorithms/late.ts). */
type Gathered = Map<string, Float64Array>

/** What was counted here and the shared store has not been told, by the windows that it counts in. */
export class UnsentCounts {
  readonly #late: Late
  readonly #gathered = new Map<readonly CounterWindow[], Gathered>()
  #size = 0

  constructor (type: WindowType) {
    // what is gathered is itself kept in buckets
    this.#late = type === 'fixed' ? LATE.fixed : LATE.sliding
  }

  /** Keys. */
  get size (): number {
    return this.#size
  }

  get full (): boolean {
    return this.#size >= MOST
  }

  /** @param now by the clock of the shared store; null: it isn't known yet, and will count as just then when it is told */
  add (key: string, windows: readonly CounterWindow[], cost: number, now: number | null): void {
    const data = this.#of(key, windows)
    if (data === undefined) return
    const { gather } = this.#late
    for (let index = 0; index < windows.length; index++) {
      const window = windows[index] as CounterWindow
      const at = index * 3
      const timeless = data[at + EXPIRES] === 0 && (data[at + FIRST] as number) + (data[at + SECOND] as number) > 0
      if (now !== null && !timeless) gather.roll(data, at, window, now)
      gather.spend(data, at, window, 0, cost)
    }
  }

  /** Takes back what could not be told: other counts may have come meanwhile. */
  restore (key: string, windows: readonly CounterWindow[], counts: Float64Array): void {
    const data = this.#of(key, windows)
    if (data === undefined) return
    for (let index = 0; index < windows.length; index++) {
      const at = index * 3
      // of two that know no time, or one, neither is the later one
      if (data[at + EXPIRES] === 0) data[at + EXPIRES] = counts[at + EXPIRES] as number
      this.#late.add(data, at, windows[index] as CounterWindow, 0, counts, at)
    }
  }

  of (key: string, windows: readonly CounterWindow[]): Float64Array | undefined {
    return this.#gathered.get(windows)?.get(key)
  }

  forget (key: string): void {
    for (const gathered of this.#gathered.values()) if (gathered.delete(key)) this.#size--
  }

  /** Takes everything out, in pieces of at most so many keys. */
  drain (most: number): Array<{ readonly windows: readonly CounterWindow[], readonly gathered: ReadonlyArray<readonly [key: string, counts: Float64Array]> }> {
    const pieces = []
    for (const [windows, gathered] of this.#gathered) {
      const all = [...gathered]
      for (let first = 0; first < all.length; first += most) pieces.push({ windows, gathered: all.slice(first, first + most) })
    }
    this.#gathered.clear()
    this.#size = 0
    return pieces
  }

  /** undefined: there are too many. */
  #of (key: string, windows: readonly CounterWindow[]): Float64Array | undefined {
    let gathered = this.#gathered.get(windows)
    let data = gathered?.get(key)
    if (data !== undefined) return data
    if (this.full) return undefined
    this.#size++
    if (gathered === undefined) {
      gathered = new Map()
      this.#gathered.set(windows, gathered)
    }
    data = new Float64Array(windows.length * 3)
    gathered.set(key, data)
    return data
  }
}
