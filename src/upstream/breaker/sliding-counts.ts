/** Parts of a window: what is counted falls out of it a tenth at a time. */
const PARTS = 10

/** Numbers of each part, one after the other. */
const FIELDS = 3
const CALLS = 0
const FAILURES = 1
const SLOW = 2

/**
 * Calls, failures and slow calls of the last while, in fixed memory: nothing is allocated when something is counted, and
 * a step of time costs at most {@link PARTS} steps. The window is between nine tenths and the whole of its length.
 */
export class SlidingCounts {
  readonly #parts = new Float64Array(PARTS * FIELDS)
  /** Milliseconds of a part. */
  #width: number
  /** Number of the current part since the clock began. */
  #current = 0
  #calls = 0
  #failures = 0
  #slow = 0

  /** @param length of the window, in milliseconds */
  constructor (length: number) {
    this.#width = length / PARTS
  }

  get calls (): number { return this.#calls }
  get failures (): number { return this.#failures }
  get slow (): number { return this.#slow }

  /** Forgets what is older than the window. */
  advance (now: number): void {
    const part = Math.floor(now / this.#width)
    const steps = part - this.#current
    if (steps <= 0) return
    this.#current = part
    if (steps >= PARTS) {
      this.#empty()
      return
    }
    for (let step = 0; step < steps; step++) this.#drop(((part - step) % PARTS) * FIELDS)
  }

  addCall (): void {
    this.#count(CALLS)
    this.#calls++
  }

  addFailure (): void {
    this.#count(FAILURES)
    this.#failures++
  }

  addSlow (): void {
    this.#count(SLOW)
    this.#slow++
  }

  /** Starts anew with a window of this length, in milliseconds. */
  restart (length: number): void {
    this.#width = length / PARTS
    this.#current = 0
    this.#empty()
  }

  #count (field: number): void {
    const at = (this.#current % PARTS) * FIELDS + field
    this.#parts[at] = (this.#parts[at] as number) + 1
  }

  #drop (at: number): void {
    this.#calls -= this.#parts[at + CALLS] as number
    this.#failures -= this.#parts[at + FAILURES] as number
    this.#slow -= this.#parts[at + SLOW] as number
    this.#parts.fill(0, at, at + FIELDS)
  }

  #empty (): void {
    this.#parts.fill(0)
    this.#calls = this.#failures = this.#slow = 0
  }
}
