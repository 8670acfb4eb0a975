/** What an Authorization field of this scheme says. */
export interface Signature {
  readonly username: string
  readonly algorithm: string
  /** What was signed, in order. */
  readonly headers: readonly string[]
  readonly bytes: Buffer
}

const SCHEME = /^hmac(?: |$)/i
/** Kong's form and order. Values can't hold quotes, so that each byte has one place to go: no backtracking. */
const HMAC = /^hmac +username="([^"]+)", *algorithm="([^"]+)", *headers="([^"]+)", *signature="([A-Za-z0-9+/]+={0,2})"$/i

/** Whether the field is of this scheme, well-formed or not. */
export function isHmac (field: string): boolean {
  return SCHEME.test(field)
}

/** Reads an Authorization field; null where it isn't one of this scheme. @param field bytes, one character each */
export function readSignature (field: string): Signature | null {
  const [, username, algorithm, headers, signature] = HMAC.exec(field) ?? []
  if (username === undefined || algorithm === undefined || headers === undefined || signature === undefined) return null
  const names = headers.split(' ')
  // a name that comes a thousand times would have us sign its value as often
  if (new Set(names).size !== names.length) return null
  return { username: Buffer.from(username, 'latin1').toString(), algorithm, headers: names, bytes: Buffer.from(signature, 'base64') }
}
