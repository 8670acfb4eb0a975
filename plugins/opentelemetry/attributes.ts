/** Names and rules of OpenTelemetry's conventions for HTTP. Queries may hold secrets: they are left out, those in the path are cut. */
import type { Attributes } from '@opentelemetry/api'
import type { Ended, FastifyRequest, GatewayRequest, Redactor, TimedTry } from '../../src/plugin.ts'
import { hasFailed } from './faults.ts'

/** All others are `_OTHER`: a client can make up any number of them. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'])
/** Characters of an address: spans wait in memory, and clients choose how long theirs are. */
const LONGEST = 1024

/** Stands in names of spans. */
export function methodName (method: string): string {
  return METHODS.has(method) ? method : 'HTTP'
}

export function routeName ({ route }: GatewayRequest): string {
  return route?.paths?.[0] ?? route?.name ?? route?.id ?? ''
}

export function serverAttributes ({ raw }: FastifyRequest, gateway: GatewayRequest, ended: Ended, redactor: Redactor): Attributes {
  const { route, service, consumer } = gateway
  const attributes: Attributes = {
    'url.path': cut(redactor.url(gateway.path)),
    'url.scheme': gateway.scheme,
    'server.address': gateway.host,
    'server.port': gateway.port,
    'client.address': gateway.clientIp,
    'network.protocol.version': raw.httpVersion === '2.0' ? '2' : raw.httpVersion,
    'sallyport.request.id': gateway.id,
    'sallyport.end_reason': ended.reason
  }
  setMethod(attributes, gateway.method)
  // 499 never went out
  if (ended.answered) attributes['http.response.status_code'] = ended.status
  if (route !== null) {
    attributes['http.route'] = routeName(gateway)
    attributes['sallyport.route'] = route.name ?? route.id
  }
  if (service !== null) attributes['sallyport.service'] = service.name ?? service.id
  if (consumer !== null) attributes['sallyport.consumer'] = consumer.username ?? consumer.id
  if (ended.plugin !== null) attributes['sallyport.ended_by'] = ended.plugin
  if (ended.error !== null) attributes['sallyport.error'] = ended.error
  if (hasFailed(ended)) attributes['error.type'] = ended.error ?? String(ended.status)
  return attributes
}

/** @param error why it is a failure; null: it is none */
export function clientAttributes ({ method, upstream }: GatewayRequest, { host, port, status }: TimedTry, error: string | null, index: number, redactor: Redactor): Attributes {
  const address = redactor.host(host, port)
  const attributes: Attributes = {
    'server.address': address,
    'server.port': port
  }
  setMethod(attributes, upstream?.method ?? method)
  if (upstream !== null) attributes['url.full'] = cut(`${upstream.protocol}://${address.includes(':') ? `[${address}]` : address}:${port}${redactor.url(redactor.secrets(upstream.path))}`)
  if (index > 0) attributes['http.request.resend_count'] = index
  if (status !== null) attributes['http.response.status_code'] = status
  if (error !== null) attributes['error.type'] = error
  return attributes
}

/** Why an attempt is a failure; null: it is none. Unlike a server's, a client's span is one with 4xx as well. @param ended of the last attempt */
export function failureOf ({ error, status }: TimedTry, ended: Ended | null): string | null {
  if (error !== null) return error
  if (status !== null && status >= 400) return String(status)
  return ended !== null && ended.answered && ended.proxied && hasFailed(ended) ? ended.error : null
}

function setMethod (attributes: Attributes, method: string): void {
  if (METHODS.has(method)) {
    attributes['http.request.method'] = method
  } else {
    attributes['http.request.method'] = '_OTHER'
    attributes['http.request.method_original'] = cut(method)
  }
}

/** A copy: a piece of a text would keep all of it. */
function cut (text: string): string {
  return text.length <= LONGEST ? text : Buffer.from(text.slice(0, LONGEST)).toString()
}
