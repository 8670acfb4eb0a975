import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { type CheckFinding, createAuthenticator, definePlugin, type FastifyRequest, fieldOf, type GatewayError, type HmacCredential, type Identity, identityOf, quoted, refuse } from '../../src/plugin.ts'
import { parseHttpDate } from './http-date.ts'
import { HmacAuth } from './schema.ts'
import { isHmac, readSignature, type Signature } from './signature.ts'
import { signingString } from './signing-string.ts'

/** In Kong's order: the second is looked at when the first isn't of this scheme. */
const FIELDS = ['proxy-authorization', 'authorization']
const DATES = ['x-date', 'date']

const NO_DATE = 'HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication'
const NOT_VERIFIABLE = 'HMAC signature cannot be verified'
const NO_MATCH = 'HMAC signature does not match'

export default definePlugin({
  name: 'hmac-auth',
  // Kong's: the last of the authentication methods, before acl and the limits
  priority: 1030,
  schema: HmacAuth,
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  credentials: 'hmacauth_credentials',
  * check ({ enforce_headers: enforced, validate_request_body: validates }): Generator<CheckFinding> {
    if (validates && !enforced.some(name => name.toLowerCase() === 'digest')) {
      yield {
        path: '/enforce_headers',
        message: 'the `Digest` of the body need not be signed, so whoever changes the body can change it, too',
        mend: 'Add `digest`.',
        severity: 'warning'
      }
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
    const challenge = config.realm === undefined ? 'hmac' : `hmac realm=${quoted(config.realm)}`
    const algorithms = new Map<string, string>(config.algorithms.map(name => [name, name.slice('hmac-'.length)]))
    const refused = (message: string): GatewayError => refuse(401, message, { challenge })

    function isFresh ({ raw }: FastifyRequest, name: string): boolean {
      const field = fieldOf(raw, name)
      const time = typeof field === 'string' ? parseHttpDate(field, now()) : null
      return time !== null && Math.abs(now() - time) <= config.clock_skew * 1000
    }

    function findSignature ({ raw, gateway }: FastifyRequest): Signature | null {
      for (const name of FIELDS) {
        const field = fieldOf(raw, name)
        if (typeof field !== 'string') continue
        if (config.hide_credentials && isHmac(field)) gateway.upstream?.headers.delete(name)
        const signature = readSignature(field)
        if (signature !== null) return signature
      }
      return null
    }

    /** Whether the secret has signed this request; null where that can't be said. */
    function isSigned (request: FastifyRequest, signature: Signature, secret: string): boolean | null {
      const text = signingString(request, signature.headers)
      if (text === null) return null
      const expected = createHmac(algorithms.get(signature.algorithm) as string, secret).update(text, 'latin1').digest()
      return signature.bytes.length === expected.length && timingSafeEqual(signature.bytes, expected)
    }

    async function checkBody ({ raw, gateway }: FastifyRequest, credential: HmacCredential): Promise<Identity | GatewayError> {
      const body = await gateway.readBody()
      const field = fieldOf(raw, 'digest')
      const fits = field === undefined
        ? body === null || body.length === 0
        : field === `SHA-256=${hash('sha256', body ?? '', 'base64')}`
      return fits ? conclude(credential) : refused(NO_MATCH)
    }

    function conclude (credential: HmacCredential): Identity {
      return identityOf({ consumer: consumers.ownerOf(credential), credential: { id: credential.id, identifier: credential.username } })
    }

    scope.addHook('onRequest', createAuthenticator({ plugin: 'hmac-auth', anonymous }, function hmacAuth (request) {
      if (FIELDS.every(name => fieldOf(request.raw, name) === undefined)) return refused('Unauthorized')
      const signature = findSignature(request)
      if (!DATES.some(name => isFresh(request, name))) return refused(NO_DATE)
      if (signature === null || !algorithms.has(signature.algorithm)) return refused(NOT_VERIFIABLE)
      if (!config.enforce_headers.every(name => signature.headers.includes(name))) return refused(NOT_VERIFIABLE)
      const credential = consumers.hmacCredential(signature.username)
      if (credential === undefined) return refused(NOT_VERIFIABLE)
      const signed = isSigned(request, signature, credential.secret)
      if (signed !== true) return refused(signed === null ? NOT_VERIFIABLE : NO_MATCH)
      return config.validate_request_body ? checkBody(request, credential) : conclude(credential)
    }))
  }
})
