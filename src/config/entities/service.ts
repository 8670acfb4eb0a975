import { Type } from 'typebox'
import { CircuitBreaker } from './circuit-breaker.ts'
import { closed, common, importance, milliseconds, nameOf, reference, referenceTo } from './common.ts'
import { Deadline, Retry } from './retry.ts'

/** An upstream API. */
export const Service = closed({
  ...common,
  name: nameOf('service'),
  url: Type.Optional(Type.String({
    minLength: 1,
    description: 'Shorthand that sets protocol, host, port and path at once, and wins over them.',
    examples: ['http://users.internal:8080/v1']
  })),
  protocol: Type.Optional(Type.Enum(['http', 'https'], { default: 'http', description: 'Protocol towards the upstream.' })),
  http2: Type.Optional(Type.Boolean({
    default: false,
    description: 'Speak HTTP/2 to the upstream, and nothing else: with `protocol: https` as its TLS agrees, with `protocol: http` in cleartext by prior knowledge (h2c). WebSockets keep to HTTP/1.1.'
  })),
  host: Type.Optional(Type.String({ minLength: 1, description: 'Host name or IP address of the upstream, without port.', examples: ['users.internal'] })),
  port: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 80,
    description: 'Port of the upstream. It does not follow `protocol`: write 443 for https, or use `url`.'
  })),
  path: Type.Optional(Type.String({ minLength: 1, description: 'Prefix of every upstream path; starts with `/`.', examples: ['/v1'] })),
  retries: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: 32767,
    default: 5,
    description: 'Further tries after the first; `retry` says for what reasons.'
  })),
  connect_timeout: Type.Optional(Type.Integer({ ...milliseconds, default: 60000, description: 'Until the connection to the upstream stands, in milliseconds.' })),
  write_timeout: Type.Optional(Type.Integer({ ...milliseconds, default: 60000, description: 'Between two writes to the upstream, in milliseconds.' })),
  read_timeout: Type.Optional(Type.Integer({ ...milliseconds, default: 60000, description: 'Between two reads from the upstream, in milliseconds.' })),
  total_timeout: Type.Optional(Type.Integer({ ...milliseconds, description: 'From the request\'s arrival to the end of its answer, all attempts included, in milliseconds. Without it there is no such limit.' })),
  retry: Type.Optional(Retry),
  deadline: Type.Optional(Deadline),
  tls_verify: Type.Optional(Type.Boolean({ description: 'Whether the upstream\'s certificate is verified; https only. Default true (in Kong: off).' })),
  tls_verify_depth: Type.Optional(Type.Integer({ minimum: 0, maximum: 64, description: 'Most intermediate certificates between the upstream\'s certificate and an authority; https only. Default: as many as OpenSSL takes.' })),
  ca_certificates: Type.Optional(Type.Array(referenceTo('CA certificate', 'name'), { description: 'Authorities that may vouch for the upstream, instead of the public ones; https only.', examples: [['internal']] })),
  client_certificate: reference('certificate', 'name'),
  circuit_breaker: Type.Optional(CircuitBreaker),
  enabled: Type.Optional(Type.Boolean({ default: true, description: '`false` takes its routes out of the router.' })),
  importance: importance('What its routes are worth when the gateway is overloaded (`gateway.overload`): requests of low importance are refused first.', { default: 'normal' })
}, {
  description: 'An upstream API.',
  anyOf: [{ required: ['url'] }, { required: ['host'] }]
})
