import ipaddr from 'ipaddr.js'
import type { LintContext } from './context.ts'

/** Ends of names that only mean something inside (RFC 2606, 6761, 6762, 8375, 9476, and what clusters use). */
const INSIDE = ['local', 'localhost', 'internal', 'svc', 'test', 'invalid', 'example', 'lan', 'home', 'home.arpa', 'intranet', 'corp', 'private', 'alt', 'consul', 'onion']

/** Plain http to where others can listen on the way. */
export function plainHttp (context: LintContext): void {
  for (const service of context.config.services) {
    if (service.protocol !== 'http' || !isPublic(service.host)) continue
    const url = `${service.pointer}/url`
    const secret = context.source.isSecret(url) || context.source.isSecret(`${service.pointer}/host`)
    context.warn(context.source.has(url) ? url : `${service.pointer}/host`, {
      rule: 'plain-http-upstream',
      cause: `requests to ${secret ? 'this host' : `'${service.host}'`} travel unencrypted through networks of others`,
      mend: 'Use https, or an internal name or address if the upstream is near.'
    })
  }
}

/** Whether a host is reached over networks of others, as far as its name tells. */
export function isPublic (host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  const literal = name.replace(/^\[(.*)\]$/, '$1')
  if (ipaddr.isValid(literal)) return ipaddr.process(literal).range() === 'unicast'
  if (!name.includes('.')) return false
  return !INSIDE.some(end => name.endsWith(`.${end}`))
}
