/** Locations as paths that have the same winner: nginx's order, said with regexes, priorities and the length of prefixes. */
import { escapeRegex, regexPath } from '../path-regex.ts'
import type { Directive } from './parse.ts'

export type Modifier = '=' | '^~' | '~' | '~*' | ''

export interface Location {
  readonly modifier: Modifier
  readonly pattern: string
  readonly directive: Directive
}

/** How one location is written as a route. */
export interface Written {
  readonly location: Location
  /** null where it can't be said: `why` then tells. */
  readonly paths: readonly string[] | null
  readonly priority: number
  readonly why: string
  /** The same without the slash at its end, which nginx redirects. */
  readonly bare: string | null
}

/** Above all others: `=`, and paths whose end slash is missing. */
export const EXACT = 2_000_000
const HELD = 1_000_000
const REGEX = 900_000

export function readLocation (directive: Directive): Location | null {
  const { args } = directive
  const [first = '', second] = args
  if (second === undefined) {
    if (first.startsWith('@')) return null
    const glued = /^(\^~|~\*|~|=)(.+)$/.exec(first)
    return { modifier: (glued?.[1] ?? '') as Modifier, pattern: glued?.[2] ?? first, directive }
  }
  return { modifier: first as Modifier, pattern: second, directive }
}

/** All locations of one server. */
export function writeLocations (locations: readonly Location[]): Written[] {
  const named = new Set(locations.filter(({ modifier }) => modifier !== '~' && modifier !== '~*').map(({ pattern }) => pattern))
  let regexes = 0
  return locations.map(location => {
    const { modifier, pattern } = location
    const written = { location, why: '', bare: null }
    if (modifier === '~' || modifier === '~*') {
      const path = regexPath(pattern, modifier === '~*')
      return typeof path === 'string'
        ? { ...written, paths: [path], priority: REGEX - regexes++ }
        : { ...written, paths: null, priority: 0, why: path.why }
    }
    const bare = modifier !== '=' && pattern.length > 1 && pattern.endsWith('/') && !named.has(pattern.slice(0, -1)) ? `~${escapeRegex(pattern.slice(0, -1))}$` : null
    if (!pattern.startsWith('/')) return { ...written, paths: null, priority: 0, why: 'it doesn\'t start with a slash' }
    if (modifier === '=') return { ...written, paths: [`~${escapeRegex(pattern)}$`], priority: EXACT }
    if (modifier === '^~') return { ...written, bare, paths: [`~${escapeRegex(pattern)}${longer(pattern, locations)}`], priority: HELD + pattern.length }
    return { ...written, bare, paths: [pattern], priority: 0 }
  })
}

/** Longer plain prefixes win over `^~`, and then the regexes do. */
function longer (prefix: string, locations: readonly Location[]): string {
  const inner = locations.filter(({ modifier, pattern }) => modifier === '' && pattern.length > prefix.length && pattern.startsWith(prefix))
    .map(({ pattern }) => escapeRegex(pattern.slice(prefix.length)))
  return inner.length === 0 ? '' : `(?!${inner.join('|')})`
}
