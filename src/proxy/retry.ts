import { isConnectionFailure } from './errors.ts'
import type { Upstream } from './upstream.ts'

/** Safe to send again after bytes went out (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY'])

/** Whether an attempt that failed with this error may be made again. @param sent its connection was there */
export function mayRepeat (error: Error, sent: boolean, { body, method }: Upstream): boolean {
  if (!isConnectionFailure(error)) return false
  if (!sent) return true
  return IDEMPOTENT.has(method) && (body === null || Buffer.isBuffer(body))
}
