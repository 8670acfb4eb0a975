import { definePlugin } from '../../src/plugin.ts'
import { check } from './check.ts'
import { createDecision } from './decision.ts'
import { Canary } from './schema.ts'

const SERVICE = 'write a service with the host, port and path, and name it in `service`'

export default definePlugin({
  name: 'canary',
  // behind traffic-split, and as that before the transformers: with Kong's 20 it would undo what they did to the path
  priority: 844,
  schema: Canary,
  scopes: ['global', 'service', 'route', 'consumer'],
  refuses: {
    upstream_host: SERVICE,
    upstream_port: SERVICE,
    upstream_uri: SERVICE,
    upstream_fallback: 'give the other service a `circuit_breaker` with `fallback_service`'
  },
  check,
  setup: (config, gateway) => ({ service: gateway.service(config.service), decide: createDecision(config, gateway) }),
  register (scope, { config: { log }, state: { service, decide } }) {
    scope.addHook('onRequest', function canary (request, _reply, done) {
      const { gateway } = request
      const goes = decide(request)
      if (log) gateway.log['canary'] = goes ? 'yes' : 'no'
      if (goes && service.id !== gateway.service?.id) gateway.sendTo(service)
      done()
    })
  }
})
