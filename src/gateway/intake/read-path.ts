import { isPlain } from '../../router/normalize.ts'
import type { RoutingRequest } from '../../router/types.ts'
import type { Context } from '../context.ts'
import type { Intake } from './intake.ts'
import type { Reading } from './path-policies.ts'

/**
 * The one reading of a request's path, and its route by that.
 *
 * @param bytes as received, without the query
 * @returns null: malformed, or refused by the path policy
 */
export function readPath (context: Context, snapshot: Intake, bytes: string): Reading | null {
  const { router } = snapshot
  if (isPlain(bytes)) return { path: bytes, match: router.match(routingRequest(context, bytes)) }
  return snapshot.pathPolicies.of(context.connection.listener).read(bytes, {
    match: path => router.match(routingRequest(context, path)),
    scopeOf: route => snapshot.runtimeOf(route).scope
  })
}

/** What the router looks at. @param path normalised */
export function routingRequest (context: Context, path: string): RoutingRequest {
  return {
    method: context.method,
    host: context.hostHeader,
    path,
    headers: context.raw.rawHeaders,
    scheme: context.scheme,
    port: context.connection.port,
    sni: context.connection.sni
  }
}
