import { type CheckFinding, createAuthenticator, definePlugin, digestApiKey, type GatewayError, type Identity, identityOf, isMalformedApiKey, type KeyCredential, quoted, refuse } from '../../src/plugin.ts'
import { createKeyFinder, DUPLICATE, type Found } from './find-key.ts'
import { KeyAuth } from './schema.ts'

export default definePlugin({
  name: 'key-auth',
  // Kong's: after jwt, before basic-auth, acl and the limits
  priority: 1250,
  schema: KeyAuth,
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  credentials: 'keyauth_credentials',
  credentialHeaders: config => config.key_in_header ? config.key_names : [],
  secretNames: config => config.key_names,
  * check (config): Generator<CheckFinding> {
    if (!config.key_in_header && !config.key_in_query && !config.key_in_body) {
      yield { path: '', message: 'nowhere is looked for a key, so every request is refused', mend: 'Set one of `key_in_header`, `key_in_query` and `key_in_body` to true.' }
    }
  },
  setup (config, { consumers, now }) {
    return {
      consumers,
      now,
      anonymous: consumers.anonymous(config.anonymous)
    }
  },
  register (scope, { config, state: { anonymous, consumers, now } }) {
    const challenge = config.realm === undefined ? 'Key' : `Key realm=${quoted(config.realm)}`
    const findKey = createKeyFinder(config)
    const identities = new Map<KeyCredential, Identity>()

    function identify (key: Found): Identity | GatewayError {
      if (key === DUPLICATE) return refuse(401, 'Duplicate API key found', { challenge })
      if (key === null || key === '') return refuse(401, 'No API key found in request', { challenge })
      const credential = isMalformedApiKey(key) ? undefined : consumers.keyCredential(digestApiKey(key))
      if (credential === undefined || (credential.expires_at !== null && credential.expires_at <= now())) {
        return refuse(401, 'Unauthorized', { challenge })
      }
      return identityFor(credential)
    }

    /** Made when a key is first used: the same for all its requests. */
    function identityFor (credential: KeyCredential): Identity {
      const known = identities.get(credential)
      if (known !== undefined) return known
      const { id, scopes } = credential
      const identity = identityOf({ consumer: consumers.ownerOf(credential), credential: { id, identifier: id }, scopes })
      identities.set(credential, identity)
      return identity
    }

    scope.addHook('onRequest', createAuthenticator({ plugin: 'key-auth', anonymous, preflight: config.run_on_preflight }, function keyAuth (request) {
      const found = findKey(request)
      return found instanceof Promise ? found.then(identify) : identify(found)
    }))
  }
})
