import {
  compileClaimPath, compileRequirement, createIdentityMaker, insufficientScope, invalidToken, missingWords, wordsOf,
  type BearerError, type IdentityMaker, type PluginGateway, type Static
} from '../../src/plugin.ts'
import type { OpenidConnect } from './schema.ts'

export type Config = Static<typeof OpenidConnect>

/** Header fields for the upstream, each with the place of its claim. */
export function upstreamFields (config: Config): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries([
    ...config.upstream_headers_names.map((name, index) => [name, config.upstream_headers_claims[index] as string] as const),
    ...config.upstream_headers.map(({ header, path }) => [header, path] as const)
  ])
}

/** What claims of a token that is good must hold, in Kong's order of words: alternatives, and all words of one. */
export function createJudge (config: Config, { consumers }: PluginGateway): IdentityMaker {
  const makeIdentity = createIdentityMaker({
    requiredClaims: [],
    scopesClaim: config.scopes_claim,
    scopesRequired: config.scopes_required,
    rolesClaim: config.roles_claim,
    rolesRequired: config.roles_required,
    groupsClaim: config.authenticated_groups_claim,
    headers: upstreamFields(config),
    consumerClaim: config.consumer_claim,
    consumerBy: config.consumer_by,
    consumerOptional: config.consumer_optional
  }, consumers)
  const forbidden = config.claims_forbidden.map(name => ({ name, read: compileClaimPath(name) }))
  const held = [
    { what: 'audience', read: compileClaimPath(config.audience_claim), required: compileRequirement(config.audience_required) },
    { what: 'group', read: compileClaimPath(config.groups_claim), required: compileRequirement(config.groups_required) }
  ]

  return function judge (claims, owner) {
    return lacking(claims) ?? makeIdentity(claims, owner)
  }

  function lacking (claims: Parameters<IdentityMaker>[0]): BearerError | null {
    for (const { name, read } of forbidden) if (read(claims) !== undefined) return invalidToken(`Forbidden claim: ${name}`)
    for (const { what, read, required } of held) {
      const missing = missingWords(required, wordsOf(read(claims)))
      if (missing !== null) return insufficientScope(`Missing required ${what}: ${missing.join(' ')}`)
    }
    return null
  }
}
