import type { Readable } from 'node:stream'
import { GatewayError } from '../../errors.ts'

/**
 * Watches a streamed request body: when the upstream takes nothing of it for `timeout` milliseconds although there is
 * something to take, `expired` gets the error. A client that sends nothing is not the upstream's fault.
 *
 * @returns stops the watch
 */
export function watchUpload (body: Readable, timeout: number, expired: (error: GatewayError) => void): () => void {
  const period = Math.max(10, Math.min(timeout / 4, 5_000))
  let stalled = 0
  // the stream is paused while the upstream's socket is full, and resumed when that has drained
  const moved = (): void => { stalled = 0 }
  body.on('resume', moved)
  const timer = setInterval(() => {
    stalled = body.isPaused() && body.readableLength > 0 ? stalled + period : 0
    if (stalled >= timeout) {
      clearInterval(timer)
      expired(new GatewayError('SP_UPSTREAM_WRITE_TIMEOUT', 504, 'The upstream server is timing out'))
    }
  }, period)
  timer.unref()
  return () => {
    clearInterval(timer)
    body.off('resume', moved)
  }
}
