import {
  argumentPaths, type CheckFinding, costOf, createIdentifier, createQueryCost, definePlugin, GraphqlLimiter, type PluginGateway, redisFindings, type RedisSettings, requireCost, requireDepth, syncFindings
} from '../../src/plugin.ts'
import { type Config, GraphqlRateLimiting } from './schema.ts'

export default definePlugin({
  name: 'graphql-rate-limiting',
  // beside graphql-rate-limiting-advanced, of which it is the short form
  priority: 903,
  schema: GraphqlRateLimiting,
  body: 'buffer',
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'limit',
  dividedByWorkers: config => config.policy === 'local',
  check: checkConfig,
  setup: createLimiter,
  register (scope, { state: limiter }) {
    scope.addHook('preHandler', function graphqlRateLimiting (request, reply) {
      return limiter.admit(request, reply)
    })
  }
})

function * checkConfig ({ max_queries_per_minute: queries, max_depth: depth, max_complexity: complexity, policy, redis, sync_rate: rate }: Config): Generator<CheckFinding> {
  if (queries === undefined && depth === undefined && complexity === undefined) {
    yield { path: '', message: 'there is no limit', mend: 'Write at least one of max_queries_per_minute, max_depth, max_complexity.' }
  }
  yield * redisFindings(policy, redis)
  yield * syncFindings(policy, rate)
}

function createLimiter (config: Config, gateway: PluginGateway): GraphqlLimiter {
  const { max_queries_per_minute: queries, max_depth: depth = Infinity, max_complexity: complexity = Infinity } = config
  const cost = createQueryCost({ standard: { cost: 1, size: 1, sizedBy: argumentPaths(['first', 'last', 'limit']) }, fields: new Map() })
  return new GraphqlLimiter({
    windows: queries === undefined ? [] : [{ period: 'minute', limit: queries }],
    identify: createIdentifier(config, gateway.consumers),
    limitBy: config.limit_by,
    hidden: config.hide_client_headers,
    counters: {
      policy: config.policy,
      type: 'sliding',
      most: 1_000_000,
      onStoreError: config.on_store_error,
      replicas: 1,
      syncRate: config.sync_rate,
      ...config.redis === undefined ? {} : { redis: config.redis as RedisSettings }
    },
    spend (asked) {
      requireDepth(asked, depth)
      if (complexity !== Infinity) requireCost(costOf(cost, asked.operations), complexity)
      return asked.operations.length
    }
  }, gateway)
}
