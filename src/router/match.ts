import { firstAccepting } from './entry-set.ts'
import type { Entry, EntrySet } from './entry-set.ts'
import { hostValues } from './host-index.ts'
import type { HostIndex } from './host-index.ts'
import { descend, literalsAt, regexesAt } from './path-trie.ts'
import type { PathTries } from './path-trie.ts'
import type { RouteMatch, RoutingRequest } from './types.ts'

/**
 * The first of all entries in matching order that accepts the request.
 *
 * @param hosts the roots of the tries by host
 */
export function matchRequest (hosts: HostIndex<number>, tries: PathTries, request: RoutingRequest): RouteMatch | null {
  const nodes = hostValues(hosts, request.host, request.port)
  let found: Entry | null = null
  for (let index = 0; index < nodes.length; index++) {
    const node = descend(tries.table, nodes[index] ?? 0, request.path)
    nodes[index] = node
    found = firstOf(literalsAt(tries, node), request, found)
  }
  // regexes last: only those that would come before the best literal of any host are run
  for (const node of nodes) found = firstOf(regexesAt(tries, node), request, found)
  if (found === null) return null
  return found.regex === null ? found.match : withCaptures(found, found.regex, request.path)
}

/** The first in a set and those above it, if it comes before `found`. */
function firstOf (longest: EntrySet | null, request: RoutingRequest, found: Entry | null): Entry | null {
  let limit = found?.order ?? Infinity
  for (let set = longest; set !== null && set.least < limit; set = set.up) {
    const entry: Entry | null = set.first < limit ? firstAccepting(set, request, limit) : null
    if (entry === null) continue
    found = entry
    limit = entry.order
  }
  return found
}

function withCaptures ({ match }: Entry, regex: RegExp, path: string): RouteMatch {
  const result = regex.exec(path)
  if (result === null) return match
  // without a prototype, so that a group may have any name; groups that took no part are left out
  const captures: Record<string, string> = Object.create(null)
  for (let group = 1; group < result.length; group++) {
    const text = result[group]
    if (text !== undefined) captures[group] = text
  }
  for (const [name, text] of Object.entries(result.groups ?? {})) {
    if (text !== undefined) captures[name] = text
  }
  return { route: match.route, captures, prefix: result[0] }
}
