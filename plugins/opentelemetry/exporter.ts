import type { FastifyBaseLogger } from '../../src/plugin.ts'
import { BasicTracerProvider, BatchSpanProcessor, type IdGenerator, type ReadableSpan, type Span, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Context, Tracer } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { hostname } from 'node:os'
import type { Config } from './schema.ts'

export interface SpanCounts {
  sent: number
  dropped: number
  failed: number
}

/** Between two lines of the log, in milliseconds. */
const QUIET = 60_000
/** What a closing gateway gives the collector, in milliseconds. */
const LAST = 2_000

/** Ids that spans are to have: those that upstreams were told long before the span is made. */
export class GivenIds implements IdGenerator {
  traceId = ''
  spanId = ''

  generateTraceId (): string {
    return this.traceId
  }

  generateSpanId (): string {
    return this.spanId
  }
}

/** The SDK's side of an entry: makes spans, and takes them to the collector. Loaded when an entry is set up, and not before. */
export class Exporter {
  readonly counts: SpanCounts = { sent: 0, dropped: 0, failed: 0 }
  readonly ids = new GivenIds()
  readonly tracer: Tracer
  readonly #provider: BasicTracerProvider
  readonly #log: Pick<FastifyBaseLogger, 'warn'>
  #waiting = 0
  #told = -Infinity

  constructor (inner: SpanExporter, config: Config, version: string, log: Pick<FastifyBaseLogger, 'warn'>) {
    const { queue, resource_attributes: attributes, timeout } = config
    this.#log = log
    const batches = new BatchSpanProcessor(this.#counting(inner), {
      maxQueueSize: queue.max_entries,
      maxExportBatchSize: Math.min(queue.max_batch_size, queue.max_entries),
      scheduledDelayMillis: queue.max_coalescing_delay * 1000,
      exportTimeoutMillis: timeout
    })
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'sallyport', 'service.version': version, 'service.instance.id': `${hostname()}:${process.pid}`, ...attributes }),
      idGenerator: this.ids,
      sampler: { shouldSample: () => ({ decision: 2 }), toString: () => 'decided before' },
      spanProcessors: [this.#bounded(batches, queue.max_entries)]
    })
    this.tracer = this.#provider.getTracer('sallyport', version)
  }

  /** Spans that wait or are under way. */
  get length (): number {
    return this.#waiting
  }

  async close (): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => { timer = setTimeout(resolve, LAST) })
    await Promise.race([this.#provider.shutdown().catch(() => {}), late])
    clearTimeout(timer)
  }

  /** The SDK drops what is too much as well, but doesn't say so. */
  #bounded (inner: SpanProcessor, most: number): SpanProcessor {
    return {
      onStart: (span: Span, context: Context) => inner.onStart(span, context),
      onEnd: (span: ReadableSpan) => {
        if (this.#waiting >= most) {
          this.counts.dropped++
          this.#tell('the queue is full')
          return
        }
        this.#waiting++
        inner.onEnd(span)
      },
      forceFlush: async () => await inner.forceFlush(),
      shutdown: async () => await inner.shutdown()
    }
  }

  #counting (inner: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        inner.export(spans, result => {
          this.#waiting -= spans.length
          this.counts[result.code === 0 ? 'sent' : 'failed'] += spans.length
          if (result.code !== 0) this.#tell(result.error?.message ?? 'the collector refused them')
          done(result)
        })
      },
      forceFlush: async () => await inner.forceFlush?.(),
      shutdown: async () => await inner.shutdown()
    }
  }

  #tell (reason: string): void {
    const now = Date.now()
    if (now - this.#told < QUIET) return
    this.#told = now
    this.#log.warn({ ...this.counts, reason }, 'spans are lost')
  }
}

/** For a configuration that is tried. */
export const NOWHERE: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: async () => {}
}

/** gRPC is loaded where it is wanted, and not with the rest. */
export async function exporterOf ({ protocol, traces_endpoint: url, headers, timeout: timeoutMillis }: Config): Promise<SpanExporter> {
  if (protocol === 'grpc') {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc')
    return new OTLPTraceExporter({ url, timeoutMillis })
  }
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter({ url, headers, timeoutMillis })
}
