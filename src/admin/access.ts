/** Who may ask for what. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { AdminSettings } from '../config/model.ts'
import { isLoopback } from '../config/loopback.ts'
import { failure, type Answer } from './answer.ts'
import { mayBeAsked } from './host.ts'

/**
 * `open`: whoever reaches the listener. `metrics`: as `read`, unless `metrics_open`. `read`: who has the token. `write`: the
 * same, where `gateway.admin.write` allows it.
 */
export type Access = 'open' | 'metrics' | 'read' | 'write'

/** What the configuration that runs says about it. */
export type AccessRules = Pick<AdminSettings, 'token' | 'write' | 'metrics_open'>

/**
 * Why a request is not carried out, before anything of it is read; null: it may be.
 *
 * @param host that the listener listens on
 */
export function refusal (request: IncomingMessage, access: Access, host: string, rules: AccessRules): Answer | null {
  // a page in a browser can make its own name point to 127.0.0.1 and read what comes back
  if (isLoopback(host) && !mayBeAsked(request.headers.host, host)) return failure(403, 'This listener answers to its own address only')
  if (access === 'open' || (access === 'metrics' && rules.metrics_open)) return null
  // no page of another site may so much as ask, though it could not read what comes back: long answers cost, too; a browser says so
  // by itself, and nothing else sends the fields. Who follows a link from there asks himself.
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && (request.method === 'POST' || mode !== 'navigate')) return failure(403, 'Pages of other sites may not ask this')
  if (rules.token === null) {
    // the loader refuses such a file; what is fixed at the start could differ from it all the same
    if (!isLoopback(host)) return failure(403, 'This listener needs a token (gateway.admin.token)')
  } else if (!bears(request.headers.authorization, rules.token)) {
    return failure(401, 'Send the token of gateway.admin.token', { 'www-authenticate': 'Bearer realm="sallyport admin"' })
  }
  if (access === 'write' && !rules.write) return failure(403, 'This listener is read-only (gateway.admin.write)')
  return null
}

/** Digests are compared: they have one length, and where two differ tells nothing about the token. */
function bears (field: string | undefined, token: string): boolean {
  const [, sent] = /^Bearer +(\S+) *$/i.exec(field ?? '') ?? []
  return sent !== undefined && timingSafeEqual(digest(sent), digest(token))
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
