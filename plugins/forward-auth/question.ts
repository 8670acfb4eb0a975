import { escapeMatchedPath, type FastifyRequest, isHopField } from '../../src/plugin.ts'

/** Makes what the authoriser gets of a request: name, value, name, value, … */
export type Questioner = (request: FastifyRequest) => string[]

/**
 * About the body that isn't sent, about parts of the answer, or about a copy that the client has: an authoriser that acts
 * on one of these would answer 304 or 206 where it should decide.
 */
const NEVER = new Set([
  'host', 'content-encoding', 'accept-encoding', 'range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range',
  'x-real-ip', 'x-rewrite-url'
])

/**
 * In the words of some authorisers the request itself: theirs to read, ours alone to say. `_` is `-` to those that run
 * behind CGI or WSGI.
 */
const OURS = /^x[-_](?:forwarded|original)[-_]/i

/** What is shown of a request that goes to no service: there, nothing has taken out what clients may not say of themselves. */
const CREDENTIALS = new Set(['authorization', 'cookie'])

/** @param names headers to show; undefined: all that may be shown */
export function createQuestioner (names: readonly string[] | undefined): Questioner {
  const chosen = names === undefined ? null : new Set(names.map(name => name.toLowerCase()))

  return function question (request) {
    const { gateway } = request
    const raw = gateway.upstream?.headers.raw ?? request.raw.rawHeaders
    const shown = chosen ?? (gateway.upstream === null ? CREDENTIALS : null)
    const fields: string[] = []
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index] as string
      const lower = name.toLowerCase()
      if (shown !== null && !shown.has(lower)) continue
      if (NEVER.has(lower) || OURS.test(name) || isHopField(lower)) continue
      fields.push(name, raw[index + 1] as string)
    }
    fields.push(
      'X-Forwarded-Method', gateway.method,
      'X-Forwarded-Proto', gateway.scheme,
      'X-Forwarded-Uri', uriOf(gateway.path, gateway.target),
      'X-Forwarded-For', gateway.clientIp
    )
    // HTTP/1.0 may come without
    const { host } = request.headers
    if (host !== undefined) fields.push('X-Forwarded-Host', host)
    return fields
  }
}

/** The path that the router matched, not the one that was sent: nothing may be allowed in one reading and served in another. */
function uriOf (path: string, target: string): string {
  const mark = target.indexOf('?')
  return escapeMatchedPath(path) + (mark === -1 ? '' : target.slice(mark))
}
