import type { IntrospectionOptions, Static } from '../../src/plugin.ts'
import type { OAuth2Introspection } from './schema.ts'

export type Config = Static<typeof OAuth2Introspection>

/** The options of the plugin, as the introspector has them. */
export function introspectionOptions (config: Config): IntrospectionOptions {
  return {
    provider: {
      issuer: config.issuer,
      introspectionUrl: config.introspection_url,
      timeout: config.timeout,
      allowInsecure: config.allow_insecure,
      keepAlive: config.keepalive
    },
    client: config.authorization_value === undefined
      ? {
          method: config.client_auth,
          clientId: config.client_id ?? '',
          secret: config.client_secret,
          privateKey: config.client_private_key,
          keyId: config.client_key_id
        }
      : { authorization: config.authorization_value },
    headers: config.custom_introspection_headers,
    tokenTypeHint: config.token_type_hint,
    activeFor: config.ttl * 1000,
    inactiveFor: config.inactive_ttl * 1000,
    remember: config.cached_tokens,
    breaker: { failures: config.breaker.failures, openFor: config.breaker.timeout }
  }
}
