import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { FastifyRequest, Redactor, TimedTry } from '../../src/plugin.ts'
import { clientAttributes, failureOf, methodName, routeName, serverAttributes } from './attributes.ts'
import type { Exporter } from './exporter.ts'
import { hasFailed } from './faults.ts'
import { FinishedSpan } from './finished-span.ts'
import type { Parent } from './propagation.ts'

const FAILED = { code: SpanStatusCode.ERROR }
const UNSET = { code: SpanStatusCode.UNSET }

/** Makes the spans of a request that has ended: those of requests that nobody traces are never made. */
export class Spans {
  readonly #exporter: Exporter
  readonly #nextId: () => string
  readonly #redactor: Redactor

  /** @param redactor of the configuration */
  constructor (exporter: Exporter, nextId: () => string, redactor: Redactor) {
    this.#exporter = exporter
    this.#nextId = nextId
    this.#redactor = redactor
  }

  /** @param parent of the request; null: it began the trace */
  make (request: FastifyRequest, parent: Parent | null): void {
    const { gateway } = request
    const { ended, trace: context } = gateway
    if (ended === null || context === null) return
    const { startedAt, total, waits, tries } = gateway.timeline()
    const { traceId } = context
    const server = this.#nextId()
    const { origin } = this.#exporter

    const whole = new FinishedSpan(origin, gateway.route === null ? methodName(gateway.method) : `${methodName(gateway.method)} ${routeName(gateway)}`, SpanKind.SERVER, traceId, server, startedAt, startedAt + total)
    if (parent !== null) whole.under(parent.spanId, true)
    whole.attributes = serverAttributes(request, gateway, ended, this.#redactor)
    whole.status = hasFailed(ended) ? FAILED : UNSET
    this.#exporter.add(whole)

    for (const { plugin, from, to } of waits) {
      const span = new FinishedSpan(origin, `plugin ${plugin}`, SpanKind.INTERNAL, traceId, this.#nextId(), startedAt + from, startedAt + to)
      span.under(server, false)
      span.attributes = { 'sallyport.plugin': plugin }
      span.status = ended.plugin === plugin && ended.status >= 500 ? FAILED : UNSET
      this.#exporter.add(span)
    }
    for (let index = 0; index < tries.length; index++) {
      const attempt = tries[index] as TimedTry
      const last = index === tries.length - 1
      // upstreams were told of one span: the last attempt has its id
      const id = last ? context.spanId : this.#nextId()
      const span = new FinishedSpan(origin, methodName(gateway.upstream?.method ?? gateway.method), SpanKind.CLIENT, traceId, id, startedAt + attempt.from, startedAt + attempt.to)
      const error = failureOf(attempt, last ? ended : null)
      span.under(server, false)
      span.attributes = clientAttributes(gateway, attempt, error, index, this.#redactor)
      span.status = error === null ? UNSET : FAILED
      this.#exporter.add(span)
    }
  }
}
