import type { PluginEntry, Pointer } from '../../config/model.ts'
import { isLoopback, option } from '../context.ts'
import type { AuditRule, Hit } from '../rule.ts'

/** An issuer as jwt's options and its `issuers` have it. */
interface Issuer {
  readonly issuer?: string
  readonly audience?: readonly string[]
  readonly jwks_uri?: string
  readonly jwks?: { readonly keys: ReadonlyArray<Readonly<Record<string, unknown>>> }
  readonly jwks_file?: string
  readonly public_key?: string
  readonly secret?: string
}

const KEYS = ['jwks_uri', 'jwks', 'jwks_file', 'public_key', 'secret'] as const

/** Tokens, and who vouches for them. */
export const tokenRules: readonly AuditRule[] = [
  {
    id: 'token-audience',
    severity: 'high',
    title: 'tokens that were made for others',
    why: 'A token that the same issuer made for another application opens here as well.',
    mend: 'Name this API in `audience` (jwt, oauth2-introspection) or `audience_required` (openid-connect).',
    * find (context) {
      for (const { entry } of context.uses('jwt')) {
        for (const { issuer, at } of issuersOf(entry)) if (issuer.audience === undefined) yield { pointer: `${at}/audience`, cause: 'tokens pass whatever audience they are for', mend: 'Name this API in `audience`.' }
      }
      for (const { entry } of context.uses('openid-connect')) {
        if ((entry.config['audience_required'] as readonly string[]).length === 0) yield { pointer: option(entry, 'audience_required'), cause: 'tokens pass whatever audience they are for', mend: 'Name this API in `audience_required`.' }
      }
      for (const { entry } of context.uses('oauth2-introspection')) {
        const { audience, scopes_required: scopes } = entry.config as { audience?: readonly string[], scopes_required: readonly string[] }
        if (audience === undefined && scopes.length === 0) yield { pointer: option(entry, 'audience'), severity: 'medium', cause: 'tokens pass whatever audience and scope they have', mend: 'Name this API in `audience`, or a scope in `scopes_required`.' }
      }
    }
  },
  {
    id: 'token-issuer',
    severity: 'medium',
    title: 'tokens of any issuer with the right key',
    why: 'Providers with many tenants sign for all of them with one set of keys.',
    mend: 'Add `issuer`.',
    * find (context) {
      for (const { entry } of context.uses('jwt')) {
        for (const { issuer, at } of issuersOf(entry)) if (issuer.issuer === undefined) yield { pointer: `${at}/issuer`, cause: 'tokens pass whoever issued them, as long as the key fits' }
      }
    }
  },
  {
    id: 'token-without-end',
    severity: 'high',
    title: 'tokens that need not expire',
    why: 'A token without `exp` that is stolen once opens for ever.',
    mend: 'Write `claims_to_verify: [exp]`, or a `maximum_expiration`.',
    * find (context) {
      for (const { entry } of context.uses('jwt')) {
        const { claims_to_verify: verified, maximum_expiration: longest, required_claims: required } = entry.config as { claims_to_verify: readonly string[], maximum_expiration: number, required_claims: readonly string[] }
        if (verified.includes('exp') || longest > 0 || required.includes('exp')) continue
        // a provider's tokens expire; those that somebody signs by hand often don't
        const provider = issuersOf(entry).length > 0 && issuersOf(entry).every(({ issuer }) => issuer.secret === undefined && issuer.public_key === undefined)
        yield { pointer: option(entry, 'claims_to_verify'), ...provider ? { severity: 'medium' } : {}, cause: 'tokens without `exp` are accepted' }
      }
    }
  },
  {
    id: 'mixed-algorithms',
    severity: 'low',
    title: 'shared secrets and key pairs side by side',
    why: 'A list that has both is the ground of attacks that pass a public key off as a secret; here each key holds to its own kind, elsewhere not.',
    mend: 'Keep the algorithms of the keys that are in use.',
    * find (context) {
      for (const { entry } of context.uses('jwt')) {
        const { algorithms = [] } = entry.config as { algorithms?: readonly string[] }
        if (algorithms.some(name => name.startsWith('HS')) && algorithms.some(name => !name.startsWith('HS'))) yield { pointer: option(entry, 'algorithms'), cause: 'algorithms of shared secrets stand beside those of key pairs' }
      }
    }
  },
  {
    id: 'shared-token-secret',
    severity: 'low',
    title: 'one secret that makes and verifies tokens',
    why: 'Whoever verifies tokens with it can make them, too: every service that has it is an issuer.',
    mend: 'Use a key pair (RS256, ES256, EdDSA) and `jwks_uri` or `public_key`.',
    * find (context) {
      for (const { entry } of context.uses('jwt')) {
        for (const { issuer, at } of issuersOf(entry)) if (issuer.secret !== undefined) yield { pointer: `${at}/secret`, cause: 'this secret makes tokens as well as it verifies them' }
      }
    }
  },
  {
    id: 'clock-skew',
    severity: 'medium',
    title: 'clocks that may be far off',
    why: 'Expired tokens pass, and signatures that somebody caught can be used again, for that long.',
    mend: 'Keep to a minute or two, and set the clocks by NTP.',
    * find (context) {
      for (const { entry } of context.uses('jwt', 'openid-connect', 'hmac-auth')) {
        const name = entry.name === 'hmac-auth' ? 'clock_skew' : 'leeway'
        const seconds = entry.config[name] as number
        if (seconds > 300) yield { pointer: option(entry, name), cause: `clocks may differ by ${seconds} seconds` }
      }
    }
  },
  {
    id: 'provider-over-http',
    severity: 'critical',
    title: 'keys or verdicts about tokens over plain http',
    why: 'Whoever stands in between names keys of their own, and makes tokens that pass.',
    mend: 'Write https, and remove `allow_insecure`.',
    * find (context) {
      for (const { entry } of context.uses('jwt')) {
        for (const { issuer, at } of issuersOf(entry)) {
          yield * plain(issuer.jwks_uri, `${at}/jwks_uri`)
          if (!KEYS.some(name => issuer[name] !== undefined)) yield * plain(issuer.issuer, `${at}/issuer`)
        }
      }
      for (const { entry } of context.uses('openid-connect', 'oauth2-introspection')) {
        for (const name of ['issuer', 'jwks_endpoint', 'introspection_endpoint', 'introspection_url']) yield * plain(entry.config[name], option(entry, name))
      }
    }
  },
  {
    id: 'insecure-allowed',
    severity: 'medium',
    title: 'plain http allowed where nothing needs it',
    why: 'A redirect or an edited address then leads to keys over plain http, and nothing complains.',
    mend: 'Remove `allow_insecure`.',
    * find (context) {
      for (const { entry } of context.uses('jwt', 'openid-connect', 'oauth2-introspection')) {
        if (entry.config['allow_insecure'] === true && !/"http:/.test(JSON.stringify(entry.config))) yield { pointer: option(entry, 'allow_insecure'), cause: '`allow_insecure` is on, and no address is plain http' }
      }
    }
  },
  {
    id: 'revocation-delay',
    severity: 'medium',
    title: 'verdicts that are remembered for long',
    why: 'A token or a session that was revoked goes on to open for that long.',
    mend: 'Write five minutes or less.',
    * find (context) {
      for (const { entry, seconds, path } of remembered(context.uses('oauth2-introspection', 'openid-connect', 'forward-auth').map(use => use.entry))) {
        if (seconds > 300) yield { pointer: option(entry, path), cause: `a verdict is remembered for ${seconds} seconds` }
      }
    }
  },
  {
    id: 'error-details',
    severity: 'low',
    title: 'refusals that explain themselves to callers',
    why: 'What exactly was wrong with a token helps whoever tries tokens.',
    mend: 'Remove `display_errors`.',
    * find (context) {
      for (const { entry } of context.uses('openid-connect')) {
        if (entry.config['display_errors'] === true) yield { pointer: option(entry, 'display_errors'), cause: 'refusals say what was wrong with the token' }
      }
    }
  },
  {
    id: 'identity-audience',
    severity: 'low',
    title: 'vouchers that are good at every service',
    why: 'A service can present the identity that it was sent to another service, in its caller\'s name.',
    mend: 'Add an `audience` for each service.',
    * find (context) {
      for (const { entry } of context.uses('signed-identity')) {
        if (entry.config['mode'] === 'jwt' && entry.config['audience'] === undefined) yield { pointer: option(entry, 'audience'), cause: 'the identity that services get names none of them' }
      }
    }
  },
  {
    id: 'identity-lifetime',
    severity: 'medium',
    title: 'vouchers that live long',
    why: 'The identity is for one request; until it expires, whoever sees it can use it for others.',
    mend: 'Write a `ttl` of a minute or two.',
    * find (context) {
      for (const { entry } of context.uses('signed-identity')) {
        const ttl = entry.config['ttl'] as number
        if (ttl > 300) yield { pointer: option(entry, 'ttl'), cause: `the identity that services get is good for ${ttl} seconds` }
      }
    }
  }
]

/** Issuers of an entry; none where the keys are those of consumers. */
function issuersOf (entry: PluginEntry): Array<{ readonly issuer: Issuer, readonly at: Pointer }> {
  const config = entry.config as Issuer & { issuers?: readonly Issuer[] }
  const at = `${entry.pointer}/config`
  if (config.issuers !== undefined) {
    // what stands outside holds for each that says nothing
    const common = config.audience === undefined ? {} : { audience: config.audience }
    return config.issuers.map((issuer, index) => ({ issuer: { ...common, ...issuer }, at: `${at}/issuers/${index}` }))
  }
  return config.issuer === undefined && KEYS.every(name => config[name] === undefined) ? [] : [{ issuer: config, at }]
}

function * plain (url: unknown, pointer: Pointer): Generator<Hit> {
  if (typeof url !== 'string' || !url.startsWith('http:') || isLoopback(new URL(url).hostname)) return
  yield { pointer, cause: 'what says which tokens are good comes over plain http' }
}

function * remembered (entries: readonly PluginEntry[]): Generator<{ entry: PluginEntry, seconds: number, path: string }> {
  for (const entry of entries) {
    for (const path of ['ttl', 'cache_ttl']) {
      const seconds = entry.config[path]
      if (typeof seconds === 'number') yield { entry, seconds, path }
    }
  }
}
