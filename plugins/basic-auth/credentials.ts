import { isUtf8 } from 'node:buffer'

/** What a client says it is. */
export interface Given {
  readonly username: string
  readonly password: Buffer
}

const SCHEME = /^basic(?: |$)/i
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i
const COLON = 0x3a

/** Whether the field is of this scheme, well-formed or not. */
export function isBasic (field: string): boolean {
  return SCHEME.test(field)
}

/** Reads an Authorization field (RFC 7617); null where it gives no user name. */
export function readBasic (field: string): Given | null {
  const encoded = BASIC.exec(field)?.[1]
  if (encoded === undefined) return null
  const bytes = Buffer.from(encoded, 'base64')
  const colon = bytes.indexOf(COLON)
  // control characters are not allowed in either part, and a NUL would end what bcrypt reads
  if (colon <= 0 || !isUtf8(bytes) || bytes.some(byte => byte < 0x20 || byte === 0x7f)) return null
  return { username: bytes.toString('utf8', 0, colon), password: bytes.subarray(colon + 1) }
}
