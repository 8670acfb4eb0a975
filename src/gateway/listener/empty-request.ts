import { hasBody } from '../../proxy/request/request-body.ts'
import type { ClientMessage } from './client-message.ts'

/**
 * Marks a request without a body as read to its end, before anybody listens to it.
 *
 * Most requests have no body, and Node still runs the whole end of a stream for each: push, resume, read, `end`, `close`,
 * each a tick. It is 5 µs of a 37 µs hop. Whether the client leaves is seen on the response.
 */
export function skipEmptyBody (raw: ClientMessage): void {
  if (!hasBody(raw)) raw.markRead()
}
