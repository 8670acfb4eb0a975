import type { Consumer } from '../config/model.ts'
import type { Consumers } from '../consumers/consumers.ts'
import type { Credential } from '../plugin.ts'
import { BearerError, insufficientScope, invalidToken } from './bearer-error.ts'
import { checkRoles, checkScopes, claimFields, type Claims, compileClaimHeaders, compileClaimPath, compileRequirement, wordsOf } from './claims.ts'
import { type Identity, identityOf } from './identity.ts'

/** What is made of verified claims, and what they must hold. Paths are those of `compileClaimPath`. */
export interface ClaimRules {
  readonly requiredClaims: readonly string[]
  readonly scopesClaim: readonly string[]
  readonly scopesRequired: readonly string[]
  readonly rolesClaim: readonly string[]
  readonly rolesRequired: readonly string[]
  readonly groupsClaim?: readonly string[] | undefined
  /** Header fields for the upstream: name to claim. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** The claim that names the consumer; without, the credential's own consumer counts. */
  readonly consumerClaim?: readonly string[] | undefined
  readonly consumerBy: ReadonlyArray<'username' | 'custom_id'>
  /** A token whose consumer isn't there is good for no consumer at all, instead of 403. */
  readonly consumerOptional: boolean
}

/** Who a credential of the file says that it is; null: the provider alone knows. */
export interface Owner {
  readonly consumer: Consumer
  readonly credential: Credential
}

/** Makes an identity of claims that were verified, or says what they lack. */
export type IdentityMaker = (claims: Claims, owner: Owner | null) => Identity | BearerError

export function createIdentityMaker (rules: ClaimRules, consumers: Pick<Consumers, 'byUsername' | 'byCustomId'>): IdentityMaker {
  const required = rules.requiredClaims.map(name => ({ name, read: compileClaimPath(name) }))
  const readScopes = compileClaimPath(rules.scopesClaim)
  const readRoles = compileClaimPath(rules.rolesClaim)
  const readGroups = rules.groupsClaim === undefined ? null : compileClaimPath(rules.groupsClaim)
  const readConsumer = rules.consumerClaim === undefined ? null : compileClaimPath(rules.consumerClaim)
  const scopesRequired = compileRequirement(rules.scopesRequired)
  const rolesRequired = compileRequirement(rules.rolesRequired)
  const headers = compileClaimHeaders(rules.headers)

  function consumerOf (value: unknown): Consumer | null {
    if (typeof value !== 'string') return null
    for (const key of rules.consumerBy) {
      const found = key === 'username' ? consumers.byUsername(value) : consumers.byCustomId(value)
      if (found !== undefined) return found
    }
    return null
  }

  return function makeIdentity (claims, owner) {
    for (const { name, read } of required) {
      const value = read(claims)
      if (value === undefined || value === null || value === '') return invalidToken(`Missing required claim: ${name}`)
    }
    const scopes = wordsOf(readScopes(claims))
    const roles = wordsOf(readRoles(claims))
    const lacking = checkScopes(scopesRequired, scopes) ?? checkRoles(rolesRequired, roles)
    if (lacking !== null) return lacking

    const consumer = readConsumer === null ? owner?.consumer ?? null : consumerOf(readConsumer(claims))
    if (consumer === null && readConsumer !== null && !rules.consumerOptional) return insufficientScope('No consumer found for the token')
    return identityOf({
      consumer,
      credential: owner?.credential ?? credentialOf(claims),
      subject: typeof claims['sub'] === 'string' ? claims['sub'] : null,
      claims,
      scopes,
      roles,
      groups: readGroups === null ? null : wordsOf(readGroups(claims)),
      headers: claimFields(claims, headers)
    })
  }
}

/** A credential that no file knows: the issuer's name for the caller. Two issuers may give one name to two callers. */
function credentialOf (claims: Claims): Credential {
  const issuer = typeof claims['iss'] === 'string' ? claims['iss'] : ''
  for (const name of ['sub', 'client_id', 'azp']) {
    const value = claims[name]
    if (typeof value === 'string' && value !== '') return { id: `${issuer}#${value}`, identifier: value }
  }
  return { id: `${issuer}#` }
}
