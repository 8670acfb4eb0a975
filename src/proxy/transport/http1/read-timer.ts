/** Read times up to this are kept to the millisecond; longer ones when somebody looks (`check`). */
const SHORT = 1_000

/** How long an upstream may be silent. It costs no timer where the time is a long one. */
export class ReadTimer {
  readonly #expired: () => void
  /** Milliseconds; 0: no limit. */
  #time = 0
  /** When something must be here, in monotonic milliseconds; 0: nothing must. */
  #due = 0
  #timer: NodeJS.Timeout | null = null

  constructor (expired: () => void) {
    this.#expired = expired
  }

  /** @param time milliseconds; 0: no limit */
  start (time: number): void {
    this.#time = time
    this.#due = time === 0 ? 0 : performance.now() + time
    if (time !== 0 && time <= SHORT) this.#timer = setTimeout(checkNow, time, this)
  }

  /** Something came: all of the time is there again. */
  restart (): void {
    if (this.#time === 0) return
    this.#due = performance.now() + this.#time
    this.#timer?.refresh()
  }

  /** Nothing is waited for until `restart`. */
  pause (): void {
    this.#due = 0
  }

  stop (): void {
    this.#due = 0
    this.#time = 0
    if (this.#timer === null) return
    clearTimeout(this.#timer)
    this.#timer = null
  }

  /** @param now monotonic milliseconds */
  check (now: number): void {
    // a process that was held up has not read yet what was here in time
    if (this.#due !== 0 && now >= this.#due) setImmediate(expire, this, this.#due)
  }

  /** @param due what `check` has seen */
  expire (due: number): void {
    if (this.#due === due) this.#expired()
  }
}

// functions of the module: timers take what they work on along, so that no request makes a closure

function checkNow (timer: ReadTimer): void {
  // timers count whole milliseconds
  timer.check(performance.now() + 1)
}

function expire (timer: ReadTimer, due: number): void {
  timer.expire(due)
}
