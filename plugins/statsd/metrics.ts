import type { Ended, GatewayRequest } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Kong's names of metrics; those of its users and of its shared memory are left out. */
export const METRICS: Array<'request_count' | 'request_size' | 'response_size' | 'latency' | 'upstream_latency' | 'kong_latency' | 'status_count' | 'request_per_user'> =
  ['request_count', 'request_size', 'response_size', 'latency', 'upstream_latency', 'kong_latency', 'status_count', 'request_per_user']

type Metric = typeof METRICS[number]

/** Each with the end of its name, its type, and its value; null: there is none. */
const VALUES: Readonly<Record<Metric, readonly [name: string, type: 'c' | 'ms', value: (ended: Ended) => number | null]>> = {
  request_count: ['request.count', 'c', () => 1],
  // Kong sends sizes as timers
  request_size: ['request.size', 'ms', ended => ended.read],
  response_size: ['response.size', 'ms', ended => ended.written],
  latency: ['latency', 'ms', ended => Math.round(ended.total)],
  upstream_latency: ['upstream_latency', 'ms', ended => ended.upstream === -1 ? null : Math.round(ended.upstream)],
  kong_latency: ['kong_latency', 'ms', ended => Math.round(ended.gateway)],
  status_count: ['status', 'c', () => 1],
  request_per_user: ['request.count', 'c', () => 1]
}

/** What has a meaning of its own in the protocol, and dots, which divide names. */
const unsafe = /[^\w-]/g

/** Makes the lines of a request. */
export function createMetrics ({ prefix, metrics, tag_style: style }: Pick<Config, 'prefix' | 'metrics' | 'tag_style'>): (request: GatewayRequest, ended: Ended) => string[] {
  const plain = style === 'none'

  function line (metric: Metric, service: string, route: string, user: string | null, ended: Ended): string | null {
    const [name, type, read] = VALUES[metric]
    const value = read(ended)
    if (value === null) return null
    if (plain) {
      const who = metric === 'request_per_user' ? `user.${user}.` : ''
      return `${prefix}.service.${service}.${who}${name}${metric === 'status_count' ? `.${ended.status}` : ''}:${value}|${type}`
    }
    const tags: Array<readonly [string, string | number]> = [['service', service], ['route', route], ['status', ended.status], ...metric === 'request_per_user' ? [['user', user as string] as const] : []]
    if (style === 'influxdb') return `${prefix}.${name},${tags.map(([tag, text]) => `${tag}=${text}`).join()}:${value}|${type}`
    return `${prefix}.${name}:${value}|${type}|#${tags.map(([tag, text]) => `${tag}:${text}`).join()}`
  }

  return ({ service, route, consumer }, ended) => {
    const serviceName = (service?.name ?? service?.host ?? 'none').replace(unsafe, '_')
    const routeName = (route?.name ?? route?.id ?? 'none').replace(unsafe, '_')
    const user = consumer === null ? null : (consumer.username ?? consumer.custom_id ?? consumer.id).replace(unsafe, '_')
    const lines: string[] = []
    for (const metric of metrics) {
      if (metric === 'request_per_user' && user === null) continue
      const text = line(metric, serviceName, routeName, user, ended)
      if (text !== null) lines.push(text)
    }
    return lines
  }
}

/** Joins lines to datagrams. */
export function pack (lines: readonly string[], longest: number): string[] {
  const packets: string[] = []
  let packet = ''
  for (const line of lines) {
    if (packet !== '' && packet.length + 1 + line.length > longest) {
      packets.push(packet)
      packet = ''
    }
    packet += packet === '' ? line : `\n${line}`
  }
  if (packet !== '') packets.push(packet)
  return packets
}
