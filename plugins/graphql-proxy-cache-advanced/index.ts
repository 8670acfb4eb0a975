import { cacheRulesOf, definePlugin, GraphqlAnswerCache, purgeAction, redisFindings } from '../../src/plugin.ts'
import { GraphqlProxyCacheAdvanced } from './schema.ts'

export default definePlugin({
  name: 'graphql-proxy-cache-advanced',
  priority: 99,
  schema: GraphqlProxyCacheAdvanced,
  body: 'buffer',
  scopes: ['global', 'service', 'route', 'consumer'],
  actions: [purgeAction<GraphqlAnswerCache>('graphql-proxy-cache-advanced')],
  check: ({ strategy, redis }) => redisFindings(strategy, redis, 'strategy'),
  setup: (config, gateway) => new GraphqlAnswerCache(cacheRulesOf(config), config.invalidate_on_mutation, gateway),
  register (scope, { state: cache }) {
    // not onRequest: checks and changes that need the body run in this phase, and must come first
    scope.addHook('preHandler', function graphqlProxyCacheAdvanced (request, reply) {
      return cache.admit(request, reply)
    })
  }
})
