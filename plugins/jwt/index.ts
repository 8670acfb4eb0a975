import {
  BearerError, createAuthenticator, createIdentityMaker, createTokenFinder, createTokenVerifier, definePlugin, invalidToken, keepRevocations,
  type Identity, type PluginGateway, type Revocations, type TokenFinder, type TokenVerifier
} from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { Jwt } from './schema.ts'
import { type Config, createTrust, type TokenTrust } from './trust.ts'

interface State {
  readonly anonymous: ReturnType<PluginGateway['consumers']['find']> | null
  readonly tokens: TokenFinder
  readonly verify: TokenVerifier<Identity>
}

export default definePlugin({
  name: 'jwt',
  // the first of the methods that look at a credential, as in Kong: after cors, before acl and limits
  priority: 1450,
  schema: Jwt,
  // not consumer: nobody is authenticated yet when it runs
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  credentials: 'jwt_secrets',
  credentialHeaders: config => config.header_names,
  secretNames: config => [...config.header_names, ...config.uri_param_names],
  identityHeaders: config => Object.keys(config.claims_to_headers),
  check: checkConfig,
  async setup (config, gateway): Promise<State> {
    const revocations = config.revocation === undefined ? null : await revocationsOf(config.revocation, gateway)
    return {
      anonymous: gateway.consumers.anonymous(config.anonymous),
      tokens: createTokenFinder({ headers: config.header_names, cookies: config.cookie_names, parameters: config.uri_param_names }),
      verify: await createVerifier(config, gateway, revocations)
    }
  },
  register (scope, { config, state: { anonymous = null, tokens, verify } }) {
    const { realm, strip_token: strip } = config
    const conclude = (outcome: Identity | BearerError) => outcome instanceof BearerError ? outcome.refusal(realm) : outcome

    scope.addHook('onRequest', createAuthenticator({ plugin: 'jwt', anonymous, preflight: config.run_on_preflight }, function jwt (request) {
      const token = tokens.find(request)
      // also when it is no good: somebody who counts as anonymous has no token to pass on
      if (strip && request.gateway.upstream !== null) tokens.strip(request.gateway.upstream)
      if (token instanceof BearerError) return token.refusal(realm)
      const outcome = verify(token)
      return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome)
    }))
  }
})

async function createVerifier (config: Config, gateway: PluginGateway, revocations: Revocations | null): Promise<TokenVerifier<Identity>> {
  const identify = createIdentityMaker({
    requiredClaims: config.required_claims,
    scopesClaim: config.scopes_claim,
    scopesRequired: config.scopes_required,
    rolesClaim: config.roles_claim,
    rolesRequired: config.roles_required,
    headers: config.claims_to_headers,
    consumerClaim: config.consumer_claim,
    consumerBy: config.consumer_by,
    consumerOptional: config.consumer_optional
  }, gateway.consumers)

  return createTokenVerifier<Identity, TokenTrust>({
    trustFor: await createTrust(config, gateway),
    grant (claims, { owner }) {
      // what has neither could never be revoked
      if (revocations !== null && typeof claims['jti'] !== 'string' && typeof claims['sub'] !== 'string') return invalidToken('Missing required claim: jti')
      return identify(Object.freeze(claims), owner)
    },
    ...revocations === null ? {} : { recheck: ({ claims }: Identity) => revocations.has(claims ?? {}) ? invalidToken('Token revoked') : null },
    times: { leeway: config.leeway, required: new Set(config.claims_to_verify), maximumExpiration: config.maximum_expiration },
    remember: config.cached_tokens,
    now: gateway.now
  })
}

async function revocationsOf (place: NonNullable<Config['revocation']>, gateway: PluginGateway): Promise<Revocations> {
  return await keepRevocations(gateway, {
    file: place.file,
    redisUrl: place.redis_url,
    prefix: place.prefix,
    interval: place.interval * 1000,
    staleAfter: place.stale_after * 1000
  })
}
