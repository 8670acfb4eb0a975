import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import circuitBreaker from '../../plugins/circuit-breaker/index.ts'
import plugin from '../../plugins/traffic-split/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Context } from '../../src/gateway/context.ts'
import { definePlugin, identify, identityOf, Type } from '../../src/plugin.ts'
import { createAccessLog } from '../../src/observability/access-log.ts'
import { createRedactor } from '../../src/observability/redaction.ts'
import { startGateway } from '../helpers/gateway.ts'
import { findings } from '../helpers/plugin-config.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { ask, until, upstream, type Answer } from '../helpers/running.ts'

/** An identity as the request's headers tell it. */
const caller = definePlugin({
  name: 'test-identity',
  priority: 1500,
  schema: Type.Object({}, { additionalProperties: false }),
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  setup: (_config, gateway) => gateway.consumers,
  register (scope, { state: consumers }) {
    scope.addHook('onRequest', function testIdentity ({ gateway, headers }, _reply, done) {
      const { 'x-consumer': name, 'x-claims': claims } = headers
      identify(gateway, identityOf({
        consumer: name === undefined ? null : consumers.find(String(name)) ?? null,
        claims: claims === undefined ? null : JSON.parse(String(claims))
      }))
      done()
    })
  }
})

interface Options {
  readonly config: object
  /** Further fields of service b. */
  readonly b?: object
  readonly route?: object
  /** null: the route has no service. */
  readonly service?: null
  /** Further entries of the route. */
  readonly beside?: readonly object[]
  readonly trusted?: readonly string[]
}

const registry = new Map([plugin, caller, circuitBreaker].map(each => [each.name, each]))

function load (file: object) {
  return loadConfig({ file: 'gateway.yaml', text: JSON.stringify({ _format_version: '3.0', gateway: { listen: [{ host: '127.0.0.1', port: 0 }], admin: 'off' }, ...file }), env: {}, loadPlugins: async () => ({ registry, problems: [], modules: [] }) })
}

/** Services `a` (of the route), `b` and `c`, each of which answers with its name, the target and the Host that it got. */
async function start (t: Test, { config, b = {}, route = {}, service, beside = [], trusted = [] }: Options) {
  const ports: Record<string, number> = {}
  for (const name of ['a', 'b', 'c']) {
    ports[name] = await upstream(t, (request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', chunk => { body += String(chunk) }).on('end', () => {
        response.setHeader('set-cookie', 'own=1')
        response.end(`${name} ${request.method} ${request.url} ${request.headers.host} ${body}`)
      })
    })
  }
  const host = '127.0.0.1'
  const plugins = [{ name: 'test-identity' }, { name: 'traffic-split', config }, ...beside]
  const { config: loaded, diagnostics } = await load({
    gateway: { listen: [{ host, port: 0 }], admin: 'off', trusted_ips: trusted },
    consumers: [{ username: 'ada', groups: [{ name: 'testers' }] }, { username: 'bob' }],
    consumer_groups: [{ name: 'testers' }],
    services: [{ name: 'a', host, port: ports['a'] }, { name: 'b', host, port: ports['b'], ...b }, { name: 'c', host, port: ports['c'] }],
    routes: [{ name: 'r', paths: ['/r'], ...service === null ? {} : { service: 'a' }, ...route, plugins }]
  })
  if (loaded === null) throw new Error(diagnostics.map(each => each.cause).join('\n'))
  const finished: Context[] = []
  const { port, server } = await startGateway(t, loaded, [...registry.values()], { accessLog: () => context => { finished.push(context) } })
  const get = async (headers: Record<string, string> = {}, path = '/r', options: Parameters<typeof ask>[2] = {}): Promise<Answer> => await ask(port, path, { headers, ...options })
  return {
    port,
    server,
    ports,
    finished,
    get,
    /** Which service answers. */
    to: async (headers: Record<string, string> = {}): Promise<string> => (await get(headers)).text.slice(0, 1),
    /** How many of a hundred requests each service gets. */
    async hundred (headers: (index: number) => Record<string, string> = () => ({})): Promise<Record<string, number>> {
      const counts: Record<string, number> = {}
      for (let index = 0; index < 100; index++) {
        const name = (await get(headers(index))).text.slice(0, 1)
        counts[name] = (counts[name] ?? 0) + 1
      }
      return counts
    }
  }
}

t.test('requests are divided by weight', async t => {
  const { hundred } = await start(t, { config: { split: [{ service: 'a', weight: 70 }, { service: 'b', weight: 30 }, { service: 'c', weight: 0 }] } })
  const { a = 0, b = 0, c = 0 } = await hundred()
  t.equal(a + b, 100)
  t.ok(Math.abs(b - 30) <= 2, `${b}`)
  t.equal(c, 0)
})

t.test('the first rule that fits decides; without a split, the rest goes where the route says', async t => {
  const { to } = await start(t, {
    config: {
      rules: [
        { when: { header: { name: 'X-Release', values: ['b', 'beta'] } }, service: 'b' },
        { when: { header: { name: 'x-release' }, cookie: { name: 'beta', values: ['1'] } }, service: 'c' },
        { when: { cookie: { name: 'always' } }, service: 'c' },
        { when: { claim: { name: 'realm.plan', values: ['pro', '7', 'true'] } }, service: 'b' },
        { when: { consumers: ['bob'] }, service: 'c' },
        { when: { consumer_groups: ['testers'] }, service: 'b' }
      ]
    }
  })
  const cases: Array<[string, Record<string, string>]> = [
    ['a', {}],
    ['b', { 'x-release': 'beta' }],
    ['a', { 'x-release': 'Beta' }],
    ['a', { cookie: 'beta=1' }],
    ['c', { 'x-release': 'x', cookie: 'other=2; beta="1"; last' }],
    ['a', { 'x-release': 'x', cookie: 'beta=2; beta=1' }],
    ['c', { cookie: 'a=b; always=' }],
    ['a', { cookie: 'xalways=1; flag' }],
    ['b', { 'x-claims': '{"realm":{"plan":"pro"}}' }],
    ['b', { 'x-claims': '{"realm":{"plan":["free",7]}}' }],
    ['b', { 'x-claims': '{"realm.plan":true}' }],
    ['a', { 'x-claims': '{"realm":{"plan":{"pro":1}}}' }],
    ['a', { 'x-claims': '{}' }],
    ['c', { 'x-consumer': 'bob' }],
    ['b', { 'x-consumer': 'ada' }]
  ]
  for (const [service, headers] of cases) t.equal(await to(headers), service, JSON.stringify(headers))
})

t.test('a rule may divide, too', async t => {
  const { hundred, to } = await start(t, {
    config: { rules: [{ when: { header: { name: 'x-test' } }, split: [{ service: 'b', weight: 1 }, { service: 'c', weight: 1 }] }], split: [{ service: 'c', weight: 1 }] }
  })
  const { a = 0, b = 0, c = 0 } = await hundred(() => ({ 'x-test': '1' }))
  t.equal(a, 0)
  t.ok(Math.abs(b - c) <= 4, `${b} ${c}`)
  t.equal(await to(), 'c')
})

t.test('path, Host and query are as if the route were of the chosen service', async t => {
  const split = [{ service: 'b', weight: 1 }]
  const plain = await start(t, { config: { split }, b: { path: '/v2' } })
  t.equal((await plain.get({}, '/r/x?y=%20z')).text, `b GET /v2/x?y=%20z 127.0.0.1:${plain.ports['b']} `)
  t.equal((await plain.get({}, '/r', { method: 'POST', body: 'hello' })).text, `b POST /v2 127.0.0.1:${plain.ports['b']} hello`)
  const preserving = await start(t, { config: { split }, route: { preserve_host: true, strip_path: false } })
  t.equal((await preserving.get({ host: 'example.com' }, '/r/x')).text, 'b GET /r/x example.com ')
})

t.test('a route without a service gets one', async t => {
  const { get, ports } = await start(t, { config: { split: [{ service: 'b', weight: 1 }] }, service: null })
  t.equal((await get({ 'x-a': '1' }, '/r/x', { method: 'POST', body: 'hello' })).text, `b POST /x 127.0.0.1:${ports['b']} hello`)
  const undecided = await start(t, { config: { rules: [{ when: { header: { name: 'x-b' } }, service: 'b' }] }, service: null })
  t.equal((await undecided.get()).status, 503)
  t.equal(await undecided.to({ 'x-b': '1' }), 'b')
})

t.test('retries and timeouts are those of the chosen service', async t => {
  const silent = createServer()
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  let asked = 0
  silent.on('connection', socket => {
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    socket.once('data', () => { asked++ })
  })
  const { get } = await start(t, { config: { split: [{ service: 'b', weight: 1 }] }, b: { port: (silent.address() as AddressInfo).port, read_timeout: 50 } })
  t.equal((await get()).status, 504)
  t.equal(asked, 1)
})

t.test('a cookie keeps a caller where it is, beside those of the service', async t => {
  const { get, to } = await start(t, { config: { split: [{ service: 'a', weight: 1 }, { service: 'b', weight: 1 }], sticky_by: 'cookie', cookie_name: 'release', cookie_max_age: 60 } })
  const first = await get()
  const [own, cookie = ''] = [...first.headers['set-cookie'] ?? []].sort()
  t.equal(own, 'own=1')
  t.match(cookie, /^release=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=60$/)
  const sent = { cookie: cookie.split(';')[0] as string }
  for (let round = 0; round < 10; round++) t.equal(await to(sent), first.text.slice(0, 1))
  t.same((await get(sent)).headers['set-cookie'], ['own=1'], 'it is not set again')
  t.match((await get({ cookie: 'release=made-up' })).headers['set-cookie'], ['own=1', /^release=/])
})

t.test('who came by https gets a cookie for https alone', async t => {
  const { get } = await start(t, { config: { split: [{ service: 'a', weight: 1 }, { service: 'b', weight: 1 }], sticky_by: 'cookie' }, trusted: ['127.0.0.1'] })
  t.match((await get({ 'x-forwarded-proto': 'https' })).headers['set-cookie'], ['own=1', /; SameSite=Lax; Secure$/])
})

t.test('a client of HTTP/1.0 has no Host that could be preserved', async t => {
  const { port, ports } = await start(t, { config: { split: [{ service: 'b', weight: 1 }] }, route: { preserve_host: true } })
  const client = await rawClient(t, port)
  client.send('GET /r/x HTTP/1.0\r\n\r\n')
  await client.end()
  t.match(client.text, `b GET /x 127.0.0.1:${ports['b']} `)
})

t.test('what was sent can go nowhere else', async t => {
  const { get, finished } = await start(t, { config: { split: [{ service: 'b', weight: 1 }] } })
  await get()
  await until('it has ended', () => finished.length === 1)
  const [context] = finished as [Context]
  t.throws(() => context.sendTo(context.service as NonNullable<Context['service']>), TypeError)
})

t.test('a service that gets nothing any more loses those who stuck to it', async t => {
  const sticky = { sticky_by: 'cookie', cookie_name: 'release' }
  const before = await start(t, { config: { ...sticky, split: [{ service: 'a', weight: 0 }, { service: 'b', weight: 1 }] } })
  const cookie = (await before.get()).headers['set-cookie']?.find(each => each.startsWith('release='))?.split(';')[0] as string
  const after = await start(t, { config: { ...sticky, split: [{ service: 'a', weight: 1 }, { service: 'b', weight: 0 }] } })
  t.equal(await after.to({ cookie }), 'a')
})

t.test('without a name of its own, the cookie has one that no other entry has', async t => {
  const { get } = await start(t, { config: { split: [{ service: 'a', weight: 1 }, { service: 'b', weight: 1 }], sticky_by: 'cookie' } })
  t.match((await get()).headers['set-cookie'], ['own=1', /^split-[0-9a-f]{8}=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/])
})

t.test('who calls decides the same way always', async t => {
  const split = [{ service: 'a', weight: 60 }, { service: 'b', weight: 40 }]
  const { to, hundred } = await start(t, { config: { split, sticky_by: 'header', header_name: 'x-tenant' } })
  const { b = 0 } = await hundred(index => ({ 'x-tenant': `tenant-${index}` }))
  t.ok(b > 20 && b < 60, `${b}`)
  for (const tenant of ['x', 'y', 'z']) {
    const where = await to({ 'x-tenant': tenant })
    for (let round = 0; round < 5; round++) t.equal(await to({ 'x-tenant': tenant }), where)
  }
  const claims = await start(t, { config: { split, sticky_by: 'claim', claim_name: 'sub' } })
  const where = await claims.to({ 'x-claims': '{"sub":"me"}' })
  for (let round = 0; round < 5; round++) t.equal(await claims.to({ 'x-claims': '{"sub":"me"}' }), where)
})

t.test('a circuit breaker of the route stands before each service by itself', async t => {
  const { get, to } = await start(t, {
    config: { rules: [{ when: { header: { name: 'x-b' } }, service: 'b' }] },
    b: { port: 1, retries: 0 },
    beside: [{ name: 'circuit-breaker', config: { failure_threshold: 1, reset_timeout: 60_000 } }]
  })
  t.equal((await get({ 'x-b': '1' })).status, 502)
  t.equal((await get({ 'x-b': '1' })).status, 503)
  t.equal(await to(), 'a')
})

t.test('the answer and the log tell, where wanted', async t => {
  const { get, finished } = await start(t, { config: { rules: [{ when: { header: { name: 'x-b' } }, service: 'b' }], split: [{ service: 'c', weight: 1 }], response_header: 'X-Release', log: true } })
  t.equal((await get()).headers['x-release'], 'c')
  t.equal((await get({ 'x-b': '1' })).headers['x-release'], 'b')
  await until('both have ended', () => finished.length === 2)
  t.match(finished, [
    { service: { name: 'c' }, logFields: { traffic_split: { service: 'c', by: 'split' } } },
    { service: { name: 'b' }, logFields: { traffic_split: { service: 'b', by: 'rule 1' } } }
  ])
  let line = ''
  const log = createAccessLog({ writeAscii: (text: string) => { line = text } } as unknown as Parameters<typeof createAccessLog>[0], createRedactor([], []))
  log.write(finished[0] as Context)
  t.match(JSON.parse(line), { route: { name: 'r' }, service: { name: 'c' }, traffic_split: { service: 'c' } })
})

t.test('a WebSocket goes there, too', async t => {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(sockets, 'listening')
  t.teardown(() => {
    for (const client of sockets.clients) client.terminate()
    sockets.close()
  })
  sockets.on('connection', socket => { socket.send('b') })
  const { port } = await start(t, { config: { split: [{ service: 'b', weight: 1 }] }, b: { port: (sockets.address() as AddressInfo).port } })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/r`)
  const message = await new Promise(resolve => { socket.once('message', data => resolve(String(data))) })
  t.equal(message, 'b')
  socket.terminate()
})

t.test('check knows what can never be', async t => {
  const split = [{ service: 'a', weight: 1 }, { service: 'b', weight: 1 }]
  const rule = (when: object, rest: object = { service: 'a' }): object => ({ when, ...rest })
  t.same(findings(plugin, {}), ['error '])
  t.same(findings(plugin, { split }), [])
  t.same(findings(plugin, { split: [{ service: 'a', weight: 0 }] }), ['error /split'])
  t.same(findings(plugin, { split: [...split, { service: 'a', weight: 5 }] }), ['error /split/2/service'])
  t.same(findings(plugin, { rules: [rule({ cookie: { name: 'x' } }, {})] }), ['error /rules/0'])
  t.same(findings(plugin, { rules: [rule({ cookie: { name: 'x' } }, { service: 'a', split })] }), ['error /rules/0'])
  t.same(findings(plugin, { rules: [rule({ cookie: { name: 'x' } }, { split: [{ service: 'a', weight: 0 }] })] }), ['error /rules/0/split'])
  t.same(findings(plugin, { split, sticky_by: 'header' }), ['error /sticky_by'])
  t.same(findings(plugin, { split, sticky_by: 'claim', claim_name: 'sub' }), [])
  t.same(findings(plugin, { split: [{ service: 'a', weight: 1 }], sticky_by: 'ip' }), ['warning /sticky_by'])
})

t.test('check finds rules behind others that take all of their requests', async t => {
  const header = (name: string, ...values: string[]): object => ({ header: { name, ...values.length === 0 ? {} : { values } } })
  const shadowed = (earlier: object, later: object): boolean =>
    findings(plugin, { rules: [{ when: earlier, service: 'a' }, { when: later, service: 'b' }] }).includes('error /rules/1/when')
  t.ok(shadowed(header('x-a'), header('X-A', '1')))
  t.ok(shadowed(header('x-a', '1', '2'), header('x-a', '2')))
  t.ok(shadowed(header('x-a'), { ...header('x-a'), consumers: ['ada'] }))
  t.ok(shadowed({ consumers: ['ada', 'bob'] }, { consumers: ['bob'] }))
  t.notOk(shadowed(header('x-a', '1'), header('x-a')))
  t.notOk(shadowed(header('x-a', '1'), header('x-a', '1', '2')))
  t.notOk(shadowed({ ...header('x-a'), consumers: ['ada'] }, header('x-a')))
  t.notOk(shadowed({ cookie: { name: 'x-a' } }, { cookie: { name: 'X-A' } }))
  t.notOk(shadowed({ consumer_groups: ['a'] }, { consumers: ['a'] }))
})

t.test('the loader knows the services, consumers and groups that are meant', async t => {
  const file = (service: string, when: object = { cookie: { name: 'x' } }, rest: object = {}) => load({
    services: [
      { name: 'users', host: 'a.internal', routes: [{ name: 'r', paths: ['/'], plugins: [{ name: 'traffic-split', config: { rules: [{ when, service }] } }] }] },
      { name: 'users-v2', host: 'b.internal', ...rest }
    ]
  })
  const said = async (...args: Parameters<typeof file>) => (await file(...args)).diagnostics.map(({ rule, path, mend }) => ({ rule, path, mend }))
  t.same(await said('users-v2'), [])
  t.match(await said('users-v3'), [{ rule: 'unresolved-reference', path: /config\.rules\[0\]\.service/, mend: "Did you mean 'users-v2'?" }])
  t.match(await said('users-v2', { consumers: ['ada'] }), [{ rule: 'unresolved-reference', path: /consumers\[0\]/ }])
  t.match(await said('users-v2', { consumer_groups: ['testers'] }), [{ rule: 'unresolved-reference', path: /consumer_groups\[0\]/ }])
  t.match(await said('users-v2', undefined, { enabled: false }), [{ rule: 'plugin-config', path: /service/, mend: 'Switch it on, or name another one.' }])
})

t.test('consumers and groups that a rule speaks of are used', async t => {
  const { diagnostics } = await load({
    services: [
      { name: 'users', host: 'a.internal', routes: [{ name: 'r', paths: ['/'], plugins: [{ name: 'traffic-split', config: { rules: [{ when: { consumers: ['bob'] }, service: 'v2' }, { when: { consumer_groups: ['testers'] }, service: 'v2' }] } }] }] },
      { name: 'v2', host: 'b.internal' }
    ],
    consumers: [{ username: 'ada', groups: [{ name: 'testers' }] }, { username: 'bob' }],
    consumer_groups: [{ name: 'testers' }]
  })
  t.same(diagnostics, [])
})

t.test('nobody comes around the plugins of a service by way of a split', async t => {
  const file = async (route: object, v2: object) => (await load({
    services: [
      { name: 'users', host: 'a.internal', routes: [{ name: 'r', paths: ['/'], ...route }] },
      { name: 'users-v2', host: 'b.internal', routes: [{ name: 'own', paths: ['/v2'] }], ...v2 }
    ]
  })).diagnostics.filter(({ rule }) => rule === 'bypassed-plugin')
  const split = { name: 'traffic-split', config: { split: [{ service: 'users-v2', weight: 1 }] } }
  const guarded = { plugins: [{ name: 'test-identity' }] }
  t.match(await file({ plugins: [split] }, guarded), [{ severity: 'error', path: /config\.split\[0\]\.service/, cause: "requests of route 'r' come to service 'users-v2' past its 'test-identity': plugins are those of the route" }])
  t.same(await file({ plugins: [split, { name: 'test-identity' }] }, guarded), [])
  t.same(await file({ plugins: [{ ...split, enabled: false }] }, guarded), [])
  t.same(await file({ plugins: [split] }, { plugins: [{ name: 'test-identity', enabled: false }] }), [])
  t.same(await file({ plugins: [split] }, { routes: [{ name: 'own', paths: ['/v2'], ...guarded }] }), [], 'entries of its routes are theirs')
})
