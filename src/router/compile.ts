/** Turns routes into a router whose cost for a request does not grow with their number. */
import type { Route } from '../config/model.ts'
import { compileCriteria } from './criteria.ts'
import type { Criteria } from './criteria.ts'
import type { Entry } from './entry-set.ts'
import { hostValue, makeHostIndex, mapHosts } from './host-index.ts'
import type { HostIndexDraft } from './host-index.ts'
import { parseHostPattern } from './hosts.ts'
import { matchRequest } from './match.ts'
import { candidates } from './order.ts'
import type { Candidate } from './order.ts'
import { compilePathRegex, isProblem } from './path-regex.ts'
import { TrieWriter, addEntry, makeDraft } from './path-trie.ts'
import type { Draft } from './path-trie.ts'
import type { RouteMatch, Router } from './types.ts'

const noCaptures: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

/**
 * Compiles the routes of one configuration.
 *
 * @param routes in declaration order, without those of disabled services
 * @throws TypeError on a regex that the configuration's check refuses
 */
export function compileRouter (routes: readonly Route[]): Router {
  const drafts = makeHostIndex<Draft>()
  const criteria = new Map<Route, Criteria>()
  const methodSets = new Map<string, ReadonlySet<string>>()
  let order = 0
  for (const candidate of candidates(routes)) {
    const { route } = candidate
    const compiled = criteria.get(route) ?? compileCriteria(route, methodSets)
    criteria.set(route, compiled)
    const tries = triesOf(drafts, route)
    for (const [literal, entry] of entriesOf(candidate, compiled, order)) {
      for (const trie of tries) addEntry(trie, literal, entry)
      order++
    }
  }
  const writer = new TrieWriter()
  const hosts = mapHosts(drafts, draft => writer.write(draft))
  const tries = writer.finish()
  return {
    match (request) {
      try {
        return matchRequest(hosts, tries, request)
      } catch {
        // a regex that overflows V8's backtracking stack: no route is safer than the next one
        return null
      }
    }
  }
}

/** The entries of a candidate, each with the text that its path must start with. */
function entriesOf ({ route, kind, paths }: Candidate, criteria: Criteria, order: number): [string, Entry][] {
  if (kind === 'none') return [['', { ...criteria, order, regex: null, segments: null, match: makeMatch(route, '/') }]]
  return paths.map((path, position) => {
    const common = { ...criteria, order: order + position, match: makeMatch(route, path) }
    if (kind === 'literal') return [path, { ...common, regex: null, segments: null }]
    const result = compilePathRegex(path.slice(1))
    if (isProblem(result)) throw new TypeError(`path regex ${path}: ${result.reason}`)
    return [result.shape.literalPrefix, { ...common, regex: result.regex, segments: result.shape.segments }]
  })
}

function makeMatch (route: Route, prefix: string): RouteMatch {
  return Object.freeze({ route, captures: noCaptures, prefix })
}

/** The tries of the route's hosts, each once. */
function triesOf (drafts: HostIndexDraft<Draft>, { hosts }: Route): Set<Draft> {
  if (hosts === null || hosts.length === 0) return new Set([hostValue(drafts, null, makeDraft)])
  return new Set(hosts.map(host => hostValue(drafts, parseHostPattern(host), makeDraft)))
}
