import { definePlugin, type FastifyRequest, GatewayError } from '../../src/plugin.ts'
import { createGuard, type Guard } from './guard.ts'
import { JsonThreatProtection } from './schema.ts'

export default definePlugin({
  name: 'json-threat-protection',
  // Kong's: behind those who find out who calls, before everything that reads bodies
  priority: 1009,
  schema: JsonThreatProtection,
  body: 'buffer',
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'content',
  setup: (config): Guard => createGuard(config),
  register (scope, { config, state: guard }) {
    const blocks = config.enforcement_mode === 'block'
    const most = config.max_body_size
    // where other bodies aren't allowed, compressed ones are no JSON either
    const unseen = config.allow_non_json_requests && !config.allow_encoded_requests

    function refusal (): GatewayError {
      return new GatewayError('SP_JSON_THREAT', config.error_status_code, config.error_message)
    }

    if (blocks && most !== -1) {
      // one whose length is told is refused before a byte of it has come
      scope.addHook('onRequest', function jsonThreatProtectionSize ({ headers }: FastifyRequest) {
        if (Number(headers['content-length'] ?? 0) > most) throw refusal()
      })
    }

    scope.addHook('preHandler', function jsonThreatProtection (request: FastifyRequest) {
      const { gateway } = request
      const replaced = gateway.upstream?.body
      // what goes up: a plugin before this one may have changed it
      const body = Buffer.isBuffer(replaced) ? replaced : request.body
      if (!Buffer.isBuffer(body) || body.length === 0) return
      const threat = unseen && isEncoded(request) ? 'allow_encoded_requests' : guard(body)
      if (threat === null) return
      gateway.log['json_threat'] = threat
      if (!blocks) return
      // RFC 9110 section 15.5.16: what would have been taken
      if (threat === 'allow_encoded_requests') throw new GatewayError('SP_JSON_THREAT', 415, 'Unsupported Media Type', { headers: { 'accept-encoding': 'identity' } })
      throw refusal()
    })
  }
})

/** Whether what its body holds can't be seen. */
function isEncoded ({ headers }: FastifyRequest): boolean {
  const coding = headers['content-encoding']
  return coding !== undefined && !/^\s*(?:identity)?\s*$/i.test(coding)
}
