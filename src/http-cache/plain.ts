import type { FastifyRequest } from 'fastify'
import type { UpstreamRequest } from '../plugin-request.ts'

/** No body where none is part of the key, no condition that asks for more than what is stored can tell. */
export function isPlain ({ headers, gateway: { method } }: FastifyRequest, { body }: UpstreamRequest): boolean {
  if (asksOtherwise(headers)) return false
  if (headers['if-match'] !== undefined || headers['if-unmodified-since'] !== undefined) return false
  if (method === 'POST') return headers['if-none-match'] === undefined && (body === null || Buffer.isBuffer(body))
  return body === null && headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0'
}

/** Many frameworks take a method that stands there for that of the request: what it does, and what it is answered, is another's. */
function asksOtherwise (headers: FastifyRequest['headers']): boolean {
  return headers['x-http-method-override'] !== undefined || headers['x-http-method'] !== undefined || headers['x-method-override'] !== undefined
}
