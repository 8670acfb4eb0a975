/** The parts of an access log line that need nothing but the facts. */
import type { Socket } from 'node:net'
import { parse } from 'node:querystring'
import type { AccessFacts } from './access-facts.ts'
import { REDACTED, type Redactor } from './redaction.ts'

/** Where the counts of a connection stood when its last answer ended. */
const kCounted: unique symbol = Symbol('sallyport.counted')

export interface CountedSocket extends Pick<Socket, 'bytesRead' | 'bytesWritten'> {
  [kCounted]?: { read: number, written: number }
}

const FIELDS_OF_THE_RECORD = new Set(['request', 'upstream_uri', 'upstream_status', 'response', 'latencies', 'tries',
  'route', 'service', 'consumer', 'authenticated_entity', 'client_ip', 'started_at', 'source', 'end_reason', 'trace_id', 'ended_by', 'error', 'reason'])

/** Needs no escape in JSON. */
const SIMPLE = /^[\w-]*$/

/** Most queries: one argument that needs neither decoding nor an escape. */
const oneArgument = /^[\w.~-]+=[\w.,:~-]*$/

/** Repeated fields as arrays. */
export function grouped (fields: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null)
  for (let index = 0; index < fields.length; index += 2) {
    const name = (fields[index] as string).toLowerCase()
    const value = fields[index + 1] as string
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (typeof before === 'string') headers[name] = [before, value]
    else before.push(value)
  }
  return headers
}

/** Bytes since the last answer of this connection ended: head and body, as they went over the wire. */
export function connectionSizes (socket: CountedSocket): { read: number, written: number } {
  const { bytesRead, bytesWritten } = socket
  const before = socket[kCounted]
  if (before === undefined) {
    socket[kCounted] = { read: bytesRead, written: bytesWritten }
    return { read: bytesRead, written: bytesWritten }
  }
  const sizes = { read: bytesRead - before.read, written: bytesWritten - before.written }
  before.read = bytesRead
  before.written = bytesWritten
  return sizes
}

/** JSON with what is beyond ASCII as escapes, so that a line's bytes are its characters. */
export function asciiJson (value: unknown): string {
  const json = JSON.stringify(value) ?? ''
  return /^[\x20-\x7e]*$/.test(json) ? json : json.replace(/[^\x20-\x7e]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `target` is redacted already: one rule for the address and for its arguments. */
export function queryObject (target: string): string {
  const mark = target.indexOf('?')
  if (mark === -1) return '{}'
  const query = target.slice(mark + 1)
  return oneArgument.test(query) ? `{"${query.replace('=', '":"')}"}` : asciiJson(parse(query))
}

/** Whether the last attempt is no failed one: it was answered, or ended with the request. One whose answer broke off is among those that failed. */
export function hasLastTry ({ startedTick, startedAt, tries, upstream, upstreamStatus, triedTick, proxiedTick, errorCode }: AccessFacts): boolean {
  if (upstream === null || proxiedTick === 0) return false
  if (tries === null) return true
  const answered = upstreamStatus !== 0
  if (answered !== (errorCode !== null)) return answered
  // the client left, or something went wrong after its head; times of failed ones are rounded
  return triedTick - startedTick + 0.5 >= Math.max(...tries.map(each => each.startedAt + (each.took ?? 0))) - startedAt
}

export function tries (facts: AccessFacts, redactor: Redactor): string {
  const { tries: failed, upstream, upstreamStatus, startedAt, triedTick, startedTick } = facts
  let json = ''
  if (failed !== null) {
    for (const attempt of failed) {
      json += `${json === '' ? '' : ','}{"ip":"${redactor.host(attempt.host, attempt.port)}","port":${attempt.port},"balancer_start":${attempt.startedAt}` +
        `,"state":"failed",${attempt.status === undefined ? `"reason":${asciiJson(attempt.error ?? '')}` : `"code":${attempt.status}`}}`
    }
  }
  if (upstream !== null && (upstreamStatus !== 0 || triedTick !== 0) && hasLastTry(facts)) {
    const start = startedAt + Math.round(triedTick - startedTick)
    json += `${json === '' ? '' : ','}{"ip":"${redactor.host(upstream.host, upstream.port)}","port":${upstream.port},"balancer_start":${start}}`
  }
  return `[${json}]`
}

/** What plugins added; it can't take the place of the record's own fields. */
export function ownFields (fields: Readonly<Record<string, unknown>>, redactor: Redactor): string {
  let json = ''
  for (const name in fields) {
    if (FIELDS_OF_THE_RECORD.has(name)) continue
    const value = redactor.header(name) ? REDACTED : fields[name]
    const text = typeof value === 'string' && SIMPLE.test(value) ? `"${value}"` : asciiJson(value)
    if (text !== '') json += (SIMPLE.test(name) ? `,"${name}":` : `,${asciiJson(name)}:`) + text
  }
  return json
}

/** Milliseconds to one decimal, from two integers: their texts are cached by V8, a fraction's is not. */
export function tenths (milliseconds: number): string {
  const total = Math.round(milliseconds * 10)
  const whole = Math.trunc(total / 10)
  return total % 10 === 0 ? `${whole}` : `${whole}.${total % 10}`
}
