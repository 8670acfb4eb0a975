import { applyEdits, definePlugin, type FastifyReply, hasEdits, JsonMembers, type ResponseMode } from '../../src/plugin.ts'
import { ReplyFields } from './reply-fields.ts'
import { checkConfig, compileRules, type Config, hasJsonRules, type Rules, setsType } from './rules.ts'
import { ResponseTransformer } from './schema.ts'

/** Fields that describe bytes which are no longer sent. */
const DIGESTS = ['content-md5', 'digest', 'content-digest', 'repr-digest']

/** `application/json` or a relative, with or without parameters, alone or in a list. */
const JSON_TYPE = /(?:^|,)\s*application\/(?:[\w!#$&^.-]+\+)?json\s*(?:[;,]|$)/i

const PARTIAL_CONTENT = 206

export default definePlugin({
  name: 'response-transformer',
  // after whatever answers or limits, so that it sees their fields; before caches and logs, so that they see its own
  priority: 800,
  schema: ResponseTransformer,
  response: heldAnswers,
  scopes: ['global', 'service', 'route', 'consumer'],
  check: checkConfig,
  setup: compileRules,
  register (scope, { state: rules }) {
    const editsHeaders = hasEdits(rules.headers)
    const editsJson = hasEdits(rules.json)

    if (editsJson) {
      scope.addHook('onRequest', function responseTransformerIdentity (request) {
        // "none" would allow every coding (RFC 9110 section 12.5.3)
        request.gateway.upstream?.headers.set('accept-encoding', 'identity')
      })
    }

    scope.addHook('onSend', function responseTransformer (_request, reply, payload) {
      if (editsHeaders) applyEdits(new ReplyFields(reply), rules.headers, undefined)
      return editsJson && isJson(reply) ? transformJson(reply, payload, rules) : undefined
    })
  }
})

/** JSON answers alone, unless the header rules may make one of another type. */
function heldAnswers (config: Config): ResponseMode {
  if (!hasJsonRules(config)) return 'stream'
  return setsType(config) ? 'buffer' : JSON_TYPE
}

/** Whether one of the types of the answer is JSON; parameters don't count. */
function isJson (reply: FastifyReply): boolean {
  if (reply.statusCode === PARTIAL_CONTENT || (reply.getHeader('content-encoding') ?? 'identity') !== 'identity') return false
  return JSON_TYPE.test(String(reply.getHeader('content-type') ?? ''))
}

/** @returns undefined when the body stays as it is */
function transformJson (reply: FastifyReply, payload: unknown, rules: Rules): string | undefined {
  const text = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.toString() : ''
  if (text === '') {
    // of a HEAD: the length is that of the body before the change
    reply.removeHeader('content-length')
    return undefined
  }
  const members = JsonMembers.parse(text)
  if (members === null || !applyEdits(members, rules.json, undefined)) return undefined
  for (const name of DIGESTS) reply.removeHeader(name)
  weakenEtag(reply)
  return members.toString()
}

/** A strong validator names one sequence of bytes (RFC 9110 section 8.8.1), which this no longer is. */
function weakenEtag (reply: FastifyReply): void {
  const etag = reply.getHeader('etag')
  if (typeof etag === 'string' && !etag.startsWith('W/')) reply.header('etag', `W/${etag}`)
}
