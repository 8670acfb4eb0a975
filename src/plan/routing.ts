/** Which requests go elsewhere now: both routers are asked about a request for each combination of each route's values. */
import type { Atom, Subject } from '../config/lint/criteria.ts'
import type { Route } from '../config/model.ts'
import { compileRouter } from '../router/compile.ts'
import type { RoutingRequest } from '../router/types.ts'
import { isWeaker } from './access.ts'
import type { Draft } from './change.ts'
import type { Comparison } from './comparison.ts'

/** Requests tried for one route on one side; keeps big files linear. */
const MOST_TRIES = 64
/** Put behind a prefix: routes for what lies below take these, and not the prefix itself. */
const BELOW = '/x'

export function routingChanges (comparison: Comparison): Draft[] {
  const { old, next, routes } = comparison
  const changed = changedRoutes(comparison)
  if (changed.old.length === 0 && changed.next.length === 0) return []
  // who wins a request can only change where a route that differs takes part in it: few are asked about first
  const [few, fewer] = [compileRouter(changed.old), compileRouter(changed.next)]
  const [before, after] = [compileRouter(old.context.routes), compileRouter(next.context.routes)]
  const moved = new Map<string, Draft>()
  const known = new Set<string>()
  for (const side of [old, next]) {
    for (const subject of side.context.subjects) {
      for (const request of requestsOf(subject)) {
        const key = `${request.method}\n${request.host}\n${request.path}\n${request.sni}\n${request.headers.join('\n')}`
        if (known.has(key)) continue
        known.add(key)
        if (few.match(request) === null && fewer.match(request) === null) continue
        const from = before.match(request)?.route
        const to = after.match(request)?.route
        // who was not served before is told of with the new route, who is not any more with the old one
        if (from === undefined || to === undefined || routes.next.get(from) === to) continue
        const pair = `${from.id} ${to.id}`
        if (!moved.has(pair)) moved.set(pair, draft(comparison, from, to, request))
      }
    }
  }
  return [...moved.values()]
}

/** Routes of each side that take other requests than on the other one, or stand elsewhere among the rest; in their order. */
function changedRoutes ({ old, next, routes }: Comparison): { readonly old: readonly Route[], readonly next: readonly Route[] } {
  const criteria = ({ protocols, methods, hosts, paths, headers, snis, regex_priority: priority }: Route): string => JSON.stringify([protocols, methods, hosts, paths, headers, snis, priority])
  const positions = new Map(next.context.routes.map((route, index) => [route, index]))
  const equal = new Set<Route>()
  let last = -1
  for (const before of old.context.routes) {
    const after = routes.next.get(before)
    const position = after === undefined ? undefined : positions.get(after)
    if (after === undefined || position === undefined || position < last || criteria(before) !== criteria(after)) continue
    last = position
    equal.add(before).add(after)
  }
  return { old: old.context.routes.filter(route => !equal.has(route)), next: next.context.routes.filter(route => !equal.has(route)) }
}

function draft ({ old, next, routes }: Comparison, from: Route, to: Route, request: RoutingRequest): Draft {
  const name = next.nameOf(to)
  const weaker = isWeaker(next.access(to), old.access(from))
  const guard = weaker ? `, which ${next.access(to).state === 'open' ? 'is open to anybody' : 'lets callers without credentials pass'}` : ''
  const stays = routes.next.get(from)
  const why = stays === undefined ? `${old.nameOf(from)} is gone` : `${name} comes first: ${next.context.whyFirst(to, stays)}`
  const takes = stays === undefined || next.context.routes.includes(stays) ? why : `${old.nameOf(from)} is off`
  return {
    kind: 'route',
    subject: old.nameOf(from),
    risk: weaker ? 'high' : 'medium',
    rule: 'requests-moved',
    key: `${name} ${weaker}`,
    one: `loses requests to route ${name}${guard}`,
    many: `lose requests to route ${name}${guard}`,
    general: `lose requests to other routes${guard === '' ? '' : ', which are easier to get into'}`,
    from: old.nameOf(from),
    to: name,
    details: [`such as ${inWords(request)}`, takes],
    places: [old.heading(from), next.heading(to)]
  }
}

function * requestsOf ({ atoms, candidate }: Subject): Generator<RoutingRequest> {
  let tries = 0
  for (const atom of atoms ?? [candidateAtom(candidate.route)]) {
    if (tries >= MOST_TRIES) return
    const paths = atom.path === null ? ['/'] : atom.path.sample === undefined ? [] : [atom.path.sample]
    if (atom.path?.regex === null && tries < MOST_TRIES / 2) paths.push(`${atom.path.path.replace(/\/$/, '')}${BELOW}`)
    for (const path of paths) {
      tries++
      yield requestOf(candidate.route, atom, path)
    }
  }
}

/** Of a route with more combinations than are worked out: the first values. */
function candidateAtom (route: Route): Atom {
  return { method: route.methods?.[0] ?? null, host: route.hosts?.[0]?.toLowerCase() ?? null, path: null, sni: route.snis?.[0] ?? null, headers: [], key: '' }
}

function requestOf (route: Route, { method, host, sni }: Atom, path: string): RoutingRequest {
  const headers = Object.entries(route.headers ?? {}).flatMap(([name, [value = '']]) => value.startsWith('~*') ? [] : [name, value])
  const [, name = 'other.invalid', port] = /^(.*?)(?::(\d+))?$/.exec((host ?? 'other.invalid').replace('*', 'x')) ?? []
  return { method: method ?? 'GET', host: name, port: Number(port ?? 80), path, headers, scheme: sni === null && route.protocols.includes('http') ? 'http' : 'https', sni: sni?.replace('*', 'x') ?? name }
}

function inWords ({ method, host, path, headers }: RoutingRequest): string {
  const fields = Array.from({ length: headers.length / 2 }, (_, index) => `${headers[2 * index]}: ${headers[2 * index + 1]}`)
  return `${method} ${host === 'other.invalid' ? '' : host}${path}${fields.length === 0 ? '' : ` with ${fields.join(', ')}`}`
}
