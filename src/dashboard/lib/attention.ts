/** What somebody should look at, worst first. */
import type { CertificateView, GatewayStatus, LimitView, UpstreamView } from '../../admin/api/types.ts'
import { ago, count, plural } from './format.ts'
import { href } from './location.ts'

export interface Point {
  readonly tone: 'bad' | 'warn'
  readonly text: string
  /** Where more is said. */
  readonly to: string
}

export interface Known {
  readonly status: GatewayStatus
  readonly upstreams: readonly UpstreamView[]
  readonly limits: readonly LimitView[]
  readonly certificates: readonly CertificateView[]
}

/** Days before the end of a certificate from which on it is told. */
const SOON = 30

export function attention ({ status, upstreams, limits, certificates }: Known): Point[] {
  const points: Point[] = []
  const bad = (text: string, to: string): void => { points.push({ tone: 'bad', text, to }) }
  const warn = (text: string, to: string): void => { points.push({ tone: 'warn', text, to }) }

  const last = status.last_reload
  if (last !== null && !last.ok) bad(`The file was refused ${ago(last.at)}: ${last.error ?? 'it could not be taken over'}. What ran before goes on.`, href(['config']))
  for (const { name, health } of upstreams) {
    if (health === 'UNHEALTHY') bad(`Upstream ${name}: no target is healthy.`, href(['upstreams', name]))
    else if (health === 'DNS_ERROR') bad(`Upstream ${name}: a name can't be resolved.`, href(['upstreams', name]))
    else if (health === 'MIXED') warn(`Upstream ${name}: some targets are not healthy.`, href(['upstreams', name]))
  }
  for (const { service, route, target } of openBreakers(status)) bad(`Circuit breaker open: service ${service}${route === null ? '' : `, route ${route}`}${target === null ? '' : `, target ${target}`}.`, href(['upstreams']))
  for (const { plugin, instance_name: instance, state } of limits) if (state === 'down') bad(`${instance ?? plugin}: its store does not answer.`, href(['limits']))
  for (const { snis, subject, days_left: days, not_after: end } of certificates) {
    const name = snis[0] ?? subject
    if (days < 0) bad(`Certificate of ${name} ended ${ago(end)}.`, href(['certificates']))
    else if (days < SOON) warn(`Certificate of ${name} ends in ${plural(days, 'day')}.`, href(['certificates']))
  }
  const back = status.configuration.rolled_back
  if (back !== null) warn(`Rolled back: snapshot ${back.snapshot} runs, not what the file says now.`, href(['config']))
  if (status.workers.running < status.workers.configured) bad(`${status.workers.running} of ${plural(status.workers.configured, 'worker')} run.`, href([]))
  if (status.requests.shed > 0) warn(`Overloaded: ${plural(status.requests.shed, 'request')} refused since the start.`, href(['requests'], { end: 'OM' }))
  if (status.access_log.dropped > 0) warn(`${count(status.access_log.dropped)} lines of the access log were lost: its reader is too slow.`, href([]))
  return points.sort((a, b) => Number(a.tone === 'warn') - Number(b.tone === 'warn'))
}

function openBreakers (status: GatewayStatus): ReadonlyArray<{ readonly service: string, readonly route: string | null, readonly target: string | null }> {
  const open = status.processes.flatMap(each => each.circuit_breakers).filter(breaker => breaker.state === 'open')
  return [...new Map(open.map(({ service, route, target }) => [JSON.stringify([service, route, target]), { service: String(service), route: route ?? null, target: target ?? null }])).values()]
}
