import { compileRouter } from '../../router/compile.ts'
import type { Router } from '../../router/types.ts'
import type { Route, Service } from '../model.ts'
import type { LintContext } from './context.ts'
import { coversHost } from './criteria.ts'
import { authenticates, guardOf } from './guards.ts'
import { pathFacts } from './path-facts.ts'

/** Requests that are tried for one route; keeps big files linear. */
const MOST_PATHS = 16
const MOST_HOSTS = 8
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** A request that a protected route doesn't take, and why: by its method or by its host. */
interface Attempt {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly by: 'methods' | 'hosts'
}

/** The open routes to one upstream. */
interface Open {
  readonly routes: Set<Route>
  /** Some of the hosts that they name. */
  readonly hosts: string[]
}

/**
 * Protected routes past which the same upstream is reached without authentication: what they don't take by method or
 * host falls to an open route that takes everything. Certain findings only: each comes with a request, and a route that
 * names the methods (or hosts) that it is open for means it.
 */
export function swallowingRoutes (context: LintContext): void {
  const { registry } = context.plugins
  if (!authenticates(context.config.plugins, registry)) return
  const opens = new Map<string, Open>()
  const closed: Array<{ route: Route, upstream: string }> = []
  for (const route of context.routes) {
    const upstream = upstreamOf(route, context.services)
    if (upstream === null) continue
    if (guardOf(context.chainOf(route), registry) === 'closed') {
      closed.push({ route, upstream })
      continue
    }
    const open = opens.get(upstream) ?? { routes: new Set(), hosts: ['other.invalid'] }
    opens.set(upstream, open)
    open.routes.add(route)
    if (open.hosts.length < MOST_HOSTS) open.hosts.push(...route.hosts?.map(sampleHost) ?? [])
  }
  let router: Router | null = null
  for (const { route, upstream } of closed) {
    const open = opens.get(upstream)
    if (open === undefined) continue
    router ??= compileRouter(context.routes)
    const found = findTaker(router, route, open)
    if (found !== null) report(context, route, found.taker, found.attempt)
  }
}

function upstreamOf (route: Route, services: ReadonlyMap<string, Service>): string | null {
  const service = route.service === null ? undefined : services.get(route.service)
  return service === undefined ? null : `${service.host.toLowerCase()}:${service.port}`
}

function findTaker (router: Router, route: Route, open: Open): { taker: Route, attempt: Attempt } | null {
  for (const attempt of attempts(route, open.hosts.slice(0, MOST_HOSTS))) {
    const taker = router.match({ ...attempt, headers: [], scheme: 'http', port: 0, sni: null })?.route
    if (taker !== undefined && open.routes.has(taker) && taker[attempt.by] === null) return { taker, attempt }
  }
  return null
}

function * attempts (route: Route, foreign: readonly string[]): Generator<Attempt> {
  const own = route.hosts?.map(sampleHost) ?? []
  const elsewhere = route.hosts === null ? [] : foreign.filter(host => !route.hosts?.some(pattern => coversHost(pattern, host)))
  const refused = route.methods === null ? [] : METHODS.filter(method => !route.methods?.includes(method))
  for (const listed of (route.paths ?? ['/']).slice(0, MOST_PATHS)) {
    const path = pathFacts(listed).sample
    if (path === undefined) continue
    for (const method of refused) {
      for (const host of own.length > 0 ? own.slice(0, MOST_HOSTS) : foreign) yield { method, host, path, by: 'methods' }
    }
    for (const host of elsewhere) yield { method: route.methods?.[0] ?? 'GET', host, path, by: 'hosts' }
  }
}

function sampleHost (host: string): string {
  return host.toLowerCase().replace('*', 'any')
}

function report (context: LintContext, route: Route, taker: Route, { method, host, path, by }: Attempt): void {
  const secret = ['paths', 'hosts'].some(key => context.source.isSecret(`${route.pointer}/${key}/0`))
  const request = secret ? 'requests' : by === 'methods' ? `'${method} ${path}'` : `'${path}' for hosts such as '${host}'`
  context.warn(context.heading(taker), {
    rule: 'public-route-swallows',
    cause: `${context.name('route', taker)} is open to everybody and takes ${request}, which ${context.name('route', route)} doesn't take and would protect`,
    mend: by === 'methods'
      ? `Give this route the \`methods\` that it needs, or remove \`methods\` from ${context.name('route', route)}.`
      : `Give this route the \`hosts\` that it is for, or remove \`hosts\` from ${context.name('route', route)}.`,
    related: [context.place(context.heading(route), 'the protected route, to the same upstream')]
  })
}
