import type { Context } from '../../gateway/context.ts'
import { hasBody } from '../request/request-body.ts'

/**
 * `Connection` of an answer with `Upgrade` (RFC 9110 section 7.8). Node leaves it as it is, so it says as well whether the connection
 * ends: after a request whose body may never be read it does.
 */
export function connectionForUpgrade ({ raw, response }: Pick<Context, 'raw' | 'response'>): string {
  return response.shouldKeepAlive && (raw.complete || !hasBody(raw)) ? 'Upgrade' : 'Upgrade, close'
}
