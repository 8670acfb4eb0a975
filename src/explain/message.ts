/** The request as Node would hand it over, without a socket. */
import { METHODS, validateHeaderName, validateHeaderValue, type IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { Config, ListenSettings } from '../config/model.ts'
import type { Connection } from '../gateway/listener/connection.ts'
import { ExplainError, type ExplainRequest, type Outcome } from './types.ts'

export interface Message {
  readonly raw: IncomingMessage
  /** As the client sees it; `context.scheme` is what the gateway believes. */
  readonly scheme: 'http' | 'https'
  readonly listener: ListenSettings
  /** Its place in `gateway.listen`. */
  readonly index: number
  /** Why it never becomes a request: the parser refuses it. */
  readonly refused: Outcome | null
  readonly notes: readonly string[]
}

interface Address {
  /** null: the URL has none. */
  readonly scheme: 'http' | 'https' | null
  readonly authority: string
  readonly target: string
}

const ABSOLUTE = /^(https?):\/\/([^/?#]*)([^#]*)/i

/** @throws ExplainError for what no client could send */
export function makeMessage (request: ExplainRequest, { gateway }: Config): Message {
  const notes: string[] = []
  const { scheme, authority, target } = readUrl(request.url, notes)
  const first = gateway.listen[0] as ListenSettings
  const wanted = scheme ?? (first.tls ? 'https' : 'http')
  const listener = chooseListener(gateway.listen, wanted, authority, notes)
  const peer = request.ip ?? '127.0.0.1'
  if (isIP(peer) === 0) throw new ExplainError(`'${peer}' is no IP address.`)

  const headers = (request.headers ?? []).map(readHeader)
  if (!headers.some(([name]) => name.toLowerCase() === 'host')) {
    const own = `localhost${listener.port === (listener.tls ? 443 : 80) ? '' : `:${listener.port}`}`
    headers.unshift(['Host', authority === '' ? own : authority])
  }
  if (wanted === 'https' && !listener.tls && !headers.some(([name]) => name.toLowerCase() === 'x-forwarded-proto')) {
    headers.push(['X-Forwarded-Proto', 'https'])
  }
  if (request.data !== undefined && !headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name))) headers.push(['Content-Length', String(Buffer.byteLength(request.data))])

  const raw = makeRaw(request.method, target, headers)
  const name = authority.replace(/:\d*$/, '')
  Object.assign(raw, { lane: makeLane(listener, peer, listener.tls && isIP(name.replace(/^\[|\]$/g, '')) === 0 && name !== '' ? name : null) })
  return {
    raw,
    scheme: wanted,
    listener,
    index: gateway.listen.indexOf(listener),
    refused: refusal(request.method, wanted === 'http' && listener.tls),
    notes
  }
}

/** @param mistaken plain http comes to a listener of https */
function refusal (method: string, mistaken: boolean): Outcome | null {
  const refused = (code: string, status: number, text: string): Outcome => ({ kind: 'refused', status, code, message: text, location: null })
  if (mistaken) return refused('SP_PLAIN_HTTP', 400, 'The plain HTTP request was sent to HTTPS port')
  if (!METHODS.includes(method)) return refused('HPE_INVALID_METHOD', 400, 'Bad request')
  return method === 'CONNECT' ? refused('SP_CONNECT', 405, 'Method not allowed') : null
}

function readUrl (url: string, notes: string[]): Address {
  const [whole, scheme, authority = '', rest = ''] = ABSOLUTE.exec(url) ?? []
  if (url === '*') return { scheme: null, authority: '', target: url }
  if (whole === undefined && !url.startsWith('/')) {
    throw new ExplainError(`'${url}' is no URL: write http://host/path, or /path for the first listener.`)
  }
  if (scheme !== undefined && authority === '') throw new ExplainError(`'${url}' names no host.`)
  if (authority.includes('@')) throw new ExplainError('A URL with user information is never sent so: write -H "Authorization: Basic …" instead.')
  const written = whole === undefined ? url.replace(/#.*$/s, '') : rest
  if (url.includes('#')) notes.push('What follows the # never leaves the client.')
  const path = written.startsWith('/') ? written : `/${written}`
  // eslint-disable-next-line no-control-regex
  const target = path.replace(/[\x00-\x20\x7f]|[^\x00-\x7f]+/g, text => encodeURIComponent(Buffer.from(text).toString()))
  if (target !== path) notes.push('Characters that no client can send were percent-encoded, as browsers do.')
  return { scheme: scheme === undefined ? null : scheme.toLowerCase() as 'http' | 'https', authority: inAscii(authority, notes), target }
}

/** RFC 5891: as clients send it. */
function inAscii (authority: string, notes: string[]): string {
  // eslint-disable-next-line no-control-regex
  if (!/[^\x00-\x7f]/.test(authority)) return authority
  const [, host = '', port = ''] = /^(.*?)(:\d*)?$/s.exec(authority) ?? []
  const ascii = domainToASCII(host)
  if (ascii === '') throw new ExplainError(`'${host}' is no name of a host.`)
  notes.push(`The host is sent as ${ascii}.`)
  return ascii + port
}

function chooseListener (listen: readonly ListenSettings[], scheme: 'http' | 'https', authority: string, notes: string[]): ListenSettings {
  const written = /:(\d+)$/.exec(authority)?.[1]
  const port = written === undefined ? scheme === 'https' ? 443 : 80 : Number(written)
  const tls = scheme === 'https'
  const fitting = listen.filter(listener => listener.tls === tls)
  const exact = fitting.find(listener => listener.port === port)
  if (exact !== undefined) return exact
  if (fitting[0] !== undefined) {
    if (written !== undefined) notes.push(`No listener for ${scheme} has port ${port}: this takes the first one for ${scheme}.`)
    return fitting[0]
  }
  if (tls) notes.push('No listener speaks TLS: this takes a proxy before the gateway that ends TLS and says X-Forwarded-Proto: https.')
  return listen.find(listener => listener.port === port) ?? listen[0] as ListenSettings
}

function readHeader ([name, value]: readonly [string, string]): [string, string] {
  try {
    validateHeaderName(name)
    // Node gives one character a byte
    const bytes = Buffer.from(value).toString('latin1')
    validateHeaderValue(name, bytes)
    return [name, bytes.trim()]
  } catch {
    throw new ExplainError(`No client can send a header field '${name}' with this value.`)
  }
}

function makeRaw (method: string, url: string, headers: ReadonlyArray<readonly [string, string]>): IncomingMessage {
  return {
    method,
    url,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    rawHeaders: headers.flat(),
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
  } as unknown as IncomingMessage
}

function makeLane (listener: ListenSettings, address: string, sni: string | null): Connection {
  return {
    // intake reads facts of the connection, never its socket
    socket: null as unknown as Connection['socket'],
    address,
    port: listener.port,
    scheme: listener.tls ? 'https' : 'http',
    sni,
    listener,
    version: 1,
    current: null,
    waiting: null,
    refused: false,
    written: 0,
    waitsSince: 0,
    waited: 0,
    stalledSince: 0,
    read: 0,
    idleSince: 0
  }
}
