import type { Config, ListenAddress, Route } from '../../config/model.ts'
import { normalizeBytes } from '../../router/normalize.ts'
import { withoutRefusals } from '../../router/path-policy.ts'
import type { PathPolicy } from '../../router/path-policy.ts'
import { otherReadings } from '../../router/readings.ts'
import type { RouteMatch } from '../../router/types.ts'
import type { Scope } from '../scopes.ts'

/** What a path that servers read differently comes to. */
export interface Reading {
  readonly path: string
  /** null: no route. */
  readonly match: RouteMatch | null
}

interface Way {
  readonly match: (path: string) => RouteMatch | null
  readonly scopeOf: (route: Route) => Scope
}

/** Whose reading of odd paths counts: a route's own, else its listener's, else that of `gateway.path_policy`. */
export class PathPolicies {
  readonly #listeners = new Map<string, ListenerPolicy>()
  readonly #default: ListenerPolicy

  constructor ({ gateway }: Config) {
    this.#default = new ListenerPolicy(gateway.path_policy)
    for (const address of gateway.listen) {
      if (address.path_policy !== undefined) this.#listeners.set(keyOf(address), new ListenerPolicy({ ...gateway.path_policy, ...address.path_policy }))
    }
  }

  of (listener: ListenAddress | null): ListenerPolicy {
    return (listener === null ? undefined : this.#listeners.get(keyOf(listener))) ?? this.#default
  }
}

export class ListenerPolicy {
  readonly #policy: PathPolicy
  /** Finds the route whose policy then decides. */
  readonly #search: PathPolicy
  readonly #routes = new Map<Route, PathPolicy>()

  constructor (policy: PathPolicy) {
    this.#policy = policy
    this.#search = withoutRefusals(policy)
  }

  /**
   * Reads a path that isn't plain, and finds its route.
   *
   * A route's policy may change the path by which the route was found: then the path it makes must find the same route.
   * Other readings of what is kept "if safe" must find one of the same service and the same chain of plugins.
   *
   * @returns null: answer 400
   */
  read (bytes: string, { match, scopeOf }: Way): Reading | null {
    const searched = normalizeBytes(bytes, this.#search)
    if (searched === null) return null
    const found = match(searched)
    const policy = found === null ? this.#policy : this.#policyOf(found.route)
    const path = normalizeBytes(bytes, policy)
    if (path === null) return null
    const settled = path === searched ? found : match(path)
    if (settled?.route !== found?.route) return null
    const others = otherReadings(path, policy)
    if (others === null) return null
    if (settled === null) return { path, match: null }
    if (climbs(path, settled, policy)) return null
    for (const other of others) {
      const elsewhere = match(other)
      if (elsewhere === null || !isAsOpen(elsewhere.route, settled.route, scopeOf)) return null
    }
    return { path, match: settled }
  }

  #policyOf (route: Route): PathPolicy {
    if (route.path_policy === null) return this.#policy
    let policy = this.#routes.get(route)
    if (policy === undefined) {
      policy = Object.freeze({ ...this.#policy, ...route.path_policy })
      this.#routes.set(route, policy)
    }
    return policy
  }
}

/** Whether what is left behind the prefix is, to a server that decodes more, a dot segment (`/route..;/x`): the way out of the service's path. */
function climbs (path: string, { route, prefix }: RouteMatch, policy: PathPolicy): boolean {
  const rest = route.strip_path ? path.slice(prefix.length) : ''
  // what is one as it stands is cut (see upstreamPath)
  return /^\.{1,2}[^./]/.test(rest) && otherReadings(`/${rest}`, policy) === null
}

/** Whether nothing stands before one route that doesn't stand before the other. */
function isAsOpen (one: Route, other: Route, scopeOf: Way['scopeOf']): boolean {
  return one === other || (one.service === other.service && scopeOf(one) === scopeOf(other))
}

function keyOf ({ host, port }: ListenAddress): string {
  return `${host} ${port}`
}
