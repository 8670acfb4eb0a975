import { BearerError, invalidToken } from '../bearer-error.ts'
import type { Claims } from '../claims.ts'
import type { KeyHint, KeySource, VerificationKey } from '../key-source.ts'
import type { JwtAlgorithm } from './algorithms.ts'
import { createSignatureChecks } from './signature.ts'
import { checkTimes, type TimeRules } from './times.ts'
import { KnownHeaders, parseToken, type ParsedToken } from './token.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** Whose tokens are believed, and with which keys. */
export interface Trust {
  readonly keys: KeySource
  /** null: any that the keys allow. */
  readonly algorithms: ReadonlySet<JwtAlgorithm> | null
  /** What `iss` has to be; null: anything. */
  readonly issuer: string | null
  /** One of them has to be in `aud`; null: anything. */
  readonly audience: readonly string[] | null
}

export interface VerifierOptions<Grant, Chosen extends Trust> {
  /** Whose token it says to be. Nothing is verified yet. */
  trustFor (token: ParsedToken): Chosen | BearerError
  /** What a token with a good signature, times, issuer and audience gives; may be remembered with it. */
  grant (claims: Claims, trust: Chosen, token: ParsedToken): Grant | BearerError
  /** Asked on every request, also for remembered tokens: revocation. null: it holds. */
  recheck? (grant: Grant): BearerError | null
  readonly times: TimeRules
  /** Verified tokens to remember; 0: none. */
  readonly remember: number
  /** Milliseconds since the epoch. */
  now (): number
}

/** Verifies a token: what it gives, or why it is refused. A promise only when keys have to be fetched. */
export type TokenVerifier<Grant> = (token: string) => Grant | BearerError | Promise<Grant | BearerError>

export function createTokenVerifier<Grant, Chosen extends Trust> (options: VerifierOptions<Grant, Chosen>): TokenVerifier<Grant> {
  const { trustFor, grant, recheck, times, remember, now } = options
  const checkFor = createSignatureChecks()
  const known = new KnownHeaders()
  const verified = remember > 0 ? new VerifiedTokens<Grant>(remember) : null

  /** After the keys are there. */
  function verifyWith (keys: readonly VerificationKey[], version: number, text: string, seen: boolean, token: ParsedToken, trust: Chosen): Grant | BearerError {
    const { alg } = token.header
    if (keys.length === 0) return invalidToken(token.header.kid === undefined ? 'No key found for the token' : 'No key found for given \'kid\'')
    let usable = false
    let key: VerificationKey | undefined
    for (const candidate of keys) {
      if (candidate.alg !== null && candidate.alg !== alg) continue
      const check = checkFor(alg, candidate.key)
      if (check === null) continue
      usable = true
      if (check(token.signed, token.signature)) {
        key = candidate
        break
      }
    }
    if (!usable) return invalidToken('Invalid algorithm')
    if (key === undefined) return invalidToken('Invalid signature')
    known.add(text, token.header)

    const { claims } = token
    const validity = checkTimes(claims, times, now())
    if ('problems' in validity) return invalidToken(Object.values(validity.problems)[0] as string, validity.problems)
    if (trust.issuer !== null && claims['iss'] !== trust.issuer) return invalidToken('Invalid issuer', { iss: 'not the one expected' })
    if (trust.audience !== null && !hasAudience(claims['aud'], trust.audience)) return invalidToken('Invalid audience', { aud: 'not the one expected' })

    const granted = grant(claims, trust, token)
    if (granted instanceof BearerError) return granted
    if (validity.until > now()) {
      verified?.add(text, seen, { grant: granted, from: validity.from, until: validity.until, keys: trust.keys, key, hint: hintOf(token), version })
    }
    return recheck?.(granted) ?? granted
  }

  return function verifyToken (text) {
    const seen = verified !== null && verified.wasSeen(text)
    const found = seen ? verified.find(text, now()) : undefined
    if (found !== undefined) return recheck?.(found.grant) ?? found.grant

    const token = parseToken(text, known)
    if (token instanceof BearerError) return token
    const trust = trustFor(token)
    if (trust instanceof BearerError) return trust
    if (trust.algorithms !== null && !trust.algorithms.has(token.header.alg)) return invalidToken('Invalid algorithm')

    const { version } = trust.keys
    const keys = trust.keys.keysFor(hintOf(token))
    if (isList(keys)) return verifyWith(keys, version, text, seen, token, trust)
    // `version` is read before: a set that comes meanwhile is looked at once more, at worst
    return keys.then(list => verifyWith(list, version, text, seen, token, trust))
  }
}

function isList<Item> (value: readonly Item[] | Promise<readonly Item[]>): value is readonly Item[] {
  return Array.isArray(value)
}

function hintOf ({ header: { alg, kid } }: ParsedToken): KeyHint {
  return kid === undefined ? { alg } : { alg, kid }
}

/** RFC 7519 section 4.1.3: one text or a list. */
function hasAudience (aud: unknown, wanted: readonly string[]): boolean {
  if (typeof aud === 'string') return wanted.includes(aud)
  return Array.isArray(aud) && aud.some(one => wanted.includes(one as string))
}
