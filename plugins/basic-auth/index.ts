import { createAuthenticator, definePlugin, type FastifyRequest, fieldOf, identityOf, quoted, refuse } from '../../src/plugin.ts'
import { type Given, isBasic, readBasic } from './credentials.ts'
import { BasicAuth } from './schema.ts'
import { type User, Users } from './users.ts'
import { Verifier } from './verifier.ts'
import { verifySha1 } from './verify.ts'

/** In Kong's order: the second is looked at when the first names nobody who is known. */
const FIELDS = ['proxy-authorization', 'authorization']

export default definePlugin({
  name: 'basic-auth',
  // Kong's: after key-auth and jwt, before acl and the limits
  priority: 1100,
  schema: BasicAuth,
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  credentials: 'basicauth_credentials',
  setup (config, gateway) {
    const { consumers, now } = gateway
    return {
      consumers,
      anonymous: consumers.anonymous(config.anonymous),
      users: new Users(consumers),
      verifier: gateway.keep('verifier', () => new Verifier(now))
    }
  },
  register (scope, { config, state: { anonymous, consumers, users, verifier } }) {
    const challenge = `Basic realm=${quoted(config.realm)}`

    /** Reads the fields, and hides them; the user is the first one who is known, or else the last who isn't. */
    function findUser ({ raw, gateway }: FastifyRequest): { given: Given, user: User | undefined } | null {
      let last: Given | null = null
      for (const name of FIELDS) {
        const field = fieldOf(raw, name)
        if (field === undefined) continue
        if (config.hide_credentials && (field === null || isBasic(field))) gateway.upstream?.headers.delete(name)
        const given = field === null ? null : readBasic(field)
        if (given === null) continue
        const user = users.find(given.username)
        if (user !== undefined) return { given, user }
        last = given
      }
      return last === null ? null : { given: last, user: undefined }
    }

    function isRight ({ credential, hash }: User, password: Buffer): boolean | Promise<boolean> {
      if (hash.kind === 'sha1') return verifySha1(hash, password, credential.consumer)
      return verifier.verify(credential.id, credential.password, hash, password)
    }

    function conclude (user: User | undefined, right: boolean) {
      if (user === undefined || !right) return refuse(401, 'Unauthorized', { challenge })
      const { credential } = user
      return identityOf({ consumer: consumers.ownerOf(credential), credential: { id: credential.id, identifier: credential.username } })
    }

    scope.addHook('onRequest', createAuthenticator({ plugin: 'basic-auth', anonymous }, function basicAuth (request) {
      const found = findUser(request)
      if (found === null) return conclude(undefined, false)
      const { given, user } = found
      const other = user ?? users.decoy(given.username)
      const right = other !== undefined && isRight(other, given.password)
      return typeof right === 'boolean' ? conclude(user, right) : right.then(result => conclude(user, result))
    }))
  }
})
