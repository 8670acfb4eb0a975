import type { Candidate } from '../../router/order.ts'
import type { RelatedPlace } from '../diagnostics.ts'
import type { Route } from '../model.ts'
import type { LintContext } from './context.ts'
import type { Subject } from './criteria.ts'
import { Coverage } from './coverage.ts'
import { enumerate } from './words.ts'

/** What is left of one path of a route, or of the whole route where it has no paths. */
interface Part {
  readonly path: string | null
  /** Who takes each of its combinations. */
  readonly takers: Candidate[]
  /** Some requests are left for the route. */
  open: boolean
}

/**
 * Routes that can never match, because earlier ones take all their requests. Certain findings only: each combination of
 * a route's values must be taken by one other route.
 *
 * @returns the routes that were reported
 */
export function shadowedRoutes (context: LintContext): Set<Route> {
  const parts = new Map<Route, Part[]>()
  const coverage = new Coverage(context.subjects)
  for (const subject of context.subjects) {
    const { route } = subject.candidate
    const list = parts.get(route) ?? []
    parts.set(route, list)
    list.push(...partsOf(subject, coverage))
    coverage.add(subject)
  }
  const reported = new Set<Route>()
  for (const [route, list] of parts) {
    const taken = list.filter(part => !part.open)
    if (taken.length === 0) continue
    reported.add(route)
    if (taken.length === list.length) reportRoute(context, route, list)
    else for (const part of taken) reportPath(context, route, part)
  }
  return reported
}

function partsOf (subject: Subject, coverage: Coverage): Part[] {
  if (subject.atoms === null) return [{ path: null, takers: [], open: true }]
  const parts = new Map<string | null, Part>()
  for (const atom of subject.atoms) {
    const path = atom.path?.path ?? null
    let part = parts.get(path)
    if (part === undefined) parts.set(path, part = { path, takers: [], open: false })
    if (part.open) continue
    const taker: Candidate | undefined = coverage.covering(subject, atom).next().value ?? undefined
    if (taker === undefined) part.open = true
    else part.takers.push(taker)
  }
  return [...parts.values()]
}

function reportRoute (context: LintContext, route: Route, parts: readonly Part[]): void {
  const takers = routesOf(parts)
  context.warn(context.heading(route), {
    rule: 'route-shadowed',
    cause: `${context.name('route', route)} never gets a request: ${take(context, takers)} all of them first`,
    mend: mend(takers, route),
    related: places(context, takers, route)
  })
}

function reportPath (context: LintContext, route: Route, part: Part): void {
  const takers = routesOf([part])
  const pointer = context.path(route, part.path ?? '')
  context.warn(pointer, {
    rule: 'path-shadowed',
    cause: `no request for ${context.quote(pointer, part.path ?? '', 'this path')} reaches ${context.name('route', route)}: ${take(context, takers)} all of them first`,
    mend: `Remove the path here, or make the other route${takers.length === 1 ? '' : 's'} narrower.`,
    related: places(context, takers, route)
  })
}

function routesOf (parts: readonly Part[]): Route[] {
  return [...new Set(parts.flatMap(part => part.takers.map(taker => taker.route)))]
}

function take (context: LintContext, takers: readonly Route[]): string {
  return `${enumerate(takers.map(taker => context.name('route', taker)))} ${takers.length === 1 ? 'takes' : 'take'}`
}

function places (context: LintContext, takers: readonly Route[], route: Route): RelatedPlace[] {
  return takers.slice(0, 3).map(taker => context.place(context.heading(taker), `tried first: ${context.whyFirst(taker, route)}`))
}

function mend ([taker]: readonly Route[], route: Route): string {
  if (taker !== undefined && taker.paths?.some(path => path.startsWith('~')) && route.paths?.some(path => path.startsWith('~'))) {
    return 'Give this route a higher `regex_priority`, make the other one narrower (end its regex with `$`), or remove this one.'
  }
  const unused = (['methods', 'hosts', 'headers'] as const).filter(key => route[key] === null)
  const criterion = unused.length === 0 ? '' : `, or give this one a further criterion (${unused.map(key => `\`${key}\``).join(' or ')})`
  return `Remove this route or make the other one narrower${criterion}.`
}
