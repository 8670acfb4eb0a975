import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { escapeQuery, toBytes } from '../plugin-kit/bytes.ts'
import type { GatewayRequest, UpstreamRequest } from '../plugin-request.ts'
import { normalizeTarget } from '../router/normalize.ts'
import type { CacheRules } from './rules.ts'

/** Under which an answer is stored: what unsafe requests invalidate, and what else it depends on. */
export interface Key {
  readonly uri: string
  readonly rest: string
}

/** Options that say what is stored, and for whom. */
const RULES = ['cache_control', 'response_code', 'content_type', 'vary_by_consumer', 'private_headers', 'set_cookie', 'ignore_uri_case', 'vary_headers', 'vary_query_params'] as const

/** What a trusted peer may say and the upstream believe must not be shared with requests that say otherwise: all of these, but */
const FORWARDED = 'x-forwarded-'
/** what tells clients apart, not answers, and what has made the scheme. */
const TOLD = new Set(['x-forwarded-for', 'x-forwarded-proto'])

/** Where the client has asked, to some servers: they make links of it. */
const OTHER_HOSTS = ['x-host', 'x-original-host', 'x-http-host-override'] as const

/** A name that all servers read in the same way: without a bracket, a dot or a blank that PHP, say, would make another one of. */
const PLAIN = /^[\w-]+$/

/** Addresses in `Forwarded`, in the forms that no reader of it can take for something else: they tell clients apart, not answers. */
const ADDRESSES = /(?<=^|[;,\s])(?:for|by)=(?:[\w.-]+|"[\w.:[\]-]+")(?=[;,\s]|$)/gi

/**
 * Makes keys. All that the upstream may answer by is in them, but the fields that only it can name (`Vary`) and those that it
 * must name (its client's address): route, scheme, host, port, target as the client wrote it and as it goes up.
 */
export class KeyMaker {
  readonly #config: CacheRules
  readonly #parameters: ReadonlyMap<string, number> | null
  readonly #headers: readonly string[]
  /** What was stored under other rules is not found: a reload that mends them mends what is stored, too. */
  readonly #rules: string

  constructor (config: CacheRules) {
    this.#config = config
    this.#parameters = config.vary_query_params === undefined ? null : new Map(config.vary_query_params.map((name, index) => [name.toLowerCase(), index]))
    this.#headers = config.vary_headers ?? []
    this.#rules = createHash('sha256').update(JSON.stringify(RULES.map(name => config[name]))).digest('base64url').slice(0, 8)
  }

  /** @param caller what tells who calls, where that is part of the key; '' otherwise */
  of (request: FastifyRequest, upstream: UpstreamRequest, method: string, caller: string): Key {
    const uri = this.uri(request.gateway.scheme, request.gateway.host, request.gateway.path, queryOf(request.gateway.target))
    const rest = this.#rest(request, upstream, method, this.#fold(this.#query(upstream.query) ?? ''), caller)
    if (method !== 'POST') return { uri, rest }
    return { uri: postsOf(uri), rest: `${rest}\n${bodyDigest(request, upstream)}` }
  }

  /** Of a request whose query and body come to what `subject` says. */
  ofSubject (request: FastifyRequest, upstream: UpstreamRequest, subject: string, caller: string): Key {
    const { gateway: { scheme, host, path } } = request
    return { uri: this.uri(scheme, host, path, null), rest: `${this.#rest(request, upstream, '', '', caller)}\n${subject}` }
  }

  #rest (request: FastifyRequest, upstream: UpstreamRequest, method: string, query: string, caller: string): string {
    const { gateway } = request
    let rest = `${this.#rules}\n${method}\n${gateway.route?.id ?? ''}\n${gateway.service?.id ?? ''}\n${gateway.port}\n${upstream.host}:${upstream.port}\n${upstream.hostHeader}\n${this.#fold(upstream.path)}\n${query}\n${caller}`
    for (const name of this.#headers) rest += `\n${upstream.headers.getAll(name).join(', ')}`
    if (isRewritten(gateway)) rest += `\n=${this.#fold(gateway.target)}`
    const { headers } = request
    for (const name of OTHER_HOSTS) if (headers[name] !== undefined) rest += `\n${name}:${String(headers[name])}`
    // of others they don't go up
    if (gateway.trusted) for (const name in headers) if (name.startsWith(FORWARDED) && !TOLD.has(name)) rest += `\n${name}:${String(headers[name])}`
    // kept by the intake where a trusted peer says it
    if (headers.forwarded !== undefined) rest += `\nforwarded:${upstream.headers.getAll('forwarded').join(', ').replace(ADDRESSES, '')}`
    return rest
  }

  uri (scheme: string, host: string, path: string, query: string | null): string {
    const wanted = this.#query(query)
    return this.#fold(wanted === null ? `${scheme}://${host}${path}` : `${scheme}://${host}${path}?${wanted}`)
  }

  /** The URI of an absolute reference, as it is in keys; null where it is none. */
  uriOf (reference: string, base?: string): string | null {
    const read = readReference(reference, base)
    return read === null ? null : this.uri(read.scheme, read.host, read.path, read.query)
  }

  /** Beginning of URIs, of an absolute reference that may break off in its path or query. */
  prefixOf (reference: string): string | null {
    const read = readReference(reference)
    if (read === null) return null
    const { scheme, host, path, query } = read
    return this.#fold(query === null ? `${scheme}://${host}${path}` : `${scheme}://${host}${path}?${query}`)
  }

  #fold (text: string): string {
    return this.#config.ignore_uri_case ? text.toLowerCase() : text
  }

  /**
   * The parameters that count, in the order of the file; those of one name in that of the request. What a server could read as one of
   * them counts as well: otherwise it would be stored under a key that doesn't name it, for others.
   */
  #query (query: string | null): string | null {
    const parameters = this.#parameters
    if (parameters === null || query === null) return query
    // to some servers a semicolon ends a parameter
    if (query.includes(';')) return query
    const wanted: Array<[place: number, pair: string]> = []
    for (const pair of query.split('&')) {
      const name = nameOf(pair)
      // to some servers case makes no difference
      const place = parameters.get(name.toLowerCase())
      if (place !== undefined) wanted.push([place, pair])
      else if (pair !== '' && !PLAIN.test(name)) return query
    }
    return wanted.length === 0 ? null : wanted.sort((one, other) => one[0] - other[0]).map(([, pair]) => pair).join('&')
  }
}

/** Under which answers to POST stand: they begin as the others of the URI do, and can be dropped apart from them. */
export function postsOf (uri: string): string {
  return `${uri}\nPOST`
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

/** A reference as a request for it would be read: its path in the router's normal form, its query as it is written. */
function readReference (reference: string, base?: string): { scheme: string, host: string, path: string, query: string | null } | null {
  if (!URL.canParse(reference, base)) return null
  const { protocol, hostname, pathname } = new URL(reference, base)
  const normal = normalizeTarget(pathname)
  if (normal === null) return null
  const written = reference.split('#', 1)[0] as string
  // not `search`, which escapes what clients need not escape
  const query = queryOf(written.trim())
  return { scheme: protocol.slice(0, -1), host: hostname, path: normal.path, query: query === null ? null : escapeQuery(toBytes(query)) }
}

function queryOf (target: string): string | null {
  const mark = target.indexOf('?')
  return mark === -1 ? null : target.slice(mark + 1)
}

/** Whether the path is another than the one that the client wrote, which the upstream gets as X-Forwarded-Path. */
function isRewritten ({ target, path }: GatewayRequest): boolean {
  return !target.startsWith(path) || (target.length > path.length && target.charCodeAt(path.length) !== 63)
}

/** Of the body that goes up, which may not be the client's. */
function bodyDigest ({ body }: FastifyRequest, upstream: UpstreamRequest): string {
  const sent = upstream.body ?? body
  const [type, coding] = ['content-type', 'content-encoding'].map(name => upstream.headers.getAll(name).join(', '))
  return createHash('sha256').update(`${type}\n${coding}\n`).update(Buffer.isBuffer(sent) ? sent : '').digest('base64url')
}
