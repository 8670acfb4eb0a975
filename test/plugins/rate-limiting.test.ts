import t from 'tap'
import plugin from '../../plugins/rate-limiting/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import { definePlugin, identify, identityOf, Type } from '../../src/plugin.ts'
import { type ClientAnswer, type PluginTest, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import type { Test } from 'tap'
import { entry, config as fileOf, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { ask, upstream } from '../helpers/running.ts'
import { completeConfig, findings } from '../helpers/plugin-config.ts'
import { finish } from '../../src/steps.ts'

/** In the last second of a minute but ten: windows of the calendar and of the buckets are the same minute. */
const NOW = Date.UTC(2030, 0, 1, 12, 0, 10)

/** An identity as the request's headers tell it. */
const caller = definePlugin({
  name: 'test-identity',
  priority: 1500,
  schema: Type.Object({}, { additionalProperties: false }),
  scopes: ['route'],
  setup: (_config, gateway) => gateway.consumers,
  register (scope, { state: consumers }) {
    scope.addHook('onRequest', function testIdentity ({ gateway, headers }, _reply, done) {
      const { 'x-consumer': name, 'x-credential': id, 'x-claims': claims, 'x-scopes': scopes } = headers
      identify(gateway, identityOf({
        consumer: name === undefined ? null : consumers.find(String(name)) ?? null,
        credential: id === undefined ? null : { id: String(id) },
        claims: claims === undefined ? null : JSON.parse(String(claims)),
        scopes: scopes === undefined ? [] : String(scopes).split(' ')
      }))
      done()
    })
  }
})

async function limited (t: Test, config: object, options: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  return await testPlugin(t, { plugin, config, now: NOW, beside: [{ plugin: caller }], ...options })
}

const statuses = async (test: PluginTest, ...all: Array<Record<string, string>>): Promise<number[]> => {
  const found: number[] = []
  for (const headers of all) found.push((await test.request({ headers })).status)
  return found
}

const limitsOf = ({ headers }: ClientAnswer): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /ratelimit|retry-after/.test(name)))

t.test('a request too many is refused with Kong\'s words, and may come again when it is told', async t => {
  const test = await limited(t, { minute: 2, window_type: 'fixed' })
  t.same(await statuses(test, {}, {}), [200, 200])
  const refused = await test.request()
  t.equal(refused.status, 429)
  t.match(refused.json(), { message: 'API rate limit exceeded', request_id: /^[\da-f]{32}$/ })
  t.equal(refused.headers['retry-after'], '50')
  t.equal(test.received.length, 2, 'the service never saw it')
  t.same(test.log.at(-1), { rate_limit: 'refused' })
  test.clock.advance(49_999)
  t.same(await statuses(test, {}), [429])
  test.clock.advance(1)
  t.same(await statuses(test, {}), [200])
})

t.test('headers tell Kong\'s and the draft\'s facts, on answers and refusals', async t => {
  const test = await limited(t, { minute: 2, hour: 2.5, window_type: 'fixed' })
  t.same(limitsOf(await test.request()), {
    'x-ratelimit-limit-minute': '2',
    'x-ratelimit-remaining-minute': '1',
    'x-ratelimit-limit-hour': '2.5',
    'x-ratelimit-remaining-hour': '1',
    'ratelimit-limit': '2',
    'ratelimit-remaining': '1',
    'ratelimit-reset': '50',
    'ratelimit-policy': '"minute";q=2;w=60, "hour";q=2;w=3600',
    ratelimit: '"minute";r=1;t=50, "hour";r=1;t=3590'
  })
  await test.request()
  t.match(limitsOf(await test.request()), {
    'x-ratelimit-remaining-minute': '0',
    'x-ratelimit-remaining-hour': '0',
    'ratelimit-limit': '2.5',
    'ratelimit-remaining': '0',
    'ratelimit-reset': '3590',
    'retry-after': '3590',
    ratelimit: '"minute";r=0;t=50, "hour";r=0;t=3590'
  })
})

t.test('a sliding window says when the next request fits, and holds to it', async t => {
  const test = await limited(t, { minute: 4 })
  t.same(await statuses(test, {}, {}, {}, {}, {}), [200, 200, 200, 200, 429])
  const wait = Number((await test.request()).headers['retry-after'])
  t.equal(wait, 65, '50 s to the next bucket, and a quarter of it')
  test.clock.advance(wait * 1000 - 1000)
  t.same(await statuses(test, {}), [429])
  test.clock.advance(1000)
  t.same(await statuses(test, {}, {}), [200, 429])
})

t.test('gcra gives back evenly', async t => {
  const test = await limited(t, { minute: 6, window_type: 'gcra' })
  t.same(await statuses(test, {}, {}, {}, {}, {}, {}, {}), [200, 200, 200, 200, 200, 200, 429])
  test.clock.advance(10_000)
  t.same(await statuses(test, {}, {}), [200, 429])
})

t.test('hidden headers are all but Retry-After; status and message are the file\'s', async t => {
  const test = await limited(t, { minute: 1, hide_client_headers: true, error_code: 503, error_message: 'Slow down' })
  t.same(limitsOf(await test.request()), {})
  const refused = await test.request()
  t.equal(refused.status, 503)
  t.equal((refused.json() as { message: string }).message, 'Slow down')
  t.same(Object.keys(limitsOf(refused)), ['retry-after'])
})

t.test('headers that the service sends of its own limits are replaced', async t => {
  const test = await limited(t, { minute: 9 }, { upstream: () => ({ headers: { 'X-RateLimit-Remaining-Minute': '77', 'RateLimit-Limit': '1' } }) })
  t.match(limitsOf(await test.request()), { 'x-ratelimit-remaining-minute': '8', 'ratelimit-limit': '9' })
})

t.test('who shares a count', async t => {
  const consumers = [{ username: 'ada' }, { username: 'bob' }]
  const cases: Array<[config: object, one: Record<string, string>, other: Record<string, string>]> = [
    [{ limit_by: 'consumer' }, { 'x-consumer': 'ada' }, { 'x-consumer': 'bob' }],
    [{ limit_by: 'consumer' }, { 'x-credential': 'k1' }, { 'x-credential': 'k2' }],
    [{ limit_by: 'credential' }, { 'x-consumer': 'ada', 'x-credential': 'k1' }, { 'x-consumer': 'ada', 'x-credential': 'k2' }],
    [{ limit_by: 'header', header_name: 'X-Tenant' }, { 'x-tenant': 'a' }, { 'x-tenant': 'b' }],
    [{ limit_by: 'header', header_name: 'X-Tenant' }, { 'x-tenant': '127.0.0.1' }, {}],
    [{ limit_by: 'header', header_name: 'X-Tenant' }, { 'x-tenant': 'ip:127.0.0.1' }, { 'x-tenant': '' }],
    [{ limit_by: 'claim', claim_name: 'org' }, { 'x-claims': '{"org":"a"}' }, { 'x-claims': '{"org":"b"}' }],
    [{ limit_by: 'claim', claim_name: 'org.id' }, { 'x-claims': '{"org":{"id":1}}' }, { 'x-claims': '{"org":{"id":2}}' }],
    [{ limit_by: 'claim', claim_name: ['https://example.com/org', 'id'] }, { 'x-claims': '{"https://example.com/org":{"id":"a"}}' }, { 'x-claims': '{"https://example.com/org":{"id":"b"}}' }],
    [{ limit_by: 'claim', claim_name: 'toString' }, { 'x-claims': '{"toString":"a"}' }, { 'x-claims': '{}' }],
    [{ limit_by: 'scope' }, { 'x-scopes': 'read write' }, { 'x-scopes': 'read' }],
    [{ limit_by: 'ip' }, { 'x-forwarded-for': '192.0.2.1' }, { 'x-forwarded-for': '192.0.2.2' }],
    [{ limit_by: 'ip' }, { 'x-forwarded-for': '2001:db8:1:2::1' }, { 'x-forwarded-for': '2001:db8:1:3::1' }]
  ]
  for (const [config, one, other] of cases) {
    const test = await limited(t, { minute: 1, ...config }, { gateway: { trusted_ips: ['127.0.0.1'] }, consumer: consumers[0] as { username: string } })
    t.same(await statuses(test, one, one, other), [200, 429, 200], JSON.stringify([config, one, other]))
  }
})

t.test('a forged X-Forwarded-For opens no new count: only that of trusted peers is believed', async t => {
  const forged = ['192.0.2.1', '192.0.2.2', '127.0.0.2, 192.0.2.3'].flatMap((address): Array<Record<string, string>> => [{ 'x-forwarded-for': address }, { 'x-real-ip': address }, { forwarded: `for=${address}` }])
  for (const gateway of [{}, { trusted_ips: ['10.0.0.0/8'] }]) {
    const test = await limited(t, { minute: 1, limit_by: 'ip' }, { gateway })
    t.same(await statuses(test, {}, ...forged), [200, ...forged.map(() => 429)])
  }
})

t.test('what is one client is counted as one', async t => {
  const cases: Array<[config: object, one: Record<string, string>, other: Record<string, string>]> = [
    [{ limit_by: 'ip' }, { 'x-forwarded-for': '2001:db8:1:2::1' }, { 'x-forwarded-for': '2001:db8:1:2:ffff::9' }],
    [{ limit_by: 'ip' }, { 'x-forwarded-for': '192.0.2.1' }, { 'x-forwarded-for': '::ffff:192.0.2.1' }],
    [{ limit_by: 'ip' }, { 'x-tenant': 'a' }, { 'x-tenant': 'b' }],
    [{ limit_by: 'scope' }, { 'x-scopes': 'read write' }, { 'x-scopes': 'write read' }],
    [{ limit_by: 'claim', claim_name: 'org' }, { 'x-claims': '{"org":["a"]}' }, { 'x-claims': '{}' }],
    [{ limit_by: 'claim', claim_name: 'org.id' }, { 'x-claims': '{"org.id":"a"}' }, { 'x-claims': '{"org":{"id":"a"}}' }],
    [{ limit_by: 'claim', claim_name: 'org.id' }, { 'x-claims': '{"org":"a"}' }, { 'x-claims': '{"org":{"name":"a"}}' }],
    [{ limit_by: 'consumer' }, { 'x-consumer': 'ada', 'x-credential': 'k1' }, { 'x-consumer': 'ada', 'x-credential': 'k2' }],
    [{ limit_by: 'service' }, { 'x-forwarded-for': '192.0.2.1' }, { 'x-forwarded-for': '192.0.2.2' }]
  ]
  for (const [config, one, other] of cases) {
    const test = await limited(t, { minute: 1, ...config }, { gateway: { trusted_ips: ['127.0.0.1'] }, consumer: { username: 'ada' } })
    t.same(await statuses(test, one, other), [200, 429], JSON.stringify([config, one, other]))
  }
})

t.test('limit_by path counts the requests of the path together, others by address', async t => {
  const test = await limited(t, { minute: 1, limit_by: 'path', path: '/export' }, { gateway: { trusted_ips: ['127.0.0.1'] } })
  const from = async (path: string, address: string): Promise<number> => (await test.request({ path, headers: { 'x-forwarded-for': address } })).status
  t.same([await from('/export?a', '192.0.2.1'), await from('/export', '192.0.2.2'), await from('/', '192.0.2.1'), await from('/', '192.0.2.2')], [200, 429, 200, 200])
})

t.test('a refused request does not count, unless told', async t => {
  for (const [count, last] of [[false, 200], [true, 429]] as const) {
    const test = await limited(t, { minute: 2, count_refused: count })
    await statuses(test, {}, {}, {}, {}, {}, {})
    test.clock.advance(85_000)
    t.same(await statuses(test, {}), [last], String(count))
  }
})

t.test('a request costs what the file says, and more where the answer says so', async t => {
  const fixed = await limited(t, { minute: 5, cost: 2 })
  t.same(await statuses(fixed, {}, {}, {}), [200, 200, 429])

  const costs = ['7', 'x', '0.5', '']
  const test = await limited(t, { minute: 10, cost_header: 'X-Query-Cost' }, { upstream: () => ({ headers: { 'X-Query-Cost': costs.shift() ?? '' } }) })
  const answer = await test.request()
  t.equal(answer.headers['x-query-cost'], undefined, 'the client is not told')
  t.equal((await test.request()).headers['x-ratelimit-remaining-minute'], '2')
  t.equal((await test.request()).headers['x-ratelimit-remaining-minute'], '1')
})

t.test('a dry run counts, tells the log, and refuses nobody', async t => {
  const test = await limited(t, { minute: 1, dry_run: true })
  t.same(await statuses(test, {}, {}), [200, 200])
  t.same(limitsOf(await test.request()), {})
  t.same(test.log, [{}, { rate_limit: 'would-refuse' }, { rate_limit: 'would-refuse' }])
})

t.test('the exempt are neither limited nor counted', async t => {
  const test = await limited(t, { minute: 1, exempt: { ips: ['10.0.0.0/8', '2001:db8::1'], paths: ['/health', '/internal/*'] } }, { gateway: { trusted_ips: ['127.0.0.1'] } })
  for (const path of ['/health', '/health?deep', '/internal/a', '/internal/']) t.same(limitsOf(await test.request(path)), {}, path)
  t.same(limitsOf(await test.request({ headers: { 'x-forwarded-for': '10.1.2.3' } })), {})
  t.same(limitsOf(await test.request({ headers: { 'x-forwarded-for': '2001:db8::1' } })), {})
  t.same(limitsOf(await test.request('/healthy'))['x-ratelimit-remaining-minute'], '0')
  t.equal((await test.request('/internal')).status, 429)
})

t.test('who is exempt for the whole gateway is so beside the entry\'s own', async t => {
  const test = await limited(t, { minute: 1, exempt: { ips: [], paths: ['/own'] } }, { gateway: { trusted_ips: ['127.0.0.1'], exempt: { ips: ['10.0.0.0/8'], paths: ['/metrics', '/health/*'] } } })
  for (const path of ['/own', '/metrics', '/health/live']) t.same(limitsOf(await test.request(path)), {}, path)
  t.same(limitsOf(await test.request({ headers: { 'x-forwarded-for': '10.1.2.3' } })), {})
  t.same(await statuses(test, {}, {}, { 'x-forwarded-for': '11.0.0.1' }), [200, 429, 200])
})

t.test('while Redis is down: deny refuses, a dry run does not, and what an answer has cost is let go', async t => {
  const redis = { host: '127.0.0.1', port: 1 }
  const denied = await limited(t, { minute: 5, policy: 'redis', redis, fault_tolerant: false })
  const answer = await denied.request()
  t.equal(answer.status, 503)
  t.equal(answer.headers['retry-after'], '1')
  const dry = await limited(t, { minute: 5, policy: 'redis', redis, on_store_error: 'deny', dry_run: true })
  t.same(await statuses(dry, {}, {}), [200, 200])
  const local = await limited(t, { minute: 5, policy: 'redis', redis, replicas: 5 })
  t.same(await statuses(local, {}, {}), [200, 429])
  const allowed = await limited(t, { minute: 1, policy: 'redis', redis, on_store_error: 'allow', cost_header: 'x-cost' }, { upstream: () => ({ headers: { 'x-cost': '9' } }) })
  t.same(await statuses(allowed, {}, {}), [200, 200])
})

t.test('tiers by a claim; who is in none has the limits of the entry', async t => {
  const test = await limited(t, { minute: 1, tiers: { pro: { minute: 3 }, free: { second: 1, minute: 2 } }, tier_by: 'claim', claim_name: 'plan' })
  const remaining = async (headers: Record<string, string>): Promise<unknown> => {
    test.clock.advance(600_000)
    return (await test.request({ headers })).headers['x-ratelimit-remaining-minute']
  }
  const nested = await limited(t, { minute: 1, tiers: { pro: { minute: 3 } }, tier_by: 'claim', claim_name: 'app.plan' })
  t.equal((await nested.request({ headers: { 'x-claims': '{"app":{"plan":"pro"}}' } })).headers['x-ratelimit-remaining-minute'], '2')
  t.same([await remaining({ 'x-claims': '{"plan":"pro"}' }), await remaining({ 'x-claims': '{"plan":"free"}' }), await remaining({ 'x-claims': '{"plan":"other"}' }), await remaining({})], ['2', '1', '0', '0'])
})

const text = (rate: string, top = ''): string => `_format_version: "3.0"
${top}services: [{ name: s, host: s.internal, routes: [{ name: r, paths: [/] }] }]
plugins: [{ name: rate-limiting, config: ${rate} }]
`

t.test('tiers by consumer group: of several groups the first tier of the file; limits of a key go before them', async t => {
  const { config } = await loadConfig({
    file: 'gateway.yaml',
    env: {},
    text: `${text('{ minute: 9, limit_by: consumer-group, tiers: { pro: { minute: 30 }, free: { minute: 20 } } }').replace('paths: [/] }', 'paths: [/] }, { name: z, paths: [/z], plugins: [{ name: rate-limiting, config: { minute: 1, tiers: { other: { minute: 2 } } } }] }')}
consumer_groups: [{ name: free }, { name: pro }]
consumers:
  - { username: ada, groups: [free, pro] }
  - { username: bob, groups: [free] }
  - username: cat
    keyauth_credentials:
      - { id: 7a8b9c0d-1e2f-4a3b-8c4d-5e6f7a8b9c0d, key: "cat-key", rate_limit: { minute: 3 } }
      - { id: 7a8b9c0d-1e2f-4a3b-8c4d-000000000001, key: "cat-pro", rate_limit: { tier: pro } }
      - { id: 7a8b9c0d-1e2f-4a3b-8c4d-000000000002, key: "cat-new", rate_limit: { tier: pro } }
      - { id: 7a8b9c0d-1e2f-4a3b-8c4d-000000000003, key: "cat-other", rate_limit: { tier: other } }
`
  })
  if (config === null) throw new Error('refused')
  const port = await upstream(t, (_request, response) => { response.end() })
  const gateway = await startGateway(t, { ...config, services: config.services.map(one => ({ ...one, protocol: 'http', host: '127.0.0.1', port })), plugins: [...config.plugins, entry({ name: 'test-identity' })], routes: config.routes.filter(({ name }) => name === 'r') }, [plugin, caller])
  const remaining = async (headers: Record<string, string>): Promise<unknown> => (await ask(gateway.port, '/', { headers })).headers['x-ratelimit-remaining-minute']
  t.equal(await remaining({ 'x-consumer': 'ada' }), '29')
  t.equal(await remaining({ 'x-consumer': 'bob' }), '18', 'one count a group')
  t.equal(await remaining({ 'x-consumer': 'cat' }), '8')
  t.equal(await remaining({ 'x-consumer': 'cat', 'x-credential': '7a8b9c0d-1e2f-4a3b-8c4d-5e6f7a8b9c0d' }), '2')
  t.equal(await remaining({}), '7', 'by address, as cat without a group')
  const key = (last: number): Record<string, string> => ({ 'x-consumer': 'cat', 'x-credential': `7a8b9c0d-1e2f-4a3b-8c4d-00000000000${last}` })
  t.same([await remaining(key(1)), await remaining(key(1)), await remaining(key(2))], ['29', '28', '29'], 'the tier that a key names, counted for that key')
  t.equal(await remaining(key(3)), '6', 'a tier that this entry doesn\'t have says nothing')
})

t.test('an edited limit keeps what was counted; each worker has its share', async t => {
  const port = await upstream(t, (_request, response) => { response.end() })
  const file = (minute: number, second?: number) => fileOf({
    services: [service({ port })],
    routes: [route()],
    plugins: [entry({ name: 'rate-limiting', config: completeConfig(plugin, { minute, ...(second === undefined ? {} : { second }), limit_by: 'ip' }) })]
  })
  const { server, port: gateway } = await startGateway(t, file(8), [plugin], { workers: 2 })
  const remaining = async (): Promise<unknown> => (await ask(gateway, '/')).headers['x-ratelimit-remaining-minute']
  t.same([await remaining(), await remaining()], ['3', '2'], 'half of 8')
  const next = await server.prepare(file(20, 19), new Map([[plugin.name, plugin]]))
  next.commit()
  t.equal(await remaining(), '7', 'half of 20')
  t.match(finish(server.limits()), [{ plugin: 'rate-limiting', state: 'local', decisions: 3, refused: 0, counters: 2 }], 'the status counts on over a reload, and knows the counters of both windows')
  for (let count = 0; count < 8; count++) await remaining()
  t.match(finish(server.limits()), [{ decisions: 11, refused: 1 }])
})

t.test('what the schema can\'t say', async t => {
  t.same(findings(plugin, {}), ['error '])
  t.same(findings(plugin, { minute: 5, hour: 4 }), ['error /hour'])
  t.same(findings(plugin, { minute: 5, tiers: { 'a/b~c': {}, d: { second: 2, day: 1 } } }), ['error /tiers/a~1b~0c', 'error /tiers/d/day'])
  t.same(findings(plugin, { minute: 5, limit_by: 'header' }), ['error /limit_by'])
  t.same(findings(plugin, { minute: 5, limit_by: 'path' }), ['error /limit_by'])
  t.same(findings(plugin, { minute: 5, limit_by: 'claim' }), ['error /limit_by'])
  t.same(findings(plugin, { minute: 5, tiers: { a: { minute: 1 } }, tier_by: 'claim' }), ['error /tier_by'])
  t.same(findings(plugin, { minute: 5, exempt: { ips: ['10.0.0.0/8', '10.0.0.0/33', 'a', '::1/128', '::/129', '1.2.3.4/8/8'] } }), ['error /exempt/ips/1', 'error /exempt/ips/2', 'error /exempt/ips/4', 'error /exempt/ips/5'])
  t.same(findings(plugin, { minute: 5, policy: 'redis' }), ['error /policy'])
  t.same(findings(plugin, { minute: 5, policy: 'redis', redis: {} }), ['error /redis'])
  t.same(findings(plugin, { minute: 5, sync_rate: 1 }), ['error /sync_rate'])
  for (const rate of [0, 0.01, -0.5]) t.same(findings(plugin, { minute: 5, policy: 'redis', redis: { host: 'a' }, sync_rate: rate }), ['error /sync_rate'])
  t.same(findings(plugin, { minute: 5, policy: 'redis', redis: { host: 'a' }, sync_rate: 0.02 }), [])
  t.same(findings(plugin, { second: 5, minute: 50, policy: 'redis', redis: { host: 'a' }, sync_rate: 2 }), ['warning /sync_rate'], 'longer than a window')
  t.same(findings(plugin, { minute: 5, policy: 'redis', redis: { host: 'a', cluster_nodes: [{ ip: 'b' }], database: 1 } }), ['error /redis', 'error /redis/database'])
  t.same(findings(plugin, { minute: 5, policy: 'redis', redis: { sentinel_nodes: [{ host: 'b' }] } }), ['error /redis'])
  t.same(findings(plugin, { minute: 5, policy: 'redis', redis: { sentinel_nodes: [{ host: 'b' }], sentinel_master: 'm' } }), [])
  t.throws(() => findings(plugin, { minute: 0 }))
})

t.test('check tells of limits that workers divide, and of limits of keys that nothing counts', async t => {
  const rulesOf = async (yaml: string): Promise<string[]> => (await loadConfig({ file: 'gateway.yaml', text: yaml, env: {} })).diagnostics.map(({ rule }) => rule)
  t.same(await rulesOf(text('{ minute: 5 }', 'gateway: { workers: 2 }\n')), ['divided-limit'])
  t.same(await rulesOf(text('{ minute: 5 }', 'gateway: { workers: auto }\n')), ['divided-limit'])
  t.same(await rulesOf(text('{ minute: 5 }')), [])
  const group = 'consumer_groups: [{ name: pro }]\nconsumers: [{ username: ada, groups: [pro] }]\n'
  t.same(await rulesOf(text('{ minute: 5 }') + group), ['unused-group'])
  t.same(await rulesOf(text('{ minute: 5, tiers: { pro: { minute: 9 } } }') + group), [], 'a tier makes a difference for its group')
  const key = 'consumers: [{ username: ada, keyauth_credentials: [{ hash: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, rate_limit: { minute: 1 } }] }]\n'
  t.notOk((await rulesOf(text('{ minute: 5 }') + key)).includes('uncounted-limit'))
  const tier = key.replace('minute: 1', 'tier: pro')
  t.notOk((await rulesOf(text('{ minute: 5, tiers: { pro: { minute: 9 } } }') + tier)).includes('unresolved-reference'))
  t.ok((await rulesOf(text('{ minute: 5, tiers: { prof: { minute: 9 } } }') + tier)).includes('unresolved-reference'))
  t.ok((await rulesOf(text('{ minute: 5 }') + tier)).includes('unresolved-reference'))
  t.ok((await rulesOf(text('{ minute: 5 }').replace('- {', '- { enabled: false,').replace('[{ name: rate-limiting', '[{ enabled: false, name: rate-limiting') + key)).includes('uncounted-limit'))
})
