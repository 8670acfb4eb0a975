/**
 * Makes a clock that never goes back of one that may.
 *
 * After a jump back time goes on from where it was, at half the pace until the other clock has caught up: no window lasts
 * more than twice as long, and none starts again.
 *
 * @param now milliseconds since the epoch
 */
export function createSteadyClock (now: () => number): () => number {
  let last = now()
  let ahead = 0
  return function steady () {
    const time = now()
    const passed = time - last
    last = time
    if (passed < 0) ahead -= passed
    else if (ahead > 0) ahead -= Math.min(ahead, passed / 2)
    return time + ahead
  }
}
