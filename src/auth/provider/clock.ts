/** The time, and what is to happen later: one thing, so that a test can move both. */
export interface ProviderClock {
  /** Milliseconds since the epoch. */
  now (): number
  /** Runs something once after so many milliseconds; the returned function calls it off. */
  after (milliseconds: number, run: () => void): () => void
}

/** @param now the gateway's clock. Timers are Node's, and keep no process alive. */
export function createProviderClock (now: () => number): ProviderClock {
  return {
    now,
    after (milliseconds, run) {
      const timer = setTimeout(run, milliseconds).unref()
      return () => clearTimeout(timer)
    }
  }
}
