import type { IncomingMessage, ServerResponse } from 'node:http'
import { GatewayError } from '../../errors.ts'
import { connectionForUpgrade } from '../../proxy/fields/upgrade.ts'
import { Upstream } from '../../proxy/request/upstream.ts'
import { splitTarget } from '../../router/normalize.ts'
import type { RouteMatch } from '../../router/types.ts'
import { upstreamPath } from '../../router/upstream-path.ts'
import { ALLOWED } from '../listener/malformed.ts'
import type { ClientMessage } from '../listener/client-message.ts'
import { Context } from '../context.ts'
import { ABSOLUTE_FORM, bad, readHead } from './read-head.ts'
import { readPath } from './read-path.ts'
import type { RouteRuntime } from '../runtime.ts'
import type { Snapshot } from '../snapshot.ts'

/** What of a snapshot decides how a request is taken in: enough to do it without one that runs. */
export type Intake = Pick<Snapshot, 'config' | 'fieldRules' | 'miss' | 'nextId' | 'pathPolicies' | 'readHost' | 'router' | 'runtimeOf' | 'trust'> & {
  readonly overload: Pick<Snapshot['overload'], 'admit' | 'refusal'>
}

/**
 * Takes a request in: checks its head, reads each field once, finds its route, prepares what goes upstream.
 *
 * Never throws; what is wrong becomes `context.failure`, which the chain of the route (or the global one) renders.
 */
export function admit (snapshot: Intake, raw: IncomingMessage, response: ServerResponse): Context {
  const connection = (raw as ClientMessage).lane
  const context = new Context(snapshot.nextId(), raw, response, connection, snapshot as Snapshot, snapshot.miss)
  const fields = readHead(context, snapshot)
  if (context.failure !== null) return context

  const target = splitTarget(context.target)
  if (target === null) {
    context.failure = bad('SP_TARGET')
    return context
  }
  context.query = target.query
  const reading = readPath(context, snapshot, target.bytes)
  if (reading === null) {
    context.failure = bad('SP_PATH')
    return context
  }
  context.path = reading.path
  route(context, snapshot, fields, reading.match)
  return context
}

function route (context: Context, snapshot: Intake, fields: string[], match: RouteMatch | null): void {
  if (context.method === 'TRACE') {
    context.failure = new GatewayError('SP_METHOD', 405, 'Method not allowed', { headers: { allow: ALLOWED } })
    return
  }
  if (match === null) {
    context.failure = new GatewayError('SP_NO_ROUTE', 404, 'no Route matched with those values')
    return
  }
  const runtime = snapshot.runtimeOf(match.route)
  context.runtime = runtime
  context.route = match.route
  context.service = runtime.service
  context.scope = runtime.scope
  if (runtime.scope.policed) context.attempts = []
  context.captures = match.captures
  context.prefix = match.prefix
  if (runtime.destination !== null && runtime.policy !== null) {
    const path = upstreamPath((runtime.service as NonNullable<typeof runtime.service>).path, match.route, context.path, match.prefix)
    // a client of HTTP/1.0 may have sent no Host that could be preserved
    const preserved = runtime.preservesHost && context.hostHeader !== ''
    const stripped = match.route.strip_path && match.prefix !== '/' ? match.prefix : ''
    context.upstream = new Upstream(runtime.destination, runtime.policy, preserved ? context.hostHeader : runtime.hostHeader, preserved, context.method, path, context.query, fields, stripped)
  } else {
    context.fields = fields
  }
  if (runtime.httpsOnly !== 0 && context.scheme === 'http') context.failure = httpsRequired(context, runtime.httpsOnly)
  else admitUnlessOverloaded(context, snapshot, runtime)
}

/** Only now: what a request is worth is its route's to say, and the route's response hooks run on the refusal. */
function admitUnlessOverloaded (context: Context, { overload }: Intake, { rank }: RouteRuntime): void {
  const strain = overload.admit(rank)
  if (strain === null) {
    context.admitted = true
    return
  }
  context.failure = overload.refusal
  context.log['overload'] = strain
}

function httpsRequired (context: Context, status: 426 | 301 | 302 | 307 | 308): GatewayError {
  // HTTP/1.0 may come without a Host: there is nowhere to send the client then
  if (status === 426 || context.host === '') {
    return new GatewayError('SP_HTTPS', 426, 'Please use HTTPS protocol', { headers: { connection: connectionForUpgrade(context), upgrade: 'TLS/1.2, HTTP/1.1' } })
  }
  const host = (context.trusted ? context.forwardedHost : undefined) ?? context.host
  const target = context.target.startsWith('/') ? context.target : context.target.replace(ABSOLUTE_FORM, '')
  return new GatewayError('SP_HTTPS', status, '', { headers: { location: `https://${host}${target}` } })
}
