import { definePlugin, FixedFields } from '../../src/plugin.ts'
import { checkConfig } from './check.ts'
import { fieldsOf, withoutTransport } from './fields.ts'
import { SecurityHeaders } from './schema.ts'

interface State {
  readonly http: FixedFields
  readonly https: FixedFields
}

export default definePlugin({
  name: 'security-headers',
  // after response-transformer: what that writes counts as the service's own
  priority: 795,
  schema: SecurityHeaders,
  scopes: ['global', 'service', 'route'],
  everyAnswer: (config, scheme) => scheme === 'https' ? fieldsOf(config) : withoutTransport(fieldsOf(config)),
  check: checkConfig,
  setup (config): State {
    const fields = fieldsOf(config)
    return { http: new FixedFields(withoutTransport(fields)), https: new FixedFields(fields) }
  },
  register (scope, { config, state }) {
    const remove = config.remove.map(name => name.toLowerCase())
    const keep = config.upstream_values === 'keep'

    scope.addHook('onSend', function securityHeaders (request, reply) {
      for (const name of remove) reply.removeHeader(name)
      const fields = state[request.gateway.scheme]
      if (keep) fields.add(reply)
      else fields.put(reply)
    })
  }
})
