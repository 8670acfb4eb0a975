import { definePlugin, type FastifyRequest, GatewayError, invalidRequest, type MetricFamily, type Violation } from '../../src/plugin.ts'
import { checkConfig, compileDocument } from './compile.ts'
import { driftFamily } from './drift.ts'
import type { ApiState } from './operation.ts'
import { checkResponse, JSON_TYPE } from './response.ts'
import { type Config, OasValidator } from './schema.ts'

export default definePlugin({
  name: 'oas-validator',
  // Kong's oas-validation: behind limits, before request-transformer, which speaks to the service alone
  priority: 840,
  schema: OasValidator,
  body: config => config.request === 'off' ? 'stream' : 'buffer',
  response: config => config.response === 'off' ? 'stream' : JSON_TYPE,
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'content',
  * metrics (states: readonly ApiState[]): Iterable<MetricFamily> {
    yield driftFamily(states.map(state => state.drift))
  },
  check: (config, context) => checkConfig(config, context ?? { directory: '.' }),
  setup: (config, gateway): ApiState => compileDocument(config, gateway.directory),
  register (scope, { config, state }) {
    const { drift } = state

    scope.addHook('onRequest', function oasValidator (request: FastifyRequest) {
      const { gateway } = request
      const path = state.find(gateway.path)
      const operation = path?.leaf.operations.get(gateway.method) ?? null
      if (path === null || operation === null) {
        drift.count(path === null ? 'unknown_path' : 'unknown_method', path?.leaf.template ?? '', '')
        if (config.unknown_operations !== 'pass') unknown(request, config, path?.leaf.allowed)
        return
      }
      state.running.set(request, { operation, template: path.leaf.template })
      if (config.response !== 'off') gateway.upstream?.headers.set('accept-encoding', 'identity')
      const surplus = config.unknown_arguments === 'pass' ? null : operation.surplus(request)
      const found = config.request === 'off' ? null : operation.parameters(request, path.captures)
      if (found !== null || surplus !== null) drift.count('parameters', path.leaf.template, gateway.method)
      settle(request, surplus, config.unknown_arguments === 'block', config)
      settle(request, found, config.request === 'block', config)
    })

    if (config.request !== 'off') {
      scope.addHook('preHandler', function oasValidatorBody (request: FastifyRequest) {
        const known = state.running.get(request)
        const fault = known === undefined ? null : known.operation.body(request)
        if (known === undefined || fault === null) return
        drift.count('body', known.template, request.gateway.method)
        if (config.request === 'log') note(request, fault.found)
        else throw invalidRequest(fault.status, fault.status === 415 ? 'specified Content-Type is not allowed' : 'request body doesn\'t conform to schema', config.verbose_response ? fault.found : [])
      })
    }

    if (config.response !== 'off') {
      scope.addHook('onSend', function oasValidatorResponse (request, reply, payload) {
        const known = state.running.get(request)
        if (known === undefined || !request.gateway.proxied) return undefined
        const found = checkResponse(known.operation.responses, reply, payload, request.gateway.method)
        if (found === null) return undefined
        drift.count('response', known.template, request.gateway.method)
        note(request, found, 'response_violations')
        // what is wrong is the operator's to read: the client can do nothing about it
        if (config.response === 'block') throw new GatewayError('SP_RESPONSE_INVALID', 502, '', { quiet: true })
        return undefined
      })
    }
  }
})

/** Of a request that the document has no operation for. */
function unknown (request: FastifyRequest, { unknown_operations: policy }: Config, allowed: string | undefined): void {
  if (policy === 'log') request.gateway.log['unknown_operation'] = true
  else if (allowed === undefined) throw new GatewayError('SP_OPERATION_UNKNOWN', 404, 'no operation of the API has this path')
  else throw new GatewayError('SP_OPERATION_UNKNOWN', 405, 'no operation of the API has this method', { headers: { allow: allowed } })
}

function settle (request: FastifyRequest, found: readonly Violation[] | null, blocks: boolean, config: Config): void {
  if (found === null) return
  if (blocks) throw invalidRequest(400, 'request param doesn\'t conform to schema', config.verbose_response ? found : [])
  note(request, found)
}

/** For the access log. */
function note ({ gateway }: FastifyRequest, found: readonly Violation[], field = 'violations'): void {
  const before = gateway.log[field] as readonly Violation[] | undefined
  gateway.log[field] = before === undefined ? found : [...before, ...found]
}
