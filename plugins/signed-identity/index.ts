import { type CheckFinding, definePlugin, type GatewayRequest, isHopField, type PublishedDocument, type UpstreamRequest } from '../../src/plugin.ts'
import { KeyProblem, readKey, type SigningKey } from './keys.ts'
import { type Config, SignedIdentity } from './schema.ts'
import { createLineSigner, createTokenSigner, oncePerSecond } from './signer.ts'
import { claimsOf, linesOf } from './subject.ts'

/** Mean something of their own, to the service or to the next hop. */
const TAKEN = new Set(['host', 'authorization', 'cookie'])

export default definePlugin({
  name: 'signed-identity',
  // after all that finds out who calls or decides about it, and after the transformers (801, 800) and redirect (779): it
  // signs what goes up; before proxy-cache (100), which answers itself
  priority: 775,
  schema: SignedIdentity,
  scopes: ['global', 'service', 'route'],
  identityHeaders: config => [config.header_name],
  * publish (configs): Generator<PublishedDocument> {
    const sets = new Map<string, Map<string, SigningKey['jwk']>>()
    for (const config of configs) {
      if (!isElliptic(config)) continue
      const keys = sets.get(config.jwks_path) ?? new Map<string, SigningKey['jwk']>()
      sets.set(config.jwks_path, keys)
      for (const { kid, jwk } of keysOf(config)) keys.set(kid, jwk)
    }
    for (const [path, keys] of sets) yield { path, body: { keys: [...keys.values()] } }
  },
  * check (config): Generator<CheckFinding> {
    const name = config.header_name
    if (isHopField(name) || TAKEN.has(name.toLowerCase())) {
      yield { path: '/header_name', message: `\`${name}\` has a meaning of its own, which an identity would break`, mend: 'Choose another name.' }
    }
    for (const [index, text] of config.keys.entries()) {
      try {
        readKey(text, isElliptic(config), index === 0)
      } catch (error) {
        if (!(error instanceof KeyProblem)) throw error
        yield { path: `/keys/${index}`, message: error.message, mend: error.mend }
      }
    }
  },
  setup (config, gateway) {
    const [key] = keysOf(config) as [SigningKey, ...SigningKey[]]
    const { issuer, audience, bind_request: bind, ttl, header_name: header } = config
    if (config.mode === 'jwt') {
      return {
        subject: (request: GatewayRequest, upstream: UpstreamRequest) => claimsOf(request, upstream, gateway.consumers, { issuer, audience, bind }),
        sign: oncePerSecond(createTokenSigner(key, config.algorithm, ttl), gateway.now)
      }
    }
    return {
      subject: (request: GatewayRequest, upstream: UpstreamRequest) => linesOf(upstream, request.identity?.headers ?? [], header.toLowerCase(), bind),
      sign: oncePerSecond(createLineSigner(key), gateway.now)
    }
  },
  register (scope, { config, state: { subject, sign } }) {
    // not onRequest: what needs the body may still change the request there
    scope.addHook('preHandler', function signedIdentity ({ gateway }) {
      const { upstream } = gateway
      if (upstream === null) return
      const text = subject(gateway, upstream)
      if (text !== null) upstream.headers.set(config.header_name, sign(text))
    })
  }
})

function isElliptic (config: Config): boolean {
  return config.mode === 'jwt' && config.algorithm === 'ES256'
}

function keysOf (config: Config): SigningKey[] {
  return config.keys.map((text, index) => readKey(text, isElliptic(config), index === 0))
}
