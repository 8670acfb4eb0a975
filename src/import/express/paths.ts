/** Paths of Express as paths of routes: tried in the order of the file, whatever the case, a slash at the end or not. */
import { escapeRegex, foldCase } from '../path-regex.ts'

export interface Endpoint {
  readonly name: string
  /** Position of its entry in the file: paths of one entry are one route. */
  readonly group: number
  readonly host: string | null
  /** As Express reads it; `*` for all. */
  readonly path: string
  /** A path of a route that was made of a regex. */
  readonly regex: string | null
}

export interface Written {
  readonly path: string
  readonly priority: number
  /** The part in front of the first wildcard, as it stands in a regex with something behind it; null for all others. */
  readonly head: string | null
}

const FIRST = 100_000

/** What stands in front of the first sign that is no letter. */
function staticPart (path: string): string {
  return /^[^:*]*/.exec(path)?.[0] ?? ''
}

/** In the order of the file. */
export function writePaths (endpoints: readonly Endpoint[]): Written[] {
  const literal = endpoints.every((endpoint, index) => endpoints.slice(index + 1).every(later => later.group === endpoint.group || !covers(endpoint, later)))
  return endpoints.map(endpoint => {
    const { path, regex } = endpoint
    const priority = FIRST - endpoint.group
    if (regex !== null) return { path: regex, priority, head: null }
    const part = staticPart(path)
    // somebody else would take it in another case
    const fold = endpoints.some(other => other.group !== endpoint.group && overlaps(other, endpoint))
    const all = path === '*' || path === '/*'
    if (all) return literal ? { path: '/', priority: 0, head: null } : { path: '~/', priority, head: null }
    if (literal && !fold && path === `${part}*`) return { path: part, priority: 0, head: null }
    const cased = (pattern: string): string => fold ? foldCase(pattern) ?? pattern : pattern
    return { path: `~${cased(expression(path))}`, priority, head: part === path || path === `${part}*` ? null : cased(escapeRegex(part)) }
  })
}

function isWild ({ path, regex }: Endpoint): boolean {
  return regex !== null || path.includes('*')
}

/** Whether requests of the second reach the first. */
function covers (first: Endpoint, second: Endpoint): boolean {
  if (first.host !== second.host) return false
  if (first.regex !== null || second.regex !== null) return true
  return isWild(first) && staticPart(second.path).toLowerCase().startsWith(staticPart(first.path === '*' ? '/' : first.path).toLowerCase())
}

function overlaps (other: Endpoint, { path, regex, host }: Endpoint): boolean {
  return regex === null && (other.host === null || other.host === host) && isWild(other) && staticPart(path).toLowerCase().startsWith(staticPart(other.path === '*' ? '/' : other.path).toLowerCase())
}

/** `/a/:id/*`: a name is one segment, a star is anything. */
function expression (path: string): string {
  const taken = new Set<string>()
  const wild = path.endsWith('*')
  const body = (wild ? path.slice(0, -1) : path.replace(/(?<=.)\/$/, ''))
    .split(/(:\w+|\*)/)
    .map(part => {
      if (part === '*') return '.*'
      if (!part.startsWith(':')) return escapeRegex(part)
      const name = part.replace(/\W/g, '')
      if (taken.has(name)) return '[^/]+'
      taken.add(name)
      return `(?<${name}>[^/]+)`
    }).join('')
  return wild ? body : `${body}/?$`
}
