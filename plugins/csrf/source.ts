import { fieldOf, type FastifyRequest } from '../../src/plugin.ts'

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether it may change something. A WebSocket may: browsers open one to any site, with cookies, and ask nobody. */
export function isUnsafe (request: FastifyRequest): boolean {
  return !SAFE.has(request.gateway.method) || fieldOf(request.raw, 'upgrade')?.toLowerCase() === 'websocket'
}

const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i

export interface SourceRules {
  readonly origins: ReadonlySet<string>
  readonly allowAbsent: boolean
}

/**
 * Whether the page that has the browser send this request is one of ours.
 *
 * Sec-Fetch-Site is the browser's own word, which no page can change; Origin is there with every unsafe request of a browser of the last years;
 * Referer helps with those before. Who says nothing of the kind is no browser, or a very old one: such a request passes when it
 * carries no cookie, since there is nothing in it that its sender would not know.
 */
export function isOurs (request: FastifyRequest, { origins, allowAbsent }: SourceRules): boolean {
  const { raw } = request
  const origin = fieldOf(raw, 'origin')
  const site = fieldOf(raw, 'sec-fetch-site')
  // repeated: no browser does that
  if (origin === null || site === null) return false
  if (origin !== undefined && origins.has(origin)) return true
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const source = origin ?? fieldOf(raw, 'referer')
  if (source === null) return false
  if (source === undefined) return allowAbsent || fieldOf(raw, 'cookie') === undefined
  const [start = '', authority] = AUTHORITY.exec(source.toLowerCase()) ?? []
  // the scheme is left out: behind a proxy that ends TLS and isn't trusted it is not known
  return authority !== undefined && (isHost(authority, request) || origins.has(start))
}

function isHost (authority: string, { raw, gateway }: FastifyRequest): boolean {
  const host = (fieldOf(raw, 'host') ?? '').toLowerCase()
  return authority === host || authority === host.replace(gateway.scheme === 'https' ? /:443$/ : /:80$/, '')
}
