/** Parameters of a GraphQL request, wherever they stand: in JSON, in a form or in the query of the URL. */
import { badRequest } from './refusal.ts'

/** What the service would execute, as it was sent. */
export interface Parameters {
  readonly query: string | null
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>>
  /** What stands for the document: of GraphQL over HTTP and Relay, or of Apollo's automatic persisted queries. */
  readonly documentId: string | null
  /** SHA-256 in hex of the document, by Apollo's automatic persisted queries. */
  readonly apqHash: string | null
  /** Everything else that was sent, which a service may know of: members, and extensions. */
  readonly others: Readonly<Record<string, unknown>> | null
}

const NAMES = ['query', 'operationName', 'variables', 'extensions', 'documentId'] as const
/** Names under which services look for the id of a document that they know. */
const IDS = ['documentId', 'id', 'doc_id', 'docId', 'queryId', 'query_id']

const KNOWN: ReadonlySet<string> = new Set([...NAMES, ...IDS])

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '')
const EXACT = new Map([...NAMES, ...IDS].map(name => [bare(name), new Set<string>()]))
for (const name of [...NAMES, ...IDS]) EXACT.get(bare(name))?.add(name)

/**
 * Whether some server would take this name for one that counts, although it isn't: Go and others don't look at case, PHP and
 * some form readers make a list of `query[]`.
 */
function isNearMiss (name: string): boolean {
  return EXACT.get(bare(name))?.has(name) === false
}

/** @throws GatewayError where a name is nearly one that counts */
export function refuseNearMisses (names: Iterable<string>): void {
  for (const name of names) {
    if (isNearMiss(name)) throw badRequest('A parameter of the GraphQL request is spelled unusually: write query, operationName, variables, extensions')
  }
}

/** Whether a name in a URL belongs to a GraphQL request, in whatever spelling. */
export function isParameter (name: string): boolean {
  const plain = bare(name)
  return NAMES.some(one => bare(one) === plain)
}

/**
 * Checks the types of what was sent. Members that GraphQL doesn't know are left alone.
 *
 * @throws GatewayError for anything that two servers could read differently
 */
export function parametersOf (sent: Readonly<Record<string, unknown>>): Parameters {
  refuseNearMisses(Object.keys(sent))
  const { query, operationName } = sent
  if (query !== undefined && query !== null && typeof query !== 'string') throw badRequest('The query of a GraphQL request is a string')
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') throw badRequest('The operationName of a GraphQL request is a string')
  const extensions = objectOf(sent['extensions'], 'extensions')
  return {
    // '' is what some clients send beside the id of a document
    query: query === undefined || query === null || query === '' ? null : query,
    operationName: operationName === undefined || operationName === null || operationName === '' ? null : operationName,
    variables: objectOf(sent['variables'], 'variables'),
    documentId: documentIdOf(sent),
    apqHash: apqHashOf(extensions),
    others: othersOf(sent, extensions)
  }
}

function othersOf (sent: Readonly<Record<string, unknown>>, extensions: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  let others: Record<string, unknown> | null = null
  for (const name in sent) if (!KNOWN.has(name)) (others ??= {})[name] = sent[name]
  for (const name in extensions) if (name !== 'persistedQuery') (others ??= {})[`extensions.${name}`] = extensions[name]
  return others
}

function objectOf (value: unknown, name: string): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest(`The ${name} of a GraphQL request are an object`)
  return value as Record<string, unknown>
}

function documentIdOf (sent: Readonly<Record<string, unknown>>): string | null {
  let id: string | null = null
  for (const name of IDS) {
    const value = sent[name]
    if (value === undefined || value === null || value === '') continue
    if (id !== null || (typeof value !== 'string' && typeof value !== 'number')) throw badRequest('The id of a document is one string')
    id = String(value)
  }
  return id
}

function apqHashOf (extensions: Readonly<Record<string, unknown>>): string | null {
  const names = Object.keys(extensions).filter(name => bare(name) === 'persistedquery')
  if (names.length === 0) return null
  const one = extensions['persistedQuery']
  if (names.length > 1 || typeof one !== 'object' || one === null || Array.isArray(one)) throw badRequest('extensions.persistedQuery has a version and a sha256Hash')
  const { version, sha256Hash: hash, ...others } = one as Record<string, unknown>
  if (version !== 1 || typeof hash !== 'string' || !/^[\da-f]{64}$/i.test(hash) || Object.keys(others).some(name => bare(name) === 'shahash' || bare(name) === 'version')) {
    throw badRequest('extensions.persistedQuery has version 1 and a sha256Hash of 64 hex digits')
  }
  return hash.toLowerCase()
}
