/** Short-lived tokens that have the gateway tell where the time of a request went. */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a token is good for. */
export interface DebugClaims {
  /** Seconds since the epoch. */
  readonly exp: number
  /** Name or id of the only route. */
  readonly route?: string
  /** The only path, with all below it. */
  readonly path?: string
  /** Address of the only client. */
  readonly ip?: string
}

/** Lower-case: the field that carries one. */
export const DEBUG_HEADER = 'x-sallyport-debug'
/** Seconds that a token may have left at most, when it is made and whenever it is used. */
export const LONGEST_TTL = 15 * 60
/** Longer ones are none of ours: nothing is computed for them. */
const LONGEST = 2048
/** So that no other use of the secret makes something that passes for a token. */
const PURPOSE = 'sallyport debug v1.'

/** @throws RangeError for an end that is too far away */
export function mintDebugToken (secret: string, claims: DebugClaims, now: number): string {
  if (!(claims.exp > now / 1000 && claims.exp <= now / 1000 + LONGEST_TTL)) throw new RangeError(`a token ends within ${LONGEST_TTL} seconds`)
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return `${payload}.${signatureOf(payload, secret).toString('base64url')}`
}

/** What a token says; null: it is none, or has ended. @param now milliseconds since the epoch */
export function readDebugToken (secret: string, token: string, now: number): DebugClaims | null {
  const [, payload, signature] = token.length > LONGEST ? [] : /^([\w-]+)\.([\w-]{43})$/.exec(token) ?? []
  if (payload === undefined || signature === undefined) return null
  if (!timingSafeEqual(Buffer.from(signature, 'base64url'), signatureOf(payload, secret))) return null
  const claims = claimsOf(payload)
  if (claims === null) return null
  const left = claims.exp - now / 1000
  return left > 0 && left <= LONGEST_TTL ? claims : null
}

/** Others who know the secret may sign anything; what is none of these claims is no token. */
function claimsOf (payload: string): DebugClaims | null {
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Partial<Record<keyof DebugClaims, unknown>> | null
    if (typeof claims?.exp !== 'number') return null
    const bounds = [claims.route, claims.path, claims.ip]
    return bounds.every(bound => bound === undefined || typeof bound === 'string') ? claims as DebugClaims : null
  } catch {
    return null
  }
}

function signatureOf (payload: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(PURPOSE).update(payload).digest()
}
