import { BearerError, invalidToken } from '../bearer-error.ts'
import { isJwtAlgorithm, type JwtAlgorithm } from './algorithms.ts'
import { decodeBase64url } from './base64url.ts'
import { parseJsonObject } from './json.ts'

/** Node itself takes header blocks of 32 KiB; tokens of real providers stay below 8. */
export const MAX_TOKEN_LENGTH = 16_384

export interface JoseHeader {
  readonly alg: JwtAlgorithm
  readonly kid?: string
  readonly [name: string]: unknown
}

/** A token that is well formed; nothing in it is believed yet. */
export interface ParsedToken {
  readonly header: JoseHeader
  readonly claims: Readonly<Record<string, unknown>>
  /** What the signature is made of: the first two parts as they were sent. */
  readonly signed: Buffer
  readonly signature: Buffer
}

/** Headers that were seen on tokens with a good signature, by their encoded form: an issuer has one for each of its keys. */
export class KnownHeaders {
  readonly #headers = new Map<string, JoseHeader>()
  #last: JoseHeader | null = null

  get (encoded: string): JoseHeader | undefined {
    const header = this.#headers.get(encoded)
    if (header !== undefined) this.#last = header
    return header
  }

  /** @param token what the header stands in */
  add (token: string, header: JoseHeader): void {
    const length = token.indexOf('.')
    // the one that this map gave is in it
    if (header === this.#last || length > 512) return
    const encoded = token.slice(0, length)
    if (this.#headers.size >= 64) this.#headers.clear()
    this.#headers.set(encoded, header)
    this.#last = header
  }
}

/**
 * Takes a JWS in compact form apart (RFC 7515 section 7.1). Texts of the errors are Kong's where Kong has the case.
 *
 * What a header says about keys (`jwk`, `jku`, `x5u`, `x5c`) is never looked at. `crit` and with it `b64` are refused: we
 * understand no extension, so RFC 7515 section 4.1.11 leaves no choice. A JWE has no signature algorithm in `alg`.
 */
export function parseToken (text: string, known: KnownHeaders): ParsedToken | BearerError {
  if (text.length > MAX_TOKEN_LENGTH) return invalidToken('Bad token; too long')
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first === -1 || second === -1) return invalidToken('Bad token; invalid JSON')

  const encodedHeader = text.slice(0, first)
  const header = known.get(encodedHeader) ?? parsePart(encodedHeader)
  const claims = parsePart(text.slice(first + 1, second))
  if (header === null || claims === null) return invalidToken('Bad token; invalid JSON')
  if (!isJwtAlgorithm(header['alg'])) return invalidToken('Bad token; invalid alg')
  if ('crit' in header || 'b64' in header) return invalidToken('Bad token; unsupported crit')
  if ('kid' in header && typeof header['kid'] !== 'string') return invalidToken('Bad token; invalid kid')

  const signature = decodeBase64url(text.slice(second + 1))
  if (signature === null || signature.length === 0) return invalidToken('Bad token; invalid signature')
  return { header: header as JoseHeader, claims, signed: Buffer.from(text.slice(0, second), 'latin1'), signature }
}

function parsePart (encoded: string): Record<string, unknown> | null {
  const bytes = decodeBase64url(encoded)
  return bytes === null ? null : parseJsonObject(bytes)
}
