import { createAuthenticator, definePlugin, type FastifyReply, type FastifyRequest, type GatewayError, type GatewayRequest, type Identity, identityOf, type Subanswer, Subrequests } from '../../src/plugin.ts'
import { type Permission, permissionOf, refusalOf, unavailable } from './answer.ts'
import { PermissionCache } from './cache.ts'
import { checkConfig } from './check.ts'
import { createQuestioner } from './question.ts'
import { ForwardAuth } from './schema.ts'

export default definePlugin({
  name: 'forward-auth',
  // after the authentication that needs no other server, hmac-auth (1030) last, so that it is not asked about what these refuse;
  // before whoever uses what it finds out, auth-policy and acl (950) first
  priority: 1020,
  schema: ForwardAuth,
  // not consumer: it takes part in finding out who that is
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  // but for the one that other routes may need as it is: there is no telling what a client may say in it. Those that the
  // authoriser speaks in as well, whether they go up or not: services that read them believe them
  identityHeaders: ({ upstream_headers: up, subject_header: subject, groups_header: groups, roles_header: roles, scopes_header: scopes }) =>
    [...up, subject, groups, roles, scopes].filter(name => name !== undefined).filter(name => name.toLowerCase() !== 'authorization'),
  check: checkConfig,
  setup (config, gateway) {
    const url = new URL(config.url)
    const { timeout, max_body_size: limit, tls_verify: verify } = config
    // connections outlive a reload that leaves the authoriser where it is
    const key = JSON.stringify([url.href, timeout, limit, verify])
    return {
      authoriser: gateway.keep(key, () => new Subrequests({ url, timeout, limit, verify, outside: gateway.outside }), async authoriser => await authoriser.close()),
      anonymous: gateway.consumers.anonymous(config.anonymous),
      cache: config.cache_ttl === 0 ? null : new PermissionCache(config.cache_ttl * 1000, gateway.now)
    }
  },
  register (scope, { config, state: { authoriser, anonymous, cache } }) {
    const question = createQuestioner(config.request_headers)
    const forClient = new WeakMap<FastifyRequest, Permission['clientHeaders']>()

    async function ask (fields: readonly string[], reply: FastifyReply): Promise<Permission | GatewayError> {
      const key = cache?.key(fields)
      const known = key === undefined ? undefined : cache?.get(key)
      if (known !== undefined) return known
      let answer: Subanswer
      try {
        answer = await authoriser.ask(fields, reply.raw)
      } catch (error) {
        return unavailable(error)
      }
      // an authoriser in trouble has not decided anything
      if (answer.status >= 500) return unavailable(new Error(`the authoriser answers with ${answer.status}`))
      if (answer.status >= 300) return refusalOf(answer, config)
      const permission = permissionOf(answer, config)
      if (key !== undefined) cache?.put(key, permission, answer.headers)
      return permission
    }

    scope.addHook('onRequest', createAuthenticator({ plugin: 'forward-auth', anonymous, preflight: config.run_on_preflight }, async function forwardAuth (request, reply) {
      const permission = await ask(question(request), reply)
      if (permission instanceof Error) return permission
      // what the authoriser doesn't say, nobody says
      for (const name of config.upstream_headers) request.gateway.upstream?.headers.delete(name)
      if (permission.clientHeaders.length > 0) forClient.set(request, permission.clientHeaders)
      return permission.names ? permission.identity : beside(request.gateway, permission.identity)
    }))

    if (config.client_headers.length === 0) return
    scope.addHook('onRequest', function forwardAuthHeaders (request, reply, done) {
      for (const [name, values] of forClient.get(request) ?? []) reply.header(name, values.length === 1 ? values[0] : values)
      done()
    })
  }
})

/** An authoriser that doesn't say who calls leaves it at what was found out before. */
function beside ({ identity, consumer }: GatewayRequest, added: Identity): Identity {
  if (identity === null && consumer === null) return added
  const before = identity ?? identityOf({ consumer, headers: [['X-Anonymous-Consumer', 'true']] })
  return {
    ...before,
    scopes: [...before.scopes, ...added.scopes],
    roles: [...before.roles, ...added.roles],
    groups: added.groups ?? before.groups,
    headers: [...before.headers, ...added.headers]
  }
}
