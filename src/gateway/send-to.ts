import type { Service } from '../config/model.ts'
import { Upstream } from '../proxy/request/upstream.ts'
import { upstreamPath } from '../router/upstream-path.ts'
import type { Context } from './context.ts'
import { serviceHost } from './runtime.ts'

/**
 * Sends the request to another service than its route's. Header fields, query, method and body stay as plugins have left
 * them; host, path, timeouts and retries are the other service's.
 */
export function sendTo (context: Context, service: Service): void {
  const { runtime } = context
  if (runtime === null || context.proxiedTick !== 0) throw new TypeError('sendTo() without a route, or after the request was sent')
  const { route, preservesHost } = runtime
  const destination = runtime.reach(service)
  const policy = context.snapshot.policyOf(service)
  const path = upstreamPath(service.path, route, context.path, context.prefix)
  // a client of HTTP/1.0 may have sent no Host that could be preserved
  const preserved = preservesHost && context.hostHeader !== ''
  const host = preserved ? context.hostHeader : serviceHost(service)
  context.service = service
  if (context.upstream !== null) {
    context.upstream.redirect(destination, policy, host, preserved, path)
    return
  }
  const stripped = route.strip_path && context.prefix !== '/' ? context.prefix : ''
  context.upstream = new Upstream(destination, policy, host, preserved, context.method, path, context.query, context.fields, stripped)
  context.upstream.body = context.heldBody
}
