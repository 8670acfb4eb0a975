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

/** What is wrong with a list of revocations, in one sentence that holds nothing of the content. */
export class RevokedError extends Error {
  /** Steps to what is wrong. */
  readonly path: ReadonlyArray<string | number>

  constructor (message: string, path: ReadonlyArray<string | number> = []) {
    super(message)
    this.name = 'RevokedError'
    this.path = path
  }
}

/**
 * Reads what a file says: `{ "jti": ["…"], "sub": { "ann": 1767225600 } }`.
 *
 * @throws RevokedError
 */
export function parseRevoked (text: string): Revoked {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RevokedError('it is not JSON')
  }
  if (!isRecord(value)) throw new RevokedError('it is not a JSON object')
  const unknown = Object.keys(value).find(name => name !== 'jti' && name !== 'sub')
  if (unknown !== undefined) throw new RevokedError('it has members other than `jti` and `sub`', [unknown])
  const { jti = [], sub = {} } = value
  const noText = Array.isArray(jti) ? jti.findIndex(item => typeof item !== 'string') : 0
  if (!Array.isArray(jti) || noText !== -1) throw new RevokedError('`jti` is not a list of texts', ['jti', noText])
  const noTime = isRecord(sub) ? Object.keys(sub).find(name => !Number.isFinite(sub[name])) : ''
  if (!isRecord(sub) || noTime !== undefined) throw new RevokedError('`sub` is not an object of times in seconds', ['sub', noTime as string])
  return new Revoked(new Set(jti as string[]), new Map(Object.entries(sub) as Array<[string, number]>))
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
