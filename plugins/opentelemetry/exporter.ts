import { resourceFromAttributes } from '@opentelemetry/resources'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { hostname } from 'node:os'
import { Nap } from '../../src/plugin.ts'
import type { Delivery } from './delivery.ts'
import type { Origin } from './finished-span.ts'
import type { Config } from './schema.ts'

/** What became of spans. */
export interface SpanCounts {
  sent: number
  /** There was no room, or no time at the end. */
  dropped: number
  /** The collector could not be reached in time, or would not have them. */
  failed: number
}

/** Between two lines of the log, in milliseconds. */
const QUIET = 60_000
/** What a closing gateway gives the collector, in milliseconds. */
const LAST = 2_000
/** Pauses before a batch is tried again, in milliseconds; doubled each time, with a fifth of chance, so that gateways don't come all at once. */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 5_000
const CHANCE = 0.2

/**
 * Takes finished spans to the collector: bounded in number, in batches, one at a time. Adding takes no time and never fails.
 *
 * Not the SDK's processor and exporters: those try gRPC but once, take what a collector rejects for sent, keep a batch for ever whose
 * answer never ends, and leave their connections open after their end, at each reload.
 */
export class Exporter {
  readonly origin: Origin
  readonly #delivery: Delivery
  readonly #counts: SpanCounts
  readonly #config: Config
  readonly #warn: (counts: SpanCounts, reason: string) => void
  #spans: ReadableSpan[] = []
  #underWay = 0
  #timer: NodeJS.Timeout | null = null
  readonly #nap = new Nap()
  #running: Promise<void> | null = null
  #closing = false
  #told = -Infinity

  /**
   * @param counts they outlive it
   * @param warn writes to the log that spans are lost
   */
  constructor (delivery: Delivery, config: Config, version: string, counts: SpanCounts, warn: (counts: SpanCounts, reason: string) => void) {
    this.#delivery = delivery
    this.#config = config
    this.#counts = counts
    this.#warn = warn
    this.origin = {
      resource: resourceFromAttributes({ 'service.name': 'sallyport', 'service.version': version, 'service.instance.id': `${hostname()}:${process.pid}`, ...config.resource_attributes }),
      instrumentationScope: { name: 'sallyport', version }
    }
  }

  /** Spans that wait or are under way. */
  get length (): number {
    return this.#spans.length + this.#underWay
  }

  add (span: ReadableSpan): void {
    const { max_entries: most, max_batch_size: batch, max_coalescing_delay: delay } = this.#config.queue
    if (this.#closing || this.length >= most) {
      this.#lose('dropped', 1, this.#closing ? 'the entry has ended' : 'the queue is full')
      return
    }
    this.#spans.push(span)
    if (this.#running !== null) return
    // a queue that is shorter than a batch is one
    if (this.#spans.length >= Math.min(batch, most)) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), delay * 1000).unref()
  }

  /** Sends what waits, once and for a short time, then lets go. */
  async close (): Promise<void> {
    this.#closing = true
    this.#nap.end()
    this.#start()
    let timer: NodeJS.Timeout | undefined
    await Promise.race([this.#running, new Promise<void>(resolve => { timer = setTimeout(resolve, LAST) })])
    clearTimeout(timer)
    this.#lose('dropped', this.#spans.length, 'the collector was too slow at the end')
    this.#spans = []
    this.#delivery.close()
    await this.#running
  }

  #start (): void {
    clearTimeout(this.#timer ?? undefined)
    this.#timer = null
    if (this.#running !== null || this.#spans.length === 0) return
    this.#running = this.#run().finally(() => {
      this.#running = null
      if (this.#spans.length > 0) this.#timer = setTimeout(() => this.#start(), this.#config.queue.max_coalescing_delay * 1000).unref()
    })
  }

  async #run (): Promise<void> {
    const { max_batch_size: most } = this.#config.queue
    do {
      const batch = this.#spans.splice(0, most)
      this.#underWay = batch.length
      await this.#deliver(batch)
      this.#underWay = 0
    } while (this.#spans.length >= most || (this.#closing && this.#spans.length > 0))
  }

  /** Never rejects. */
  async #deliver (batch: ReadableSpan[]): Promise<void> {
    const end = performance.now() + this.#config.timeout
    try {
      const body = ProtobufTraceSerializer.serializeRequest(batch) as Uint8Array
      for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
        const answer = await this.#delivery.send(body, end - performance.now())
        if (answer.kind === 'taken') {
          this.#taken(batch.length, answer.body)
          return
        }
        const left = end - performance.now()
        const wait = answer.kind === 'refused' ? Infinity : answer.after ?? Math.min(pause * (1 + CHANCE * (2 * Math.random() - 1)), left / 2)
        if (this.#closing || left < FIRST_PAUSE || wait >= left) {
          this.#lose('failed', batch.length, answer.reason)
          return
        }
        await this.#nap.take(wait)
      }
    } catch (error) {
      this.#lose('failed', batch.length, (error as Error).message)
    }
  }

  /** @param answer OTLP's ExportTraceServiceResponse, or nothing */
  #taken (spans: number, answer: Uint8Array): void {
    const { rejectedSpans = 0, errorMessage = '' } = partialSuccess(answer)
    const rejected = Math.min(Math.max(0, Number(rejectedSpans)), spans)
    this.#counts.sent += spans - rejected
    this.#lose('failed', rejected, `the collector rejected them${errorMessage === '' ? '' : `: ${errorMessage.slice(0, 200)}`}`)
  }

  #lose (outcome: 'dropped' | 'failed', spans: number, reason: string): void {
    if (spans === 0) return
    this.#counts[outcome] += spans
    const now = performance.now()
    if (now - this.#told < QUIET) return
    this.#told = now
    this.#warn(this.#counts, reason)
  }
}

/** What is no such message says nothing: the status has said that all is well. */
function partialSuccess (answer: Uint8Array): { readonly rejectedSpans?: number, readonly errorMessage?: string } {
  try {
    return ProtobufTraceSerializer.deserializeResponse(answer).partialSuccess ?? {}
  } catch {
    return {}
  }
}
