/** What a route does not accept of a request. The router itself is asked, about one criterion at a time. */
import type { Route } from '../config/model.ts'
import { isHeader, foldHeaderName } from '../router/criteria.ts'
import { compileRouter } from '../router/compile.ts'
import type { RoutingRequest } from '../router/types.ts'
import type { FailedCriterion } from './types.ts'

type Criterion = Partial<Pick<Route, 'methods' | 'hosts' | 'paths' | 'headers' | 'snis'>>

const OPEN = { methods: null, hosts: null, paths: null, headers: null, snis: null } as const

const TOGETHER = 64

export class CriteriaProbe {
  readonly #request: RoutingRequest
  /** Ten thousand routes share a few dozen lists of methods, hosts and headers. */
  readonly #known = new Map<string, boolean>()

  constructor (request: RoutingRequest) {
    this.#request = request
  }

  /** Whether a route with this criterion alone takes the request. */
  accepts (route: Route, criterion: Criterion): boolean {
    // paths are hardly ever shared
    if ('paths' in criterion) return this.#ask(route, criterion)
    const key = JSON.stringify(criterion)
    const result = this.#known.get(key) ?? this.#ask(route, criterion)
    this.#known.set(key, result)
    return result
  }

  /**
   * The routes of which no path accepts the request. Many are asked at once: a router for each of ten thousand routes is work for
   * the garbage collector above all.
   */
  rejectingByPath (routes: readonly Route[]): Set<Route> {
    const rejecting = new Set<Route>()
    const asked = routes.filter(({ paths }) => paths !== null)
    for (let start = 0; start < asked.length; start += TOGETHER) {
      const group = asked.slice(start, start + TOGETHER)
      const none = compileRouter(group.map(route => ({ ...route, ...OPEN, paths: route.paths }))).match(this.#request) === null
      for (const route of group) if (none || !this.accepts(route, { paths: route.paths })) rejecting.add(route)
    }
    return rejecting
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
