import ipaddr from 'ipaddr.js'
import type { Pointer } from '../model.ts'
import { targetAddress } from '../target-address.ts'
import type { LintContext } from './context.ts'

/** Ends of names that only mean something inside (RFC 2606, 6761, 6762, 8375, 9476, and what clusters use). */
const INSIDE = ['local', 'localhost', 'internal', 'svc', 'test', 'invalid', 'example', 'lan', 'home', 'home.arpa', 'intranet', 'corp', 'private', 'alt', 'consul', 'onion']

/** Plain http to where others can listen on the way. */
export function plainHttp (context: LintContext): void {
  const { services, upstreams, targets } = context.config
  const ids = new Map(upstreams.map(upstream => [upstream.name, upstream.id]))
  const plain = new Set(services.filter(({ protocol, enabled }) => enabled && protocol === 'http').map(({ host }) => ids.get(host)))
  for (const { upstream, target, pointer } of targets) {
    if (plain.has(upstream) && isPublic(targetAddress(target)?.host ?? '')) warn(context, `${pointer}/target`, target)
  }
  for (const service of services) {
    if (!service.enabled || service.protocol !== 'http' || ids.has(service.host) || !isPublic(service.host)) continue
    const url = `${service.pointer}/url`
    warn(context, context.source.has(url) ? url : `${service.pointer}/host`, service.host)
  }
}

function warn (context: LintContext, pointer: Pointer, host: string): void {
  context.warn(pointer, {
    rule: 'plain-http-upstream',
    cause: `requests to ${context.quote(pointer, host, 'this host')} travel unencrypted through networks of others`,
    mend: 'Use https, or an internal name or address if the upstream is near.'
  })
}

/** Whether a host is reached over networks of others, as far as its name tells. */
export function isPublic (host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  const literal = name.replace(/^\[(.*)\]$/, '$1')
  if (ipaddr.isValid(literal)) return ipaddr.process(literal).range() === 'unicast'
  if (!name.includes('.')) return false
  return !INSIDE.some(end => name.endsWith(`.${end}`))
}
