import type { Context } from '../gateway/context.ts'
import type { Upstream } from './request/upstream.ts'
import type { WholeAnswer } from './answer/whole-answer.ts'

/** Conditions that a watcher may have made of a request to the service that it watches (RFC 9110 section 13.1). */
const CONDITIONS = ['if-none-match', 'if-modified-since'] as const

/**
 * Asks whether the request may go to its service, before its body is read. Its destination may send it to another service.
 *
 * @returns an answer that a watcher has in place of that of a service which is down; null: the request goes up
 * @throws GatewayError 503 where the service is known to be down
 */
export function admit (context: Context, upstream: Upstream): WholeAnswer | null {
  const { destination } = upstream
  try {
    destination.admit(context)
    if (upstream.destination === destination) return null
    const instead = unwatch(context, upstream)
    if (instead !== null) return instead
    // the one that stands in may be down as well
    upstream.destination.admit(context)
  } catch (error) {
    // who watches may have an answer in place of this one: the exchange will ask
    if (context.watcher === null) throw error
  }
  return null
}

/** The service that was to be watched is not the one that is asked. */
function unwatch (context: Context, { headers }: Upstream): WholeAnswer | null {
  const { watcher, raw } = context
  if (watcher === null) return null
  const instead = watcher.failed()
  watcher.closed()
  context.watcher = null
  for (const name of CONDITIONS) {
    const own = raw.headers[name]
    if (own === undefined) headers.delete(name)
    else headers.set(name, own)
  }
  return instead
}
