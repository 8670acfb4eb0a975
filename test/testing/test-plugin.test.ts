import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { definePlugin, Type, type FastifyInstance, type PluginGateway } from '../../src/plugin.ts'
import { testPlugin } from '../../src/testing/index.ts'

const scopes = ['global', 'service', 'route', 'consumer'] as const

/** A plugin that does what the test says. */
function plugin (register: (scope: FastifyInstance, gateway: PluginGateway) => void, name = 'probe') {
  return definePlugin({
    name,
    priority: name.length,
    schema: Type.Object({ size: Type.Integer({ default: 3 }) }, { additionalProperties: false }),
    scopes,
    setup: (_config, gateway) => gateway,
    register: (scope, { state }) => register(scope, state)
  })
}

const nothing = plugin(() => {})

t.test('it shows what went up and what came back', async t => {
  const test = await testPlugin(t, {
    plugin: nothing,
    upstream: request => ({ status: 201, headers: { 'x-a': ['1', '2'] }, body: { saw: request.json() } })
  })
  const answer = await test.request({ method: 'PUT', path: '/a%20b?c=1', headers: { 'X-Mine': ['1', '2'] }, body: '{"d":1}' })
  t.match(test.received, [{ method: 'PUT', target: '/a%20b?c=1', path: '/a%20b', query: 'c=1', text: '{"d":1}' }])
  t.match(test.received[0]?.headers, { 'x-mine': '1, 2', 'content-length': '7' })
  t.match(answer, { status: 201, text: '{"saw":{"d":1}}' })
  t.match(answer.headers, { 'x-a': '1, 2', 'content-type': 'application/json' })
  t.same(answer.rawHeaders.filter((_, index) => answer.rawHeaders[index - 1] === 'x-a'), ['1', '2'])
})

t.test('a path alone is a GET of it, and without query there is none', async t => {
  const test = await testPlugin(t, { plugin: nothing })
  t.match(await test.request('/x'), { status: 200, text: '' })
  t.match(test.received, [{ method: 'GET', path: '/x', query: null }])
})

t.test('the clock stands still until it is moved', async t => {
  const test = await testPlugin(t, {
    plugin: plugin((scope, gateway) => {
      scope.addHook('onRequest', async request => { request.gateway.log['now'] = gateway.now() })
    }),
    now: 1000
  })
  await test.request()
  test.clock.advance(500)
  await test.request()
  t.same(test.log, [{ now: 1000 }, { now: 1500 }])
  t.equal(test.clock.now(), 1500)
})

t.test('a caller is there before every plugin, as a consumer of the file', async t => {
  const test = await testPlugin(t, {
    plugin: plugin(scope => {
      scope.addHook('onRequest', async request => { request.gateway.log['who'] = request.gateway.consumer?.custom_id })
    }),
    level: 'consumer',
    consumer: { username: 'ann', custom_id: '7' }
  })
  await test.request()
  t.same(test.log, [{ who: '7' }])
})

t.test('the entry stands on the level that is asked for', async t => {
  const seen = plugin(scope => {
    scope.addHook('onSend', async (_request, reply) => { reply.header('x-seen', '1') })
  })
  for (const level of scopes) {
    const test = await testPlugin(t, { plugin: seen, level, consumer: { username: 'ann' } })
    t.equal((await test.request()).headers['x-seen'], '1', level)
  }
  const global = await testPlugin(t, { plugin: seen, level: 'global', route: { paths: ['/only'] } })
  t.equal((await global.request('/other')).headers['x-seen'], '1')
  const route = await testPlugin(t, { plugin: seen, route: { paths: ['/only'] } })
  t.notOk((await route.request('/other')).headers['x-seen'])
})

t.test('other plugins run beside it, by their priorities', async t => {
  const order: string[] = []
  const note = (name: string) => plugin(scope => {
    scope.addHook('onRequest', async () => { order.push(name) })
  }, name)
  const test = await testPlugin(t, { plugin: note('middle'), beside: [{ plugin: note('a') }, { plugin: note('the-first'), config: { size: 1 } }] })
  await test.request()
  t.same(order, ['the-first', 'middle', 'a'])
})

t.test('options that make no file are an error with all findings', async t => {
  await t.rejects(testPlugin(t, { plugin: nothing, config: { size: 'x', other: 1 }, route: { path: ['/'] } }), { message: /config\.size: expected an integer[^]*unknown field 'other'|unknown field 'path'/ })
  const checked = definePlugin({
    name: 'checked',
    priority: 1,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes,
    * check () { yield { path: '', message: 'never right', mend: 'Give up.' } },
    register () {}
  })
  await t.rejects(testPlugin(t, { plugin: checked }), { message: /never right\. Give up\./ })
})

t.test('a plugin that does not start is the test\'s error', async t => {
  await t.rejects(testPlugin(t, { plugin: plugin(() => { throw new Error('broken') }) }), /broken/)
})

t.test('what the upstream throws is thrown at the request', async t => {
  let healthy = false
  const test = await testPlugin(t, {
    plugin: nothing,
    service: { retries: 0 },
    upstream: () => {
      if (!healthy) throw new Error('assertion')
      return {}
    }
  })
  await t.rejects(test.request(), { message: 'assertion' })
  healthy = true
  t.equal((await test.request()).status, 200)
})

t.test('without a test context it is closed by hand', async t => {
  const test = await testPlugin({ plugin: nothing })
  t.equal((await test.request()).status, 200)
  await test.close()
  await t.rejects(test.request(), { code: 'ECONNREFUSED' })
})

t.test('it closes with whatever a test calls at its end', async t => {
  for (const name of ['after', 'teardown'] as const) {
    const ends: Array<() => Promise<void>> = []
    const context = { [name]: (end: () => Promise<void>) => ends.push(end) } as unknown as { after: (end: () => Promise<void>) => unknown }
    const test = await testPlugin(context, { plugin: nothing })
    t.equal(ends.length, 1, name)
    await ends[0]?.()
    await t.rejects(test.request(), { code: 'ECONNREFUSED' })
  }
})

t.test('other clients find the gateway at its port', async t => {
  const test = await testPlugin(t, { plugin: nothing, upstream: () => ({ body: 'hello' }) })
  const socket = connect(test.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[^]*hello/)
})
