import { type CheckFinding, definePlugin, type FastifyRequest, invalidRequest, type Violation } from '../../src/plugin.ts'
import { checkConfig, compileChecks, type Checks, readsBody } from './compile.ts'
import { RequestValidator } from './schema.ts'

export default definePlugin({
  name: 'request-validator',
  // Kong's: behind those who find out who calls, before acl and what counts
  priority: 999,
  schema: RequestValidator,
  body: config => readsBody(config) ? 'buffer' : 'stream',
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'content',
  refuses: {
    array_length_compat: 'A list is a list here, whatever its length: remove it.'
  },
  check: (config, context) => checkConfig(config, context ?? { directory: '.' }),
  * checkRoute ({ parameter_schema: parameters }, { captures }): Generator<CheckFinding> {
    for (const [index, { in: place, name }] of parameters.entries()) {
      if (place === 'path' && !captures.has(name)) yield { path: `/parameter_schema/${index}/name`, message: `no path captures a parameter '${name}'`, mend: `Write a regex path with \`(?<${name}>[^/]+)\`, or remove it.` }
    }
  },
  setup: (config, gateway): Checks => compileChecks(config, gateway.directory),
  register (scope, { config, state: { body, blocked, logged } }) {
    if (blocked !== null || logged !== null) {
      scope.addHook('onRequest', function requestValidatorParameters (request: FastifyRequest) {
        const { captures } = request.gateway
        const noted = logged === null ? null : logged(request, captures)
        if (noted !== null) note(request, noted)
        const found = blocked === null ? null : blocked(request, captures)
        if (found !== null) throw invalidRequest(400, 'request param doesn\'t conform to schema', config.verbose_response ? found : [])
      })
    }
    if (body === null) return
    scope.addHook('preHandler', function requestValidatorBody (request: FastifyRequest) {
      const fault = body(request)
      if (fault === null) return
      if (config.actions.body === 'log') {
        note(request, fault.found)
        return
      }
      const message = fault.status === 415 ? 'specified Content-Type is not allowed' : 'request body doesn\'t conform to schema'
      throw invalidRequest(fault.status, message, config.verbose_response ? fault.found : [])
    })
  }
})

/** For the access log: what was wrong with a request that passes. */
function note ({ gateway }: FastifyRequest, found: readonly Violation[]): void {
  const before = gateway.log['violations'] as readonly Violation[] | undefined
  gateway.log['violations'] = before === undefined ? found : [...before, ...found]
}
