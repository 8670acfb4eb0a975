import type { TraceContext } from '../../src/plugin.ts'
import { isTracestate } from './tracestate.ts'

export type Format = 'w3c' | 'b3' | 'b3-single'

/** What a request says of the trace that it is part of. */
export interface Parent {
  readonly traceId: string
  readonly spanId: string
  /** null: whoever gets it decides. */
  readonly sampled: boolean | null
}

/** Header fields as they came: name, value, … Node's object of them costs more than all the rest of a request that nobody traces. */
type Fields = readonly string[]

const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/
const TRACE = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/
const SPAN = /^[0-9a-f]{16}$/
const ZERO = /^0+$/

/** Characters of a traceparent, and where its parts begin: version, trace, span, flags (W3C Trace Context section 3.2.2). */
const LENGTH = 55
const TRACE_AT = 3
const SPAN_AT = 36
const FLAGS_AT = 53
const DASH = 45

/** '' where there is none; a field that stands there twice is none. */
function field (fields: Fields, name: string): string {
  let found: string | null = null
  for (let index = 0; index < fields.length; index += 2) {
    const given = fields[index] as string
    if (given.length !== name.length || given.toLowerCase() !== name) continue
    if (found !== null) return ''
    found = fields[index + 1] as string
  }
  return found ?? ''
}

/** Whether lower-case hex digits stand there, not all of them 0. */
function isId (text: string, from: number, to: number): boolean {
  let any = 0
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index)
    if (!isHex(code)) return false
    any |= code - 48
  }
  return any !== 0
}

function isHex (code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102)
}

/** Character for character: a regular expression and its groups take three times as long. */
function readTraceparent (text: string): Parent | null {
  if (text.length < LENGTH || text.charCodeAt(TRACE_AT - 1) !== DASH || text.charCodeAt(SPAN_AT - 1) !== DASH || text.charCodeAt(FLAGS_AT - 1) !== DASH) return null
  // a later version may have more at its end
  if (text.length > LENGTH && (text.startsWith('00') || text.charCodeAt(LENGTH) !== DASH)) return null
  if (!isHex(text.charCodeAt(0)) || !isHex(text.charCodeAt(1)) || text.startsWith('ff')) return null
  const flags = text.charCodeAt(FLAGS_AT + 1)
  if (!isHex(text.charCodeAt(FLAGS_AT)) || !isHex(flags)) return null
  if (!isId(text, TRACE_AT, SPAN_AT - 1) || !isId(text, SPAN_AT, FLAGS_AT - 1)) return null
  return { traceId: text.slice(TRACE_AT, SPAN_AT - 1), spanId: text.slice(SPAN_AT, FLAGS_AT - 1), sampled: ((flags < 58 ? flags : flags - 1) & 1) === 1 }
}

function parent (traceId: string, spanId: string, sampled: boolean | null): Parent | null {
  return ZERO.test(traceId) || ZERO.test(spanId) ? null : { traceId: traceId.padStart(32, '0'), spanId, sampled }
}

const readers: Readonly<Record<Format, (fields: Fields) => Parent | null>> = {
  w3c (fields) {
    const text = field(fields, 'traceparent')
    return text === '' ? null : readTraceparent(text)
  },
  b3 (fields) {
    const traceId = field(fields, 'x-b3-traceid').toLowerCase()
    const spanId = field(fields, 'x-b3-spanid').toLowerCase()
    if (!TRACE.test(traceId) || !SPAN.test(spanId)) return null
    const flag = field(fields, 'x-b3-sampled').toLowerCase()
    const sampled = field(fields, 'x-b3-flags') === '1' || flag === '1' || flag === 'true' ? true : flag === '0' || flag === 'false' ? false : null
    return parent(traceId, spanId, sampled)
  },
  'b3-single' (fields) {
    const [, traceId, spanId, flag] = B3.exec(field(fields, 'b3').toLowerCase()) ?? []
    if (traceId === undefined) return null
    return parent(traceId, spanId as string, flag === undefined ? null : flag !== '0')
  }
}

const OTHERS = new Set(['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags', 'b3', 'traceparent'])
const STATE = 'tracestate'
/** One bit a length. A set of numbers takes four times as long, for each field of each request. */
const LENGTHS = [...OTHERS, STATE].reduce((bits, name) => bits | (1 << name.length), 0)

/** Length and first letter (b, t, x) decide for nearly all names before anything is lower-cased. */
function maySpeak (name: string): boolean {
  if (name.length > 31 || ((LENGTHS >>> name.length) & 1) === 0) return false
  const first = name.charCodeAt(0) | 32
  return first === 98 || first === 116 || first === 120
}

/** Whether anything there may be of a trace: of most requests nothing is, and nothing more has to be looked at. */
function anySpeaks (fields: Fields): boolean {
  for (let index = 0; index < fields.length; index += 2) if (maySpeak(fields[index] as string)) return true
  return false
}

/**
 * Reads the first format that is there and whole.
 *
 * @param fields name, value, …
 */
export function extract (formats: readonly Format[], fields: Fields): Parent | null {
  if (!anySpeaks(fields)) return null
  for (const format of formats) {
    const found = readers[format](fields)
    if (found !== null) return found
  }
  return null
}

/** Takes away what speaks of traces, in one walk; and once more what says no trace's state. */
function remove (fields: string[], state: boolean): void {
  let kept = 0
  let states: string[] | null = null
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    if (maySpeak(name)) {
      const lower = name.toLowerCase()
      if (OTHERS.has(lower)) continue
      if (lower === STATE) {
        if (state) continue
        (states ??= []).push(fields[index + 1] as string)
      }
    }
    if (kept !== index) {
      fields[kept] = name
      fields[kept + 1] = fields[index + 1] as string
    }
    kept += 2
  }
  if (kept !== fields.length) fields.length = kept
  if (states !== null && !isTracestate(states)) remove(fields, true)
}

/**
 * Tells the upstream. What a client sent in any of these formats is taken away: it would name another parent.
 *
 * @param fields of the request to the upstream, name, value, …: they are changed
 * @param continued its trace goes on here; else `tracestate`, which is about another one, goes as well
 */
export function inject (formats: readonly Format[], { traceId, spanId, sampled }: TraceContext, fields: string[], continued: boolean): void {
  if (anySpeaks(fields)) remove(fields, !continued)
  for (const format of formats) {
    if (format === 'w3c') {
      fields.push('traceparent', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`)
    } else if (format === 'b3-single') {
      fields.push('b3', `${traceId}-${spanId}-${sampled ? '1' : '0'}`)
    } else {
      fields.push('x-b3-traceid', traceId, 'x-b3-spanid', spanId, 'x-b3-sampled', sampled ? '1' : '0')
    }
  }
}
