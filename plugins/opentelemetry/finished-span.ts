import type { Attributes, HrTime, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'

/** Who made a span. */
export type Origin = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>

const SAMPLED = 1
/** What spans of ours don't have; exporters count and walk it. */
const NOTHING: readonly never[] = []
const NO_ATTRIBUTES: Attributes = {}
/** Nobody asks for it: a collector works it out. */
const UNKNOWN: HrTime = [0, 0]

/**
 * What a span of the SDK's own becomes at its end. Its tracer makes spans that others may write to while they run, and looks for a
 * parent, a sampler, limits and processors at each: 40 µs a request that is traced, exporting included, against 18 so.
 */
export class FinishedSpan implements ReadableSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly resource: ReadableSpan['resource']
  readonly instrumentationScope: ReadableSpan['instrumentationScope']
  attributes: Attributes = NO_ATTRIBUTES
  status: SpanStatus = { code: 0 }
  parentSpanContext?: SpanContext
  readonly links = NOTHING as never[]
  readonly events = NOTHING as never[]
  readonly duration = UNKNOWN
  readonly ended = true
  readonly droppedAttributesCount = 0
  readonly droppedEventsCount = 0
  readonly droppedLinksCount = 0
  readonly #context: SpanContext

  /**
   * @param from milliseconds since the epoch
   * @param to the same
   */
  constructor ({ resource, instrumentationScope }: Origin, name: string, kind: SpanKind, traceId: string, spanId: string, from: number, to: number) {
    this.resource = resource
    this.instrumentationScope = instrumentationScope
    this.name = name
    this.kind = kind
    this.#context = { traceId, spanId, traceFlags: SAMPLED }
    this.startTime = hrTime(from)
    this.endTime = hrTime(to)
  }

  spanContext (): SpanContext {
    return this.#context
  }

  /** Names its parent. @param isRemote it is another process's */
  under (spanId: string, isRemote: boolean): void {
    this.parentSpanContext = { traceId: this.#context.traceId, spanId, traceFlags: SAMPLED, isRemote }
  }
}

/** Seconds and nanoseconds: a number alone would be taken for another clock's when it is small. */
function hrTime (milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}
