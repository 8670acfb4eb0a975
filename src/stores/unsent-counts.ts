import type { CounterWindow } from './counters.ts'

/** Keys that are remembered at most: those beyond are counted in this process alone. */
const MOST = 50_000

type Spent = Map<string, number>

/** What was counted here and the shared store has not been told, by the windows that it counts in. */
export class UnsentCounts {
  readonly #spent = new Map<readonly CounterWindow[], Spent>()
  #size = 0

  /** Keys. */
  get size (): number {
    return this.#size
  }

  get full (): boolean {
    return this.#size >= MOST
  }

  add (key: string, windows: readonly CounterWindow[], cost: number): void {
    let spent = this.#spent.get(windows)
    const before = spent?.get(key)
    if (before === undefined) {
      if (this.full) return
      this.#size++
    }
    if (spent === undefined) {
      spent = new Map()
      this.#spent.set(windows, spent)
    }
    spent.set(key, (before ?? 0) + cost)
  }

  of (key: string, windows: readonly CounterWindow[]): number {
    return this.#spent.get(windows)?.get(key) ?? 0
  }

  forget (key: string): void {
    for (const spent of this.#spent.values()) if (spent.delete(key)) this.#size--
  }

  /** Takes everything out, in pieces of at most so many keys. */
  drain (most: number): Array<{ readonly windows: readonly CounterWindow[], readonly spent: ReadonlyArray<readonly [key: string, cost: number]> }> {
    const pieces = []
    for (const [windows, spent] of this.#spent) {
      const all = [...spent]
      for (let first = 0; first < all.length; first += most) pieces.push({ windows, spent: all.slice(first, first + most) })
    }
    this.#spent.clear()
    this.#size = 0
    return pieces
  }
}
