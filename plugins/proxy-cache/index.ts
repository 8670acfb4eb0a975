import { definePlugin, purgeAction, ResponseCache } from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { ProxyCache } from './schema.ts'

export default definePlugin({
  name: 'proxy-cache',
  // after all that may refuse or change the request: a stored answer is for who would have been let through
  priority: 100,
  schema: ProxyCache,
  body: config => config.request_method.includes('POST') ? 'buffer' : 'stream',
  scopes: ['global', 'service', 'route', 'consumer'],
  actions: [purgeAction<ResponseCache>('proxy-cache')],
  check: checkConfig,
  setup: (config, gateway) => new ResponseCache(config, gateway),
  register (scope, { state: cache }) {
    // not onRequest: checks and changes that need the body run in this phase, and must come first
    scope.addHook('preHandler', function proxyCache (request, reply) {
      return cache.admit(request, reply)
    })
  }
})
