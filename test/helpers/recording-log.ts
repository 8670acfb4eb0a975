import { pino } from 'pino'
import type { FastifyBaseLogger } from '../../src/plugin.ts'

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** A log that keeps its lines, from `info` up. */
export function recordingLog (): { readonly log: FastifyBaseLogger, readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const log = pino({ base: null, formatters: { level: label => ({ level: label }) } }, {
    write: line => { lines.push(JSON.parse(line) as LogLine) }
  }) as unknown as FastifyBaseLogger
  return { log, lines }
}
