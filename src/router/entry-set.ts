/**
 * The entries that stand at one place of the path trie, indexed by what tells them apart.
 *
 * A few are simply asked in order. Many on one place (a route a tenant, told apart by a header) would make every match
 * as long as the list, so each goes into the smallest pile that its methods or header values can put it in, and a request
 * only looks at the piles that it fits.
 */
import { accepts, foldHeaderName, foldHeaderValue } from './criteria.ts'
import type { Criteria } from './criteria.ts'
import type { RouteMatch, RoutingRequest } from './types.ts'

/** One path of one candidate. */
export interface Entry extends Criteria {
  /** Position in matching order over all entries: the smaller one wins. */
  readonly order: number
  /** null: a literal path or none, which the trie has already matched. */
  readonly regex: RegExp | null
  /** Segments that a path must have for the regex to match; null where it is null. */
  readonly segments: ReadonlyMap<number, string> | null
  /** What a match gives; for a regex, captures and prefix are still to be filled in. */
  readonly match: RouteMatch
}

export interface EntrySet {
  /** Smallest order in the set. */
  readonly first: number
  /**
   * By order, those that no index tells apart: the first, and the others. Nearly always it is one alone, and without two
   * arrays around it a match has that many cache misses less.
   */
  readonly entry: Entry | null
  readonly others: readonly Entry[] | null
  readonly index: Index | null
  /** The set of the next shorter text that the path also starts with. */
  readonly up: EntrySet | null
  /** Smallest order in this set and all above. */
  readonly least: number
}

interface Index {
  readonly methods: ReadonlyMap<string, EntrySet>
  /** By folded name, then by folded value. */
  readonly headers: ReadonlyMap<string, ReadonlyMap<string, EntrySet>>
  /** By number, then by text, of a segment of the path: regexes only. */
  readonly segments: ReadonlyMap<number, ReadonlyMap<string, EntrySet>>
  /** Of the header names: most headers of a request are none of these, which their length tells. */
  readonly lengths: ReadonlySet<number>
}

/** Up to here a list is faster than its index. */
const LIST = 8

/** @param entries by order, at least one */
export function makeEntrySet (entries: readonly Entry[], up: EntrySet | null): EntrySet {
  const first = entries[0]?.order ?? Infinity
  const { rest, index } = entries.length <= LIST ? { rest: entries, index: null } : makePiles(entries)
  const [entry = null, ...others] = rest
  return { first, entry, others: others.length > 0 ? others : null, index, up, least: Math.min(first, up?.least ?? Infinity) }
}

function makePiles (entries: readonly Entry[]): { rest: Entry[], index: Index | null } {
  const sizes = new Map<string, number>()
  for (const entry of entries) {
    for (const key of distinctions(entry).flat()) sizes.set(key, (sizes.get(key) ?? 0) + 1)
  }
  const piles = new Map<string, Entry[]>()
  const rest: Entry[] = []
  for (const entry of entries) {
    // halves, so that piles of piles come to an end
    const keys = smallest(entry, sizes, entries.length / 2)
    if (keys === null) rest.push(entry)
    for (const key of keys ?? []) inner(piles, key, () => []).push(entry)
  }
  return { rest, index: piles.size > 0 ? makeIndex(piles) : null }
}

/** The first entry of the set that accepts the request and comes before `limit`, or null. */
export function firstAccepting ({ entry, others, index }: EntrySet, request: RoutingRequest, limit: number): Entry | null {
  let found: Entry | null = null
  if (entry !== null && entry.order < limit) {
    if (wants(entry, request)) found = entry
    else if (others !== null) found = firstWanting(others, request, limit)
  }
  return index === null ? found : firstIndexed(index, request, limit, found)
}

function firstWanting (entries: readonly Entry[], request: RoutingRequest, limit: number): Entry | null {
  for (const entry of entries) {
    if (entry.order >= limit) return null
    if (wants(entry, request)) return entry
  }
  return null
}

function wants (entry: Entry, request: RoutingRequest): boolean {
  return accepts(entry, request) && (entry.regex === null || entry.regex.test(request.path))
}

function firstIndexed ({ methods, headers, segments, lengths }: Index, request: RoutingRequest, limit: number, found: Entry | null): Entry | null {
  found = better(methods.get(request.method), request, limit, found)
  for (const [number, texts] of segments) found = better(texts.get(segmentOf(request.path, number)), request, limit, found)
  if (headers.size === 0) return found
  // by the request's headers, whose number is limited; a route's names are not
  for (let index = 0; index < request.headers.length; index += 2) {
    const name = request.headers[index] ?? ''
    const values = lengths.has(name.length) ? headers.get(foldHeaderName(name)) : undefined
    if (values !== undefined) found = better(values.get(foldHeaderValue(request.headers[index + 1] ?? '')), request, limit, found)
  }
  return found
}

function segmentOf (path: string, number: number): string {
  let start = 1
  for (let skipped = 0; skipped < number && start > 0; skipped++) start = path.indexOf('/', start) + 1
  const end = path.indexOf('/', start)
  return start === 0 ? '' : path.slice(start, end === -1 ? undefined : end)
}

function better (set: EntrySet | undefined, request: RoutingRequest, limit: number, found: Entry | null): Entry | null {
  const before = found?.order ?? limit
  return set === undefined || set.first >= before ? found : firstAccepting(set, request, before) ?? found
}

/**
 * Each criterion that can tell an entry apart, as the keys of which a request must have one: kind and value with a space
 * between them. No header name is empty or has a slash.
 */
function distinctions ({ methods, headers, segments }: Entry): string[][] {
  const all = [...segments ?? []].map(([number, text]) => [`/${number} ${text}`])
  if (methods !== null) all.push([...methods].map(method => ` ${method}`))
  for (const { name, values, regexes } of headers ?? []) {
    if (regexes.length === 0) all.push([...values].map(value => `${name} ${value}`))
  }
  return all
}

/** The keys of the distinction whose largest pile is the smallest, if it is no larger than `most`. */
function smallest (entry: Entry, sizes: ReadonlyMap<string, number>, most: number): string[] | null {
  let best: string[] | null = null
  for (const keys of distinctions(entry)) {
    const size = Math.max(...keys.map(key => sizes.get(key) ?? 0))
    if (size > most) continue
    best = keys
    most = size - 1
  }
  return best
}

function makeIndex (piles: ReadonlyMap<string, Entry[]>): Index {
  const methods = new Map<string, EntrySet>()
  const headers = new Map<string, Map<string, EntrySet>>()
  const segments = new Map<number, Map<string, EntrySet>>()
  for (const [key, entries] of piles) {
    const space = key.indexOf(' ')
    const kind = key.slice(0, space)
    const sets = kind === '' ? methods : kind.startsWith('/') ? inner(segments, Number(kind.slice(1)), () => new Map()) : inner(headers, kind, () => new Map())
    sets.set(key.slice(space + 1), makeEntrySet(entries, null))
  }
  return { methods, headers, segments, lengths: new Set([...headers.keys()].map(name => name.length)) }
}

function inner<K, V> (map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}
