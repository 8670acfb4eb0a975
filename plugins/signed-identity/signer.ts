import { createHmac, sign } from 'node:crypto'
import type { SigningKey } from './keys.ts'

/** Makes the header's value out of what is to be vouched for. */
export type Signer = (subject: string) => string

/** Values kept for one second. Beyond it they are made anew: bounded memory against a flood of callers. */
const MOST = 10_000

/**
 * Makes each value once a second: most requests of a caller find the one of the request before.
 *
 * @param make value for a subject at a time in seconds
 * @param now milliseconds since the epoch
 */
export function oncePerSecond (make: (subject: string, second: number) => string, now: () => number): Signer {
  let second = 0
  let values = new Map<string, string>()
  return function signOnce (subject) {
    const current = Math.floor(now() / 1000)
    if (current !== second || values.size >= MOST) {
      second = current
      values = new Map()
    }
    let value = values.get(subject)
    if (value === undefined) values.set(subject, value = make(subject, current))
    return value
  }
}

/** Tokens of claims, given as the text of a JSON object with at least one member. */
export function createTokenSigner ({ kid, key }: SigningKey, algorithm: 'ES256' | 'HS256', ttl: number): (claims: string, second: number) => string {
  // `typ` of its own (RFC 8725 section 3.11): no token of another kind passes for this one, nor this one for another
  const head = encode(JSON.stringify({ alg: algorithm, typ: 'identity+jwt', kid }))
  return function signToken (claims, second) {
    const input = `${head}.${encode(`${claims.slice(0, -1)},"iat":${second},"exp":${second + ttl}}`)}`
    const signature = algorithm === 'ES256'
      ? sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
      : createHmac('sha256', key).update(input).digest()
    return `${input}.${signature.toString('base64url')}`
  }
}

/**
 * Signatures over lines of text: `t=<second>,h=<names>,s=<signature>`.
 *
 * @returns takes the names, a line break, and the lines
 */
export function createLineSigner ({ key }: SigningKey): (subject: string, second: number) => string {
  return function signLines (subject, second) {
    const names = subject.slice(0, subject.indexOf('\n'))
    const signature = createHmac('sha256', key).update(`${second}\n${subject}`, 'latin1').digest('base64url')
    return `t=${second},h=${names},s=${signature}`
  }
}

function encode (text: string): string {
  return Buffer.from(text).toString('base64url')
}
