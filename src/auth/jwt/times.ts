/** What `exp`, `nbf` and `iat` are held to. Seconds. */
export interface TimeRules {
  /** How far clocks may differ. */
  readonly leeway: number
  /** Claims of these that must be there; they are checked wherever they are there. */
  readonly required: ReadonlySet<'exp' | 'nbf'>
  /** Longest rest of a token's life; 0: any. A token without `exp` has none that could be measured, and is refused. */
  readonly maximumExpiration: number
}

/** When a token holds, in milliseconds, leeway included. */
export interface Validity {
  /** From this moment on. */
  readonly from: number
  /** Until just before this moment. */
  readonly until: number
}

/** Problems by claim, in Kong's words. */
export type TimeProblems = Readonly<Record<string, string>>

/**
 * Checks the times of a token (RFC 7519 sections 4.1.4 to 4.1.6) and says how long it holds.
 *
 * @param now milliseconds since the epoch
 */
export function checkTimes (claims: Readonly<Record<string, unknown>>, rules: TimeRules, now: number): Validity | { readonly problems: TimeProblems } {
  const seconds = now / 1000
  const { exp, nbf, iat } = claims
  let problems: Record<string, string> | null = null

  if (exp !== undefined || rules.required.has('exp') || rules.maximumExpiration > 0) {
    if (!isDate(exp)) problems = { exp: 'must be a number' }
    // the moment itself is too late, as in Kong
    else if (exp + rules.leeway <= seconds) problems = { exp: 'token expired' }
    else if (rules.maximumExpiration > 0 && exp - seconds > rules.maximumExpiration) problems = { exp: 'exceeds maximum allowed expiration' }
  }
  if (nbf !== undefined || rules.required.has('nbf')) {
    if (!isDate(nbf)) problems = { ...problems, nbf: 'must be a number' }
    else if (nbf - rules.leeway > seconds) problems = { ...problems, nbf: 'token not valid yet' }
  }
  if (iat !== undefined) {
    if (!isDate(iat)) problems = { ...problems, iat: 'must be a number' }
    else if (iat - rules.leeway > seconds) problems = { ...problems, iat: 'issued in the future' }
  }
  if (problems !== null) return { problems }
  return {
    from: (Math.max(isDate(nbf) ? nbf : -Infinity, isDate(iat) ? iat : -Infinity) - rules.leeway) * 1000,
    until: isDate(exp) ? (exp + rules.leeway) * 1000 : Infinity
  }
}

/** NumericDate of RFC 7519 section 2: fractions are allowed, 1e999 is not a number for us. */
function isDate (value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
