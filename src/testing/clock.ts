/** A clock that stands still until it is moved: what plugins get from `gateway.now()`. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now (): number
  /** Moves the clock on. */
  advance (milliseconds: number): void
}

/** @param start milliseconds since the epoch */
export function createClock (start: number): Clock {
  let time = start
  return {
    now: () => time,
    advance (milliseconds) {
      time += milliseconds
    }
  }
}
