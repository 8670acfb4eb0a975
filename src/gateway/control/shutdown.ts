/** From a signal to the end of the process. */
import type { Logger } from 'pino'

export interface ShutdownOptions {
  /** Whatever stops the gateway in an orderly way; resolves when it has ended. */
  readonly stop: (signal: NodeJS.Signals) => Promise<void>
  /** Called with 0 after `stop`, with 1 when it failed or a second signal came. */
  readonly exit: (code: number) => void
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** The process, or something that emits its signals. */
  readonly signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>
}

const ENDING = ['SIGTERM', 'SIGINT'] as const

/**
 * The first SIGTERM or SIGINT stops in order, the second one at once.
 *
 * @returns removes the handlers
 */
export function handleShutdown ({ stop, exit, logger, signals }: ShutdownOptions): () => void {
  let stopping = false

  function onSignal (signal: NodeJS.Signals): void {
    if (stopping) {
      logger.warn({ signal }, 'second signal: exiting at once')
      exit(1)
      return
    }
    stopping = true
    stop(signal).then(() => exit(0), error => {
      logger.error({ err: error }, 'shutdown failed')
      exit(1)
    })
  }

  for (const name of ENDING) signals.on(name, onSignal)
  return () => {
    for (const name of ENDING) signals.off(name, onSignal)
  }
}
