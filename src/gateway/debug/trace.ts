import type { TimelineView } from '../../admin/api/types.ts'
import type { Redactor } from '../../observability/redaction.ts'
import type { Context } from '../context.ts'
import { timelineOf } from '../timeline.ts'

export type TracedPhase = TimelineView['plugins'][number]['phase']

/** One hook of one plugin; monotonic milliseconds. */
export interface Span {
  readonly plugin: string
  readonly phase: TracedPhase
  readonly from: number
  to: number
  outcome: TimelineView['plugins'][number]['outcome']
  error: string | null
}

/** More is not noted of one request. */
const MOST = 200
/** Fewer than that in a header: some clients and proxies stop reading at a few kilobytes. */
const MOST_IN_HEADER = 30

/** What is noted of a request that is debugged. */
export class DebugTrace {
  readonly #spans: Span[] = []
  readonly #start: number
  /** When it has ended. */
  timeline: TimelineView | null = null

  constructor (start: number) {
    this.#start = start
  }

  begin (plugin: string, phase: TracedPhase): Span {
    const span: Span = { plugin, phase, from: performance.now(), to: -1, outcome: 'passed', error: null }
    if (this.#spans.length < MOST) this.#spans.push(span)
    return span
  }

  /** Server-Timing (W3C): what is known when the head of the answer is written. */
  header (context: Context): string {
    const now = performance.now()
    const parts = this.#spans.slice(0, MOST_IN_HEADER).map(({ plugin, phase, from, to }) => metric(`${plugin}.${phase}`, (to < 0 ? now : to) - from))
    if (context.proxiedTick !== 0) parts.push(metric('upstream', (context.headTick === 0 ? now : context.headTick) - context.proxiedTick))
    return [...parts, metric('total', now - this.#start)].join(', ')
  }

  /** The request has ended. */
  end (context: Context, redactor: Redactor): TimelineView {
    const { total, tries } = timelineOf(context)
    const since = (tick: number): number => rounded(tick - this.#start)
    this.timeline = {
      total: rounded(total),
      plugins: this.#spans.map(({ plugin, phase, from, to, outcome, error }) => ({ plugin, phase, from: since(from), to: to < 0 ? rounded(total) : since(to), outcome: to < 0 ? left(context) : outcome, error })),
      tries: tries.map(({ host, port, from, to, head, status, error }) => ({ host: redactor.host(host, port), port, from: rounded(from), to: rounded(to), head: head < 0 ? null : rounded(head), status, error })),
      cache: cacheStateOf(context),
      explanation: null
    }
    return this.timeline
  }
}

/** Of a hook that has not come to its end: one that answers and then waits for the answer to be sent is one of these. */
function left ({ answered, proxied }: Context): Span['outcome'] {
  return answered && !proxied ? 'answered' : 'unfinished'
}

function metric (name: string, duration: number): string {
  return `${name.replace(/[^\w.-]/g, '-')};dur=${duration.toFixed(2)}`
}

function rounded (milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}

/** What a plugin that caches says of it on the answer. */
function cacheStateOf ({ responseHeaders, reply }: Context): string | null {
  const at = responseHeaders === null ? -1 : responseHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'x-cache-status')
  if (responseHeaders !== null && at !== -1) return responseHeaders[at + 1] as string
  const state = reply?.getHeader('x-cache-status')
  return state === undefined ? null : String(state)
}
