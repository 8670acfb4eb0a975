import { type CheckFinding, createExemption, createIdentifier, definePlugin, exemptFindings, type FastifyRequest, GatewayError, identifierFindings, shareOfCount } from '../../src/plugin.ts'
import { ConcurrencyLimiting } from './schema.ts'
import { Turns } from './turns.ts'

export default definePlugin({
  name: 'concurrency-limiting',
  // after rate-limiting, so that what is refused there takes no place here
  priority: 905,
  schema: ConcurrencyLimiting,
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'limit',
  dividedByWorkers: () => true,
  * check (config): Generator<CheckFinding> {
    yield * identifierFindings(config)
    yield * exemptFindings(config.exempt)
  },
  // tests send one request after the other
  outcomes: () => ['allowed'],
  setup (config, gateway) {
    return {
      turns: gateway.keep('turns', () => new Turns()),
      running: new WeakMap<FastifyRequest, string>(),
      bounds: {
        limit: shareOfCount(config.limit, gateway.workers),
        queue: Math.ceil(config.queue / gateway.workers),
        patience: config.queue_timeout
      },
      identify: createIdentifier(config, gateway.consumers),
      exempt: createExemption(config.exempt, gateway.exempt)
    }
  },
  register (scope, { config, state: { turns, running, bounds, identify, exempt } }) {
    function refusal (): GatewayError {
      return new GatewayError('SP_CONCURRENCY_LIMITED', config.error_code, config.error_message, { headers: { 'retry-after': '1' } })
    }

    scope.addHook('onRequest', function concurrencyLimiting (request, reply) {
      if (exempt?.(request.gateway) === true) return
      const key = identify(request)
      const place = turns.take(key, bounds)
      if (place === false) throw refusal()
      if (place === true) {
        running.set(request, key)
        return
      }
      // a client that leaves gives its place up at once: its log hooks may have run before its turn would come
      reply.raw.once('close', place.leave)
      return place.turn.then(admitted => {
        reply.raw.off('close', place.leave)
        if (!admitted) throw refusal()
        if (reply.raw.destroyed) {
          turns.release(key, bounds)
          throw refusal()
        }
        running.set(request, key)
      })
    })

    scope.addHook('onResponse', function concurrencyReleased (request, _reply, done) {
      const key = running.get(request)
      if (key !== undefined) {
        running.delete(request)
        turns.release(key, bounds)
      }
      done()
    })
  }
})
