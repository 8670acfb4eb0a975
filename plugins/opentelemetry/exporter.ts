import type { FastifyBaseLogger } from '../../src/plugin.ts'
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { hostname } from 'node:os'
import type { Origin } from './finished-span.ts'
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
/** The SDK's side of an entry: takes finished spans to the collector. Loaded when an entry is set up, and not before. */
export class Exporter {
  readonly counts: SpanCounts = { sent: 0, dropped: 0, failed: 0 }
  readonly origin: Origin
  readonly #batches: BatchSpanProcessor
  readonly #most: number
  readonly #log: Pick<FastifyBaseLogger, 'warn'>
  #waiting = 0
  #told = -Infinity

  constructor (inner: SpanExporter, config: Config, version: string, log: Pick<FastifyBaseLogger, 'warn'>) {
    const { queue, resource_attributes: attributes, timeout } = config
    this.#log = log
    this.#most = queue.max_entries
    this.#batches = new BatchSpanProcessor(this.#counting(inner), {
      maxQueueSize: queue.max_entries,
      maxExportBatchSize: Math.min(queue.max_batch_size, queue.max_entries),
      scheduledDelayMillis: queue.max_coalescing_delay * 1000,
      exportTimeoutMillis: timeout
    })
    this.origin = {
      resource: resourceFromAttributes({ 'service.name': 'sallyport', 'service.version': version, 'service.instance.id': `${hostname()}:${process.pid}`, ...attributes }),
      instrumentationScope: { name: 'sallyport', version }
    }
  }

  /** Spans that wait or are under way. */
  get length (): number {
    return this.#waiting
  }

  /** The SDK drops what is too much as well, but doesn't say so. */
  add (span: ReadableSpan): void {
    if (this.#waiting >= this.#most) {
      this.counts.dropped++
      this.#tell('the queue is full')
      return
    }
    this.#waiting++
    this.#batches.onEnd(span)
  }

  async close (): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => { timer = setTimeout(resolve, LAST) })
    await Promise.race([this.#batches.shutdown().catch(() => {}), late])
    clearTimeout(timer)
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
