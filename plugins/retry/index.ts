import { createRetryPolicy, definePlugin, type RetryPolicy } from '../../src/plugin.ts'
import { Retry } from './schema.ts'

export default definePlugin({
  name: 'retry',
  // beside upstream-timeout, after all that refuses
  priority: 399,
  schema: Retry,
  scopes: ['global', 'service', 'route', 'consumer'],
  register (scope, { config }) {
    // routes of several services may have this entry: the number of retries may be that of the service
    const policies = new Map<number, RetryPolicy>()

    scope.addHook('onRequest', function retry ({ gateway: { upstream } }) {
      if (upstream === null) return
      const retries = config.retries ?? upstream.retry.retries
      let policy = policies.get(retries)
      if (policy === undefined) {
        policy = createRetryPolicy(config, retries)
        policies.set(retries, policy)
      }
      upstream.retry = policy
    })
  }
})
