import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { load } from 'js-yaml'
import t, { type Test } from 'tap'
import prometheus from '../../plugins/prometheus/index.ts'
import { Histogram } from '../../plugins/prometheus/histogram.ts'
import { Block, OTHER, Series } from '../../plugins/prometheus/series.ts'
import { createGateway } from '../../src/index.ts'
import type { Ended, GatewayRequest, Route } from '../../src/plugin.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

interface Sample { readonly name: string, readonly labels: Readonly<Record<string, string>>, readonly value: number }

/** Prometheus' text format, read by its rules. */
function parse (text: string): { samples: Sample[], types: Map<string, string> } {
  const samples: Sample[] = []
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line)
    if (type !== null) {
      if (types.has(type[1] as string)) throw new Error(`${type[1]} twice`)
      types.set(type[1] as string, type[2] as string)
    }
    if (line === '' || line.startsWith('#')) continue
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match === null) throw new Error(`not a sample: ${line}`)
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name as string, value as string]))
    samples.push({ name: match[1] as string, labels, value: Number(match[3]) })
  }
  return { samples, types }
}

function value (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples.filter(sample => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text)).reduce((sum, sample) => sum + sample.value, 0)
}

async function start (t: Test, rest: string, services = ''): Promise<{ port: number, scrape (): Promise<ReturnType<typeof parse>> }> {
  const port = await upstream(t, (request, response) => {
    response.statusCode = request.url === '/teapot' ? 418 : 200
    response.setHeader('cache-control', 'max-age=60')
    response.setHeader('content-type', 'text/plain')
    response.end('hello')
  })
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(port, {}, services.replaceAll('UPSTREAM', String(port)) + rest), accessLog: '/dev/null', log: { write () {} } })
  await gateway.listen()
  t.teardown(() => gateway.close())
  return {
    port: gateway.addresses[0]?.port as number,
    async scrape () {
      const { status, headers, text } = await ask(gateway.adminAddress?.port as number, '/metrics')
      t.equal(status, 200)
      t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
      return parse(text)
    }
  }
}

t.test('requests, latencies, bytes, refusals, the cache and what is malformed; and each metric of the board and the alerts is there', async t => {
  const { port, scrape } = await start(t, `plugins:
  - name: prometheus
    config: { per_consumer: true }
  - name: proxy-cache
    route: cached
  - name: statsd
  - name: opentelemetry
    config: { traces_endpoint: 'http://127.0.0.1:1/v1/traces', sampling_rate: 0, sample_errors: false }
upstreams:
  - name: pool
    targets: [{ target: '127.0.0.1:UPSTREAM' }]
consumers:
  - username: ann
    keyauth_credentials: [{ key: ann-key-0123456789 }]
`.replaceAll('UPSTREAM', '1'), `  - name: keyed
    url: http://127.0.0.1:UPSTREAM
    circuit_breaker: {}
    routes:
      - name: keyed
        paths: [/keyed]
        plugins:
          - { name: key-auth }
          - { name: rate-limiting, config: { hour: 1 } }
      - { name: cached, paths: [/cached] }
  - name: pooled
    host: pool
    retries: 0
    routes: [{ name: pooled, paths: [/pooled] }]
`)
  await ask(port, '/a')
  await ask(port, '/teapot')
  await ask(port, '/keyed')
  await ask(port, '/keyed', { headers: { apikey: 'ann-key-0123456789' } })
  await ask(port, '/keyed', { headers: { apikey: 'ann-key-0123456789' } })
  await ask(port, '/cached')
  await ask(port, '/cached')
  await ask(port, '/pooled')
  await new Promise(resolve => { connect(port, '127.0.0.1').on('close', resolve).resume().end('nonsense\r\n\r\n') })
  // counted at the end of each answer, which the client may see first
  await until('all are counted', async () => value((await scrape()).samples, 'sallyport_http_requests_total') === 8)
  const { samples, types } = await scrape()
  const requests = (labels: Record<string, string>): number => value(samples, 'sallyport_http_requests_total', labels)
  t.equal(requests({ route: 'all', service: 'up', code: '200', reason: '-', source: 'upstream', consumer: '' }), 1)
  t.equal(requests({ route: 'all', code: '418', reason: '-' }), 1)
  t.equal(requests({ route: 'keyed', code: '401', reason: 'UA', source: 'gateway', consumer: '' }), 1)
  t.equal(requests({ route: 'keyed', code: '200', consumer: 'ann' }), 1)
  t.equal(requests({ route: 'keyed', code: '429', reason: 'RL', consumer: 'ann' }), 1)
  t.equal(requests({ route: 'pooled', code: '502', reason: 'UF' }), 1)
  t.equal(value(samples, 'sallyport_plugin_answers_total', { plugin: 'key-auth', reason: 'UA', route: 'keyed' }), 1)
  t.equal(value(samples, 'sallyport_plugin_answers_total', { plugin: 'rate-limiting', reason: 'RL' }), 1)
  t.equal(value(samples, 'sallyport_upstream_failed_tries_total', { route: 'pooled' }), 1)
  t.equal(samples.filter(({ name }) => name === 'sallyport_cache_requests_total').length, 2, 'a miss and a hit')
  t.equal(value(samples, 'sallyport_http_request_duration_seconds_count', { route: 'all' }), 2)
  t.equal(value(samples, 'sallyport_http_request_duration_seconds_bucket', { route: 'all', le: '+Inf' }), 2)
  t.equal(value(samples, 'sallyport_http_upstream_duration_seconds_count', { route: 'keyed' }), 1, 'of those that went up')
  t.ok(value(samples, 'sallyport_http_request_duration_seconds_sum', { route: 'all' }) < 20, 'in seconds')
  t.ok(value(samples, 'sallyport_http_bytes_total', { route: 'all', direction: 'in' }) > 60)
  t.ok(value(samples, 'sallyport_http_bytes_total', { route: 'all', direction: 'out' }) > 60)
  t.equal(value(samples, 'sallyport_requests_malformed_total', { reason: 'DPE' }), 1)
  t.equal(value(samples, 'sallyport_limit_decisions_total', { plugin: 'rate-limiting', outcome: 'refused' }), 1)
  t.equal(value(samples, 'sallyport_upstream_target_health', { upstream: 'pool', state: 'unchecked' }), 1)
  t.ok(value(samples, 'sallyport_upstream_connections', { state: 'idle' }) >= 1)
  t.equal(types.get('sallyport_http_request_duration_seconds'), 'histogram')
  t.same(samples.filter(({ name }) => name === 'nodejs_eventloop_delay_seconds').map(({ labels }) => labels['percentile']), ['50', '90', '99', '100'])
  t.same(samples.filter(({ labels, name }) => 'quantile' in labels || ('le' in labels && !name.endsWith('_bucket'))), [], 'labels that Prometheus keeps for summaries and histograms')
  t.equal(samples.filter(({ name }) => name === 'nodejs_gc_seconds_total').length, 4, 'from the first scrape on')

  // the shed, breakers and gc need what this test can't have: named by the same code, so their types count
  const names = new Set([...types].flatMap(([name, type]) => type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]))
  const board = readFileSync(join(packageRoot, 'deploy/grafana/sallyport.json'), 'utf8')
  const { groups } = load(readFileSync(join(packageRoot, 'deploy/prometheus/alerts.yaml'), 'utf8')) as { groups: Array<{ rules: Array<{ alert: string, expr: string }> }> }
  const used = (text: string): string[] => [...new Set(text.match(/\b(?:sallyport|nodejs|process)_[a-z_]+/g))]
  const { panels, templating } = JSON.parse(board) as { panels: Array<{ title: string, targets: Array<{ expr: string }> }>, templating: { list: Array<{ definition?: string }> } }
  for (const { title, targets } of panels) t.same(used(targets.map(({ expr }) => expr).join(' ')).filter(name => !names.has(name)), [], `board: ${title}`)
  t.same(used(templating.list.map(({ definition }) => definition ?? '').join(' ')).filter(name => !names.has(name)), [])
  for (const { alert, expr } of groups.flatMap(({ rules }) => rules)) {
    t.ok(used(expr).length > 0, alert)
    t.same(used(expr).filter(name => !names.has(name)), [], alert)
  }
  // and labels: one that a metric does not have matches nothing, for ever
  const labels = new Map<string, Set<string>>()
  for (const sample of samples) for (const label of Object.keys(sample.labels)) labels.set(sample.name, (labels.get(sample.name) ?? new Set(['instance', 'job'])).add(label))
  for (const expr of [...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))]) {
    for (const [, name, matchers] of expr.matchAll(/\b((?:sallyport|nodejs|process)_[a-z_]+)\{([^}]*)\}/g)) {
      const known = labels.get(name as string)
      for (const [, label] of (matchers as string).matchAll(/(\w+)\s*(?:=|!=|=~|!~)"/g)) t.ok(known === undefined || known.has(label as string), `${name} has the label ${label}`)
    }
  }
})

t.test('Kong\'s names, labels and units, and no others', async t => {
  const { port, scrape } = await start(t, 'plugins: [{ name: prometheus, config: { names: kong } }]\nupstreams: [{ name: pool, targets: [{ target: 127.0.0.1:1 }] }]\n', `  - name: pooled
    host: pool
    routes: [{ name: pooled, paths: [/pooled] }]
`)
  await ask(port, '/a')
  await until('it is counted', async () => value((await scrape()).samples, 'kong_http_requests_total') === 1)
  const { samples, types } = await scrape()
  t.match(samples.find(({ name }) => name === 'kong_http_requests_total')?.labels, { service: 'up', route: 'all', code: '200', source: 'service', workspace: 'default', consumer: '' })
  t.equal(value(samples, 'kong_request_latency_ms_bucket', { route: 'all', le: '60000' }), 1)
  t.equal(value(samples, 'kong_kong_latency_ms_bucket', { route: 'all', le: '6000' }), 1)
  t.ok(value(samples, 'kong_bandwidth_bytes', { direction: 'egress' }) > 0)
  t.equal(value(samples, 'kong_upstream_target_health', { upstream: 'pool', state: 'healthchecks_off' }), 1)
  t.equal(value(samples, 'kong_datastore_reachable'), 1)
  t.notOk([...types.keys()].some(name => name.startsWith('sallyport_http_')))
})

t.test('processes are added up, and counts outlive a reload', async t => {
  const port = await upstream(t, (_request, response) => response.end('hello'))
  const yaml = (path: string): string => gatewayYaml(port, { workers: 2, log: { level: 'info', access: false } }, 'plugins: [{ name: prometheus }]\n').replace('paths: [/]', `paths: [${path}]`)
  const gateway = await startProcess(t, yaml('/'))
  const counted = async (name: string): Promise<number> => value(parse((await ask(gateway.adminPort, '/metrics')).text).samples, name, name.startsWith('sallyport_http') ? { code: '200' } : {})
  for (let index = 0; index < 6; index++) await ask(gateway.port, '/x')
  await until('six of two processes', async () => await counted('sallyport_http_requests_total') === 6)
  gateway.write(yaml('/v2'))
  await gateway.logged(/configuration reloaded/)
  for (let index = 0; index < 4; index++) await ask(gateway.port, '/v2')
  await until('and four more', async () => await counted('sallyport_http_requests_total') === 10)
  t.equal(await counted('sallyport_config_snapshot'), 2)
  gateway.child.kill('SIGTERM')
  t.match(await gateway.ended, { code: 0 })
})

const ENDED: Ended = { status: 200, reason: '-', error: null, plugin: null, answered: true, proxied: true, read: 10, written: 20, total: 12, gateway: 1, upstream: 11, failedTries: 0, tick: 0 }

t.test('neither routes nor statuses make more series than there may be', async t => {
  const series = new Series({ latency: [10, 20], gateway: [1] })
  series.configure({ max_series: 2, per_consumer: false })
  for (const name of ['a', 'b', 'c', 'd']) series.add({ route: { id: name, name, service: null } as Route, service: null, consumer: null, ended: ENDED, logFields: null } as unknown as GatewayRequest)
  t.same([...series.blocks()].map(({ route, ingress }) => [route, ingress]), [['a', 10], ['b', 10], [OTHER, 20]])

  const block = new Block('r', 's', '', { latency: [10, 20], gateway: [1] })
  for (let status = 200; status < 400; status++) for (let time = 0; time < 2; time++) block.add({ ...ENDED, status }, `state-${status}`)
  const counts = [...block.answers.values()]
  t.equal(counts.length, 66, '64 and the classes of the rest')
  t.equal(counts.reduce((sum, { count }) => sum + count, 0), 400, 'nothing is lost')
  t.equal(counts.find(({ code }) => code === '3xx')?.count, 200)
  t.equal(block.cache.size, 64)
})

t.test('a histogram counts at most that large, and beyond', async t => {
  const histogram = new Histogram([1, 5])
  for (const each of [0.5, 1, 3, 5, 100]) histogram.add(each)
  t.same(histogram.counts, [2, 2, 1])
  t.equal(histogram.sum, 109.5)
  t.match([...prometheus.check?.({ latency_buckets: [5, 5] } as never) ?? []], [{ path: '/latency_buckets/1' }])
})
