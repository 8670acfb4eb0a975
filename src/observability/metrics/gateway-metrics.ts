import type { ProcessFacts } from '../../gateway/engine.ts'
import type { GatewayStatus } from '../../gateway/control/status.ts'
import type { MetricFamily, MetricValue } from '../../plugin.ts'
import type { Steps } from '../../steps.ts'

type Labels = MetricValue['labels']

function family (type: 'counter' | 'gauge', name: string, help: string, values: readonly MetricValue[]): MetricFamily {
  return { name: `sallyport_${name}`, help, type, values }
}

function one (value: number, labels: Labels = {}): MetricValue[] {
  return [{ value, labels }]
}

/** What the gateway knows of itself, plugins apart. Nothing in it is a secret: names of the file, states, numbers. */
export function * gatewayMetrics (status: GatewayStatus, reloads: { readonly done: number, readonly refused: number }): Steps<MetricFamily[]> {
  const { processes, configuration, last_reload: last, workers } = status
  const each = (of: (process: ProcessFacts) => readonly MetricValue[]): MetricValue[] => processes.flatMap(of)
  return [
    family('gauge', 'info', 'Versions of the gateway and of Node.js; always 1.', one(1, { version: status.version, node: status.node })),
    family('gauge', 'start_time_seconds', 'When the gateway was started, in seconds since 1970.', one(Date.parse(status.started_at) / 1000)),
    family('gauge', 'workers', 'Processes that serve traffic.', [...one(workers.configured, { state: 'configured' }), ...one(workers.running, { state: 'running' })]),
    family('counter', 'worker_restarts_total', 'Worker processes that died and were replaced.', one(workers.restarts)),
    family('gauge', 'connections', 'Connections of clients.', one(status.connections)),
    family('gauge', 'requests_in_flight', 'Requests that run, event streams and WebSockets included.', one(status.requests.in_flight)),
    family('counter', 'requests_total', 'Requests that came, whatever became of them; those that the parser refused are not among them.', one(status.requests.total)),
    family('counter', 'requests_shed_total', 'Requests refused because the gateway is overloaded.', one(status.requests.shed)),
    family('counter', 'connections_refused_total', 'Connections beyond `limits.connections_per_address`.', each(process => one(process.refused_connections))),
    family('counter', 'requests_malformed_total', 'Requests that the HTTP parser refused, by end reason.', each(({ malformed }) => Object.entries(malformed).map(([reason, value]) => ({ value, labels: { reason } })))),
    family('counter', 'access_log_dropped_total', 'Lines of the access log lost because their reader was too slow or gone.', one(status.access_log.dropped)),
    family('counter', 'config_reloads_total', 'Reloads of the configuration, by how they ended.', [...one(reloads.done, { result: 'done' }), ...one(reloads.refused, { result: 'refused' })]),
    family('gauge', 'config_last_reload_successful', 'Whether the last reload was one; 1 before the first.', one(last === null || last.ok ? 1 : 0)),
    family('gauge', 'config_loaded_seconds', 'When the configuration that runs was loaded, in seconds since 1970.', one(Date.parse(configuration.loaded_at) / 1000)),
    family('gauge', 'config_snapshot', 'Which configuration runs, counted from 1.', one(configuration.snapshot)),
    family('gauge', 'config_retired_snapshots', 'Configurations that were replaced and still have requests or streams to finish.', each(process => one(process.retired_snapshots))),
    family('gauge', 'config_entities', 'Entities of the configuration.', (['services', 'routes', 'plugins', 'consumers'] as const).map(kind => ({ value: configuration[kind], labels: { kind } }))),
    ...upstreamMetrics(each),
    ...yield * limitMetrics(processes),
    family('gauge', 'memory_bytes', 'Memory of the processes that serve traffic.', each(({ memory }) => Object.entries(memory).map(([kind, value]) => ({ value, labels: { kind } }))))
  ]
}

function upstreamMetrics (each: (of: (process: ProcessFacts) => readonly MetricValue[]) => MetricValue[]): MetricFamily[] {
  return [
    family('gauge', 'upstream_target_health', 'Processes that see a target in this state.', each(({ upstreams }) => upstreams.flatMap(({ upstream, targets }) => targets.flatMap(({ name, host, port, health }) =>
      ['healthy', 'unhealthy', 'unchecked'].map(state => ({ value: state === health ? 1 : 0, labels: { upstream, target: name, address: `${host}:${port}`, state } })))))),
    family('gauge', 'circuit_breaker_state', 'Processes in which a circuit breaker is in this state.', each(({ circuit_breakers: breakers }) => breakers.flatMap(({ service, route, target, state: now }) =>
      ['closed', 'open', 'half-open'].map(state => ({ value: state === now ? 1 : 0, labels: { service, route: route ?? '', target: target ?? '', state } }))))),
    family('gauge', 'upstream_connections', 'Connections to upstreams.', each(({ pools }) => pools.flatMap(({ target, busy, idle }) => [{ value: busy, labels: { target, state: 'busy' } }, { value: idle, labels: { target, state: 'idle' } }])))
  ]
}

/** There may be thousands of entries. */
function * limitMetrics (processes: readonly ProcessFacts[]): Steps<MetricFamily[]> {
  const decisions: MetricValue[] = []
  const counters: MetricValue[] = []
  const errors: MetricValue[] = []
  const down: MetricValue[] = []
  for (const { limits } of processes) {
    for (const { plugin, route, service, consumer, decisions: all, refused, counters: kept, store_errors: failed, state } of limits) {
      const labels = { plugin, route: route ?? '', service: service ?? '', consumer: consumer ?? '' }
      decisions.push({ value: all - refused, labels: { ...labels, outcome: 'admitted' } }, { value: refused, labels: { ...labels, outcome: 'refused' } })
      counters.push({ value: kept, labels })
      errors.push({ value: failed, labels })
      down.push({ value: state === 'down' ? 1 : 0, labels })
      yield
    }
  }
  return [
    family('counter', 'limit_decisions_total', 'What plugins that count requests decided. `route`, `service` and `consumer` are ids of where the entry stands.', decisions),
    family('gauge', 'limit_counters', 'Counters of limits in memory.', counters),
    family('counter', 'limit_store_errors_total', 'Failures of the shared store of limits.', errors),
    family('gauge', 'limit_store_down', 'Processes for which the shared store of limits is down.', down)
  ]
}
