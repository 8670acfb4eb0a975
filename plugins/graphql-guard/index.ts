import { definePlugin } from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { Guard } from './guard.ts'
import { GraphqlGuard } from './schema.ts'

export default definePlugin({
  name: 'graphql-guard',
  // after authentication and everything that refuses for nothing; before what counts by cost, which reads what this has found
  priority: 906,
  schema: GraphqlGuard,
  body: 'buffer',
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'content',
  check: (config, context) => checkConfig(config, context?.directory ?? '.'),
  setup: async (config, gateway) => await Guard.create(config, gateway),
  register (scope, { state: guard }) {
    scope.addHook('onRequest', function graphqlGuardHead (request) {
      guard.look(request)
    })
    scope.addHook('preHandler', function graphqlGuard (request) {
      guard.judge(request)
    })
  }
})
