import { TOKEN_NAMES } from './product.ts'

/** What becomes of each header field of an upstream's answer (RFC 9110 section 7.6.1). */

export const KEEP = 0
export const DROP = 1
export const CONTENT_LENGTH = 2
export const CONNECTION = 3
export const VIA = 4
export const SERVER = 5
export const TRAILER = 6
export const CONTENT_TYPE = 7
export const TRANSFER_ENCODING = 8

/** One of the gateway's own names, where the upstream is a gateway, too. */
export const TOKEN = 9

/** Belongs to the connection; 426 must have it nevertheless. */
export const UPGRADE = 10

// a map, not an object: `constructor` is a field name, too
const SPECIAL = new Map<string, number>(Object.entries({
  connection: CONNECTION,
  'content-length': CONTENT_LENGTH,
  'content-type': CONTENT_TYPE,
  via: VIA,
  server: SERVER,
  trailer: TRAILER,
  'keep-alive': DROP,
  'proxy-connection': DROP,
  'transfer-encoding': TRANSFER_ENCODING,
  upgrade: UPGRADE,
  te: DROP,
  ...Object.fromEntries(TOKEN_NAMES.map(name => [name, TOKEN]))
}))

const COMMON = ['Date', 'Content-Type', 'Content-Length', 'Connection', 'Keep-Alive', 'Transfer-Encoding', 'Server', 'ETag', 'Cache-Control', 'Vary', 'Set-Cookie', 'X-Powered-By', 'Last-Modified', 'Location', 'Via']

const KINDS = new Map<string, number>()
for (const name of [...COMMON, ...COMMON.map(name => name.toLowerCase()), ...SPECIAL.keys()]) {
  KINDS.set(name, SPECIAL.get(name.toLowerCase()) ?? KEEP)
}

/** What to do with a field of this name, in any case. */
export function responseFieldKind (name: string): number {
  return KINDS.get(name) ?? SPECIAL.get(name.toLowerCase()) ?? KEEP
}
