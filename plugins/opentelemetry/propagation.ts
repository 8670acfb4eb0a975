import type { FastifyRequest, HeaderList, TraceContext } from '../../src/plugin.ts'

export type Format = 'w3c' | 'b3' | 'b3-single'

/** What a request says of the trace that it is part of. */
export interface Parent {
  readonly traceId: string
  readonly spanId: string
  /** null: whoever gets it decides. */
  readonly sampled: boolean | null
}

/** W3C Trace Context section 3.2.2; a later version may have more at its end. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/
const TRACE = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/
const SPAN = /^[0-9a-f]{16}$/
const ZERO = /^0+$/

type Headers = FastifyRequest['headers']

function text (value: string | string[] | undefined): string {
  // a field that stands there twice is none
  return typeof value === 'string' ? value : ''
}

function parent (traceId: string, spanId: string, sampled: boolean | null): Parent | null {
  return ZERO.test(traceId) || ZERO.test(spanId) ? null : { traceId: traceId.padStart(32, '0'), spanId, sampled }
}

const readers: Readonly<Record<Format, (headers: Headers) => Parent | null>> = {
  w3c (headers) {
    const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(text(headers['traceparent'])) ?? []
    if (traceId === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return null
    return parent(traceId, spanId as string, (Number.parseInt(flags as string, 16) & 1) === 1)
  },
  b3 (headers) {
    const traceId = text(headers['x-b3-traceid']).toLowerCase()
    const spanId = text(headers['x-b3-spanid']).toLowerCase()
    if (!TRACE.test(traceId) || !SPAN.test(spanId)) return null
    const flag = text(headers['x-b3-sampled']).toLowerCase()
    const sampled = text(headers['x-b3-flags']) === '1' || flag === '1' || flag === 'true' ? true : flag === '0' || flag === 'false' ? false : null
    return parent(traceId, spanId, sampled)
  },
  'b3-single' (headers) {
    const [, traceId, spanId, flag] = B3.exec(text(headers['b3']).toLowerCase()) ?? []
    if (traceId === undefined) return null
    return parent(traceId, spanId as string, flag === undefined ? null : flag !== '0')
  }
}

/** Reads the first format that is there and whole. */
export function extract (formats: readonly Format[], headers: Headers): Parent | null {
  for (const format of formats) {
    const found = readers[format](headers)
    if (found !== null) return found
  }
  return null
}

const OTHERS = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags', 'b3', 'traceparent'] as const

/**
 * Tells the upstream. What a client sent in any of these formats is taken away: it would name another parent.
 *
 * @param continued its trace goes on here; else `tracestate`, which is about another one, goes as well
 */
export function inject (formats: readonly Format[], { traceId, spanId, sampled }: TraceContext, headers: HeaderList, continued: boolean): void {
  for (const name of OTHERS) headers.delete(name)
  if (!continued) headers.delete('tracestate')
  for (const format of formats) {
    if (format === 'w3c') {
      headers.set('traceparent', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`)
    } else if (format === 'b3-single') {
      headers.set('b3', `${traceId}-${spanId}-${sampled ? '1' : '0'}`)
    } else {
      headers.set('x-b3-traceid', traceId)
      headers.set('x-b3-spanid', spanId)
      headers.set('x-b3-sampled', sampled ? '1' : '0')
    }
  }
}
