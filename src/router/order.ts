/** The order in which routes are tried. One place for it: the compiler, `sallyport routes` and the lint all ask here. */
import type { Route } from '../config/model.ts'

/**
 * What decides between candidates that match the same request, most significant first. All but `declaration` and
 * `length` of literals come from the route; bigger or true wins, except that the earlier declaration wins.
 */
export interface Priority {
  /** How many of methods, hosts, headers, snis and paths are set. */
  readonly criteria: number
  /** Hosts are set and none has a wildcard. */
  readonly plainHosts: boolean
  /** Header names, at most 255. */
  readonly headers: number
  readonly regex: boolean
  /** 0 for literals, whatever the route says. */
  readonly regexPriority: number
  /** Of the group's literals, in UTF-16 code units; 0 without. */
  readonly length: number
  /** Position of the route in the file, from 0. */
  readonly declaration: number
}

/** A route with one group of its paths: all regexes, or literals of one length. What is ranked is this, not the route. */
export interface Candidate {
  readonly route: Route
  readonly kind: 'literal' | 'regex' | 'none'
  /** As written in the file, `~` included; empty for `none`. */
  readonly paths: readonly string[]
  readonly priority: Priority
}

const MAX_HEADERS = 255

const fields = ['criteria', 'plainHosts', 'headers', 'regex', 'regexPriority', 'length', 'declaration'] as const

/** Whether a path of a route is a regex (`~/…`). */
export function isRegexPath (path: string): boolean {
  return path.startsWith('~')
}

/**
 * All candidates of the routes in matching order: the first one that accepts a request wins.
 *
 * @param routes in declaration order
 */
export function candidates (routes: readonly Route[]): Candidate[] {
  return routes.flatMap(split).sort(compareCandidates)
}

/** Negative when `a` is tried before `b`. 0 only for a candidate and itself: declaration breaks every tie. */
export function compareCandidates (a: Candidate, b: Candidate): number {
  const field = decidingField(a, b)
  if (field === null) return 0
  const difference = Number(b.priority[field]) - Number(a.priority[field])
  return field === 'declaration' ? -difference : difference
}

/**
 * The field of the priority that puts one candidate before the other: why it stands where it stands. `declaration`
 * means that they are tied and only their order in the file decides; null, that it is the same candidate.
 */
export function decidingField (a: Candidate, b: Candidate): keyof Priority | null {
  for (const field of fields) {
    if (a.priority[field] !== b.priority[field]) return field
  }
  return null
}

function split (route: Route, declaration: number): Candidate[] {
  const { methods, hosts, snis, paths } = route
  const headers = route.headers === null ? 0 : Object.keys(route.headers).length
  const common = {
    criteria: [methods, hosts, snis, paths].filter(isSet).length + (headers > 0 ? 1 : 0),
    plainHosts: isSet(hosts) && !hosts.some(host => host.includes('*')),
    headers: Math.min(headers, MAX_HEADERS),
    declaration
  }
  if (!isSet(paths)) {
    return [{ route, kind: 'none', paths: [], priority: { ...common, regex: false, regexPriority: 0, length: 0 } }]
  }
  return pathGroups(paths).map(group => {
    const regex = isRegexPath(group[0])
    // written out: a copy of `common` would be most of the cost of ten thousand routes
    const priority: Priority = {
      criteria: common.criteria,
      plainHosts: common.plainHosts,
      headers: common.headers,
      regex,
      regexPriority: regex ? route.regex_priority : 0,
      length: regex ? 0 : group[0].length,
      declaration
    }
    return { route, kind: regex ? 'regex' : 'literal', paths: group, priority }
  })
}

type Group = readonly [string, ...string[]]

function pathGroups (paths: readonly string[]): Group[] {
  if (paths.length === 1) return [paths as unknown as Group]
  const groups = new Map<number, [string, ...string[]]>()
  for (const path of paths) {
    // 0 stands for the regexes: a literal has at least its slash
    const key = isRegexPath(path) ? 0 : path.length
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [path])
    else group.push(path)
  }
  return [...groups.values()]
}

function isSet (values: readonly string[] | null): values is readonly string[] {
  return values !== null && values.length > 0
}
