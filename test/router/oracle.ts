/**
 * The router's rules, said as simply as they can be: keep every route that accepts the request, sort them, take the first.
 * Shares nothing with the compiler but the types.
 */
import type { Route } from '../../src/config/model.ts'
import type { RouteMatch, RoutingRequest } from '../../src/router/types.ts'

interface Accepted {
  readonly route: Route
  readonly declaration: number
  readonly regex: boolean
  readonly length: number
  readonly path: number
  readonly prefix: string
  readonly captures: Record<string, string>
}

/** A route with the path of it that accepted; `routes` in declaration order. */
export function oracle (routes: readonly Route[], request: RoutingRequest): RouteMatch | null {
  const accepted = routes.flatMap((route, declaration) => {
    const rest = methodAccepts(route, request) && hostAccepts(route, request) && headersAccept(route, request) && sniAccepts(route, request)
    return rest ? pathsAccept(route, declaration, request.path) : []
  })
  const [winner] = accepted.sort((a, b) =>
    criteria(b.route) - criteria(a.route) ||
    plainHosts(b.route) - plainHosts(a.route) ||
    headerCount(b.route) - headerCount(a.route) ||
    Number(b.regex) - Number(a.regex) ||
    (a.regex ? b.route.regex_priority - a.route.regex_priority : 0) ||
    b.length - a.length ||
    a.declaration - b.declaration ||
    a.path - b.path)
  return winner === undefined ? null : { route: winner.route, prefix: winner.prefix, captures: winner.captures }
}

function criteria (route: Route): number {
  return [route.methods, route.hosts, route.paths, route.snis, headerCount(route) > 0 ? [''] : null].filter(list => list?.length).length
}

function plainHosts ({ hosts }: Route): number {
  return hosts?.length && hosts.every(host => !host.includes('*')) ? 1 : 0
}

function headerCount ({ headers }: Route): number {
  return Object.keys(headers ?? {}).length
}

function methodAccepts ({ methods }: Route, request: RoutingRequest): boolean {
  return !methods?.length || methods.includes(request.method)
}

function hostAccepts ({ hosts }: Route, request: RoutingRequest): boolean {
  if (!hosts?.length) return true
  const [, name = '', written] = /^(.*?)(?::(\d+))?$/.exec(request.host.toLowerCase()) ?? []
  const port = written === undefined ? request.port : Number(written)
  return hosts.some(host => {
    const [, pattern = '', wanted] = /^(.*?)(?::(\d+))?$/.exec(host.toLowerCase()) ?? []
    return (wanted === undefined || Number(wanted) === port) && nameAccepts(pattern, name)
  })
}

function nameAccepts (pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.[\]]/g, '\\$&').replace('*', '.+')
  return new RegExp(`^${escaped}$`).test(name)
}

function headersAccept ({ headers }: Route, request: RoutingRequest): boolean {
  return Object.entries(headers ?? {}).every(([name, accepted]) => valuesOf(name, request.headers).some(value =>
    accepted.some(wanted => wanted.startsWith('~*')
      ? new RegExp(wanted.slice(2), 'i').test(value)
      : wanted.toLowerCase() === value.toLowerCase())))
}

function valuesOf (name: string, headers: readonly string[]): string[] {
  const same = (text: string) => text.toLowerCase().split('_').join('-')
  return headers.filter((_, index) => index % 2 === 1 && same(headers[index - 1] ?? '') === same(name))
}

function sniAccepts ({ snis }: Route, request: RoutingRequest): boolean {
  if (!snis?.length || request.scheme === 'http') return true
  const { sni } = request
  return sni !== null && snis.some(pattern => nameAccepts(pattern.toLowerCase().replace(/\.$/, ''), sni.toLowerCase()))
}

function pathsAccept (route: Route, declaration: number, path: string): Accepted[] {
  const common = { route, declaration }
  if (!route.paths?.length) return [{ ...common, regex: false, length: 0, path: 0, prefix: '/', captures: {} }]
  return route.paths.flatMap((wanted, position): Accepted[] => {
    if (!wanted.startsWith('~')) {
      return path.startsWith(wanted) ? [{ ...common, regex: false, length: wanted.length, path: position, prefix: wanted, captures: {} }] : []
    }
    const result = new RegExp(`^(?:${wanted.slice(1)})`).exec(path)
    if (result === null) return []
    const groups = [...result.slice(1).entries()].map(([index, text]) => [String(index + 1), text] as const)
    const captures = [...groups, ...Object.entries(result.groups ?? {})].filter(([, text]) => text !== undefined)
    return [{ ...common, regex: true, length: 0, path: position, prefix: result[0], captures: Object.fromEntries(captures) }]
  })
}
