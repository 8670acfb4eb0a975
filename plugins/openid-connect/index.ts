import {
  BearerError, createAuthenticator, createTokenFinder, definePlugin, quoted, refuse,
  type Consumer, type GatewayError, type Identity, type TokenFinder
} from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { type Config, upstreamFields } from './judge.ts'
import { refused } from './refused.ts'
import { OpenidConnect } from './schema.ts'
import { createVerify, type VerifyToken } from './verify.ts'

interface State {
  readonly anonymous: Consumer | null
  readonly verify: VerifyToken
}

export default definePlugin({
  name: 'openid-connect',
  // Kong's number: after jwt, key-auth and basic-auth, before hmac-auth
  priority: 1050,
  schema: OpenidConnect,
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  credentialHeaders: config => config.bearer_token_header_name === undefined ? [] : [config.bearer_token_header_name],
  secretNames: config => config.bearer_token_header_name === undefined ? [] : [config.bearer_token_header_name],
  identityHeaders: config => Object.keys(upstreamFields(config)),
  refuses: refused,
  check: checkConfig,
  setup (config, gateway): State {
    return {
      anonymous: gateway.consumers.anonymous(config.anonymous),
      verify: createVerify(config, gateway)
    }
  },
  register (scope, { config, state }) {
    const { verify } = state
    const finder = findTokens(config)
    const refuseToken = createRefusal(config)

    const conclude = (verdict: Identity | BearerError): Identity | GatewayError => verdict instanceof BearerError ? refuseToken(verdict) : verdict

    scope.addHook('onRequest', createAuthenticator({ plugin: 'openid-connect', anonymous: state.anonymous, preflight: config.run_on_preflight }, function openidConnect (request) {
      const token = finder.find(request)
      // also when it is no good: somebody who counts as anonymous has no token to pass on
      if (config.hide_credentials && request.gateway.upstream !== null) finder.strip(request.gateway.upstream)
      if (token instanceof BearerError) return refuseToken(token)
      const verdict = verify(token)
      return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict)
    }))
  }
})

function findTokens (config: Config): TokenFinder {
  const { bearer_token_param_type: places, bearer_token_header_name: header, bearer_token_cookie_name: cookie } = config
  return createTokenFinder({
    headers: [...places.includes('header') ? ['authorization'] : [], ...header === undefined ? [] : [header]],
    cookies: places.includes('cookie') && cookie !== undefined ? [cookie] : [],
    parameters: places.includes('query') ? ['access_token'] : []
  })
}

/** Kong's answers: two messages, the reason only where it is wished for, and the issuer's host as the realm. */
function createRefusal (config: Config): (error: BearerError) => GatewayError {
  const realm = new URL(config.issuer).hostname
  return error => {
    const message = error.status === 401 ? config.unauthorized_error_message : config.forbidden_error_message
    return refuse(error.status, config.display_errors ? error.message : message, {
      challenge: config.expose_error_code ? error.challenge(realm) : `Bearer realm=${quoted(realm)}`
    })
  }
}
