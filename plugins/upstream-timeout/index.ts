import { definePlugin, type UpstreamTimeouts } from '../../src/plugin.ts'
import { UpstreamTimeout } from './schema.ts'

export default definePlugin({
  name: 'upstream-timeout',
  // after all that refuses
  priority: 400,
  schema: UpstreamTimeout,
  scopes: ['global', 'service', 'route', 'consumer'],
  register (scope, { config }) {
    // routes of several services may have this entry: the limits that it leaves are those of the service
    const known = new WeakMap<UpstreamTimeouts, UpstreamTimeouts>()

    scope.addHook('onRequest', function upstreamTimeout ({ gateway: { upstream } }) {
      if (upstream === null) return
      const own = upstream.timeouts
      let timeouts = known.get(own)
      if (timeouts === undefined) {
        timeouts = Object.freeze({
          connect: config.connect_timeout ?? own.connect,
          write: config.send_timeout ?? own.write,
          read: config.read_timeout ?? own.read,
          total: config.total_timeout ?? own.total
        })
        known.set(own, timeouts)
      }
      upstream.timeouts = timeouts
    })
  }
})
