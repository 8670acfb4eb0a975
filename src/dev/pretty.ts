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
}

/** Nothing went wrong. */
const FINE = '-'

/** The gateway's own log, one readable line each. */
export function prettyLog (write: (text: string) => void, colours: boolean): DestinationStream {
  const format = prettyFactory({ colorize: colours, ignore: 'pid', translateTime: 'SYS:HH:MM:ss', singleLine: true })
  return { write: line => write(format(line)) }
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
  let record: AccessRecord
  try {
    record = JSON.parse(line) as AccessRecord
  } catch {
    return printable(line)
  }
  const { request: { method = '', uri = '' }, response, latencies, route, consumer, end_reason: reason = FINE, ended_by: plugin, error } = record
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
    ...reason === FINE || reason === '' ? [] : [mark(reason)],
    ...plugin === undefined ? [] : [`by ${printable(plugin)}`],
    ...error === undefined ? [] : [paint.faint(printable(error))]
  ].join('  ')
}

/** What clients send must not act on the terminal. */
function printable (text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`) // eslint-disable-line no-control-regex
}
