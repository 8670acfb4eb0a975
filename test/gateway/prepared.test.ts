/** What a configuration takes over from the one before, and when; what one that fails leaves behind: nothing. */
import { Agent } from 'node:http'
import t, { type Test } from 'tap'
import circuitBreaker from '../../plugins/circuit-breaker/index.ts'
import rateLimiting from '../../plugins/rate-limiting/index.ts'
import { breathless } from '../../src/breath.ts'
import type { CircuitBreakerOptions } from '../../src/config/entities/circuit-breaker.ts'
import type { Config, Service, UpstreamTarget } from '../../src/config/model.ts'
import { assemble } from '../../src/gateway/assemble.ts'
import { KeptState } from '../../src/gateway/keep.ts'
import { Overload } from '../../src/gateway/overload/overload.ts'
import { Snapshot } from '../../src/gateway/snapshot.ts'
import type { SnapshotServices } from '../../src/gateway/snapshot-services.ts'
import { createRedactor } from '../../src/observability/redaction.ts'
import { definePlugin, Type, type BrandedPlugin } from '../../src/plugin.ts'
import { Transport } from '../../src/proxy/transport/transport.ts'
import { Breakers } from '../../src/upstream/breaker/breakers.ts'
import { Destinations } from '../../src/upstream/destinations.ts'
import { HealthChecks } from '../../src/upstream/health/health-checks.ts'
import { upstream as upstreamEntity } from '../helpers/balancing.ts'
import { config, entry, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { healthchecks } from '../helpers/healthchecks.ts'
import { completeConfig } from '../helpers/plugin-config.ts'
import { recordingLog } from '../helpers/recording-log.ts'
import { ask, upstream } from '../helpers/running.ts'
import { finish } from '../../src/steps.ts'

const breaker = (overrides: object): CircuitBreakerOptions => completeConfig(circuitBreaker, overrides) as CircuitBreakerOptions

function withBreaker (port: number, threshold: number): Config {
  return config({ services: [service({ port, circuit_breaker: breaker({ failure_threshold: threshold }) })], routes: [route()] })
}

function withHealth (ports: readonly number[], failures: number): Config {
  return config({
    services: [service({ port: 1, host: 'users', retries: 0 })],
    routes: [route()],
    upstreams: [upstreamEntity({ healthchecks: healthchecks({ passive: { unhealthy: { http_failures: failures } } }) })],
    targets: ports.map((port): UpstreamTarget => ({ id: String(port), tags: [], pointer: '', upstream: 'upstream-1', target: `127.0.0.1:${port}`, weight: 100, failover: false }))
  })
}

const failing = async (t: Test): Promise<number> => await upstream(t, (_request, response) => { response.writeHead(500).end() })

t.test('a breaker follows edited rules when their configuration serves, not while it is prepared', async t => {
  const port = await failing(t)
  const { server, port: gateway } = await startGateway(t, withBreaker(port, 5))
  const state = (): string | undefined => server.facts().breakers[0]?.state
  const refused = await server.prepare(withBreaker(port, 1), new Map())
  await ask(gateway, '/')
  t.equal(state(), 'closed', 'the rules that serve')
  await refused.discard()
  await ask(gateway, '/')
  t.equal(state(), 'closed', 'what was refused has changed nothing')
  const next = await server.prepare(withBreaker(port, 3), new Map())
  next.commit()
  t.equal(state(), 'closed')
  await ask(gateway, '/')
  t.equal(state(), 'open', 'the third failure in a row, of which two were counted before')
})

t.test('health checks follow edited settings when their configuration serves, not while it is prepared', async t => {
  const ports = [await failing(t), await failing(t)]
  const { server, port: gateway } = await startGateway(t, withHealth(ports, 5))
  const unhealthy = (): number => server.facts().upstreams.flatMap(({ targets }) => targets).filter(({ health }) => health === 'unhealthy').length
  const refused = await server.prepare(withHealth(ports, 1), new Map())
  for (let count = 0; count < 4; count++) await ask(gateway, '/')
  t.equal(unhealthy(), 0)
  await refused.discard()
  for (let count = 0; count < 2; count++) await ask(gateway, '/')
  t.equal(unhealthy(), 0, 'three failures each')
  const next = await server.prepare(withHealth(ports, 4), new Map())
  next.commit()
  await ask(gateway, '/')
  t.equal(unhealthy(), 1, 'the fourth of one of them')
})

t.test('limits take edited options over when their configuration serves, too', async t => {
  const port = await upstream(t, (_request, response) => { response.end() })
  const registry = new Map([[rateLimiting.name, rateLimiting]])
  const file = (options: object): Config => config({
    services: [service({ port })],
    routes: [route()],
    plugins: [entry({ name: rateLimiting.name, config: completeConfig(rateLimiting, { hour: 1e6, limit_by: 'header', header_name: 'x-key', ...options }) })]
  })
  const { server, port: gateway } = await startGateway(t, file({}), [rateLimiting])
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let key = 0; key < 1005; key++) await ask(gateway, '/', { agent, headers: { 'x-key': String(key) } })
  const counters = (): number | undefined => finish(server.limits())[0]?.counters
  t.equal(counters(), 1005)
  const refused = await server.prepare(file({ max_counters: 1000, policy: 'redis', redis: { host: '127.0.0.1', port: 1 } }), registry)
  await refused.discard()
  t.match(finish(server.limits()), [{ counters: 1005, policy: 'local' }], 'what was refused has dropped no count')
  const next = await server.prepare(file({ max_counters: 1000 }), registry)
  t.equal(counters(), 1005)
  next.commit()
  t.equal(counters(), 1000)
})

t.test('what can\'t take its options over is logged, and keeps nothing else', async t => {
  const { log, lines } = recordingLog()
  const began: string[] = []
  const beginning = plugin([], {
    setup (_config, gateway) {
      gateway.serving(() => { throw new Error('not now') })
      gateway.serving(() => { began.push('second') })
    }
  })
  await startGateway(t, config({ plugins: [entry({ name: 'late' })] }), [beginning], { log })
  t.same(began, ['second'])
  t.match(lines, [{ level: 'error', err: { message: 'not now' } }])
})

/** Counts who asks for what, and whether it is given back. */
class Ledger extends KeptState {
  readonly open: string[] = []
  taken = 0

  override acquire<T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T {
    const state = super.acquire(key, create, close)
    this.open.push(key)
    this.taken++
    return state
  }

  override async release (key: string): Promise<void> {
    this.open.splice(this.open.indexOf(key), 1)
    await super.release(key)
  }
}

function fixture (t: Test) {
  const { log, lines } = recordingLog()
  const kept = new Ledger()
  const transport = new Transport()
  t.teardown(() => transport.close())
  const services: SnapshotServices = {
    transport,
    kept,
    log,
    breakers: new Breakers(log),
    health: new HealthChecks(log),
    overload: new Overload({ log, measure: () => { throw new Error('not measured') } }),
    copies: new Set(),
    breath: breathless,
    directory: process.cwd(),
    workers: 1,
    now: Date.now,
    onFinish: null,
    redactor: createRedactor(),
    lineOf: () => ''
  }
  return { services, kept, lines }
}

/** A service that can't be read as far as this field. */
function unreadable (field: keyof Service): Service {
  return Object.defineProperty(service({ port: 2, id: 'service-2', name: 'other' }), field, { get () { throw new Error(`no ${field}`) } })
}

const schema = Type.Object({}, { additionalProperties: false })

function plugin (closed: string[], hooks: Partial<Pick<BrandedPlugin, 'setup' | 'register'>> = {}): BrandedPlugin {
  return definePlugin({
    name: 'late',
    priority: 1,
    schema,
    scopes: ['global'],
    setup (_config, gateway) {
      gateway.root.addHook('onClose', async () => { closed.push('root') })
      gateway.keep('count', () => ({}))
    },
    register () {},
    close () { closed.push('entry') },
    ...hooks as object
  })
}

const cases: ReadonlyArray<[string, RegExp, (parts: Config) => Config, string[], Partial<Pick<BrandedPlugin, 'setup' | 'register'>>?]> = [
  ['a plugin that can\'t be set up', /no way/, parts => parts, ['root'], {
    setup (_config, gateway) {
      gateway.root.addHook('onClose', async () => { gateway.log.info('the root is closed') })
      gateway.keep('count', () => ({}))
      throw new Error('no way')
    }
  }],
  ['a plugin that can\'t be registered', /no way/, parts => parts, ['entry', 'root'], { register () { throw new Error('no way') } }],
  ['a service whose policy can\'t be made', /no deadline/, parts => ({ ...parts, services: [...parts.services, unreadable('deadline')] }), ['entry', 'root']],
  ['a service whose destination can\'t be made', /no circuit_breaker/, parts => ({ ...parts, services: [...parts.services, unreadable('circuit_breaker')] }), ['entry', 'root']],
  ['an upstream that can\'t be watched', /no slots/, parts => ({
    ...parts,
    upstreams: [...parts.upstreams, Object.defineProperty(upstreamEntity({ id: 'upstream-2', name: 'orders', algorithm: 'consistent-hashing' }), 'host_header', { get () { throw new Error('no slots') } })],
    services: [...parts.services, service({ port: 1, id: 'service-2', name: 'other', host: 'orders' })]
  }), ['entry', 'root']]
]

for (const [what, message, spoil, ends, hooks] of cases) {
  t.test(`${what} leaves nothing behind`, async t => {
    const { services, kept, lines } = fixture(t)
    const closed: string[] = []
    const parts = withHealth([1, 2], 5)
    const good: Config = { ...parts, services: [service({ port: 1, host: 'users', circuit_breaker: breaker({}) })], plugins: [entry({ name: 'late' })] }
    const registry = new Map([['late', plugin(closed, hooks)]])
    await t.rejects(assemble(spoil(good), registry, services), { message })
    t.ok(kept.taken > 0)
    t.same(kept.open, [])
    t.same(services.breakers.facts(), [])
    t.same(services.health.facts(), [])
    if (hooks?.setup === undefined) t.same(closed, ends)
    else t.ok(lines.some(({ msg }) => msg === 'the root is closed'))
  })
}

t.test('a destination that fails to let go keeps nothing else', async t => {
  const { services, kept, lines } = fixture(t)
  const { breakers } = services
  const spoilt = {
    acquire (...options: Parameters<Breakers['acquire']>) {
      const lease = breakers.acquire(...options)
      return options[0].startsWith('service-1') ? { ...lease, release () { throw new Error('stuck') } } : lease
    }
  } as Breakers
  const destinations = new Destinations({
    ...withHealth([1, 2], 5),
    services: [
      service({ port: 1, circuit_breaker: breaker({}) }),
      service({ port: 1, id: 'service-2', name: 'other', host: 'users', circuit_breaker: breaker({}) })
    ]
  }, { ...services, breakers: spoilt })
  await destinations.open()
  t.same(breakers.facts().map(({ service }) => service), ['service', 'other'])
  t.ok(kept.open.length > 0)
  await destinations.release()
  t.same(breakers.facts().map(({ service }) => service), ['service'])
  t.same(services.health.facts(), [])
  t.same(kept.open, [])
  t.match(lines, [{ level: 'error', err: { message: 'stuck' } }])
})

t.test('while a configuration is made and closed, requests have their turn between its entries and chains', async t => {
  const { services } = fixture(t)
  const routes = Array.from({ length: 130 }, (_, index) => route({ id: `route-${index}`, paths: [`/r${index}`] }))
  const plugins = routes.map(({ id }, index) => entry({ id: `entry-${index}`, name: 'late', route: id }))
  let breaths = 0
  const snapshot = await Snapshot.build(config({ services: [service({ port: 1 })], routes, plugins }), new Map([['late', plugin([])]]), { ...services, breath: async () => { breaths++ } })
  t.ok(breaths > 260, `${breaths}: each is set up, and registered`)
  breaths = 0
  await snapshot.retire()
  t.ok(breaths > 130, `${breaths}: each is closed`)
})
