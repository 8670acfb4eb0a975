/** Authentication plugins for tests of what comes after them: a caller says who it is, and is believed. */
import { createAuthenticator, definePlugin, identityOf, refuse, Type, type BrandedPlugin, type Identity } from '../../src/plugin.ts'

/**
 * A plugin that reads the header `x-<name>`: JSON with the parts of an identity, or `{ status, message }` of a refusal;
 * without the header it refuses with a challenge of its own.
 */
export function fakeAuth (name: string, priority: number): BrandedPlugin {
  return definePlugin({
    name,
    priority,
    schema: Type.Object({ anonymous: Type.Optional(Type.String()) }, { additionalProperties: false }),
    scopes: ['global', 'service', 'route'],
    authentication: 'method',
    setup: (config, gateway) => config.anonymous === undefined ? null : gateway.consumers.find(config.anonymous) ?? null,
    register (scope, { state: anonymous }) {
      scope.addHook('onRequest', createAuthenticator({ plugin: name, anonymous }, function fake (request) {
        const text = request.headers[`x-${name}`]
        if (typeof text !== 'string') return refuse(401, `No ${name} found in request`, { challenge: `${name} realm="test"` })
        const said = JSON.parse(text) as Partial<Identity> & { status?: number, message?: string, challenge?: string }
        if (said.status === undefined) return identityOf(said)
        return refuse(said.status, said.message ?? '', said.challenge === undefined ? {} : { challenge: said.challenge })
      }))
    }
  })
}
