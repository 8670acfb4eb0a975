/** A gateway as a process of its own: workers, signals, exit code. */
import { availableParallelism } from 'node:os'
import type { Diagnostic } from '../../config/diagnostics.ts'
import type { LoadResult } from '../../config/load.ts'
import type { DestinationStream } from 'pino'
import { createDestination, type Destination } from '../../observability/destination.ts'
import { createLog } from '../../observability/log.ts'
import { createControl } from './control.ts'
import type { Gateway } from './gateway.ts'
import { LocalEngine } from '../local-engine.ts'
import type { CheckApart } from './check-apart.ts'
import type { RunnableFile } from './reload.ts'
import { handleShutdown } from './shutdown.ts'
import { isListenFailure, startFailure } from './start-failure.ts'
import { WorkersEngine } from '../workers/workers.ts'

export interface RunOptions {
  /** The first load; it has no errors. */
  readonly file: RunnableFile
  /** Reads the file again, with the same flags. */
  readonly load: () => Promise<LoadResult>
  /** Checks it in a thread of its own. */
  readonly checkApart?: CheckApart
  /** Diagnostics as `check` prints them. */
  readonly render: (diagnostics: readonly Diagnostic[], text: string) => string
  /** Reload when the file changes; default true. */
  readonly watch?: boolean
  /** Where its lines go; default the access log to standard output, its own log to standard error. */
  readonly output?: { readonly log: DestinationStream, readonly access: Destination }
  /** The process, or something that emits its signals. */
  readonly signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>
  /** Called once, when requests are served. */
  readonly onListening?: (gateway: Gateway) => void
  /** Called when it could not start, instead of a log line. */
  readonly onFailure?: (words: string) => void
}

/** What still keeps the process up after an orderly end (a plugin's timer, say) has this long. */
const LINGER = 500

/**
 * Starts a gateway and runs it until a signal ends it: SIGHUP reloads, SIGUSR1 has log files opened again, SIGTERM and SIGINT stop in order.
 *
 * @returns the exit code: 0 after an orderly end, 1 when it could not start or was told twice to end
 */
export async function runGateway ({ file, load, checkApart, render, watch = true, signals, output, onListening, onFailure }: RunOptions): Promise<number> {
  const { gateway: settings } = file.config
  const workers = settings.workers === 'auto' ? availableParallelism() : settings.workers
  const log = createLog(settings.log.level, output?.log)
  const { logger } = log
  const destination = output?.access ?? createDestination(1)
  const engine = workers > 1 ? new WorkersEngine({ log, destination, workers }) : new LocalEngine({ log, destination, workers: 1 })
  const gateway = createControl({ file, engine, log, destination, workers, load, render, watch, ...checkApart === undefined ? {} : { checkApart } })

  const onReopen = (): void => { gateway.reopen().catch(() => {}) }
  const onHangup = (): void => { gateway.reload('signal').catch(() => {}) }
  const onUncaught = (error: unknown): void => {
    logger.fatal({ err: error }, 'uncaught exception')
    process.exit(1)
  }
  if (signals === process) process.on('uncaughtException', onUncaught)
  signals.on('SIGHUP', onHangup)
  // without it, Node would open its debugger to whoever may send signals
  signals.on('SIGUSR1', onReopen)
  let listening = false
  let remove = (): void => {}
  try {
    return await new Promise<number>((resolve, reject) => {
      remove = handleShutdown({
        logger,
        signals,
        exit: code => {
          engine.destroy()
          resolve(code)
        },
        stop: async signal => {
          logger.info({ signal }, 'stopping')
          // nothing is served yet: there is nothing to wait for
          if (!listening) return
          await gateway.close({ delayed: true })
        }
      })
      gateway.listen().then(() => {
        listening = true
        onListening?.(gateway)
      }).catch(reject)
    })
  } catch (error) {
    const words = startFailure(error, settings)
    if (onFailure !== undefined) onFailure(words)
    else logger.fatal(isListenFailure(error) ? { code: error.code } : { err: error }, `the gateway could not start: ${words}`)
    return 1
  } finally {
    remove()
    signals.off('SIGHUP', onHangup)
    signals.off('SIGUSR1', onReopen)
    process.off('uncaughtException', onUncaught)
    if (signals === process) leave(destination.stuck)
  }
}

/** Makes sure that the end is one. */
function leave (stuck: boolean): void {
  setTimeout(() => {
    // a write that waits for a reader holds a thread, and with it `process.exit`
    if (stuck) process.kill(process.pid, 'SIGKILL')
    process.exit()
  }, LINGER).unref()
}
