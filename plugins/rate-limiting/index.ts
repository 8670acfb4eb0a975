import { definePlugin } from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { Limiter } from './limiter.ts'
import { RateLimiting } from './schema.ts'

export default definePlugin({
  name: 'rate-limiting',
  // after authentication and acl, which say who calls and refuse for nothing; before all that costs something
  priority: 910,
  schema: RateLimiting,
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'limit',
  limitsKeys: true,
  keyTiers: config => Object.keys(config.tiers ?? {}),
  dividedByWorkers: config => config.policy === 'local',
  check: checkConfig,
  setup: (config, gateway) => new Limiter(config, gateway),
  register (scope, { config, state: limiter }) {
    scope.addHook('onRequest', function rateLimiting (request, reply) {
      return limiter.admit(request, reply)
    })

    const { cost_header: name } = config
    if (name === undefined) return
    scope.addHook('onSend', async function rateLimitingCost (request, reply) {
      await limiter.charge(request, reply, name)
    })
  }
})
