import t, { type Test } from 'tap'
import { createDecision } from '../../plugins/canary/decision.ts'
import plugin from '../../plugins/canary/index.ts'
import type { Config } from '../../plugins/canary/schema.ts'
import requestTransformer from '../../plugins/request-transformer/index.ts'
import { Consumers } from '../../src/consumers/consumers.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Context } from '../../src/gateway/context.ts'
import { definePlugin, type FastifyRequest, identify, identityOf, Type } from '../../src/plugin.ts'
import { config as empty } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { completeConfig, findings } from '../helpers/plugin-config.ts'
import { ask, upstream } from '../helpers/running.ts'

const caller = definePlugin({
  name: 'test-identity',
  priority: 1500,
  schema: Type.Object({}, { additionalProperties: false }),
  scopes: ['route'],
  authentication: 'method',
  setup: (_config, gateway) => gateway.consumers,
  register (scope, { state: consumers }) {
    scope.addHook('onRequest', function testIdentity ({ gateway, headers }, _reply, done) {
      const name = headers['x-consumer']
      identify(gateway, identityOf({ consumer: name === undefined ? null : consumers.find(String(name)) ?? null }))
      done()
    })
  }
})

const registry = new Map([plugin, caller, requestTransformer].map(each => [each.name, each]))

async function load (file: object) {
  return await loadConfig({ file: 'gateway.yaml', text: JSON.stringify({ _format_version: '3.0', ...file }), env: {}, loadPlugins: async () => ({ registry, problems: [], modules: [] }) })
}

/** Services `old` (of the route) and `new`, each of which answers with its name and the path that it got. */
async function start (t: Test, config: object, beside: readonly object[] = []) {
  const host = '127.0.0.1'
  const port = async (name: string): Promise<number> => await upstream(t, (request, response) => { response.end(`${name} ${request.url}`) })
  const { config: loaded, diagnostics } = await load({
    gateway: { listen: [{ host, port: 0 }], admin: 'off', trusted_ips: ['127.0.0.1'] },
    consumers: [{ username: 'ada', groups: [{ name: 'testers' }] }, { username: 'bob', acls: [{ group: 'testers' }] }, { username: 'cat' }],
    consumer_groups: [{ name: 'testers' }],
    services: [{ name: 'old', host, port: await port('old') }, { name: 'new', host, port: await port('new'), path: '/v2' }],
    routes: [{ name: 'r', paths: ['/r'], service: 'old', plugins: [{ name: 'test-identity' }, { name: 'canary', config: { service: 'new', ...config } }, ...beside] }]
  })
  if (loaded === null) throw new Error(diagnostics.map(each => each.cause).join('\n'))
  const finished: Context[] = []
  const gateway = await startGateway(t, loaded, [...registry.values()], { accessLog: () => context => { finished.push(context) } })
  const get = async (headers: Record<string, string> = {}): Promise<string> => (await ask(gateway.port, '/r', { headers })).text
  const to = async (headers?: Record<string, string>): Promise<string> => (await get(headers)).slice(0, 3)
  return {
    finished,
    get,
    to,
  }
}

/** Of a thousand callers by address, who goes to the new service. */
function chosen (config: object, now = 0): number[] {
  const decide = createDecision(completeConfig(plugin, { service: 'new', ...config }) as Config, { consumers: new Consumers(empty()), now: () => now })
  return Array.from({ length: 1000 }, (_, index) => index).filter(index => decide({ headers: {}, gateway: { clientIp: `10.0.${index >> 8}.${index & 255}` } } as FastifyRequest))
}

t.test('a share of the callers goes there, always the same ones, with the path of that service', async t => {
  const options = { percentage: 30, hash: 'ip', steps: 100 }
  const first = chosen(options)
  t.ok(first.length > 270 && first.length < 330, String(first.length))
  t.same(chosen(options), first)
  const { get } = await start(t, options)
  for (let caller = 0; caller < 10; caller++) {
    t.equal(await get({ 'x-forwarded-for': `10.0.0.${caller}` }), first.includes(caller) ? 'new /v2' : 'old /')
  }
})

t.test('by consumer and by header; what is missing goes by address', async t => {
  const { to } = await start(t, { percentage: 50, hash: 'header', hash_header: 'X-Tenant' })
  const tenants = await Promise.all(Array.from({ length: 40 }, async (_, index) => await to({ 'x-tenant': String(index) })))
  t.ok(new Set(tenants).size === 2)
  t.equal(await to({ 'x-tenant': '7', 'x-forwarded-for': '10.9.9.9' }), tenants[7])
  t.equal(new Set([await to(), await to(), await to()]).size, 1)
  const all = await start(t, { percentage: 100 })
  t.same([await all.to({ 'x-consumer': 'ada' }), await all.to()], ['new', 'new'], 'all are all')
  const none = await start(t, { percentage: 0 })
  t.same([await none.to({ 'x-consumer': 'ada' }), await none.to()], ['old', 'old'])
})

t.test('without a hash requests are divided, evenly', async t => {
  const { to } = await start(t, { percentage: 20, hash: 'none' })
  let count = 0
  for (let request = 0; request < 50; request++) if (await to() === 'new') count++
  t.ok(count >= 9 && count <= 11, String(count))
})

t.test('by group of either kind', async t => {
  const allow = await start(t, { hash: 'allow', groups: ['testers'] })
  const deny = await start(t, { hash: 'deny', groups: ['testers'] })
  for (const [headers, isIn] of [[{ 'x-consumer': 'ada' }, true], [{ 'x-consumer': 'bob' }, true], [{ 'x-consumer': 'cat' }, false], [{}, false]] as const) {
    t.equal(await allow.to(headers), isIn ? 'new' : 'old')
    t.equal(await deny.to(headers), isIn ? 'old' : 'new')
  }
})

t.test('the share rises step by step from start on, and nobody comes back', async t => {
  const options = { start: 2_000_000, duration: 100, steps: 10, hash: 'ip' }
  let before: number[] = []
  for (const [seconds, share] of [[-5, 0], [9.9, 0], [10, 100], [19.9, 100], [50, 500], [99.9, 900], [100, 1000], [1e6, 1000]] as const) {
    const now = chosen(options, (2_000_000 + seconds) * 1000)
    t.ok(share % 1000 === 0 ? now.length === share : Math.abs(now.length - share) < 40, `${seconds} s: ${now.length}`)
    t.ok(before.every(index => now.includes(index)))
    before = now
  }
})

t.test('a request may decide for itself, the log says where it went, and transformers see the path of the chosen service', async t => {
  const { to, get, finished } = await start(t, { hash: 'allow', groups: ['testers'], canary_by_header_name: 'X-Canary', log: true }, [{ name: 'request-transformer', config: { add: { querystring: ['a:1'] } } }])
  t.equal(await to({ 'x-canary': 'always' }), 'new')
  t.equal(await to({ 'x-canary': 'never', 'x-consumer': 'ada' }), 'old')
  t.equal(await to({ 'x-canary': 'perhaps', 'x-consumer': 'ada' }), 'new')
  t.equal(await to({ 'x-canary': 'perhaps' }), 'old')
  t.equal(await get({ 'x-canary': 'always' }), 'new /v2?a=1')
  t.same(finished.slice(0, 4).map(({ logFields }) => logFields?.['canary']), ['yes', 'no', 'yes', 'no'])
})

t.test('what the schema can\'t say, and what Kong has and this has not', async t => {
  const of = (config: object): string[] => findings(plugin, { service: 'new', ...config })
  t.same(of({ percentage: 5 }), [])
  t.same(of({}), ['error '])
  t.same(of({ canary_by_header_name: 'x-canary' }), [])
  t.same(of({ percentage: 5, start: 1 }), ['error /start'])
  t.same(of({ percentage: 5, hash: 'header' }), ['error /hash'])
  t.same(of({ hash: 'allow' }), ['error /hash'])
  t.same(of({ percentage: 5, groups: ['a'] }), ['error /groups'])
  t.same(of({ hash: 'deny', groups: ['a'], percentage: 5 }), ['error /percentage'])
  t.same(of({ hash: 'deny', groups: ['a'], start: 5 }), ['error /start'])
  t.same(of({ percentage: 5, steps: 10 }), ['error /percentage'])
  t.same(of({ percentage: 5, steps: 10, hash: 'none' }), [])
  const services = [{ name: 'old', host: 'old.internal', routes: [{ name: 'r', paths: ['/'], plugins: [{ name: 'canary', config: { service: 'nwe', percentage: 5, upstream_host: 'a' } }] }] }]
  t.match((await load({ services })).diagnostics.map(({ cause, mend }) => [cause, mend]), [[/has no `upstream_host` here/, /Write a service/]])
})
