import {
  BearerError, createTokenJudge, createTokenVerifier, invalidToken, JWT_ALGORITHMS, keepIntrospector, keepProvider,
  type Identity, type PluginGateway
} from '../../src/plugin.ts'
import { type Config, createJudge } from './judge.ts'

type Verdict = Identity | BearerError

/** Who a token stands for, or why it is refused. */
export type VerifyToken = (token: string) => Verdict | Promise<Verdict>

/** Shared secrets are no keys of a provider that publishes its keys. */
const ALGORITHMS = new Set(JWT_ALGORITHMS.filter(algorithm => !algorithm.startsWith('HS')))

/** Of everything that looks like one: a JWT has three parts. */
const SIGNED = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Verifies tokens in the ways of `auth_methods`. */
export function createVerify (config: Config, gateway: PluginGateway): VerifyToken {
  const bearer = config.auth_methods.includes('bearer') ? createBearer(config, gateway) : null
  const introspection = config.auth_methods.includes('introspection') ? createIntrospection(config, gateway) : null
  if (bearer === null) return introspection as VerifyToken
  if (introspection === null) return bearer
  if (!config.introspect_jwt_tokens) return token => SIGNED.test(token) ? bearer(token) : introspection(token)

  return async function verifyBoth (token) {
    if (!SIGNED.test(token)) return await introspection(token)
    const verdict = await bearer(token)
    if (verdict instanceof BearerError) return verdict
    const asked = await introspection(token)
    // what was signed says who it is; the provider's answer can only take it back
    return asked instanceof BearerError ? asked : verdict
  }
}

function providerOptions (config: Config) {
  return {
    issuer: config.issuer,
    jwksUri: config.jwks_endpoint,
    introspectionUrl: config.introspection_endpoint,
    timeout: config.timeout,
    allowInsecure: config.allow_insecure,
    cooldown: config.rediscovery_lifetime * 1000
  }
}

function createBearer (config: Config, gateway: PluginGateway): VerifyToken {
  const provider = keepProvider(gateway, providerOptions(config))
  const issuers = config.issuers_allowed ?? [provider.issuer as string]
  const judge = createJudge(config, gateway)
  const trust = { keys: provider.keys, algorithms: ALGORITHMS, issuer: null, audience: null }
  return createTokenVerifier<Identity, typeof trust>({
    trustFor: () => trust,
    grant: claims => issuers.includes(claims['iss'] as string) ? judge(claims, null) : invalidToken('Invalid issuer', { iss: 'not the one expected' }),
    times: { leeway: config.leeway, required: new Set(['exp']), maximumExpiration: 0 },
    remember: config.cached_tokens,
    now: gateway.now
  })
}

function createIntrospection (config: Config, gateway: PluginGateway): VerifyToken {
  const provider = providerOptions(config)
  const introspector = keepIntrospector(gateway, {
    provider,
    client: {
      method: config.introspection_endpoint_auth_method,
      clientId: config.client_id?.[0] ?? '',
      secret: config.client_secret?.[0],
      privateKey: config.client_private_key,
      keyId: config.client_key_id
    },
    headers: {},
    tokenTypeHint: config.introspection_hint === '' ? undefined : config.introspection_hint,
    activeFor: config.cache_ttl * 1000,
    inactiveFor: config.cache_ttl_neg * 1000,
    remember: config.cached_tokens,
    breaker: { failures: 5, openFor: 10_000 }
  })
  const judge = createTokenJudge({ issuers: config.issuers_allowed ?? [keepProvider(gateway, provider).issuer as string], makeIdentity: createJudge(config, gateway) })
  return token => {
    const claims = introspector.introspect(token)
    return claims instanceof Promise ? claims.then(judge) : judge(claims)
  }
}
