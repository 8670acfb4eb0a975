import { type CheckFinding, definePlugin, exemptFindings, periodFindings, redisFindings } from '../../src/plugin.ts'
import { Ledger } from './ledger.ts'
import { ResponseRatelimiting } from './schema.ts'

export default definePlugin({
  name: 'response-ratelimiting',
  // after rate-limiting, before what changes the answer: it reads the service's own header
  priority: 900,
  schema: ResponseRatelimiting,
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'limit',
  dividedByWorkers: config => config.policy === 'local',
  * check (config): Generator<CheckFinding> {
    for (const [name, limits] of Object.entries(config.limits)) yield * periodFindings(limits, `/limits/${name}`)
    yield * exemptFindings(config.exempt)
    yield * redisFindings(config.policy, config.redis)
  },
  setup: (config, gateway) => new Ledger(config, gateway),
  register (scope, { state: ledger }) {
    scope.addHook('onRequest', async function responseRatelimiting (request) {
      await ledger.open(request)
    })
    scope.addHook('onSend', async function responseRatelimitingSettle (request, reply) {
      await ledger.settle(request, reply)
    })
  }
})
