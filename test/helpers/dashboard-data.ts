/** Answers of an admin listener on a bad day: every state that the dashboard can show, with more rows than anybody has. */
import type {
  CertificateView, ConfigView, ConsumerView, Finding, GatewayStatus, LimitCount, LimitView, List, RequestDetails, RequestView, RouteDetails, RouteView,
  ServiceView, SnapshotView, SourceView, TargetHealthView, TrafficView, UpstreamView
} from '../../src/admin/api/types.ts'

const FILE = '/etc/sallyport/gateway.yaml'
const PLUGINS = ['cors', 'key-auth', 'jwt', 'acl', 'rate-limiting', 'request-validator', 'proxy-cache', 'prometheus', 'file-log']

const at = (line: number): { readonly file: string, readonly line: number, readonly column: number } => ({ file: FILE, line, column: 5 })
const list = <T>(data: readonly T[]): List<T> => ({ data, next: null })
const ref = (name: string): { readonly id: string, readonly name: string } => ({ id: `id-${name}`, name })

export const ENDS: ReadonlyArray<readonly [number, string, string | null]> = [[200, '-', null], [200, '-', null], [401, 'UA', 'key-auth'], [200, '-', null], [429, 'RL', 'rate-limiting'], [502, 'UF', null], [404, 'NR', null], [304, 'LA', 'proxy-cache']]

export const finding: Finding = {
  rule: 'unknown-key',
  severity: 'error',
  file: FILE,
  range: { line: 12, column: 9, endLine: 12, endColumn: 14 },
  path: 'services[orders].routes[list]',
  cause: 'There is no key “pahts” in a route.',
  mend: 'Write paths.'
}

function statusOf (now: number): GatewayStatus {
  return {
    version: '0.1.0',
    node: 'v24.4.0',
    pid: 1,
    state: 'running',
    started_at: new Date(now - 273_845_000).toISOString(),
    configuration: { file: FILE, hash: 'sha256:3f9a', snapshot: 4, loaded_at: new Date(now - 4_000_000).toISOString(), rolled_back: { snapshot: 2 }, services: 120, routes: 10_000, plugins: 312, consumers: 2 },
    last_reload: { ok: false, trigger: 'file', at: new Date(now - 60_000).toISOString(), took: 31, error: '1 error in the file', diagnostics: [finding] },
    listen: [{ host: '0.0.0.0', port: 8000, scheme: 'http' }, { host: '::', port: 8443, scheme: 'https' }],
    connections: 120,
    requests: { in_flight: 14, total: 19_023_344, shed: 3 },
    access_log: { dropped: 0 },
    workers: { configured: 2, running: 2, restarts: 0 },
    processes: []
  }
}

function routeOf (i: number): RouteView {
  const name = `orders-${String(i).padStart(5, '0')}`
  return {
    id: `id-${name}`,
    name,
    protocols: ['http', 'https'],
    methods: i % 3 === 0 ? ['GET', 'POST'] : null,
    hosts: i % 2 === 0 ? ['api.example.com'] : null,
    paths: [`/tenants/${i}/orders`, `~/tenants/${i}/reports/\\d+$`],
    headers: null,
    snis: null,
    regex_priority: 0,
    strip_path: true,
    path_handling: 'v0',
    preserve_host: false,
    https_redirect_status_code: 426,
    tags: ['orders'],
    service: ref(`service-${i % 120}`),
    upstream: i % 4 === 0 ? ref('orders') : null,
    plugins: PLUGINS.slice(0, i % 6),
    place: at(20 + i * 8)
  }
}

function trafficOf (now: number, route: string | null): TrafficView {
  const step = 5_000
  const steps = Array.from({ length: 360 }, (_, i) => Math.floor(now / step) * step - (359 - i) * step)
  const wave = (i: number, by: number): number => Math.sin(i / by) * 0.5 + 0.5
  const requests = steps.map((_, i) => Math.round(3200 + 1400 * wave(i, 21) + 300 * wave(i, 3)))
  return {
    step,
    route,
    series: {
      at: steps,
      requests,
      refused: requests.map((count, i) => Math.round(count * 0.02 * wave(i, 9))),
      errors: requests.map((count, i) => i > 300 && i < 316 ? Math.round(count * 0.031) : 0),
      p50: steps.map((_, i) => 3.1 + wave(i, 13)),
      p90: steps.map((_, i) => 9.2 + 3 * wave(i, 17)),
      p99: steps.map((_, i) => 31 + 14 * wave(i, 7))
    },
    routes: Array.from({ length: 40 }, (_, i) => ({ route: i === 5 ? null : routeOf(i * 7).name, requests: 6000 - i * 140, refused: i === 1 ? 940 : i * 2, errors: i === 2 ? 320 : 0, per_second: (6000 - i * 140) / 60, p50: 3 + i / 5, p90: 9 + i / 3, p99: 30 + i })),
    uncounted_routes: false
  }
}

function requestOf (i: number, now: number): RequestView {
  const [status, end, plugin] = ENDS[i % ENDS.length] as (typeof ENDS)[number]
  const asked = status < 400 || status === 502
  return {
    id: `req-${i}`,
    at: new Date(now - i * 730).toISOString(),
    method: i % 5 === 0 ? 'POST' : 'GET',
    url: `https://api.example.com/tenants/${i % 40}/orders?page=${i}&api_key=***`,
    client_ip: '203.0.113.7',
    route: end === 'NR' ? null : routeOf(i % 40 * 7).name,
    service: end === 'NR' ? null : 'service-1',
    consumer: i % 3 === 0 ? 'alice' : null,
    upstream: asked ? '10.0.3.7:8080' : null,
    status,
    upstream_status: asked && status !== 502 ? status : null,
    end,
    error: status === 502 ? 'SP_UPSTREAM_REFUSED' : null,
    plugin,
    latencies: { total: 4.2 + i % 9, gateway: 0.31, upstream: asked ? 3.4 + i % 7 : null },
    tries: 0,
    request_bytes: 312,
    response_bytes: 1840 + i,
    snapshot: 4,
    reason: status === 502 ? 'ECONNREFUSED' : null,
    has_timeline: i === 2
  }
}

function detailsOf (request: RequestView): RequestDetails {
  return {
    ...request,
    timeline: !request.has_timeline
      ? null
      : {
          total: 48.2,
          cache: 'Miss',
          explanation: null,
          plugins: [
            { plugin: 'cors', phase: 'access', from: 0.1, to: 0.12, outcome: 'passed', error: null },
            { plugin: 'jwt', phase: 'access', from: 0.12, to: 11.8, outcome: 'passed', error: null },
            { plugin: 'acl', phase: 'access', from: 11.8, to: 11.9, outcome: 'unfinished', error: null },
            { plugin: 'rate-limiting', phase: 'access', from: 11.9, to: 14.2, outcome: 'answered', error: 'SP_RATE_LIMITED' }
          ],
          tries: [
            { host: '10.0.3.7', port: 8080, from: 14.4, to: 17.1, head: null, status: null, error: 'SP_UPSTREAM_REFUSED' },
            { host: '10.0.3.8', port: 8080, from: 17.2, to: 47.9, head: 44.1, status: 200, error: null }
          ]
        }
  }
}

function upstreamOf (name: string, health: UpstreamView['health'], targets: number): UpstreamView {
  return { id: `id-${name}`, name, algorithm: 'round-robin', hash_on: 'none', slots: 10_000, tags: [], targets, services: [ref('service-0'), ref('service-4')], health, place: at(400) }
}

export const UPSTREAMS: readonly UpstreamView[] = [upstreamOf('orders', 'MIXED', 3), upstreamOf('billing', 'UNHEALTHY', 1), upstreamOf('users', 'HEALTHY', 2)]

function targetOf (name: string, i: number, health: TargetHealthView['health']): TargetHealthView {
  const ip = `10.0.3.${7 + i}`
  return {
    id: `id-${name}-${i}`,
    target: `${name}-${i}.internal:8080`,
    weight: i === 2 ? 0 : 100,
    failover: false,
    upstream: ref(name),
    tags: [],
    place: at(404 + i),
    health,
    addresses: health === 'DNS_ERROR' ? [] : [{ ip, port: 8080, weight: 100, health, unhealthy_in: health === 'UNHEALTHY' ? 2 : 0, processes: 2, circuit_breaker: health === 'UNHEALTHY' ? 'open' : i === 0 ? 'closed' : null, connections: { busy: 3 - i, idle: 12 } }]
  }
}

function serviceOf (i: number): ServiceView {
  return {
    id: `id-service-${i}`,
    name: `service-${i}`,
    protocol: 'http',
    host: i % 4 === 0 ? 'orders' : `service-${i}.internal`,
    port: 8080,
    path: null,
    enabled: true,
    retries: 1,
    connect_timeout: 2_000,
    write_timeout: 60_000,
    read_timeout: 60_000,
    tls_verify: true,
    tags: [],
    upstream: i % 4 === 0 ? ref('orders') : null,
    routes: 84,
    circuit_breakers: i === 4 ? [{ route: null, target: 'http://10.0.3.8:8080', state: 'open' }] : [],
    place: at(10 + i)
  }
}

function limitOf (i: number): LimitView {
  return {
    entry: `entry-${i}`,
    plugin: 'rate-limiting',
    instance_name: i === 1 ? 'partners' : null,
    service: i === 0 ? null : ref('service-1'),
    route: i === 2 ? ref('orders-00000') : null,
    consumer: null,
    consumer_group: null,
    limit_by: i === 0 ? 'ip' : 'consumer',
    windows: [{ name: null, period: 'minute', limit: 100 * (i + 1) }, { name: null, period: 'hour', limit: 3000 }],
    policy: i === 1 ? 'redis' : 'local',
    state: i === 1 ? 'down' : 'local',
    counters: 4211,
    decisions: 190_233,
    refused: 811 * i,
    store_errors: i === 1 ? 14 : 0,
    can_look_up: true,
    place: at(600 + i)
  }
}

function certificateOf (i: number, now: number): CertificateView {
  const days = [-3, 5, 21, 200][i] ?? 300
  return {
    id: `id-certificate-${i}`,
    name: null,
    kind: 'certificate',
    snis: [`${['old', 'api', 'www', 'shop'][i] ?? 'x'}.example.com`],
    subject: `CN=${i}.example.com`,
    issuer: 'C=US, O=Let\'s Encrypt, CN=E7',
    subject_alternative_names: ['DNS:example.com'],
    serial_number: '04f1',
    fingerprint_sha256: '9b2f'.repeat(16),
    not_before: new Date(now - 60 * 86_400_000).toISOString(),
    not_after: new Date(now + days * 86_400_000).toISOString(),
    days_left: days,
    tags: [],
    place: at(700 + i)
  }
}

function consumerOf (i: number): ConsumerView {
  return { id: `id-consumer-${i}`, username: i === 1 ? null : `alice-${i}`, custom_id: i === 1 ? 'crm-17' : null, groups: ['gold'], acls: ['partners', 'readers'], credentials: i === 2 ? {} : { keyauth_credentials: 1 + i % 2, jwt_secrets: i % 2 }, tags: [], place: at(800 + i) }
}

function snapshotOf (id: number, now: number): SnapshotView {
  const refused = id === 5
  return {
    id,
    snapshot: refused ? null : id,
    state: refused ? 'refused' : id === 4 ? 'running' : 'replaced',
    at: new Date(now - (6 - id) * 300_000).toISOString(),
    trigger: id === 1 ? 'start' : id === 4 ? 'rollback' : 'file',
    of: id === 4 ? 2 : null,
    hash: `sha256:${'3f9a1b2c'.repeat(8)}`,
    took: 31,
    error: refused ? '1 error in the file' : null,
    diagnostics: refused ? [finding] : [],
    errors: refused ? 1 : 0,
    warnings: 0,
    services: refused ? null : 120,
    routes: refused ? null : 1_204,
    plugins: refused ? null : 312,
    consumers: refused ? null : 2,
    can_roll_back: !refused && id !== 4
  }
}

export const SOURCE_LINES = 4_000

function sourceOf (snapshot: number): SourceView {
  const lines = Array.from({ length: SOURCE_LINES }, (_, i) => i === 0 ? '# yaml-language-server: $schema=schemas/gateway.schema.json' : i % 8 === 1 ? `  - name: orders-${i}` : i % 8 === 3 ? `        paths: [/tenants/${i}/orders]` : `        key: value ${i} <b>&amp;`)
  return { snapshot, file: FILE, hash: `sha256:${snapshot}`, text: `${lines.join('\n')}\n`, diagnostics: [{ ...finding, severity: 'warning', rule: 'public-route', cause: 'Route list has no authentication.', mend: 'Add key-auth or jwt, or say tags: [public].' }] }
}

function configOf (snapshot: number): ConfigView {
  return {
    snapshot,
    file: FILE,
    hash: `sha256:${snapshot}`,
    hash_key: 'process',
    secrets: [{ pointer: '/consumers/0/keyauth_credentials/0/key', hash: snapshot < 3 ? 'a' : 'b' }],
    config: {
      services: [{ name: 'orders', host: 'orders', routes: [{ name: 'list', paths: snapshot < 3 ? ['/orders'] : ['/orders', '/order'], plugins: snapshot < 4 ? [] : [{ name: 'jwt' }] }] }],
      plugins: [{ name: 'rate-limiting', config: { minute: snapshot * 100 } }],
      consumers: [{ username: 'alice', keyauth_credentials: [{ key: '***' }] }]
    }
  }
}

const explanation = {
  version: 1,
  request: { method: 'GET', target: '/tenants/7/orders', host: 'api.example.com', client_ip: '127.0.0.1', scheme: 'http', consumer: null },
  path: { received: '/tenants/./7/orders', normal: '/tenants/7/orders' },
  outcome: { kind: 'upstream', status: null, code: null, message: null, location: null },
  route: { name: 'orders-00007', id: 'id', line: 76, position: 7, matched_path: '/tenants/7/orders' },
  near: [{ name: 'orders-00008', id: 'id', line: 84, failed: [{ criterion: 'path', name: null, wants: ['/tenants/8/orders'], got: '/tenants/7/orders' }], lost_by: null }],
  near_more: 12,
  chain: [{ plugin: 'key-auth', entry: { scope: 'service', audience: null, line: 14 }, alternatives: [{ scope: 'global', audience: null, line: 3 }] }],
  left_out: [{ plugin: 'jwt', reason: 'disabled' }],
  upstream: { method: 'GET', url: 'http://orders:8080/', headers: [{ name: 'host', value: 'orders:8080', by: 'gateway' }], dropped: [{ name: 'connection', reason: 'of this hop alone' }] },
  notes: ['The path was made normal.']
}

const count: LimitCount = { entry: 'entry-0', identifier: 'ip:203.0.113.7', windows: [{ name: null, period: 'minute', limit: 100, used: 100, remaining: 0, reset: 12_300 }, { name: null, period: 'hour', limit: 3000, used: 411, remaining: 2589, reset: 1_800_000 }] }

/** @returns what the listener answers; undefined: 404 */
export function dashboardAnswer (path: string, query: URLSearchParams, now = Date.now()): unknown {
  const [first = '', name = '', more] = path.split('/').slice(1).map(decodeURIComponent)
  const requests = (): RequestView[] => Array.from({ length: 240 }, (_, i) => requestOf(i, now))
  if (name !== '') {
    if (first === 'routes') {
      const route = routeOf(Number(name.slice(-5)))
      return { ...route, chain: route.plugins.map((plugin, i) => ({ plugin, priority: 2000 - i * 100, entries: [{ id: `${i}`, instance_name: null, scope: i % 2 === 0 ? 'route' : 'global', consumer: null, consumer_group: null, place: at(30 + i) }, ...(i === 1 ? [{ id: 'x', instance_name: 'gold', scope: 'consumer_group' as const, consumer: null, consumer_group: ref('gold'), place: at(60) }] : [])] })) } satisfies RouteDetails
    }
    if (first === 'requests') {
      const request = requests().find(each => each.id === name)
      return request === undefined ? undefined : detailsOf(request)
    }
    if (first === 'upstreams') {
      const upstream = UPSTREAMS.find(each => each.name === name)
      if (upstream === undefined) return undefined
      if (more === 'health') return list(Array.from({ length: upstream.targets }, (_, i) => targetOf(name, i, name === 'billing' || i === 1 ? 'UNHEALTHY' : 'HEALTHY')))
      return upstream
    }
    if (path === '/config/source') return sourceOf(Number(query.get('snapshot') ?? 4))
    if (path === '/limits/look-up') return count
    if (path === '/limits/reset') return { entry: count.entry, identifier: count.identifier, reset: 2 }
    return undefined
  }
  const wanted = query.get('status')?.slice(0, 1)
  const all: Readonly<Record<string, () => unknown>> = {
    status: () => statusOf(now),
    traffic: () => trafficOf(now, query.get('route')),
    routes: () => list(Array.from({ length: 10_000 }, (_, i) => routeOf(i))),
    requests: () => list(requests().filter(each => wanted === undefined || String(each.status).startsWith(wanted)).filter(each => query.get('route') === null || each.route === query.get('route')).slice(0, Number(query.get('size') ?? 500))),
    services: () => list(Array.from({ length: 120 }, (_, i) => serviceOf(i))),
    upstreams: () => list(UPSTREAMS),
    limits: () => list([limitOf(0), limitOf(1), limitOf(2)]),
    certificates: () => list([0, 1, 2, 3].map(i => certificateOf(i, now))),
    ca_certificates: () => list([]),
    consumers: () => list(Array.from({ length: 300 }, (_, i) => consumerOf(i))),
    snapshots: () => list([5, 4, 3, 2, 1].map(id => snapshotOf(id, now))),
    config: () => configOf(Number(query.get('snapshot') ?? 4)),
    explain: () => explanation,
    reload: () => ({ ok: false, dry_run: true, changed: true, snapshot: null, of: null, took: 22, error: '1 error in the file', diagnostics: [finding] }),
    rollback: () => ({ ok: true, dry_run: false, changed: true, snapshot: 6, of: 3, took: 40, error: null, diagnostics: [] })
  }
  return all[first]?.()
}
