import { parseJsonBytes } from '../auth/jwt/json.ts'
import { isParameter, type Parameters, parametersOf, refuseNearMisses } from './members.ts'
import { badRequest } from './refusal.ts'

/** @throws GatewayError unless it is plain what the query of a URL says */
export function urlParameters (query: string | null, maxJsonDepth: number): Parameters {
  const sent: Record<string, unknown> = {}
  if (query !== null && query !== '') {
    const pairs = pairsOf(query)
    refuseNearMisses(pairs.keys())
    for (const [name, value] of pairs) {
      if (name === 'variables' || name === 'extensions') sent[name] = jsonOf(value, name, maxJsonDepth)
      else sent[name] = value
    }
  }
  return parametersOf(sent)
}

/** Whether the query of a URL has anything that a server could take for a part of a GraphQL request. */
export function hasParameters (query: string | null): boolean {
  if (query === null || query === '') return false
  for (const pair of query.split(/[&;]/)) {
    if (isParameter(decode(nameIn(pair)))) return true
  }
  return false
}

/** Those of the names that count; of each there is one. */
function pairsOf (query: string): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of query.split('&')) {
    const name = decode(nameIn(pair))
    if (pairs.has(name)) throw badRequest('A parameter of the GraphQL request stands twice in the URL')
    pairs.set(name, decode(pair.slice(nameIn(pair).length + 1)))
    // some servers still take a semicolon for a separator (HTML 4.01 appendix B.2.2)
    for (const part of pair.split(';').slice(1)) {
      if (isParameter(decode(nameIn(part)))) throw badRequest('Semicolons in the URL of a GraphQL request are written %3B')
    }
  }
  return pairs
}

function nameIn (pair: string): string {
  const equals = pair.indexOf('=')
  return equals === -1 ? pair : pair.slice(0, equals)
}

function decode (text: string): string {
  try {
    // what is not ASCII has no one reading
    if (/^[\x20-\x7e]*$/.test(text)) return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {}
  throw badRequest('The URL of a GraphQL request is not escaped as UTF-8')
}

function jsonOf (text: string, name: string, maxDepth: number): unknown {
  if (text === '') return undefined
  const value = parseJsonBytes(Buffer.from(text), maxDepth)
  if (value === undefined) throw badRequest(`The ${name} of the GraphQL request are not plain JSON`)
  return value
}
