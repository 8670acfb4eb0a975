/** What a route does not accept of a request. The router itself is asked, about one criterion at a time. */
import type { Route } from '../config/model.ts'
import { isHeader, foldHeaderName } from '../router/criteria.ts'
import { compileRouter } from '../router/compile.ts'
import { isRegexPath } from '../router/order.ts'
import type { Router, RoutingRequest } from '../router/types.ts'
import type { FailedCriterion } from './types.ts'

type Criterion = Partial<Pick<Route, 'methods' | 'hosts' | 'paths' | 'headers' | 'snis'>>

const OPEN = { methods: null, hosts: null, paths: null, headers: null, snis: null } as const

const TOGETHER = 64

/** Routes by their paths alone, those with regexes some together: compiled at the first request, kept for those after it. */
export class PathGroups {
  readonly #routes: readonly Route[]
  readonly #literal: ReadonlyArray<Route & { readonly paths: readonly string[] }>
  #groups: ReadonlyArray<{ readonly routes: readonly Route[], readonly router: Router }> | null = null

  constructor (routes: readonly Route[]) {
    this.#routes = routes.filter(({ paths }) => paths?.some(isRegexPath) === true)
    this.#literal = routes.filter((route): route is Route & { readonly paths: readonly string[] } => route.paths?.some(isRegexPath) === false)
  }

  /** The routes of which no path accepts the request. @param accepts asked about those of groups in which one does */
  rejecting (request: RoutingRequest, accepts: (route: Route) => boolean): Set<Route> {
    this.#groups ??= this.#compile()
    const rejecting = new Set<Route>()
    for (const route of this.#literal) {
      // the router takes no literal that the path doesn't start with; whether it takes the others, it is asked
      if (!route.paths.some(path => request.path.startsWith(path)) || !accepts(route)) rejecting.add(route)
    }
    for (const { routes, router } of this.#groups) {
      const none = router.match(request) === null
      for (const route of routes) if (none || !accepts(route)) rejecting.add(route)
    }
    return rejecting
  }

  /** A router for each of ten thousand routes is work for the garbage collector above all. */
  #compile (): Array<{ routes: Route[], router: Router }> {
    return Array.from({ length: Math.ceil(this.#routes.length / TOGETHER) }, (_, index) => {
      const routes = this.#routes.slice(index * TOGETHER, (index + 1) * TOGETHER)
      return { routes, router: compileRouter(routes.map(route => ({ ...route, ...OPEN, paths: route.paths }))) }
    })
  }
}

export class CriteriaProbe {
  readonly #request: RoutingRequest
  readonly #groups: PathGroups
  /** Ten thousand routes share a few dozen lists of methods, hosts and headers. */
  readonly #known = new Map<string, boolean>()

  constructor (request: RoutingRequest, groups: PathGroups) {
    this.#request = request
    this.#groups = groups
  }

  /** Whether a route with this criterion alone takes the request. */
  accepts (route: Route, criterion: Criterion): boolean {
    // paths are hardly ever shared
    if ('paths' in criterion) return this.#ask(route, criterion)
    const key = keyOf(criterion)
    let result = this.#known.get(key)
    if (result === undefined) {
      result = this.#ask(route, criterion)
      this.#known.set(key, result)
    }
    return result
  }

  /** The routes of which no path accepts the request. */
  rejectingByPath (): Set<Route> {
    return this.#groups.rejecting(this.#request, route => this.accepts(route, { paths: route.paths }))
  }

  /** What the route does not accept, as the file and the request have it: nothing is cut yet. @param rejecting by path */
  failures (route: Route, rejecting: ReadonlySet<Route>): FailedCriterion[] {
    const { method, host, path, sni } = this.#request
    const { methods, hosts, paths, headers, snis } = route
    const failed: FailedCriterion[] = []
    if (methods !== null && !this.accepts(route, { methods })) failed.push({ criterion: 'method', name: null, wants: methods, got: method })
    if (hosts !== null && !this.accepts(route, { hosts })) failed.push({ criterion: 'host', name: null, wants: hosts, got: host })
    for (const [name, values] of Object.entries(headers ?? {})) {
      if (!this.accepts(route, { headers: { [name]: values } })) failed.push({ criterion: 'header', name, wants: values, got: this.#header(name) })
    }
    if (snis !== null && !this.accepts(route, { snis })) failed.push({ criterion: 'sni', name: null, wants: snis, got: sni })
    if (paths !== null && rejecting.has(route)) failed.push({ criterion: 'path', name: null, wants: paths, got: path })
    return failed
  }

  #ask (route: Route, criterion: Criterion): boolean {
    return compileRouter([{ ...route, ...OPEN, ...criterion }]).match(this.#request) !== null
  }

  #header (name: string): string | null {
    const { headers } = this.#request
    const folded = foldHeaderName(name)
    const values = headers.filter((_, index) => index % 2 === 1 && isHeader(headers[index - 1] as string, folded))
    return values.length === 0 ? null : values.join(', ')
  }
}

/** `JSON.stringify` would take half of the time that a large file takes. */
function keyOf ({ methods, hosts, headers, snis }: Criterion): string {
  if (methods != null) return `methods ${methods.join('\n')}`
  if (hosts != null) return `hosts ${hosts.join('\n')}`
  if (snis != null) return `snis ${snis.join('\n')}`
  return `headers ${JSON.stringify(headers)}`
}
