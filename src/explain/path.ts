/** What the path policy makes of a path. The engine's own reading is asked, with one feature changed at a time. */
import type { ListenSettings, Route } from '../config/model.ts'
import { PathPolicies, type Reading } from '../gateway/intake/path-policies.ts'
import { normalizeBytes } from '../router/normalize.ts'
import { kongPathPolicy, type PathPolicy } from '../router/path-policy.ts'
import type { RouteMatch } from '../router/types.ts'
import type { Offline } from './offline.ts'
import type { ExplainedPath } from './types.ts'

type Feature = keyof PathPolicy

const FEATURES = Object.keys(kongPathPolicy) as Feature[]

/** Nothing is refused. */
const EVERYTHING: PathPolicy = { ...kongPathPolicy, null_byte: 'keep' }

export interface PathFacts {
  readonly offline: Offline
  readonly listener: ListenSettings
  /** As received, without the query. */
  readonly bytes: string
  /** null: refused. */
  readonly reading: Reading | null
  /** The router, for this request with another path. */
  readonly match: (path: string) => RouteMatch | null
}

/** The features of the path, each with who decides about it. */
export function pathFeatures ({ offline, listener, bytes, reading, match }: PathFacts): ExplainedPath['features'] {
  if (normalizeBytes(bytes, EVERYTHING) === null) return []
  const found = FEATURES.filter(feature => occurs(bytes, feature))
  const route = reading === null ? match(normalizeBytes(bytes, EVERYTHING) as string)?.route ?? null : reading.match?.route ?? null
  const refused = (feature: Feature): boolean => reading === null && readWith({ offline, listener, bytes, match }, feature) !== null
  return found.map(feature => ({ feature, ...decided(feature, offline, listener, route), refused: refused(feature) }))
}

/** Whether the path has it, at first sight or under another encoding. */
function occurs (bytes: string, feature: Feature): boolean {
  return normalizeBytes(bytes, { ...EVERYTHING, [feature]: 'reject' }) === null
}

function decided (feature: Feature, { config: { gateway } }: Offline, listener: ListenSettings, route: Route | null): Pick<ExplainedPath['features'][number], 'action' | 'policy'> {
  const own = route?.path_policy?.[feature]
  if (own !== undefined) return { action: own, policy: 'route' }
  const action = listener.path_policy?.[feature]
  return action !== undefined ? { action, policy: 'listener' } : { action: gateway.path_policy[feature], policy: 'gateway' }
}

/** The reading if this feature were an ordinary part of a path, whoever says otherwise. */
function readWith ({ offline, listener, bytes, match }: Omit<PathFacts, 'reading'>, feature: Feature): Reading | null {
  const { gateway } = offline.config
  const open = { ...gateway.path_policy, ...listener.path_policy, [feature]: 'keep' }
  const policies = new PathPolicies({ ...offline.config, gateway: { ...gateway, listen: [], path_policy: open } })
  const routes = new Map<Route, Route>()
  const opened = (route: Route): Route => {
    const known = routes.get(route) ?? { ...route, path_policy: route.path_policy === null ? null : { ...route.path_policy, [feature]: 'keep' } }
    routes.set(route, known)
    return known
  }
  const original = new Map<Route, Route>()
  return policies.of(null).read(bytes, {
    match (path) {
      const result = match(path)
      if (result === null) return null
      const route = opened(result.route)
      original.set(route, result.route)
      return { ...result, route }
    },
    scopeOf: route => offline.runtimeOf(original.get(route) as Route).scope
  })
}
