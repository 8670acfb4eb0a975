import { Refused } from './answer.ts'

/** That may wait: more than a page of the dashboard asks for at once. */
const WAITING = 8
/** Milliseconds that are not worth a pause. */
const SHORT = 5
/** What a piece of work took, times this, nothing of the kind is done after it. */
const REST = 4

export interface TurnsOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number
  readonly pause?: (milliseconds: number) => Promise<void>
}

/** Work on the event loop on which requests are served, too: one piece at a time, for a fifth of the time at most. */
export class Turns {
  readonly #now: () => number
  readonly #pause: (milliseconds: number) => Promise<void>
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor ({ now = () => performance.now(), pause = async milliseconds => await new Promise(resolve => setTimeout(resolve, milliseconds)) }: TurnsOptions = {}) {
    this.#now = now
    this.#pause = pause
  }

  /** @throws Refused when too much waits already */
  async take<Result> (work: () => Result): Promise<Result> {
    if (this.#waiting === WAITING) throw new Refused(429, 'Too many of these wait already', { 'retry-after': '1' })
    this.#waiting++
    const before = this.#last
    let free = (): void => {}
    this.#last = new Promise(resolve => { free = resolve })
    await before
    this.#waiting--
    const began = this.#now()
    try {
      return work()
    } finally {
      const took = this.#now() - began
      if (took < SHORT) free()
      else this.#pause(REST * took).then(free, free)
    }
  }
}
