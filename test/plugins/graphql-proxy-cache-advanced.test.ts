import t, { type Test } from 'tap'
import { buildSchema, graphql } from 'graphql'
import guard from '../../plugins/graphql-guard/index.ts'
import plugin from '../../plugins/graphql-proxy-cache-advanced/index.ts'
import { createGateway } from '../../src/index.ts'
import { type ClientAnswer, type ClientRequest, type PluginTest, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import { findings } from '../helpers/plugin-config.ts'
import { noRedis, startRedis } from '../helpers/redis-server.ts'
import { ask, gatewayYaml, upstream } from '../helpers/running.ts'

const schema = buildSchema('type Query { count (by: Int, at: Point): Int, fails: Int! } input Point { x: Float, y: Float } type Mutation { reset: Int }')

interface Options extends Partial<TestPluginOptions> { readonly headers?: Readonly<Record<string, string>> }

/** A server that executes, and counts how often. */
async function serve (t: Test, config: object = {}, { headers = {}, ...options }: Options = {}) {
  let count = 0
  const run: PluginTest = await testPlugin(t, {
    plugin,
    config,
    ...options,
    async upstream ({ body, query }) {
      const asked = body.length > 0 ? JSON.parse(body.toString()) : Object.fromEntries(new URLSearchParams(query ?? ''))
      const execute = async ({ query, variables, operationName }: { query?: string, variables?: object, operationName?: string }) => await graphql({
        schema, source: query ?? '', operationName, variableValues: (typeof variables === 'string' ? JSON.parse(variables) : variables) as Record<string, unknown>, rootValue: { count: () => ++count, reset: () => { count = 0; return 0 }, fails: () => { count++; throw new Error('no') } }
      })
      return { headers: { 'content-type': 'application/json', date: new Date(run.clock.now()).toUTCString(), ...headers }, body: JSON.stringify(Array.isArray(asked) ? await Promise.all(asked.map(execute)) : await execute(asked)) }
    }
  })
  return run
}

const post = (body: unknown, headers: object = {}): ClientRequest => ({ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })
const query = (text: string, more: object = {}, headers: object = {}): ClientRequest => post({ query: text, ...more }, headers)
const state = (answer: ClientAnswer): unknown => answer.headers['x-cache-status']

t.test('a query is asked once, however it is spelled and sent', async t => {
  const test = await serve(t)
  const text = 'query Q($a: Int, $b: Int) { count(by: $a) other: count(by: $b) }'
  const first = await test.request(query(text, { variables: { a: 1, b: 2 } }))
  t.equal(state(first), 'Miss')
  t.same(first.json(), { data: { count: 1, other: 2 } })
  for (const request of [
    query(text, { variables: { a: 1, b: 2 } }),
    query(text, { variables: { b: 2, a: 1 }, operationName: 'Q' }),
    query('# why\nquery Q ($a:Int $b:Int){count(by:$a),other:count(by:$b)}', { variables: '{"b":2,"a":1}' }),
    { path: `/?${new URLSearchParams({ variables: '{"b":2,"a":1}', query: text })}` },
    post('{"operationName":"Q","variables":{"a":1.0,"b":2},"query":' + JSON.stringify(text) + '}')
  ]) {
    const answer = await test.request(request)
    t.equal(state(answer), 'Hit', JSON.stringify(request))
    t.same(answer.json(), { data: { count: 1, other: 2 } })
    t.equal(answer.headers['x-cache-key'], first.headers['x-cache-key'])
  }
  t.equal(test.received.length, 1)
  t.equal(test.received[0]?.headers['accept-encoding'], 'identity')
  test.clock.advance(301_000)
  t.not(state(await test.request(query(text, { variables: { a: 1, b: 2 } }))), 'Hit')
  t.equal(test.received.length, 2)
})

t.test('whatever an answer may depend on tells requests apart', async t => {
  const test = await serve(t, { vary_headers: ['x-tenant'] })
  const text = 'query A($p: Point, $a: Int) { count(at: $p, by: $a) } query B { count }'
  const requests = [
    query(text, { operationName: 'A' }), query(text, { operationName: 'B' }), query('{ count }'), query('{ c: count }'),
    query(text, { operationName: 'A', variables: { a: 1 } }), query(text, { operationName: 'A', variables: { a: null } }), query(text, { operationName: 'A', variables: { a: 2 } }),
    query(text, { operationName: 'A', variables: { p: { x: 1, y: 2 } } }), query(text, { operationName: 'A', variables: { p: { x: 2, y: 1 } } }),
    post('{"query":"{ count }","variables":{"n":9007199254740993}}'), post('{"query":"{ count }","variables":{"n":9007199254740992}}'),
    post('{"query":"{ count }","variables":{"n":0.1}}'), post('{"query":"{ count }","variables":{"n":0.10000000000000001}}'),
    query('{ count }', { tenant: 'a' }), query('{ count }', { tenant: 'b' }), query('{ count }', { extensions: { a: 1 } }), query('{ count }', { extensions: { a: 2 } }),
    { path: `/?${new URLSearchParams({ query: '{ count }', tenant: 'c' })}` }, { ...query('{ count }'), path: '/other' }, { ...query('{ count }'), path: '/?access_token=a' }, { ...query('{ count }'), path: '/?access_token=b' },
    query('{ count }', {}, { 'x-tenant': 'a' }), query('{ count }', {}, { 'x-tenant': 'b' }), query('{ count }', {}, { accept: 'application/graphql-response+json' }), query('{ count }', {}, { host: 'other.test' }),
    query('{ count }', {}, { authorization: 'Bearer a' }), query('{ count }', {}, { authorization: 'Bearer b' }), query('{ count }', {}, { cookie: 's=a' }), query('{ count }', {}, { cookie: 's=b' })
  ]
  const keys = new Set<unknown>()
  for (const request of requests) {
    const answer = await test.request(request)
    t.equal(state(answer), 'Miss', JSON.stringify(request))
    keys.add(answer.headers['x-cache-key'])
  }
  t.equal(keys.size, requests.length)
  for (const request of requests) t.equal(state(await test.request(request)), 'Hit', JSON.stringify(request))
  t.equal(test.received.length, requests.length)
})

t.test('consumers have answers of their own; without vary_by_consumer, none but what all may share', async t => {
  const ada = await serve(t, {}, { consumer: { username: 'ada' } })
  t.equal(state(await ada.request(query('{ count }'))), 'Miss')
  t.equal(state(await ada.request(query('{ count }'))), 'Hit')
  const shared = await serve(t, { vary_by_consumer: false }, { consumer: { username: 'ada' } })
  t.same([state(await shared.request(query('{ count }'))), state(await shared.request(query('{ count }')))], ['Bypass', 'Bypass'])
  const open = await serve(t, { vary_by_consumer: false }, { consumer: { username: 'ada' }, headers: { 'cache-control': 'public, max-age=60' } })
  t.same([state(await open.request(query('{ count }'))), state(await open.request(query('{ count }')))], ['Miss', 'Hit'])
})

t.test('what answers say about caches holds, unless that is turned off', async t => {
  for (const [control, seen] of [['no-store', 'Bypass'], ['private', 'Bypass'], ['max-age=0', 'Bypass'], ['max-age=60', 'Hit']] as const) {
    const test = await serve(t, {}, { headers: { 'cache-control': control } })
    await test.request(query('{ count }'))
    t.equal(state(await test.request(query('{ count }'))), seen, control)
  }
  const kong = await serve(t, { cache_control: false }, { headers: { 'cache-control': 'no-store' } })
  await kong.request(query('{ count }'))
  t.equal(state(await kong.request(query('{ count }'))), 'Hit')
})

t.test('mutations, errors, batches and what is no GraphQL are never stored', async t => {
  const test = await serve(t)
  for (const [request, first] of [
    [query('mutation { reset }'), 'Bypass'], [query('{ fails }'), 'Miss'], [query('{ count fails }'), 'Miss'], [query('{ nothing }'), 'Miss'],
    [post([{ query: '{ count }' }]), 'Bypass'], [query('{ count'), 'Bypass'], [post('{}', { 'content-type': 'text/plain' }), 'Bypass'], [{ path: '/?a=1' }, 'Bypass'],
    [query('{ count }', {}, { 'cache-control': 'no-store' }), 'Bypass']
  ] as const) {
    const before = test.received.length
    t.equal(state(await test.request(request)), first, String(request.body))
    t.not(state(await test.request(request)), 'Hit', String(request.body))
    t.equal(test.received.length, before + 2)
  }
  for (const body of ['{"data":null}', '{"data":{"a":1},"errors":[{}]}', '{"errors":[]}', '[]', 'x', '{"data":[]}']) {
    const odd = await testPlugin(t, { plugin, now: Date.now(), upstream: () => ({ headers: { 'content-type': 'application/json' }, body }) })
    await odd.request(query('{ count }'))
    t.not(state(await odd.request(query('{ count }'))), 'Hit', body)
  }
  for (const headers of [{ 'content-type': 'multipart/mixed' }, { 'content-type': 'application/json', 'content-encoding': 'x' }]) {
    const odd = await testPlugin(t, { plugin, now: Date.now(), upstream: () => ({ headers, body: '{"data":{}}' }) })
    await odd.request(query('{ count }'))
    t.not(state(await odd.request(query('{ count }'))), 'Hit', JSON.stringify(headers))
  }
  const fine = await testPlugin(t, { plugin, now: Date.now(), upstream: () => ({ headers: { 'content-type': 'application/json' }, body: '{"data":{},"errors":[]}' }) })
  await fine.request(query('{ count }'))
  t.equal(state(await fine.request(query('{ count }'))), 'Hit')
})

t.test('a mutation drops what is stored where that is wanted, when it has succeeded', async t => {
  const seen: unknown[] = []
  for (const wanted of [false, true]) {
    const test = await serve(t, { invalidate_on_mutation: wanted })
    await test.request(query('{ count }'))
    await test.request(query('mutation { reset }'))
    seen.push(state(await test.request(query('{ count }'))))
    await test.request(post([{ query: '{ count }' }]))
    seen.push(state(await test.request(query('{ count }'))))
    await test.request(post([{ query: 'mutation { reset }' }]))
    seen.push(state(await test.request(query('{ count }'))))
  }
  t.same(seen, ['Hit', 'Hit', 'Hit', 'Miss', 'Hit', 'Miss'])
})

t.test('requests for the same wait for one answer', async t => {
  let release = (): void => {}
  const gate = new Promise<void>(resolve => { release = resolve })
  let arrive = (): void => {}
  const arrived = new Promise<void>(resolve => { arrive = resolve })
  const test = await testPlugin(t, {
    plugin,
    now: Date.now(),
    async upstream () {
      arrive()
      await gate
      return { headers: { 'content-type': 'application/json' }, body: '{"data":{}}' }
    }
  })
  const answers = [1, 2, 3].map(async () => await test.request(query('{ count }')))
  await arrived
  release()
  const all = await Promise.all(answers)
  t.same(all.map(state).filter(one => one === 'Miss').length + all.map(state).filter(one => one === 'Hit').length, 3)
  t.equal(test.received.length, 1)
})

t.test('the guard goes first: what it refuses is not answered from the cache', async t => {
  const test = await serve(t, {}, { beside: [{ plugin: guard, config: { max_aliases: 0, introspection: true } }] })
  t.equal(state(await test.request(query('{ count }'))), 'Miss')
  t.equal(state(await test.request(query('{ count }'))), 'Hit')
  t.equal((await test.request(query('{ c: count }'))).status, 400)
})

t.test('operators purge answers through the admin listener', async t => {
  const port = await upstream(t, (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}') })
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(port, {}, 'plugins: [{ name: graphql-proxy-cache-advanced }, { name: graphql-proxy-cache, enabled: false }]\n'), accessLog: '/dev/null', log: { write () {} } })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const send = async (text: string): Promise<unknown> => (await ask(gateway.addresses[0]?.port as number, '/graphql', { method: 'POST', headers: { host: 'api.test', 'content-type': 'application/json' }, body: JSON.stringify({ query: text }) })).headers['x-cache-status']
  const purge = async (order: object): Promise<unknown> => JSON.parse((await ask(gateway.adminAddress?.port as number, '/graphql-proxy-cache-advanced/purge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) })).text)
  for (const order of [{ url: 'http://api.test/graphql' }, { all: true }, { prefix: 'http://api.test/' }]) {
    t.same([await send('{ a }'), await send('{ b }'), await send('{ a }')], ['Miss', 'Miss', 'Hit'], JSON.stringify(order))
    t.same(await purge(order), { purged: 2 })
  }
  t.same(await purge({ url: 'http://api.test/other' }), { purged: 0 })
})

t.test('in Redis, answers are there for other gateways', { skip: noRedis }, async t => {
  const redis = await startRedis(t)
  const config = { strategy: 'redis', redis: { host: '127.0.0.1', port: redis.port, timeout: 2000 } }
  const one = await serve(t, config)
  while (state(await one.request(query('{ count }'))) !== 'Hit');
  t.same(findings(plugin, config), [])
  t.same(findings(plugin, { strategy: 'redis' }), ['error /strategy'])
  redis.stop().catch(() => {})
  t.equal((await one.request(query('{ count }'))).status, 200, 'and without Redis it is asked')
})
