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
export interface Entry {
  /** Position in matching order over all entries: the smaller one wins. */
  readonly order: number
  readonly criteria: Criteria
  /** null: a literal path or none, which the trie has already matched. */
  readonly regex: RegExp | null
  /** What a match gives; for a regex, captures and prefix are still to be filled in. */
  readonly match: RouteMatch
}

export interface EntrySet {
  /** Smallest order in the set. */
  readonly first: number
  /** By order; those that no index tells apart. */
  readonly entries: readonly Entry[]
  readonly index: Index | null
}

interface Index {
  readonly methods: ReadonlyMap<string, EntrySet>
  /** By folded name, then by folded value. */
  readonly headers: ReadonlyMap<string, ReadonlyMap<string, EntrySet>>
}

/** Up to here a list is faster than its index. */
const LIST = 8

/** @param entries by order, at least one */
export function makeEntrySet (entries: readonly Entry[]): EntrySet {
  const first = entries[0]?.order ?? Infinity
  if (entries.length <= LIST) return { first, entries, index: null }
  const sizes = new Map<string, number>()
  for (const entry of entries) {
    for (const keys of distinctions(entry)) {
      for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1)
    }
  }
  const piles = new Map<string, Entry[]>()
  const rest: Entry[] = []
  for (const entry of entries) {
    const keys = smallest(entry, sizes, entries.length / 2)
    if (keys === null) rest.push(entry)
    else for (const key of keys) pile(piles, key).push(entry)
  }
  return { first, entries: rest, index: piles.size > 0 ? makeIndex(piles) : null }
}

/** The first entry of the set that accepts the request and comes before `limit`, or null. */
export function firstAccepting ({ entries, index }: EntrySet, request: RoutingRequest, limit: number): Entry | null {
  let found: Entry | null = null
  for (const entry of entries) {
    if (entry.order >= limit) break
    if (!accepts(entry.criteria, request) || (entry.regex !== null && !entry.regex.test(request.path))) continue
    found = entry
    break
  }
  return index === null ? found : firstIndexed(index, request, limit, found)
}

function firstIndexed ({ methods, headers }: Index, request: RoutingRequest, limit: number, found: Entry | null): Entry | null {
  found = better(methods.get(request.method), request, limit, found)
  if (headers.size === 0) return found
  // by the request's headers, whose number is limited; a route's names are not
  for (let index = 0; index < request.headers.length; index += 2) {
    const values = headers.get(foldHeaderName(request.headers[index] ?? ''))
    if (values !== undefined) found = better(values.get(foldHeaderValue(request.headers[index + 1] ?? '')), request, limit, found)
  }
  return found
}

function better (set: EntrySet | undefined, request: RoutingRequest, limit: number, found: Entry | null): Entry | null {
  const before = found?.order ?? limit
  return set === undefined || set.first >= before ? found : firstAccepting(set, request, before) ?? found
}

/** Each criterion that can tell an entry apart, as the keys of which a request must have one. */
function distinctions ({ criteria: { methods, headers } }: Entry): string[][] {
  const all = methods === null ? [] : [[...methods]]
  for (const { name, values, regexes } of headers ?? []) {
    // no method and no name has a space in it
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

function pile (piles: Map<string, Entry[]>, key: string): Entry[] {
  const entries = piles.get(key) ?? []
  piles.set(key, entries)
  return entries
}

function makeIndex (piles: ReadonlyMap<string, Entry[]>): Index {
  const methods = new Map<string, EntrySet>()
  const headers = new Map<string, Map<string, EntrySet>>()
  for (const [key, entries] of piles) {
    const space = key.indexOf(' ')
    const set = makeEntrySet(entries)
    if (space === -1) {
      methods.set(key, set)
    } else {
      const name = key.slice(0, space)
      const values = headers.get(name) ?? new Map<string, EntrySet>()
      headers.set(name, values.set(key.slice(space + 1), set))
    }
  }
  return { methods, headers }
}
