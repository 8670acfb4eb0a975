import type { Claims } from '../claims.ts'

/** What is revoked, all of it, as it was at one moment. */
export class Revoked {
  readonly tokens: ReadonlySet<string>
  readonly subjects: ReadonlyMap<string, number>

  /**
   * @param tokens `jti` of single tokens
   * @param subjects `sub` to the time, in seconds, up to which its tokens are revoked ("sign out everywhere")
   */
  constructor (tokens: ReadonlySet<string>, subjects: ReadonlyMap<string, number>) {
    this.tokens = tokens
    this.subjects = subjects
  }

  has ({ jti, sub, iat }: Claims): boolean {
    if (typeof jti === 'string' && this.tokens.has(jti)) return true
    if (typeof sub !== 'string') return false
    const until = this.subjects.get(sub)
    // a token that doesn't say when it was made may be an old one
    return until !== undefined && (typeof iat !== 'number' || iat <= until)
  }
}

/**
 * Reads what a file says: `{ "jti": ["…"], "sub": { "ann": 1767225600 } }`.
 *
 * @throws Error with one sentence about what is wrong; it holds nothing of the content
 */
export function parseRevoked (text: string): Revoked {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
  if (!isRecord(value)) throw new Error('it is not a JSON object')
  const unknown = Object.keys(value).find(name => name !== 'jti' && name !== 'sub')
  if (unknown !== undefined) throw new Error('it has members other than `jti` and `sub`')
  const { jti = [], sub = {} } = value
  if (!Array.isArray(jti) || !jti.every(item => typeof item === 'string')) throw new Error('`jti` is not a list of texts')
  if (!isRecord(sub) || !Object.values(sub).every(Number.isFinite)) throw new Error('`sub` is not an object of times in seconds')
  return new Revoked(new Set(jti as string[]), new Map(Object.entries(sub) as Array<[string, number]>))
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
