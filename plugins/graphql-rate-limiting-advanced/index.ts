import {
  costOf, createDecoratedCost, createIdentifier, definePlugin, GraphqlLimiter, type PluginGateway, readSchemaTypes, type RedisSettings, requireCost
} from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { type Config, GraphqlRateLimitingAdvanced } from './schema.ts'

export default definePlugin({
  name: 'graphql-rate-limiting-advanced',
  priority: 902,
  schema: GraphqlRateLimitingAdvanced,
  body: 'buffer',
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'limit',
  dividedByWorkers: config => config.strategy === 'local',
  check: (config, context) => checkConfig(config, context ?? { directory: '.' }),
  setup: createLimiter,
  register (scope, { state: limiter }) {
    scope.addHook('preHandler', function graphqlRateLimitingAdvanced (request, reply) {
      return limiter.admit(request, reply)
    })
  }
})

function createLimiter (config: Config, gateway: PluginGateway): GraphqlLimiter {
  const types = config.schema === undefined ? undefined : readSchemaTypes(gateway.directory, config.schema)
  const cost = createDecoratedCost(config.cost_strategy, config.costs, types)
  const { identifier: by, header_name: header, path, claim_name: claim, max_cost: most, score_factor: factor } = config
  return new GraphqlLimiter({
    windows: config.limit.map((limit, index) => ({ period: config.window_size[index] as number, limit })),
    identify: createIdentifier({ limit_by: by, header_name: header, path, claim_name: claim }, gateway.consumers),
    limitBy: by,
    hidden: config.hide_client_headers,
    counters: {
      policy: config.strategy,
      type: config.window_type,
      most: 1_000_000,
      onStoreError: config.on_store_error,
      replicas: 1,
      syncRate: config.sync_rate > 0 ? config.sync_rate : -1,
      ...config.namespace === undefined ? {} : { namespace: config.namespace },
      ...config.redis === undefined ? {} : { redis: config.redis as RedisSettings }
    },
    spend ({ operations }) {
      const sum = costOf(cost, operations)
      if (most > 0) requireCost(sum, most)
      return sum * factor
    }
  }, gateway)
}
