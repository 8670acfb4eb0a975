import type { MetricFacts, MetricFamily, MetricValue } from '../../src/plugin.ts'
import type { Config } from './schema.ts'
import type { Block, Buckets } from './series.ts'

export interface Counts {
  readonly blocks: readonly Block[]
  readonly buckets: Buckets
}

export type Shown = Pick<Config, 'status_code_metrics' | 'latency_metrics' | 'bandwidth_metrics' | 'upstream_health_metrics'>

type Labels = Record<string, string>

/** How an entry's counts are written: names, units and labels. */
export interface Dialect {
  readonly requests: string
  readonly latencies: Readonly<Record<'total' | 'upstream' | 'gateway', string>>
  readonly bytes: string
  /** Milliseconds in a unit of latency. */
  readonly unit: number
  readonly sources: Readonly<Record<'upstream' | 'gateway', string>>
  readonly directions: readonly [ingress: string, egress: string]
  readonly labels: Labels
  /** End reasons, plugins, tries and the cache are Sallyport's own. */
  readonly own: boolean
}

export const SALLYPORT: Dialect = {
  requests: 'sallyport_http_requests_total',
  latencies: { total: 'sallyport_http_request_duration_seconds', upstream: 'sallyport_http_upstream_duration_seconds', gateway: 'sallyport_http_gateway_duration_seconds' },
  bytes: 'sallyport_http_bytes_total',
  unit: 1000,
  sources: { upstream: 'upstream', gateway: 'gateway' },
  directions: ['in', 'out'],
  labels: {},
  own: true
}

export const KONG: Dialect = {
  requests: 'kong_http_requests_total',
  latencies: { total: 'kong_request_latency_ms', upstream: 'kong_upstream_latency_ms', gateway: 'kong_kong_latency_ms' },
  bytes: 'kong_bandwidth_bytes',
  unit: 1,
  sources: { upstream: 'service', gateway: 'kong' },
  directions: ['ingress', 'egress'],
  labels: { workspace: 'default' },
  own: false
}

const HELP = {
  total: 'Time from the request\'s first byte to the answer\'s last.',
  upstream: 'Time that the upstream took until the head of its answer.',
  gateway: 'Time in the gateway before the upstream was asked, or altogether where it was not.'
} as const

/** The counts of an entry. */
export function * families ({ blocks, buckets }: Counts, shown: Shown, dialect: Dialect): Generator<MetricFamily> {
  const inUnits = (milliseconds: readonly number[]): number[] => milliseconds.map(bound => bound / dialect.unit)
  const bounds = { latency: inUnits(buckets.latency), gateway: inUnits(buckets.gateway) }
  const where = ({ route, service }: Block): Labels => ({ service, route, ...dialect.labels })
  const who = (block: Block): Labels => ({ ...where(block), consumer: block.consumer })
  const each = (of: (block: Block) => MetricValue[]): MetricValue[] => blocks.flatMap(of)
  if (shown.status_code_metrics) {
    yield {
      name: dialect.requests,
      help: 'Requests, by how they ended.',
      type: 'counter',
      values: each(block => [...block.answers.values()].map(({ code, reason, source, count }) =>
        ({ value: count, labels: { ...who(block), code, source: dialect.sources[source], ...dialect.own ? { reason } : {} } })))
    }
  }
  if (shown.latency_metrics) {
    for (const kind of ['total', 'upstream', 'gateway'] as const) {
      const name = dialect.latencies[kind]
      yield {
        name,
        help: HELP[kind],
        type: 'histogram',
        values: blocks.map(block => ({ labels: where(block), bounds: bounds[kind === 'gateway' ? 'gateway' : 'latency'], counts: block[kind].counts, sum: block[kind].sum / dialect.unit }))
      }
    }
  }
  if (shown.bandwidth_metrics) {
    const [ingress, egress] = dialect.directions
    yield {
      name: dialect.bytes,
      help: 'Bytes of requests and of answers, as they went over the wire.',
      type: 'counter',
      values: each(block => [{ value: block.ingress, labels: { ...who(block), direction: ingress } }, { value: block.egress, labels: { ...who(block), direction: egress } }])
    }
  }
  if (dialect.own) yield * ownFamilies(each, where)
}

function * ownFamilies (each: (of: (block: Block) => MetricValue[]) => MetricValue[], where: (block: Block) => Labels): Generator<MetricFamily> {
  yield {
    name: 'sallyport_plugin_answers_total',
    help: 'Requests that a plugin refused or answered, or that ended while it had the word.',
    type: 'counter',
    values: each(block => [...block.plugins.values()].map(({ plugin, reason, count }) => ({ value: count, labels: { ...where(block), plugin, reason } })))
  }
  yield {
    name: 'sallyport_upstream_failed_tries_total',
    help: 'Attempts at upstreams that came to nothing.',
    type: 'counter',
    values: each(block => [{ value: block.failedTries, labels: where(block) }])
  }
  yield {
    name: 'sallyport_cache_requests_total',
    help: 'Requests that the cache was asked for, by what it had.',
    type: 'counter',
    values: each(block => [...block.cache].map(([state, value]) => ({ value, labels: { ...where(block), state } })))
  }
}

/** What Kong shows of the node, as far as there is such a thing here. */
export function * kongNode ({ connections, requests, total, upstreams }: MetricFacts, health: boolean): Generator<MetricFamily> {
  yield { name: 'kong_nginx_requests_total', help: 'Requests that came.', type: 'gauge', values: [{ value: total, labels: { subsystem: 'http' } }] }
  yield {
    name: 'kong_nginx_connections_total',
    help: 'Connections of clients. `active` are those that are open, `writing` those with a request that runs.',
    type: 'gauge',
    values: [{ value: connections, labels: { subsystem: 'http', state: 'active' } }, { value: requests, labels: { subsystem: 'http', state: 'writing' } }]
  }
  yield { name: 'kong_datastore_reachable', help: 'There is no datastore that could be out of reach.', type: 'gauge', aggregator: 'min', values: [{ value: 1, labels: {} }] }
  if (!health) return
  yield {
    name: 'kong_upstream_target_health',
    help: 'Health of targets; 1 in the state that it is in.',
    type: 'gauge',
    aggregator: 'max',
    values: upstreams.flatMap(({ upstream, targets }) => targets.flatMap(({ name, host, port, health: now }) =>
      (['healthy', 'unhealthy', 'unchecked'] as const).map(state => ({
        value: state === now ? 1 : 0,
        labels: { upstream, target: name, address: `${host}:${port}`, state: state === 'unchecked' ? 'healthchecks_off' : state, subsystem: 'http' }
      }))))
  }
}
