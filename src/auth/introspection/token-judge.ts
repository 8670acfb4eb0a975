import { BearerError, invalidToken } from '../bearer-error.ts'
import type { Claims } from '../claims.ts'
import type { IdentityMaker } from '../identity-from-claims.ts'
import type { Identity } from '../identity.ts'

export interface TokenRules {
  /** One of them has to be `iss`, where there is one; without, any is good. */
  readonly issuers?: readonly string[] | undefined
  /** One of them has to be in `aud`. */
  readonly audience?: readonly string[] | undefined
  readonly makeIdentity: IdentityMaker
}

/** Who a token stands for, by what the provider says of it (null: it is not active), or why it is refused. */
export type TokenJudge = (claims: Claims | null) => Identity | BearerError

/** An answer that is remembered is judged once. */
export function createTokenJudge ({ issuers, audience, makeIdentity }: TokenRules): TokenJudge {
  const verdicts = new WeakMap<Claims, Identity | BearerError>()
  // Kong's words, for whoever looks for them
  const inactive = invalidToken('The access token is invalid or has expired')

  function judge (claims: Claims): Identity | BearerError {
    if (issuers !== undefined && claims['iss'] !== undefined && !issuers.includes(claims['iss'] as string)) return invalidToken('Invalid issuer', { iss: 'not the one expected' })
    if (audience !== undefined && !holds(claims['aud'], audience)) return invalidToken('Invalid audience', { aud: 'not the one expected' })
    return makeIdentity(claims, null)
  }

  return claims => {
    if (claims === null) return inactive
    const known = verdicts.get(claims)
    if (known !== undefined) return known
    const verdict = judge(claims)
    verdicts.set(claims, verdict)
    return verdict
  }
}

/** RFC 7662 section 2.2: one text or a list. */
function holds (aud: unknown, wanted: readonly string[]): boolean {
  if (typeof aud === 'string') return wanted.includes(aud)
  return Array.isArray(aud) && aud.some(one => wanted.includes(one as string))
}
