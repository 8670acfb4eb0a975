import type { CopyOutcome, FastifyBaseLogger } from '../../src/plugin.ts'

export type Outcome = CopyOutcome | 'busy' | 'loop'

/** Between two lines of the log, in milliseconds. */
const PAUSE = 60_000

/** Counts what became of copies, and tells the log once a minute where some didn't arrive. */
export class Tally {
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  readonly #counts = new Map<Outcome, number>()
  #lost = false
  #told: number
  /** Copies under way. */
  running = 0

  constructor (log: FastifyBaseLogger, now: () => number) {
    this.#log = log
    this.#now = now
    this.#told = now() - PAUSE
  }

  /** Since the last line. */
  get counts (): Readonly<Partial<Record<Outcome, number>>> {
    return Object.fromEntries(this.#counts)
  }

  count (outcome: Outcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1)
    if (outcome !== 'answered' && outcome !== 'loop') this.#lost = true
    if (this.#lost && this.#now() - this.#told >= PAUSE) this.tell()
  }

  /** Says what was not said yet. */
  tell (): void {
    if (this.#lost) this.#log.warn({ copies: this.counts }, 'requests were not mirrored')
    this.#told = this.#now()
    this.#lost = false
    this.#counts.clear()
  }
}
