import type { Candidate } from '../../router/order.ts'
import type { Route } from '../model.ts'
import type { PathFacts } from './path-facts.ts'

/** One combination of a candidate's values: what is left of "any of these" when each criterion has one value. */
export interface Atom {
  readonly method: string | null
  /** Lower case, wildcards and port as written. */
  readonly host: string | null
  readonly path: PathFacts | null
  readonly sni: string | null
  /** In the order of {@link headersOf}. */
  readonly headers: readonly string[]
}

/** More combinations than this are not looked at: then nothing is reported. */
const MAX_ATOMS = 256

/** All combinations, or null where they are too many. */
export function atomsOf (candidate: Candidate, facts: (path: string) => PathFacts): Atom[] | null {
  const { route } = candidate
  const headers = headersOf(route)
  // The same name twice in two spellings: both must match, and combinations pair values by position.
  if (headers.some(([name], index) => headers[index - 1]?.[0] === name)) return null
  const lists = [
    values(route.methods),
    values(route.hosts).map(host => host?.toLowerCase() ?? null),
    candidate.paths.length === 0 ? [null] : candidate.paths.map(facts),
    values(route.snis).map(sni => sni?.toLowerCase().replace(/\.$/, '') ?? null),
    ...headers.map(([, accepted]) => accepted)
  ]
  const size = lists.reduce((product, list) => product * list.length, 1)
  if (size > MAX_ATOMS) return null
  let rows: Array<Array<string | PathFacts | null>> = [[]]
  for (const list of lists) rows = rows.flatMap(row => list.map(value => [...row, value]))
  return rows.map(([method, host, path, sni, ...headers]) => ({ method, host, path, sni, headers }) as Atom)
}

function values (list: readonly string[] | null): ReadonlyArray<string | null> {
  return list === null || list.length === 0 ? [null] : list
}

/** Header criteria by name, names as they are compared: lower case, `_` as `-`. Values in lower case but for regexes. */
export function headersOf (route: Route): Array<readonly [string, readonly string[]]> {
  return Object.entries(route.headers ?? {})
    .map(([name, accepted]) => [
      name.toLowerCase().replaceAll('_', '-'),
      accepted.map(value => value.startsWith('~*') ? value : value.toLowerCase())
    ] as const)
    .sort(([a], [b]) => a < b ? -1 : 1)
}

/** Which criteria are set: a candidate can take all requests of a lower one only where these are the same. */
export function signature (candidate: Candidate): string {
  const { route } = candidate
  const set = (list: readonly string[] | null): string => list === null || list.length === 0 ? '-' : '+'
  return `${set(route.methods)}${set(route.hosts)}${set(route.snis)}${candidate.kind === 'none' ? '-' : '+'} ${headersOf(route).map(([name]) => name).join(' ')}`
}

/** Whether `earlier` accepts what one combination of another candidate accepts, the path aside. */
export function coversAllButPath (earlier: Route, atom: Atom): boolean {
  return oneOf(earlier.methods, atom.method, (mine, theirs) => mine === theirs) &&
    oneOf(earlier.hosts, atom.host, coversHost) &&
    oneOf(earlier.snis, atom.sni, (mine, theirs) => coversHost(mine.replace(/\.$/, ''), theirs)) &&
    headersOf(earlier).every(([, accepted], index) => accepted.some(value => coversHeader(value, atom.headers[index] as string)))
}

function oneOf (mine: readonly string[] | null, theirs: string | null, covers: (mine: string, theirs: string) => boolean): boolean {
  if (mine === null || mine.length === 0) return true
  return theirs !== null && mine.some(value => covers(value, theirs))
}

/** Whether every host that `theirs` stands for is one that `mine` stands for. */
export function coversHost (mine: string, theirs: string): boolean {
  const [host, port] = splitPort(mine.toLowerCase())
  const [otherHost, otherPort] = splitPort(theirs)
  if (port !== '' && port !== otherPort) return false
  if (host === otherHost) return true
  if (host.startsWith('*.')) return otherHost.endsWith(host.slice(1)) && otherHost.length > host.length - 1 && !otherHost.endsWith('.*')
  if (host.endsWith('.*')) return otherHost.startsWith(host.slice(0, -1)) && otherHost.length > host.length - 1 && !otherHost.startsWith('*.')
  return false
}

/** Whether one host pattern holds the other; patterns that cross without that are not found. */
export function hostsOverlap (one: string, other: string): boolean {
  return coversHost(one, other.toLowerCase()) || coversHost(other, one.toLowerCase())
}

/** Host patterns that would cover a host: itself, without its port, and with each of its labels cut off. */
export function coveringHosts (host: string, wildcards: boolean): string[] {
  const [name, port] = splitPort(host)
  const names = [name]
  if (wildcards) {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) names.push(`*${name.slice(dot)}`, `${name.slice(0, dot)}.*`)
  }
  return [...new Set(port === '' ? names : names.flatMap(pattern => [pattern, `${pattern}:${port}`]))]
}

function splitPort (host: string): [string, string] {
  // An IPv6 address has colons of its own and stands in brackets where a port follows.
  const match = /^(\[.*\]|[^:]*):(\d+)$/.exec(host)
  return match === null ? [host, ''] : [match[1] as string, match[2] as string]
}

function coversHeader (mine: string, theirs: string): boolean {
  if (mine === theirs) return true
  if (!mine.startsWith('~*') || theirs.startsWith('~*')) return false
  try {
    return new RegExp(mine.slice(2), 'i').test(theirs)
  } catch {
    return false
  }
}
