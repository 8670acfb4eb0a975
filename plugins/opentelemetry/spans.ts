import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Ended, FastifyRequest, GatewayRequest, Redactor, TimedTry } from '../../src/plugin.ts'
import type { Exporter } from './exporter.ts'
import type { Parent } from './propagation.ts'

interface Made {
  readonly traceId: string
  readonly spanId: string
  /** '' : none. */
  readonly parentId: string
  /** The parent is another process's. */
  readonly remote: boolean
  readonly name: string
  readonly kind: SpanKind
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  readonly attributes: Attributes
  readonly failed: boolean
}

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
    const { traceId, spanId } = context
    const server = this.#nextId()
    this.#span({
      traceId,
      spanId: server,
      parentId: parent?.spanId ?? '',
      remote: true,
      name: gateway.route === null ? gateway.method : `${gateway.method} ${routeName(gateway)}`,
      kind: SpanKind.SERVER,
      from: startedAt,
      to: startedAt + total,
      attributes: serverAttributes(request, gateway, ended, this.#redactor),
      failed: ended.status >= 500
    })
    const inner = { traceId, parentId: server, remote: false } as const
    for (const { plugin, from, to } of waits) {
      this.#span({ ...inner, spanId: this.#nextId(), name: `plugin ${plugin}`, kind: SpanKind.INTERNAL, from: startedAt + from, to: startedAt + to, attributes: { 'sallyport.plugin': plugin }, failed: ended.plugin === plugin && ended.status >= 500 })
    }
    for (const [index, attempt] of tries.entries()) {
      // upstreams were told of one span: the last attempt has its id
      this.#span({ ...inner, spanId: index === tries.length - 1 ? spanId : this.#nextId(), name: gateway.method, kind: SpanKind.CLIENT, from: startedAt + attempt.from, to: startedAt + attempt.to, attributes: clientAttributes(gateway, attempt, index, this.#redactor), failed: attempt.error !== null || (attempt.status ?? 0) >= 500 })
    }
  }

  #span ({ traceId, spanId, parentId, remote, name, kind, from, to, attributes, failed }: Made): void {
    const { ids, tracer } = this.#exporter
    ids.traceId = traceId
    ids.spanId = spanId
    const context = parentId === '' ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags: 1, isRemote: remote })
    const span = tracer.startSpan(name, { kind, startTime: hrTime(from), attributes, root: parentId === '' }, context)
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(hrTime(to))
  }
}

/** Seconds and nanoseconds: a number alone would be taken for another clock's when it is small. */
function hrTime (milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}

function routeName ({ route }: GatewayRequest): string {
  return route?.paths?.[0] ?? route?.name ?? route?.id ?? ''
}

/** Names of OpenTelemetry's conventions for HTTP. Queries may hold secrets: they are left out, those in the path are cut. */
function serverAttributes ({ raw }: FastifyRequest, gateway: GatewayRequest, ended: Ended, redactor: Redactor): Attributes {
  const { route, service, consumer } = gateway
  return {
    'http.request.method': gateway.method,
    'url.path': redactor.url(gateway.path),
    'url.scheme': gateway.scheme,
    'server.address': gateway.host,
    'server.port': gateway.port,
    'client.address': gateway.clientIp,
    'network.protocol.version': raw.httpVersion,
    'http.response.status_code': ended.status,
    'sallyport.request.id': gateway.id,
    'sallyport.end_reason': ended.reason,
    ...route === null ? {} : { 'http.route': routeName(gateway), 'sallyport.route': route.name ?? route.id },
    ...service === null ? {} : { 'sallyport.service': service.name ?? service.id },
    ...consumer === null ? {} : { 'sallyport.consumer': consumer.username ?? consumer.id },
    ...ended.plugin === null ? {} : { 'sallyport.ended_by': ended.plugin },
    ...ended.error === null ? {} : { 'error.type': ended.error }
  }
}

function clientAttributes ({ method, upstream }: GatewayRequest, { host, port, status, error }: TimedTry, index: number, redactor: Redactor): Attributes {
  return {
    'http.request.method': upstream?.method ?? method,
    'server.address': redactor.host(host, port),
    'server.port': port,
    ...index === 0 ? {} : { 'http.request.resend_count': index },
    ...status === null ? {} : { 'http.response.status_code': status },
    ...error === null ? {} : { 'error.type': error }
  }
}
