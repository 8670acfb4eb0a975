import { definePlugin, Purge, ResponseCache, type Static } from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { ProxyCache } from './schema.ts'

export default definePlugin({
  name: 'proxy-cache',
  // after all that may refuse or change the request: a stored answer is for who would have been let through
  priority: 100,
  schema: ProxyCache,
  body: config => config.request_method.includes('POST') ? 'buffer' : 'stream',
  scopes: ['global', 'service', 'route', 'consumer'],
  actions: [{
    path: '/proxy-cache/purge',
    body: Purge,
    async run (caches: readonly ResponseCache[], order: Static<typeof Purge>) {
      let purged = 0
      for (const cache of caches) purged += await cache.purge(order)
      return { purged }
    }
  }],
  check: checkConfig,
  setup: (config, gateway) => new ResponseCache(config, gateway),
  register (scope, { state: cache }) {
    // not onRequest: checks and changes that need the body run in this phase, and must come first
    scope.addHook('preHandler', function proxyCache (request, reply) {
      return cache.admit(request, reply)
    })
  }
})
