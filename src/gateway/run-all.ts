import type { FastifyBaseLogger } from 'fastify'

/** Runs each step after the one before, whatever became of that: what one fails to close keeps nothing else open. Failures are logged. */
export async function runAll (steps: ReadonlyArray<() => unknown>, log: Pick<FastifyBaseLogger, 'error'>): Promise<void> {
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      log.error({ err: error }, 'a part of a configuration failed to close')
    }
  }
}
