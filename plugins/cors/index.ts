import { addVary, type CheckFinding, definePlugin, type FastifyReply, type FastifyRequest, fieldOf, type Static } from '../../src/plugin.ts'
import { AnswerPolicy } from './answers.ts'
import { checkConfig } from './check.ts'
import { Cors } from './schema.ts'

export default definePlugin({
  name: 'cors',
  // before authentication, since browsers send no credentials with a preflight; after bot-detection, as in Kong
  priority: 2000,
  schema: Cors,
  // not consumer: nobody is authenticated yet when it runs
  scopes: ['global', 'service', 'route'],
  everyAnswer: config => new AnswerPolicy(config).constantFields(),
  check: checkConfig,
  * checkRoute (_config, { takesOptions }): Generator<CheckFinding> {
    if (!takesOptions) yield { path: '', message: 'no route takes `OPTIONS` there, so that browsers get a 404 for a preflight, and send nothing', mend: 'Add OPTIONS to the `methods` of the route.' }
  },
  setup: (config): AnswerPolicy => new AnswerPolicy(config),
  register (scope, { config, state: policy }) {
    if (!config.preflight_continue) {
      scope.addHook('onRequest', function corsPreflight (request, reply) {
        if (request.method === 'OPTIONS' && isPreflight(request)) reply.code(200).send()
      })
    }

    // not before: here it also sees what was refused without asking any plugin, and what the service says about itself
    scope.addHook('onSend', function cors (request, reply) {
      if (request.method !== 'OPTIONS' || !isPreflight(request)) policy.answer(originOf(request), reply)
      else if (!config.preflight_continue) answerPreflight(request, reply, config, policy)
    })
  }
})

/** undefined where there is none, and of several: who sends them is no browser. */
function originOf (request: FastifyRequest): string | undefined {
  const origin = fieldOf(request.raw, 'origin')
  return origin === null || origin === '' ? undefined : origin
}

/** Of requests with OPTIONS. */
function isPreflight (request: FastifyRequest): boolean {
  return originOf(request) !== undefined && fieldOf(request.raw, 'access-control-request-method') !== undefined
}

/** Names of fields, and nothing that could be anything else. */
const NAMES = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/

function answerPreflight (request: FastifyRequest, reply: FastifyReply, config: Static<typeof Cors>, policy: AnswerPolicy): void {
  const allowed = policy.answer(originOf(request), reply)
  // of no use here: nobody reads this answer
  reply.removeHeader('access-control-expose-headers')
  const wanted = config.headers === undefined ? fieldOf(request.raw, 'access-control-request-headers') : undefined
  if (config.headers === undefined) addVary(reply, 'Access-Control-Request-Headers')
  if (config.private_network) addVary(reply, 'Access-Control-Request-Private-Network')
  if (!allowed) return
  policy.preflight.put(reply)
  if (typeof wanted === 'string' && NAMES.test(wanted)) reply.header('Access-Control-Allow-Headers', wanted)
  if (config.private_network && fieldOf(request.raw, 'access-control-request-private-network') === 'true') {
    reply.header('Access-Control-Allow-Private-Network', 'true')
  }
}
