import { METHODS } from 'node:http'
import type { Draft, Item, Place } from '../draft.ts'
import { isItem, items, texts, type Structured } from '../structured.ts'

export interface Server {
  /** Scheme, host and port: what the gateway connects to. */
  readonly origin: string
  /** Path of the server's address, without a slash at its end: a part of every request's path. */
  readonly base: string
  /** The document doesn't say where it is. */
  readonly missing: boolean
  readonly place: Place
}

export interface Operation {
  readonly method: string
  readonly path: string
  readonly id: string
  readonly tag: string
  readonly server: Server
  readonly base: string
  /** Alternatives; undefined where the document says nothing. */
  readonly security: unknown
  readonly place: Place
  readonly securityPlace: Place
}

/** Fields of a path that are operations; `query` since 3.2. */
const FIELDS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']

/** A name that never has an address (RFC 2606): whoever forgets to fill it in gets 502, and reaches nobody. */
const MISSING_ORIGIN = 'http://upstream.invalid'

/** All operations of a document, each with the server that it is called at. */
export function readOperations (source: Structured, draft: Draft, upstream: string | undefined): Operation[] {
  const { value, at } = source
  const paths = isItem(value['paths']) ? value['paths'] : {}
  const operations: Operation[] = []
  const root = servers(value['servers'], ['servers'], source, draft, upstream)
  for (const [path, item] of Object.entries(paths)) {
    if (!isItem(item) || !path.startsWith('/')) continue
    if (typeof item['$ref'] === 'string') {
      draft.tell('left_out', `paths[${path}]`, 'a path that stands in another file (`$ref`) is not read: bundle the document first.', at('paths', path), draft.file)
      continue
    }
    const own = servers(item['servers'], ['paths', path, 'servers'], source, draft, upstream) ?? root
    for (const { method, steps, operation } of operationsOf(item)) {
      const what = `${method} ${path}`
      const place = at('paths', path, ...steps)
      if (method === 'TRACE' || !METHODS.includes(method)) {
        draft.tell('left_out', what, method === 'TRACE' ? 'the gateway refuses TRACE.' : `requests with the method ${method} don't reach the gateway: its HTTP parser doesn't know it.`, place, draft.file)
        continue
      }
      const server = servers(operation['servers'], ['paths', path, ...steps, 'servers'], source, draft, upstream) ?? own ?? nowhere(source, upstream)
      operations.push({
        method,
        path,
        id: typeof operation['operationId'] === 'string' ? operation['operationId'] : what,
        tag: texts(operation['tags'])[0] ?? 'untagged',
        server,
        base: server.base,
        security: operation['security'] ?? value['security'],
        place,
        securityPlace: operation['security'] === undefined ? at('security') : at('paths', path, ...steps, 'security')
      })
    }
  }
  return operations
}

/** Those with a field of their own, and since 3.2 those of other methods. */
function operationsOf (item: Item): Array<{ readonly method: string, readonly steps: readonly string[], readonly operation: Item }> {
  const others = isItem(item['additionalOperations']) ? Object.entries(item['additionalOperations']) : []
  return [
    ...FIELDS.map(name => ({ method: name.toUpperCase(), steps: [name], operation: item[name] })),
    ...others.map(([method, operation]) => ({ method, steps: ['additionalOperations', method], operation }))
  ].filter((one): one is typeof one & { operation: Item } => isItem(one.operation))
}

function nowhere (source: Structured, upstream: string | undefined): Server {
  return serverOf('/', upstream, source.at())
}

/** The first of a list: the others are the same API elsewhere (staging, a mirror), and traffic for one never belongs to another. */
function servers (list: unknown, path: readonly string[], { at }: Structured, draft: Draft, upstream: string | undefined): Server | null {
  const [first, ...others] = items(list)
  if (first === undefined) return null
  for (const [index, other] of others.entries()) {
    draft.tell('left_out', `${path.join('.')}[${index + 1}]`, `another server of the same API, ${address(other)}: the first one is used.`, at(...path, index + 1), draft.file)
  }
  return serverOf(address(first), upstream, at(...path, 0))
}

function serverOf (url: string, upstream: string | undefined, place: Place): Server {
  const absolute = /^https?:\/\//i.test(url)
  const parsed = URL.parse?.(url, MISSING_ORIGIN) ?? parse(url)
  const base = (parsed?.pathname ?? '/').replace(/\/+$/, '')
  const given = upstream === undefined ? null : parse(upstream)
  if (given !== null) return { origin: given.origin, base, missing: false, place }
  const missing = !absolute || parsed === null
  return { origin: missing ? MISSING_ORIGIN : parsed.origin, base, missing, place }
}

function parse (url: string): URL | null {
  try {
    return new URL(url, MISSING_ORIGIN)
  } catch {
    return null
  }
}

/** With the defaults of its variables. */
function address (server: Record<string, unknown>): string {
  const variables = isItem(server['variables']) ? server['variables'] : {}
  return String(server['url'] ?? '/').replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = variables[name]
    return isItem(variable) && variable['default'] !== undefined ? String(variable['default']) : whole
  })
}
