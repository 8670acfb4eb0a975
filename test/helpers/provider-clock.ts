import { setImmediate as turn } from 'node:timers/promises'
import type { ProviderClock } from '../../src/auth/provider/clock.ts'

export interface FakeProviderClock extends ProviderClock {
  /** Moves the time on, and runs what falls due on the way, each at its own moment. */
  advance (milliseconds: number): Promise<void>
  /** How many timers wait. */
  readonly waiting: number
}

/** Time that stands still until it is moved. */
export function fakeProviderClock (start = Date.UTC(2030, 0, 1)): FakeProviderClock {
  let time = start
  const timers = new Set<{ readonly at: number, readonly run: () => void }>()
  return {
    now: () => time,
    get waiting () { return timers.size },
    after (milliseconds, run) {
      const timer = { at: time + Math.max(0, milliseconds), run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance (milliseconds) {
      const end = time + milliseconds
      for (;;) {
        const [next] = [...timers].filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers.delete(next)
        time = Math.max(time, next.at)
        next.run()
        await settle()
      }
      time = end
      await settle()
    }
  }
}

/** Lets what has been promised happen, where nothing waits for the network. */
export async function settle (): Promise<void> {
  for (let round = 0; round < 5; round++) await turn()
}
