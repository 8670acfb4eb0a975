import { createHash } from 'node:crypto'
import type { FastifyRequest, GatewayRequest, UpstreamRequest } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Under which an answer is stored: what unsafe requests invalidate, and what else it depends on. */
export interface Key {
  readonly uri: string
  readonly rest: string
}

/** Options that say what is stored, and for whom. */
const RULES = ['cache_control', 'response_code', 'content_type', 'vary_by_consumer', 'private_headers', 'set_cookie', 'ignore_uri_case', 'vary_headers', 'vary_query_params'] as const

/** What a trusted peer may say and the upstream believe: it must not be shared with requests that say otherwise. */
const FORWARDED = ['x-forwarded-host', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-path'] as const

/**
 * Makes keys. All that the upstream may answer by is in them, but the fields that only it can name (`Vary`) and those that it
 * must name (its client's address): route, scheme, host, port, target as the client wrote it and as it goes up.
 */
export class KeyMaker {
  readonly #config: Config
  readonly #parameters: ReadonlyMap<string, number> | null
  readonly #headers: readonly string[]
  /** What was stored under other rules is not found: a reload that mends them mends what is stored, too. */
  readonly #rules: string

  constructor (config: Config) {
    this.#config = config
    this.#parameters = config.vary_query_params === undefined ? null : new Map(config.vary_query_params.map((name, index) => [name, index]))
    this.#headers = config.vary_headers ?? []
    this.#rules = createHash('sha256').update(JSON.stringify(RULES.map(name => config[name]))).digest('base64url').slice(0, 8)
  }

  /** @param caller what tells who calls, where that is part of the key; '' otherwise */
  of (request: FastifyRequest, upstream: UpstreamRequest, method: string, caller: string): Key {
    const { gateway } = request
    const uri = this.uri(gateway.scheme, gateway.host, gateway.path, queryOf(gateway.target))
    let rest = `${this.#rules}\n${method}\n${gateway.route?.id ?? ''}\n${gateway.service?.id ?? ''}\n${gateway.port}\n${upstream.host}:${upstream.port}\n${upstream.hostHeader}\n${this.#fold(upstream.path)}\n${this.#fold(this.#query(upstream.query) ?? '')}\n${caller}`
    for (const name of this.#headers) rest += `\n${upstream.headers.getAll(name).join(', ')}`
    if (isRewritten(gateway)) rest += `\n=${this.#fold(gateway.target)}`
    const { headers } = request
    for (const name of FORWARDED) {
      const value = headers[name]
      if (value !== undefined) rest += `\n${name}:${String(value)}`
    }
    if (method === 'POST') rest += `\n${bodyDigest(request)}`
    return { uri, rest }
  }

  uri (scheme: string, host: string, path: string, query: string | null): string {
    const wanted = this.#query(query)
    return this.#fold(wanted === null ? `${scheme}://${host}${path}` : `${scheme}://${host}${path}?${wanted}`)
  }

  /** The URI of an absolute reference, as it is in keys; null where it is none. */
  uriOf (reference: string, base?: string): string | null {
    if (!URL.canParse(reference, base)) return null
    const { protocol, hostname, pathname, search } = new URL(reference, base)
    return this.uri(protocol.slice(0, -1), hostname, pathname, search === '' ? null : search.slice(1))
  }

  /** Beginning of URIs, of an absolute reference that may break off in its path or query. */
  prefixOf (reference: string): string | null {
    if (!URL.canParse(reference)) return null
    const { protocol, hostname, pathname, search } = new URL(reference)
    return this.#fold(`${protocol}//${hostname}${pathname}${search}`)
  }

  #fold (text: string): string {
    return this.#config.ignore_uri_case ? text.toLowerCase() : text
  }

  /** The parameters that count, in the order of the file; those of one name in that of the request. */
  #query (query: string | null): string | null {
    const parameters = this.#parameters
    if (parameters === null || query === null) return query
    const wanted: Array<[place: number, pair: string]> = []
    for (const pair of query.split('&')) {
      const place = parameters.get(nameOf(pair))
      if (place !== undefined) wanted.push([place, pair])
    }
    return wanted.length === 0 ? null : wanted.sort((one, other) => one[0] - other[0]).map(([, pair]) => pair).join('&')
  }
}

/** What names an answer to the outside. */
export function keyId ({ uri, rest }: Key): string {
  return createHash('sha256').update(`${uri}\n${rest}`).digest('hex')
}

function nameOf (pair: string): string {
  const name = pair.split('=', 1)[0] as string
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

function queryOf (target: string): string | null {
  const mark = target.indexOf('?')
  return mark === -1 ? null : target.slice(mark + 1)
}

/** Whether the path is another than the one that the client wrote, which the upstream gets as X-Forwarded-Path. */
function isRewritten ({ target, path }: GatewayRequest): boolean {
  return !target.startsWith(path) || (target.length > path.length && target.charCodeAt(path.length) !== 63)
}

function bodyDigest ({ body, headers }: FastifyRequest): string {
  return createHash('sha256').update(`${headers['content-type'] ?? ''}\n${headers['content-encoding'] ?? ''}\n`).update(Buffer.isBuffer(body) ? body : '').digest('base64url')
}
