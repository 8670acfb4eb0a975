import type { CircuitBreakerOptions } from '../../config/entities/circuit-breaker.ts'
import { GatewayError } from '../../errors.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** Makes what is answered while a breaker is open: it is told the milliseconds until it may close. */
export function createRefusal ({ error_code: status, error_message: message, body, content_type: type = JSON_TYPE }: CircuitBreakerOptions): (wait: number) => GatewayError {
  const content = body === undefined ? undefined : Buffer.from(body)
  return wait => {
    const after = { 'retry-after': String(Math.max(1, Math.ceil(wait / 1000))) }
    if (content === undefined) return new GatewayError('SP_BREAKER_OPEN', status, message, { headers: after, quiet: true })
    return new GatewayError('SP_BREAKER_OPEN', status, message, { headers: { ...after, 'content-type': type }, content, quiet: true })
  }
}
