/**
 * What becomes of each header field of a client's request. One look-up decides, so that the head is walked once.
 *
 * Sources: RFC 9110 section 7.6.1 (connection-specific fields), RFC 9112 section 3.2 (Host), reference behaviour of Kong
 * for X-Forwarded-*, and the identity fields that only the gateway may set.
 */

export const KEEP = 0
export const DROP = 1
export const HOST = 2
export const CONTENT_LENGTH = 3
export const CONNECTION = 4
export const TE = 5
export const TRANSFER_ENCODING = 6
export const EXPECT = 7
export const UPGRADE = 8
export const AUTHORIZATION = 9
export const FORWARDED_FOR = 10
export const FORWARDED_PROTO = 11
export const FORWARDED_HOST = 12
export const FORWARDED_PORT = 13
export const FORWARDED_PATH = 14
export const FORWARDED_PREFIX = 15
export const REAL_IP = 16
export const VIA = 17
/** `Forwarded` (RFC 7239) and X-Forwarded-* of other proxies: kept from trusted peers, dropped from others. */
export const FORWARDED = 18
/** Kept, and 400 where there are two. */
export const ONCE = 19
/** Has a `_` in its name: goes the way of `gateway.request_headers.underscores`. */
export const UNDERSCORE = 20
/** Token of `sallyport debug-token`: for the gateway alone. */
export const DEBUG = 21

// maps, not objects: `constructor` is a field name, too
const SPECIAL = new Map<string, number>(Object.entries({
  host: HOST,
  'content-length': CONTENT_LENGTH,
  connection: CONNECTION,
  te: TE,
  'transfer-encoding': TRANSFER_ENCODING,
  expect: EXPECT,
  upgrade: UPGRADE,
  authorization: AUTHORIZATION,
  'x-forwarded-for': FORWARDED_FOR,
  'x-forwarded-proto': FORWARDED_PROTO,
  'x-forwarded-host': FORWARDED_HOST,
  'x-forwarded-port': FORWARDED_PORT,
  'x-forwarded-path': FORWARDED_PATH,
  'x-forwarded-prefix': FORWARDED_PREFIX,
  'x-real-ip': REAL_IP,
  via: VIA,
  forwarded: FORWARDED,
  // IIS, Symfony and others route by these instead of the target: past whatever stands before the path that they name. From trusted
  // peers as well: load balancers pass on what clients write there
  'x-original-url': DROP,
  'x-original-uri': DROP,
  'x-rewrite-url': DROP,
  'keep-alive': DROP,
  'proxy-connection': DROP,
  // httpoxy: CGI-style upstreams read it as HTTP_PROXY
  proxy: DROP,
  'http2-settings': DROP,
  'x-sallyport-request-id': DROP,
  'x-sallyport-debug': DEBUG,
  'x-kong-request-id': DROP
}))

/** Fields in which only the gateway may speak about the caller; `_` is `-` to many upstreams (CGI, WSGI). */
const IDENTITY = new Set(['x-credential-identifier', 'x-credential-username', 'x-anonymous-consumer', 'x-consumer-groups', 'x-authenticated-groups', 'x-authenticated-scope', 'x-authenticated-userid', 'x-owner-id', 'x-scopes', 'x-tenant-id'])
const IDENTITY_PREFIXES = ['x-consumer-', 'x-user-', 'x-authenticated-', 'x-credential-']

/** Spellings that clients send most, so that these are one look-up each. */
export const COMMON = [
  'Host', 'User-Agent', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Content-Type', 'Content-Length', 'Cookie',
  'Cache-Control', 'Referer', 'Origin', 'Connection', 'Authorization', 'Range', 'If-None-Match', 'If-Modified-Since',
  'Pragma', 'Upgrade', 'Transfer-Encoding', 'TE', 'Expect', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host',
  'X-Forwarded-Port', 'X-Real-IP', 'Via', 'X-Request-ID', 'X-Request-Id', 'Traceparent', 'Tracestate'
]

function classify (lower: string): number {
  return SPECIAL.get(lower) ?? (isIdentityField(lower) ? DROP : KEEP)
}

/** Whether the gateway alone may say this about the caller, in every configuration. @param lower name in lower case */
export function isIdentityField (lower: string): boolean {
  if (lower.charCodeAt(0) !== 120 || (lower.charCodeAt(1) !== 45 && lower.charCodeAt(1) !== 95)) return false
  const dashed = lower.includes('_') ? lower.replaceAll('_', '-') : lower
  return IDENTITY.has(dashed) || IDENTITY_PREFIXES.some(prefix => dashed.startsWith(prefix))
}

const KINDS = new Map<string, number>()
for (const name of [...COMMON, ...SPECIAL.keys()]) {
  KINDS.set(name, classify(name.toLowerCase()))
  KINDS.set(name.toLowerCase(), classify(name.toLowerCase()))
}

/** What to do with a field of this name, in any case. */
export function requestFieldKind (name: string): number {
  return KINDS.get(name) ?? classify(name.toLowerCase())
}
