import { firstAccepting } from './entry-set.ts'
import type { Entry } from './entry-set.ts'
import { hostValues } from './host-index.ts'
import type { HostIndex } from './host-index.ts'
import { descend } from './path-trie.ts'
import type { Chain, TrieNode } from './path-trie.ts'
import type { RouteMatch, RoutingRequest } from './types.ts'

/** The first of all entries in matching order that accepts the request. */
export function matchRequest (index: HostIndex<TrieNode>, request: RoutingRequest): RouteMatch | null {
  const nodes = hostValues(index, request.host, request.port)
  let found: Entry | null = null
  for (let position = 0; position < nodes.length; position++) {
    const node = descend(nodes[position] as TrieNode, request.path)
    nodes[position] = node
    found = firstInChain(node.literals, request, found)
  }
  // regexes last: only those that would come before the best literal of any host are run
  for (const node of nodes) found = firstInChain(node.regexes, request, found)
  if (found === null) return null
  return found.regex === null ? found.match : withCaptures(found, found.regex, request.path)
}

function firstInChain (chain: Chain | null, request: RoutingRequest, found: Entry | null): Entry | null {
  let limit = found?.order ?? Infinity
  for (let link = chain; link !== null && link.first < limit; link = link.up) {
    const entry: Entry | null = link.set.first < limit ? firstAccepting(link.set, request, limit) : null
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
