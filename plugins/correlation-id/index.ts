import { type CheckFinding, definePlugin, type FastifyRequest, isHopField } from '../../src/plugin.ts'
import { createGenerator, type Generator } from './generators.ts'
import { CorrelationId } from './schema.ts'

/** Visible ASCII and inner blanks: an id is written to logs and terminals, which other bytes can corrupt. */
const ACCEPTABLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/

export default definePlugin({
  name: 'correlation-id',
  // first of all, so that whatever refuses the request later is logged with the id
  priority: 100001,
  schema: CorrelationId,
  // not consumer: nobody is authenticated yet when it runs, so such an entry could never act
  scopes: ['global', 'service', 'route'],
  * check ({ header_name: name }): Iterable<CheckFinding> {
    if (isHopField(name) || name.toLowerCase() === 'host') {
      yield { path: '/header_name', message: `\`${name}\` has a meaning of its own, which an id would break`, mend: 'Choose another name.' }
    }
  },
  setup (config, gateway): Generator {
    return createGenerator(config.generator, gateway.now)
  },
  register (scope, { config, state: generate }) {
    const header = config.header_name

    const lower = header.toLowerCase()

    function identify (request: FastifyRequest): string {
      const { log, upstream } = request.gateway
      const incoming = upstream === null ? request.headers[lower] : upstream.headers.get(header)
      const id = typeof incoming === 'string' && ACCEPTABLE.test(incoming) ? incoming : generate(request)
      log.correlation_id = id
      if (incoming === undefined) upstream?.headers.append(header, id)
      // of several fields the upstream must read the one that the log shows
      else upstream?.headers.set(header, id)
      return id
    }

    if (!config.echo_downstream) {
      scope.addHook('onRequest', function correlationId (request) {
        identify(request)
      })
      return
    }

    scope.addHook('onRequest', function correlationId (request, reply) {
      // already here, since the answer to a WebSocket handshake has no response phase
      reply.header(header, identify(request))
    })
    scope.addHook('onSend', function correlationIdEcho (request, reply) {
      // no access phase ran where no route matched
      reply.header(header, request.gateway.log.correlation_id as string | undefined ?? identify(request))
    })
  }
})
