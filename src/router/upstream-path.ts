import type { Route } from '../config/model.ts'
import { escapePath } from './escape.ts'

/**
 * The path that the upstream gets.
 *
 * `path_handling: v1` is honoured: the file says it, and Kong's `traditional` flavour does as it says. Its default flavour
 * reads v1 as v0 with a warning in the log.
 *
 * @param servicePath prefix of every upstream path; null is `/`
 * @param route decides whether the matched part is cut and how the parts are joined
 * @param path normalised path of the request
 * @param prefix the part that the route's path matched; `/` for a route without paths
 * @returns escaped, ready to send, without query
 */
export function upstreamPath (servicePath: string | null, route: Pick<Route, 'strip_path' | 'path_handling'>, path: string, prefix: string): string {
  const base = servicePath ?? '/'
  const rest = route.strip_path ? withoutDots(path.slice(prefix.length)) : path
  if (route.path_handling === 'v0') return escapePath(joinV0(base, rest, path))
  return escapePath(joinV1(base, route.strip_path ? rest : path.slice(1)))
}

/** What is left of a segment that the prefix ended in must not become a dot segment: `/route../x` under `/route`. */
function withoutDots (rest: string): string {
  return rest.replace(/^\.{1,2}(?:\/|$)/, '')
}

/** Parts meet with one slash, which is put in when neither has it. An end slash is the request's. */
function joinV0 (base: string, rest: string, path: string): string {
  if (base.endsWith('/')) {
    if (rest !== '') return rest.startsWith('/') ? base.slice(0, -1) + rest : base + rest
    return base === '/' || path.endsWith('/') ? base : base.slice(0, -1)
  }
  if (rest === '' || rest === '/') return path.length > 1 && path.endsWith('/') ? `${base}/` : base
  return rest.startsWith('/') ? base + rest : `${base}/${rest}`
}

/** Two slashes become one, none is ever put in. */
function joinV1 (base: string, rest: string): string {
  return base + (base.endsWith('/') && rest.startsWith('/') ? rest.slice(1) : rest)
}
