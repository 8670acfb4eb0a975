import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Ended, FastifyRequest, GatewayRequest, Redactor, TimedTry } from '../../src/plugin.ts'
import type { Exporter } from './exporter.ts'
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

    const whole = new FinishedSpan(origin, gateway.route === null ? gateway.method : `${gateway.method} ${routeName(gateway)}`, SpanKind.SERVER, traceId, server, startedAt, startedAt + total)
    if (parent !== null) whole.under(parent.spanId, true)
    whole.attributes = serverAttributes(request, gateway, ended, this.#redactor)
    whole.status = ended.status >= 500 ? FAILED : UNSET
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
      // upstreams were told of one span: the last attempt has its id
      const id = index === tries.length - 1 ? context.spanId : this.#nextId()
      const span = new FinishedSpan(origin, gateway.method, SpanKind.CLIENT, traceId, id, startedAt + attempt.from, startedAt + attempt.to)
      span.under(server, false)
      span.attributes = clientAttributes(gateway, attempt, index, this.#redactor)
      span.status = attempt.error !== null || (attempt.status ?? 0) >= 500 ? FAILED : UNSET
      this.#exporter.add(span)
    }
  }
}

function routeName ({ route }: GatewayRequest): string {
  return route?.paths?.[0] ?? route?.name ?? route?.id ?? ''
}

/** Names of OpenTelemetry's conventions for HTTP. Queries may hold secrets: they are left out, those in the path are cut. */
function serverAttributes ({ raw }: FastifyRequest, gateway: GatewayRequest, ended: Ended, redactor: Redactor): Attributes {
  const { route, service, consumer } = gateway
  const attributes: Attributes = {
    'http.request.method': gateway.method,
    'url.path': redactor.url(gateway.path),
    'url.scheme': gateway.scheme,
    'server.address': gateway.host,
    'server.port': gateway.port,
    'client.address': gateway.clientIp,
    'network.protocol.version': raw.httpVersion,
    'http.response.status_code': ended.status,
    'sallyport.request.id': gateway.id,
    'sallyport.end_reason': ended.reason
  }
  if (route !== null) {
    attributes['http.route'] = routeName(gateway)
    attributes['sallyport.route'] = route.name ?? route.id
  }
  if (service !== null) attributes['sallyport.service'] = service.name ?? service.id
  if (consumer !== null) attributes['sallyport.consumer'] = consumer.username ?? consumer.id
  if (ended.plugin !== null) attributes['sallyport.ended_by'] = ended.plugin
  if (ended.error !== null) attributes['error.type'] = ended.error
  return attributes
}

function clientAttributes ({ method, upstream }: GatewayRequest, { host, port, status, error }: TimedTry, index: number, redactor: Redactor): Attributes {
  const attributes: Attributes = {
    'http.request.method': upstream?.method ?? method,
    'server.address': redactor.host(host, port),
    'server.port': port
  }
  if (index > 0) attributes['http.request.resend_count'] = index
  if (status !== null) attributes['http.response.status_code'] = status
  if (error !== null) attributes['error.type'] = error
  return attributes
}
