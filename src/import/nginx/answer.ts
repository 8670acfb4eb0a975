/** What answers a location: a service, the gateway itself, or nobody. */
import type { Item } from '../draft.ts'
import { addPlugin, closeRoute, type LocationContext } from './context.ts'
import type { Location } from './locations.ts'
import type { Directive } from './parse.ts'
import { last, milliseconds, type Scope } from './words.ts'

const REDIRECTS: ReadonlySet<string> = new Set(['301', '302', '303', '307', '308'])

/** Where requests of a location go, and under which path. */
export interface Target {
  readonly service: Item
  readonly route: Item
}

/** `return` in the way that an entry can say; what it can't is closed. */
export function addReturn (context: LocationContext, directive: Directive): void {
  const { route, draft, what } = context
  const [code = '', text = ''] = /^\d+$/.test(directive.args[0] ?? '') ? directive.args : ['302', directive.args[0] ?? '']
  if (REDIRECTS.has(code)) {
    const keep = text.endsWith('$request_uri')
    const location = keep ? text.slice(0, -'$request_uri'.length) : text
    if (!/^https?:\/\/[^$]+$/.test(location)) return closeRoute(context, directive, 'the address of the redirect is not one that stands fast.')
    addPlugin(route, 'redirect', { location, status_code: Number(code), ...(keep ? { keep_incoming_path: true } : {}) })
    return
  }
  if (text.includes('$')) return closeRoute(context, directive, 'its text has variables.')
  if (code === '444') draft.tell('changed', `${what}: return 444`, 'answered with 403: connections are not closed without an answer.', directive.place, route)
  addPlugin(route, 'request-termination', code === '444'
    ? { status_code: 403 }
    : { status_code: Number(code), ...(text === '' ? {} : { body: text, content_type: last(context.scope, 'default_type')?.args[0] ?? 'text/plain' }) })
}

/** @returns null when the route was closed */
export function proxyTarget (context: LocationContext, location: Location, pass: Directive, rewrites: readonly Directive[]): Target | null {
  const { scope, whole, draft, what } = context
  const address = substitute(pass.args[0] ?? '', scope)
  const [, protocol, host = '', uri] = /^(https?):\/\/([^/?]+)(\/[^?]*)?$/.exec(address) ?? []
  if (protocol === undefined || address.includes('$') || host.startsWith('unix:')) {
    closeRoute(context, pass, 'its address has variables, a query or a socket of the file system.')
    return null
  }
  let path = uri ?? null
  const [rewrite, ...more] = rewrites
  if (rewrite !== undefined) {
    const rewritten = more.length > 0 || uri !== undefined ? null : rewritePath(location, rewrite)
    if (rewritten === null) {
      closeRoute(context, rewrite, 'only a prefix that is taken off or replaced, with `break`, can be said.')
      return null
    }
    path = rewritten
  }
  const group = whole.upstreams.has(host)
  const service: Item = { url: `${protocol}://${host}${path === null || path === '/' ? '' : path}`, ...timeouts(scope) }
  if (protocol === 'https' && last(scope, 'proxy_ssl_verify')?.args[0] !== 'on') {
    draft.tell('changed', `${what}: proxy_pass ${protocol}://${host}`, 'the certificate of the service is verified here; for one of your own authority name it in `ca_certificates`.', pass.place)
  }
  if (last(scope, 'proxy_next_upstream')?.args[0] === 'off') service['retries'] = 0
  if (group && /:\d+$/.test(host)) draft.tell('changed', what, 'the port of an upstream stands at its targets.', pass.place)
  return { service, route: path === null ? { strip_path: false } : { path_handling: 'v1' } }
}

/** With what `set` has said in these blocks, where that has no variables. */
function substitute (text: string, scope: Scope): string {
  return text.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => {
    const values = scope.flatMap(block => block).filter(directive => directive.name === 'set' && directive.args[0] === `$${name}`).map(({ args }) => args[1] ?? '')
    return values.length === 1 && values[0]?.includes('$') === false ? values[0] : whole
  })
}

function timeouts (scope: Scope): Item {
  const item: Item = {}
  for (const [name, field] of [['proxy_connect_timeout', 'connect_timeout'], ['proxy_read_timeout', 'read_timeout'], ['proxy_send_timeout', 'write_timeout']] as const) {
    const value = milliseconds(last(scope, name)?.args[0] ?? '')
    if (value !== null && value > 0 && value !== 60_000) item[field] = value
  }
  return item
}

/** `rewrite ^/api/(.*)$ /$1 break`: the part that stands in front of what is kept. */
function rewritePath ({ modifier, pattern }: Location, { args: [regex = '', replacement = '', flag] }: Directive): string | null {
  if (flag !== 'break' || modifier === '~' || modifier === '~*' || modifier === '=') return null
  const [, literal, slash] = /^\^((?:\/[\w.-]*)+?)\((\/?)(?:\.\*|\.\+)\)\$?$/.exec(regex) ?? []
  const [, front] = /^((?:\/[\w.-]*)*)\$1$/.exec(replacement) ?? []
  if (literal === undefined || front === undefined) return null
  const plain = literal.replaceAll('\\.', '.')
  const kept = pattern.startsWith(plain) ? pattern.slice(plain.length) : null
  if (kept === null || !['', '/'].includes(kept) || (slash === '/' && kept === '' && front.endsWith('/'))) return null
  const path = front + kept
  return path === '' ? '/' : path
}
