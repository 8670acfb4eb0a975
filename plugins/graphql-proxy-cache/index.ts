import { cacheRulesOf, definePlugin, GraphqlAnswerCache, purgeAction, redisFindings } from '../../src/plugin.ts'
import { GraphqlProxyCache } from './schema.ts'

export default definePlugin({
  name: 'graphql-proxy-cache',
  // beside graphql-proxy-cache-advanced, of which it is another name
  priority: 98,
  schema: GraphqlProxyCache,
  body: 'buffer',
  scopes: ['global', 'service', 'route', 'consumer'],
  actions: [purgeAction<GraphqlAnswerCache>('graphql-proxy-cache')],
  check: ({ strategy, redis }) => redisFindings(strategy, redis, 'strategy'),
  setup: (config, gateway) => new GraphqlAnswerCache(cacheRulesOf(config), config.invalidate_on_mutation, gateway),
  register (scope, { state: cache }) {
    // not onRequest: checks and changes that need the body run in this phase, and must come first
    scope.addHook('preHandler', function graphqlProxyCache (request, reply) {
      return cache.admit(request, reply)
    })
  }
})
