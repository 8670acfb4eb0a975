/** The order in which a gateway stops taking, finishes and cuts requests. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { GatewaySettings } from '../../config/model.ts'

export interface Drainable {
  /** Stops accepting; resolves when the last request, stream and tunnel has ended. */
  drain (): Promise<void>
  /** Cuts what is left. */
  destroy (): void
}

/**
 * Balancers need `delay` to notice that readiness is gone, and send requests until then: these are served as ever. After it
 * nothing new is accepted, and what runs has `timeout`.
 *
 * @returns whether everything ended by itself
 */
export async function drainInOrder (engine: Drainable, shutdown: GatewaySettings['shutdown'], logger: Pick<Logger, 'info' | 'warn'>): Promise<boolean> {
  if (shutdown.delay > 0) {
    logger.info({ delay: shutdown.delay }, 'not ready any more; still accepting')
    await wait(shutdown.delay)
  }
  logger.info({ timeout: shutdown.timeout }, 'accepting no more; finishing what runs')
  const ended = await within(shutdown.timeout, engine.drain())
  if (!ended) {
    logger.warn('shutdown.timeout is over: requests and streams that still run are cut')
    engine.destroy()
  }
  return ended
}

/** Whether the work has ended before the time was over. */
export async function within (milliseconds: number, work: Promise<void>): Promise<boolean> {
  const timer = new AbortController()
  const ended = await Promise.race([work.then(() => true), wait(milliseconds, false, { signal: timer.signal }).catch(() => true)])
  timer.abort()
  return ended
}
