/** The gateway's own log: JSON lines on standard error. */
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import type { LogLevel } from '../config/model.ts'
import { createRedactor, type Redactor } from './redaction.ts'

export interface OwnLog {
  /** The engine's; plugins get children of it. */
  readonly logger: Logger
  /** Children that were made before keep their level. */
  setLevel (level: LogLevel): void
  /** Cuts what this redactor knows, too. */
  cover (redactor: Redactor): void
}

/** The configuration that runs, the one that may follow, and the one before, whose last requests may still end. */
const COVERED = 3

/**
 * Every line passes the redactors as a whole: a library's error message or a plugin's field may hold an address with a
 * password, and nobody can know which. Lines are rare here, so the price (some 10 µs) doesn't matter.
 *
 * Writes are synchronous, unlike the access log's: the last words of a process that fails are what one wants to read.
 *
 * @param stream where lines go; standard error by default
 */
export function createLog (level: LogLevel, stream?: DestinationStream): OwnLog {
  let redactors = [createRedactor()]
  const logger = pino({
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    hooks: { streamWrite: line => redactors.reduce((text, redactor) => redactor.text(text), line) }
  }, stream ?? pino.destination({ dest: 2, sync: true }))
  return {
    logger,
    setLevel (next) {
      logger.level = next
    },
    cover (redactor) {
      redactors = [...redactors.filter(known => known !== redactor), redactor].slice(-COVERED)
    }
  }
}
