/** Routes that nearly took the request, or would have if another one had not come first. */
import type { Route } from '../config/model.ts'
import { hostName } from '../router/hosts.ts'
import { candidates, compareCandidates, decidingField, type Candidate } from '../router/order.ts'
import type { CriteriaProbe } from './criteria.ts'
import { unlikeness } from './unlikeness.ts'
import type { Words } from './places.ts'
import type { FailedCriterion, NearRoute } from './types.ts'

/** Two plain criteria that fail, or a path or host with a third of its letters wrong. */
const NEAR = 1.1

/** Listed for a request that no route takes, however far they are. */
const AT_LEAST = 3

interface Scored {
  readonly route: Route
  readonly distance: number
  readonly failed: readonly FailedCriterion[]
}

/** @param winner null: no route took the request */
export function nearRoutes (probe: CriteriaProbe, routes: readonly Route[], winner: Candidate | null, path: string, limit: number, words: Words): { near: NearRoute[], more: number } {
  const scored: Scored[] = []
  const rejecting = probe.rejectingByPath()
  const hosts = new Map<string, number>()
  for (const route of routes) {
    if (route === winner?.route) continue
    const failed = probe.failures(route, rejecting)
    const distance = failed.reduce((sum, failure) => sum + distanceOf(failure, path, hosts), 0)
    scored.push({ route, distance, failed })
  }
  const accepting = scored.filter(({ failed }) => failed.length === 0)
  const missing = scored.filter(({ failed }) => failed.length > 0).sort((a, b) => a.distance - b.distance)
  const close = missing.filter(({ distance }) => distance <= NEAR)
  const shown = winner === null && close.length === 0 ? missing.slice(0, AT_LEAST) : close
  const lost = winner === null
    ? []
    : accepting.map(({ route }) => acceptingCandidate(probe, route, routes))
      .sort(compareCandidates).map(candidate => lostNear(candidate, winner, words))
  const all = [...lost, ...shown.slice(0, limit).map(({ route, failed }) => missedNear(route, failed, words))]
  return { near: all.slice(0, limit), more: Math.max(0, lost.length + shown.length - limit) }
}

/** The group of a route's paths by which it takes the request: what is ranked is this, not the route. */
export function acceptingCandidate (probe: CriteriaProbe, route: Route, routes: readonly Route[]): Candidate {
  const [first, ...others] = candidates([route]) as [Candidate, ...Candidate[]]
  const found = [first, ...others].find(({ paths }) => paths.length === 0 || probe.accepts(route, { paths })) ?? first
  return { ...found, priority: { ...found.priority, declaration: routes.indexOf(route) } }
}

function lostNear (candidate: Candidate, winner: Candidate, words: Words): NearRoute {
  // routes of one file differ in their place at least
  const rule = decidingField(winner, candidate) as NonNullable<ReturnType<typeof decidingField>>
  return {
    ...words.named(candidate.route),
    paths: pathsOf(candidate.paths, candidate.route, words),
    failed: [],
    lost_by: { rule, winner: winner.priority[rule], own: candidate.priority[rule] }
  }
}

function missedNear (route: Route, failed: readonly FailedCriterion[], words: Words): NearRoute {
  return {
    ...words.named(route),
    paths: pathsOf(route.paths ?? [], route, words),
    failed: failed.map(({ criterion, name, wants, got }) => {
      const key = name === null ? `${criterion}s` : `headers/${name}`
      return {
        criterion,
        name,
        wants: wants.map((value, index) => words.value(`${route.pointer}/${key}/${index}`, value)),
        got: got === null ? null : name === null ? words.url(got) : words.header(name, got)
      }
    }),
    lost_by: null
  }
}

function pathsOf (paths: readonly string[], { paths: all, pointer }: Route, words: Words): string[] | null {
  return paths.length === 0 ? null : paths.map(path => words.value(`${pointer}/paths/${all?.indexOf(path) ?? 0}`, path))
}

/** @param hosts how unlike hosts are that were asked about before: routes share them */
function distanceOf ({ criterion, wants, got }: FailedCriterion, path: string, hosts: Map<string, number>): number {
  switch (criterion) {
    case 'path': return 0.3 + 2 * least(wants, want => pathUnlikeness(want, path))
    case 'host': return 0.3 + 2 * least(wants, want => hostUnlikeness(want, got ?? '', hosts))
    default: return 0.5
  }
}

function least (wants: readonly string[], measure: (want: string) => number): number {
  let smallest = Infinity
  for (const want of wants) smallest = Math.min(smallest, measure(want))
  return smallest
}

function hostUnlikeness (want: string, got: string, hosts: Map<string, number>): number {
  let distance = hosts.get(want)
  if (distance === undefined) {
    distance = unlikeness(hostName(want), hostName(got))
    hosts.set(want, distance)
  }
  return distance
}

/** Of as many segments of the path as the route's has; of a regex, of the text that it starts with. */
function pathUnlikeness (want: string, path: string): number {
  const regex = want.startsWith('~')
  const text = regex ? /^~([^\\()[\]{}.*+?|^$]*)/.exec(want)?.[1] ?? '/' : want
  const segments = text.split('/').length
  const start = path.split('/', segments).join('/')
  // a regex that starts as the path does fails at something behind
  return regex && path.startsWith(text) && text.length > 1 ? Math.min(0.4, 1 - text.length / Math.max(path.length, text.length)) : unlikeness(text, start)
}
