import type { Candidate } from '../../router/order.ts'
import { foldHeaderName } from '../../router/criteria.ts'
import type { Route } from '../model.ts'
import { pathFacts, type PathFacts } from './path-facts.ts'
import { remember } from './words.ts'

/** One combination of a candidate's values: what is left of "any of these" when each criterion has one value. */
export interface Atom {
  readonly method: string | null
  /** Lower case, wildcards and port as written. */
  readonly host: string | null
  readonly path: PathFacts | null
  readonly sni: string | null
  /** In the order of {@link headersOf}. */
  readonly headers: readonly string[]
  /** Equal for equal combinations. */
  readonly key: string
}

/** A candidate as the rules look at it, worked out once. */
export interface Subject {
  readonly candidate: Candidate
  /** Which criteria are set: a candidate can take all requests of a lower one only where these are the same. */
  readonly signature: string
  /** null where there are too many combinations to look at: then nothing is reported. */
  readonly atoms: readonly Atom[] | null
  /** It may hold combinations that are not equal to its own: by a wildcard, a regex, or a host without a port. */
  readonly general: boolean
}

const MAX_ATOMS = 256

export function subjectsOf (candidates: readonly Candidate[]): Subject[] {
  const facts = remember(pathFacts)
  return candidates.map(candidate => {
    const { route, kind } = candidate
    const headers = headersOf(route)
    return {
      candidate,
      signature: signature(candidate, headers),
      atoms: atomsOf(candidate, headers, facts),
      general: kind === 'regex' || route.hosts?.some(host => host.includes('*') || host.includes(':')) === true ||
        headers.some(([, accepted]) => accepted.some(value => value.startsWith('~*')))
    }
  })
}

function atomsOf ({ route, paths }: Candidate, headers: readonly Header[], facts: (path: string) => PathFacts): Atom[] | null {
  // The same name twice in two spellings: both must match, and combinations pair values by position.
  if (headers.some(([name], index) => headers[index - 1]?.[0] === name)) return null
  const size = [route.methods, route.hosts, paths, route.snis, ...headers.map(([, accepted]) => accepted)]
    .reduce((product, list) => product * Math.max(list?.length ?? 1, 1), 1)
  if (size > MAX_ATOMS) return null
  const atoms: Atom[] = []
  const rows = combinations(headers.map(([, accepted]) => accepted))
  for (const method of each(route.methods)) {
    for (const host of each(route.hosts)) {
      for (const path of each(paths)) {
        for (const sni of each(route.snis)) {
          for (const row of rows) {
            const name = host?.toLowerCase() ?? null
            const server = sni?.toLowerCase().replace(/\.$/, '') ?? null
            // No part of it has a line break but a header's value.
            const key = `${method}\n${name}\n${path}\n${server}\n${row.length === 0 ? '' : JSON.stringify(row)}`
            atoms.push({ method, host: name, path: path === null ? null : facts(path), sni: server, headers: row, key })
          }
        }
      }
    }
  }
  return atoms
}

function each (list: readonly string[] | null): ReadonlyArray<string | null> {
  return list === null || list.length === 0 ? [null] : list
}

function combinations (lists: ReadonlyArray<readonly string[]>): string[][] {
  return lists.reduce<string[][]>((rows, list) => rows.flatMap(row => list.map(value => [...row, value])), [[]])
}

/** Name and accepted values. */
export type Header = readonly [string, readonly string[]]

/** Header criteria by name, names as they are compared: lower case, `_` as `-`. Values in lower case but for regexes. */
export function headersOf ({ headers }: Route): Header[] {
  if (headers === null) return []
  return Object.entries(headers)
    .map(([name, accepted]): Header => [foldHeaderName(name), accepted.map(value => value.startsWith('~*') ? value : value.toLowerCase())])
    .sort(([a], [b]) => a < b ? -1 : 1)
}

function signature ({ route, kind }: Candidate, headers: readonly Header[]): string {
  const set = (list: readonly string[] | null): string => list === null || list.length === 0 ? '-' : '+'
  return `${set(route.methods)}${set(route.hosts)}${set(route.snis)}${kind === 'none' ? '-' : '+'}${headers.map(([name]) => ` ${name}`).join('')}`
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
export function coveringHosts (host: string): string[] {
  const [name, port] = splitPort(host)
  const names = [name]
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) names.push(`*${name.slice(dot)}`, `${name.slice(0, dot)}.*`)
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
