import { applyEdits, ArgumentList, definePlugin, type FastifyRequest, GatewayError, hasDotSegment, hasEdits, type UpstreamRequest } from '../../src/plugin.ts'
import { addFormToQuery, hasBodyRules, transformBody } from './body.ts'
import { checkConfig } from './check.ts'
import { HeaderFields } from './header-fields.ts'
import { compileRules, needsBody, type Rules } from './rules.ts'
import { RequestTransformer } from './schema.ts'
import { Source } from './source.ts'
import { renderPath } from './template.ts'

export default definePlugin({
  name: 'request-transformer',
  // after authentication, so that templates can speak of the consumer; before whatever looks at the request that goes up
  priority: 801,
  schema: RequestTransformer,
  body: config => needsBody(config) ? 'buffer' : 'stream',
  scopes: ['global', 'service', 'route', 'consumer'],
  check: checkConfig,
  setup (config, gateway): Rules {
    return compileRules(config, gateway.now)
  },
  register (scope, { config, state: rules }) {
    const editsHeaders = hasEdits(rules.headers)
    const editsQuery = hasEdits(rules.query)
    const editsBody = hasBodyRules(rules)
    const movesForm = rules.method === 'GET' || rules.method === 'HEAD'

    // one hook for all areas: their order is part of the contract, and templates see the request as it was before any
    scope.addHook(needsBody(config) ? 'preHandler' : 'onRequest', function requestTransformer (request: FastifyRequest) {
      const { upstream } = request.gateway
      if (upstream === null) return
      const source = new Source(request, request.gateway, upstream, rules.uuid, rules.readsHeaders)
      if (rules.uri !== null) upstream.path = safePath(renderPath(rules.uri, source))
      if (rules.method !== null) {
        upstream.method = rules.method
        if (movesForm) addFormToQuery(upstream)
      }
      if (editsHeaders) applyEdits(new HeaderFields(upstream), rules.headers, source)
      if (editsBody) transformBody(upstream, rules, source)
      if (editsQuery) transformQuery(upstream, rules, source)
    })
  }
})

/** A path made of what the client sent must not climb out of where the file puts it. */
function safePath (path: string): string {
  if (hasDotSegment(path)) throw new GatewayError('SP_REQUEST_TRANSFORMER_PATH', 400, 'Bad request')
  return path.startsWith('/') ? path : `/${path}`
}

function transformQuery (upstream: UpstreamRequest, rules: Rules, source: Source): void {
  const query = ArgumentList.parse(upstream.query ?? '')
  if (applyEdits(query, rules.query, source)) upstream.query = query.toString() || null
}
