import { AnonymousConsumer, Type } from '../../src/plugin.ts'

export const BasicAuth = Type.Object({
  hide_credentials: Type.Boolean({
    title: 'Hide credentials',
    description: 'Remove the user name and the password from the request to the service.',
    default: true,
    examples: [false]
  }),
  realm: Type.String({
    title: 'Realm',
    description: 'What the user logs in to: browsers show it, and it stands in WWW-Authenticate.',
    pattern: '^[\\x20-\\x7e]+$',
    default: 'service',
    examples: ['Reports']
  }),
  anonymous: AnonymousConsumer
}, {
  title: 'basic-auth',
  description: 'Asks for the user name and the password of a consumer.',
  additionalProperties: false
})
