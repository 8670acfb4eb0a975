import ipaddr from 'ipaddr.js'
import type { Service, Upstream, UpstreamTarget } from '../model.ts'
import { nearest } from '../nearest.ts'
import { targetAddress } from '../target-address.ts'
import type { LintContext } from './context.ts'

/** Upstreams that nothing is sent to, and those that have nowhere to send it. */
export function upstreams (context: LintContext): void {
  const { services, upstreams, targets } = context.config
  const hosts = new Set(services.map(service => service.host))
  for (const upstream of upstreams) {
    const own = targets.filter(target => target.upstream === upstream.id)
    if (!hosts.has(upstream.name)) {
      context.warn(`${upstream.pointer}/name`, {
        rule: 'unused-upstream',
        cause: `no service has ${nameOf(context, upstream)} as its host: it never gets a request`,
        mend: 'Write its name as `host` of a service, or remove it.'
      })
    } else if (own.every(target => target.weight === 0)) {
      context.warn(`${upstream.pointer}/name`, {
        rule: 'upstream-without-target',
        cause: own.length === 0 ? 'this upstream has no targets: every request is answered with 503' : 'all targets of this upstream have the weight 0: every request is answered with 503',
        mend: own.length === 0 ? 'Add `targets`.' : 'Give one of them a weight.'
      })
    }
  }
  for (const service of services) checkService(context, service)
}

function checkService (context: LintContext, service: Service): void {
  const { upstreams, targets } = context.config
  const upstream = upstreams.find(({ name }) => name === service.host)
  if (upstream !== undefined) {
    if (service.protocol === 'https' && service.tls_verify) addressCertificates(context, upstream, targets.filter(target => target.upstream === upstream.id))
    return
  }
  const guess = nearest(service.host, upstreams.map(({ name }) => name))
  if (guess === undefined) return
  const url = `${service.pointer}/url`
  const pointer = context.source.has(url) ? url : `${service.pointer}/host`
  context.warn(pointer, {
    rule: 'near-upstream',
    cause: `${context.quote(pointer, service.host, 'this host')} is asked of the name servers: no upstream has exactly this name`,
    mend: `Did you mean the upstream '${guess}'?`
  })
}

/** Nothing verifies an address but a certificate that holds it, and hardly any does. */
function addressCertificates (context: LintContext, upstream: Upstream, targets: readonly UpstreamTarget[]): void {
  if (upstream.host_header !== null) return
  const first = targets.find(({ target }) => ipaddr.isValid((targetAddress(target)?.host ?? '').replace(/^\[(.*)\]$/, '$1')))
  if (first === undefined) return
  context.warn(`${first.pointer}/target`, {
    rule: 'address-certificate',
    cause: 'https to an address needs a certificate for that address, and few have one',
    mend: 'Add `host_header` with the name in the certificate to the upstream, or write names into `targets`.'
  })
}

function nameOf (context: LintContext, upstream: Upstream): string {
  return context.quote(`${upstream.pointer}/name`, upstream.name, 'its name')
}
