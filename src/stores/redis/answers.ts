import { type Algorithm, EXPIRES, FIRST, SECOND } from '../algorithms/algorithm.ts'
import { settle, tightest } from '../algorithms/usage.ts'
import type { Counting, CounterWindow, Decision } from '../counters.ts'
import { lengthOf } from '../periods.ts'

/** What one call of the script decides about: groups of keys that have windows and counting in common. */
export interface Question {
  readonly windows: readonly CounterWindow[]
  readonly counting: Counting
  /** Keys of a group: one decision. */
  readonly size: number
  readonly names: string[]
  /** Of each group. */
  readonly costs: number[]
}

/** KEYS and ARGV of the script, the number of keys before them. */
export function argumentsOf (type: string, { windows, counting, size, names, costs }: Question): Array<string | number> {
  const args: Array<string | number> = [names.length, ...names, type, counting, size, windows.length]
  for (const { period, limit } of windows) args.push(period, lengthOf(period), limit)
  for (const cost of costs) args.push(cost)
  return args
}

/** KEYS and ARGV of the script for what was counted before, the number of keys before them. */
export function lateArguments (type: string, windows: readonly CounterWindow[], names: readonly string[], counts: readonly Float64Array[]): Array<string | number> {
  const args: Array<string | number> = [names.length, ...names, type, 'always', windows.length]
  for (const { period, limit } of windows) args.push(period, lengthOf(period), limit)
  for (const numbers of counts) args.push(...numbers)
  return args
}

/** What the script says, read from front to back: the time by the clock of Redis, then group by group. */
export class Answer {
  readonly now: number
  readonly #parts: ReadonlyArray<string | number>
  #next = 1

  constructor (parts: unknown) {
    this.#parts = parts as ReadonlyArray<string | number>
    this.now = Number(this.#parts[0])
  }

  /** The next group's decision. */
  decision (algorithm: Algorithm, { windows, counting, size }: Question, cost: number): Decision {
    const admitted = this.flag()
    const count = cost > 0 && (counting === 'always' || (admitted && counting === 'admitted'))
    const usages = Array.from({ length: size }, () => windows.map(window => {
      const data = this.numbersOf(new Float64Array(3), 0)
      algorithm.roll(data, 0, window, this.now)
      return settle(algorithm, data, 0, window, this.now, { cost, count, need: cost })
    }))
    return { admitted, usage: tightest(usages) }
  }

  /** The numbers of the next windows, three for each. */
  numbers (windows: number): Float64Array {
    const data = new Float64Array(windows * 3)
    for (let index = 0; index < windows; index++) this.numbersOf(data, index * 3)
    return data
  }

  /** The next yes or no. */
  flag (): boolean {
    return Number(this.#parts[this.#next++]) === 1
  }

  /** The next window's numbers, written into `data` from `at` on. */
  numbersOf (data: Float64Array, at: number): Float64Array {
    const text = String(this.#parts[this.#next++])
    if (text === '') return data
    const first = text.indexOf(' ')
    const second = text.indexOf(' ', first + 1)
    data[at + EXPIRES] = Number(text.slice(0, first))
    data[at + FIRST] = Number(text.slice(first + 1, second))
    data[at + SECOND] = Number(text.slice(second + 1))
    return data
  }
}
