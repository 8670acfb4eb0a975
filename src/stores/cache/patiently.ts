/** A purge has thousands of steps, and each may fall into a moment in which this process or Redis is busy. */
const TRIES = 5

/** Does it again where Redis was too slow: all that a purge does may be done twice. */
export async function patiently<Result> (work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      // ioredis has no code for it
      if (attempt === TRIES || (error as Error).message !== 'Command timed out') throw error
    }
  }
}
