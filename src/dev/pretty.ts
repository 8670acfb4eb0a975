/** The logs of `sallyport dev`: one line a request, and what pino-pretty makes of the gateway's own. */
import { prettyFactory } from 'pino-pretty'
import type { DestinationStream } from 'pino'
import type { Painter } from '../cli/paint.ts'
import type { Destination } from '../observability/destination.ts'

/** As much of the access log's record as is shown. */
interface AccessRecord {
  readonly request: { readonly method?: string, readonly uri?: string }
  readonly response?: { readonly status: number }
  readonly latencies?: { readonly request: number }
  readonly route?: { readonly name: string | null, readonly id: string }
  readonly consumer?: { readonly username: string | null, readonly custom_id: string | null }
  readonly end_reason?: string
  readonly ended_by?: string
  readonly error?: string
  readonly reason?: string
}

/** What the painter writes, and no other command of terminals. */
const COLOUR = /(\u001b\[[\d;]*m)/ // eslint-disable-line no-control-regex

/** Nothing went wrong. */
const FINE = '-'

/** The gateway's own log, one readable line each; what a message says on further lines, as reports of diagnostics do, stands below. */
export function prettyLog (write: (text: string) => void, colours: boolean): DestinationStream {
  const format = prettyFactory({ colorize: colours, ignore: 'pid', translateTime: 'SYS:HH:MM:ss', singleLine: true })
  return {
    write (line) {
      const record = parsed<{ readonly msg?: string }>(line)
      if (record === null) return write(`${printable(line.trimEnd())}\n`)
      const { msg = '', ...fields } = record
      const [first = '', ...report] = msg.trimEnd().split('\n')
      // pino-pretty would cut the colours of a report, and put the record's fields behind its end
      write(format({ ...fields, msg: first }) + report.map(text => `${printable(text, colours)}\n`).join(''))
    }
  }
}

/** The access log, one readable line a request. */
export function prettyAccess (write: (text: string) => void, paint: Painter): Destination {
  const lines = (text: string): void => {
    for (const line of text.split('\n')) if (line !== '') write(`${accessLine(line, paint)}\n`)
  }
  return {
    write: lines,
    writeAscii: lines,
    writeLines: buffer => lines(buffer.toString('utf8')),
    async flush () {},
    async close () {},
    dropped: 0,
    stuck: false
  }
}

/** Method, path, status, route, milliseconds, and why it ended. */
export function accessLine (line: string, paint: Painter): string {
  const record = parsed<AccessRecord>(line)
  if (record === null) return printable(line)
  const { request: { method = '', uri = '' }, response, latencies, route, consumer, end_reason: end = FINE, ended_by: plugin, error, reason } = record
  const status = response?.status ?? 0
  const mark = status >= 500 ? paint.error : status >= 400 ? paint.warning : paint.good
  const who = consumer?.username ?? consumer?.custom_id
  return [
    method.padEnd(6),
    mark(String(status)),
    `${(latencies?.request ?? 0).toFixed(1)} ms`.padStart(9),
    paint.strong(printable(uri)),
    route === undefined ? paint.faint('no route') : printable(route.name ?? route.id),
    ...who == null ? [] : [paint.faint(`as ${printable(who)}`)],
    ...end === FINE || end === '' ? [] : [mark(end)],
    ...plugin === undefined ? [] : [`by ${printable(plugin)}`],
    ...error === undefined ? [] : [paint.faint(printable(error))],
    ...reason === undefined ? [] : [printable(reason)]
  ].join('  ')
}

function parsed<Line> (line: string): Line | null {
  try {
    return JSON.parse(line) as Line
  } catch {
    return null
  }
}

/** What clients send must not act on the terminal. @param coloured colours are our own, and stay */
function printable (text: string, coloured = false): string {
  if (coloured) return text.split(COLOUR).map((part, index) => index % 2 === 1 ? part : printable(part)).join('')
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`) // eslint-disable-line no-control-regex
}
