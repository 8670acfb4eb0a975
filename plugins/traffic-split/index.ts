import { createIdentifier, definePlugin, type FastifyReply, type FastifyRequest, fieldValue } from '../../src/plugin.ts'
import { check } from './check.ts'
import { compileConditions } from './conditions.ts'
import { cookieOf } from './cookies.ts'
import { TrafficSplit } from './schema.ts'
import { Shares, type Share } from './shares.ts'

export default definePlugin({
  name: 'traffic-split',
  // knows who calls, and what is limited is limited; before the transformers, which change the path that the service gets
  priority: 845,
  schema: TrafficSplit,
  scopes: ['global', 'service', 'route', 'consumer'],
  check,
  setup (config, gateway) {
    const sharesOf = (parts: ReadonlyArray<{ service: string, weight: number }>): Shares =>
      new Shares(parts.map(({ service, weight }) => ({ service: gateway.service(service), weight })))
    const { sticky_by: by } = config
    return {
      rules: config.rules.map(({ when, service, split }) => ({
        fits: compileConditions(when, gateway.consumers),
        shares: sharesOf(split ?? [{ service: service as string, weight: 1 }]),
        divides: split !== undefined
      })),
      shares: config.split === undefined ? null : sharesOf(config.split),
      identify: by === 'none' || by === 'cookie' ? null : createIdentifier({ ...config, limit_by: by }, gateway.consumers),
      cookie: by === 'cookie' ? config.cookie_name ?? `split-${gateway.entry.id.slice(0, 8)}` : null
    }
  },
  register (scope, { config, state: { rules, shares, identify, cookie } }) {
    const { response_header: header, cookie_max_age: age, log } = config

    /** The cookie is set when it is new, and when it stands for a service that gets nothing any more. */
    function byCookie (request: FastifyRequest, reply: FastifyReply, among: Shares, name: string): Share {
      const known = among.byToken(cookieOf(request.headers.cookie, name))
      if (known !== undefined) return known
      const share = among.next()
      const secure = request.gateway.scheme === 'https' ? '; Secure' : ''
      reply.header('set-cookie', `${name}=${share.token}; Path=/; HttpOnly; SameSite=Lax${age === undefined ? '' : `; Max-Age=${age}`}${secure}`)
      return share
    }

    function choose (request: FastifyRequest, reply: FastifyReply, among: Shares): Share {
      if (cookie !== null) return byCookie(request, reply, among, cookie)
      return identify === null ? among.next() : among.byKey(identify(request))
    }

    scope.addHook('onRequest', function trafficSplit (request, reply, done) {
      const { gateway } = request
      const rule = rules.findIndex(({ fits }) => fits(request))
      const among = rules[rule]?.shares ?? shares
      if (among === null) {
        done()
        return
      }
      const { service } = rules[rule]?.divides === false ? among.next() : choose(request, reply, among)
      if (service.id !== gateway.service?.id) gateway.sendTo(service)
      const name = service.name ?? service.id
      if (header !== undefined) reply.header(header, fieldValue(name))
      if (log) gateway.log['traffic_split'] = { service: name, by: rule === -1 ? 'split' : `rule ${rule + 1}` }
      done()
    })
  }
})
