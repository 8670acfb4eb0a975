import {
  BearerError, createAuthenticator, createIdentityMaker, createTokenFinder, createTokenJudge, definePlugin, keepIntrospector,
  type Consumer, type GatewayError, type Identity, type Introspector, type PluginGateway, type TokenJudge
} from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { introspectionOptions, type Config } from './options.ts'
import { OAuth2Introspection } from './schema.ts'
import { upstreamFields } from './upstream-fields.ts'

interface State {
  readonly anonymous: Consumer | null
  readonly introspector: Introspector
  readonly judge: TokenJudge
}

export default definePlugin({
  name: 'oauth2-introspection',
  // Kong's number: before jwt and all other authentication plugins
  priority: 1700,
  schema: OAuth2Introspection,
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  refuses: {
    introspect_request: 'Remove it: answers are remembered by token, so what the request was is nothing that a provider could decide by.'
  },
  identityHeaders: config => Object.keys(upstreamFields(config)),
  check: checkConfig,
  setup (config, gateway): State {
    return {
      anonymous: gateway.consumers.anonymous(config.anonymous),
      introspector: keepIntrospector(gateway, introspectionOptions(config)),
      judge: createJudge(config, gateway)
    }
  },
  register (scope, { config, state }) {
    const { introspector, judge } = state
    const { realm, hide_credentials: hide } = config
    const finder = createTokenFinder({ headers: ['authorization'], cookies: [], parameters: ['access_token'] })

    function conclude (claims: Parameters<TokenJudge>[0]): Identity | GatewayError {
      const verdict = judge(claims)
      return verdict instanceof BearerError ? verdict.refusal(realm) : verdict
    }

    scope.addHook('onRequest', createAuthenticator({ plugin: 'oauth2-introspection', anonymous: state.anonymous, preflight: config.run_on_preflight }, function oauth2Introspection (request) {
      const token = finder.find(request)
      // also when it is no good: somebody who counts as anonymous has no token to pass on
      if (hide && request.gateway.upstream !== null) finder.strip(request.gateway.upstream)
      if (token instanceof BearerError) return token.refusal(realm)
      const claims = introspector.introspect(token)
      return claims instanceof Promise ? claims.then(conclude) : conclude(claims)
    }))
  }
})

function createJudge (config: Config, { consumers }: PluginGateway): TokenJudge {
  const makeIdentity = createIdentityMaker({
    requiredClaims: config.required_claims,
    scopesClaim: config.scopes_claim,
    scopesRequired: config.scopes_required,
    rolesClaim: config.roles_claim,
    rolesRequired: config.roles_required,
    headers: upstreamFields(config),
    consumerClaim: config.consumer_claim ?? [config.consumer_by],
    consumerBy: ['username', 'custom_id'],
    consumerOptional: config.consumer_optional
  }, consumers)
  return createTokenJudge({ issuers: config.issuer === undefined ? undefined : [config.issuer], audience: config.audience, makeIdentity })
}
