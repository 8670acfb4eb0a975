import { AddressSet, type CheckFinding, createUuids, definePlugin, type FastifyReply, type FastifyRequest, FixedFields, readNetwork, type Static } from '../../src/plugin.ts'
import { describeRequest } from './echo.ts'
import { RequestTermination } from './schema.ts'

type Config = Static<typeof RequestTermination>

/** Messages of the statuses that have one without being told. */
const MESSAGES: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  404: 'Not found',
  405: 'Method not allowed',
  500: 'An unexpected error occurred',
  502: 'Bad Gateway',
  503: 'Service unavailable'
}

const MAINTENANCE = 'Down for maintenance, please try again later'
const MAINTENANCE_PAUSE = 300

const JSON_TYPE = 'application/json; charset=utf-8'

/** Answers of these statuses have no content (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS = new Set([204, 205, 304])

export default definePlugin({
  name: 'request-termination',
  // after authentication, limits and transformations: what it answers has passed them all
  priority: 2,
  schema: RequestTermination,
  body: config => config.echo ? 'buffer' : 'stream',
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'access',
  * check (config): Generator<CheckFinding> {
    if (config.message !== undefined && config.body !== undefined) {
      yield { path: '/message', message: '`message` and `body` are two answers', mend: 'Keep one of them.' }
    } else if (config.message !== undefined && config.content_type !== undefined) {
      yield { path: '/content_type', message: '`message` is always sent as JSON', mend: 'Remove `content_type`, or write the answer as `body`.' }
    } else if (config.content_type !== undefined && config.body === undefined) {
      yield { path: '/content_type', message: '`content_type` describes a `body`, and there is none', mend: 'Add `body`, or remove `content_type`.' }
    }
    if (config.echo && config.body !== undefined) {
      yield { path: '/echo', message: '`echo` and `body` are two answers', mend: 'Keep one of them.' }
    }
    if (BODILESS.has(config.status_code) && (config.message ?? config.body ?? '') !== '') {
      yield {
        path: '/status_code',
        message: `an answer with status ${config.status_code} has no body, so the client won't see this one`,
        mend: 'Use another status, or remove the body.',
        severity: 'warning'
      }
    }
    yield * checkExceptions(config)
  },
  // without a trigger it answers everything; of those that are exempt, no test has to know
  outcomes: config => config.trigger === undefined ? ['refused'] : ['allowed', 'refused'],
  setup (config, gateway) {
    return { nodeId: createUuids(gateway.now)(), exempt: config.except_ips.length === 0 ? null : AddressSet.of(config.except_ips) }
  },
  register (scope, { config, state }) {
    const trigger = config.trigger?.toLowerCase()
    const maintenance = config.preset === 'maintenance'
    const message = config.message ?? (maintenance ? MAINTENANCE : MESSAGES[config.status_code])
    const answer = prepareAnswer(config, message)
    const pause = config.retry_after ?? (maintenance ? MAINTENANCE_PAUSE : undefined)
    const fields = new FixedFields([
      ...pause === undefined ? [] : [['Retry-After', String(pause)] as const],
      ...maintenance ? [['Cache-Control', 'no-store'] as const] : []
    ])

    function triggered (request: FastifyRequest): boolean {
      if (state.exempt?.has(request.gateway.clientIp) === true) return false
      if (trigger === undefined) return true
      return Object.hasOwn(request.headers, trigger) || Object.hasOwn(request.query as object, config.trigger as string)
    }

    if (config.echo) {
      scope.addHook('preHandler', function requestTerminationEcho (request, reply) {
        if (!triggered(request)) return
        fields.put(reply)
        reply.code(config.status_code).header('content-type', JSON_TYPE).send(JSON.stringify(describeRequest(request, state.nodeId, message)))
      })
      return
    }

    scope.addHook('onRequest', function requestTermination (request, reply) {
      if (!triggered(request)) return
      fields.put(reply)
      reply.code(config.status_code)
      if (config.body === undefined && answer !== undefined) reply.header('content-type', JSON_TYPE)
      reply.send(answer)
    })

    if (config.body !== undefined) {
      scope.addHook('onSend', function requestTerminationType (_request, reply: FastifyReply, payload) {
        // Fastify names a type where there is none and completes the one there is; ours is sent as it stands
        if (payload !== answer) return
        if (config.content_type === undefined) reply.removeHeader('content-type')
        else reply.header('content-type', config.content_type)
      })
    }
  }
})

function * checkExceptions ({ preset, status_code: status, except_ips: networks }: Config): Generator<CheckFinding> {
  if (preset === 'maintenance' && status !== 503) {
    yield { path: '/status_code', message: 'maintenance is 503, so that clients and search engines come again', mend: 'Remove `status_code`, or `preset`.' }
  }
  for (const [index, text] of networks.entries()) {
    if (readNetwork(text) === null) yield { path: `/except_ips/${index}`, message: `invalid ip or cidr range: '${text}'`, mend: 'Write it like 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32.' }
  }
}

/** What to send, made once: a Buffer for `body`, so that it can be told from every other payload. */
function prepareAnswer (config: Config, message: string | undefined): Buffer | string | undefined {
  if (config.body !== undefined) return Buffer.from(config.body)
  return message === undefined ? undefined : JSON.stringify({ message })
}
