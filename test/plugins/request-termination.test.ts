import { hostname } from 'node:os'
import t from 'tap'
import plugin from '../../plugins/request-termination/index.ts'
import responseTransformer from '../../plugins/response-transformer/index.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

t.test('without options a request ends with 503 and the upstream never hears of it', async t => {
  const test = await testPlugin(t, { plugin })
  const answer = await test.request({ method: 'POST', body: 'x' })
  t.equal(answer.status, 503)
  t.equal(answer.headers['content-type'], JSON_TYPE)
  t.equal(answer.text, '{"message":"Service unavailable"}')
  t.equal(test.received.length, 0)
})

t.test('statuses have the messages of Kong, or an empty body', async t => {
  for (const [status, message] of [
    [401, 'Unauthorized'], [404, 'Not found'], [405, 'Method not allowed'], [500, 'An unexpected error occurred'], [502, 'Bad Gateway'],
    [503, 'Service unavailable'], [200, null], [403, null], [418, null], [599, null]
  ] as const) {
    const test = await testPlugin(t, { plugin, config: { status_code: status } })
    const answer = await test.request()
    t.equal(answer.status, status)
    t.equal(answer.text, message === null ? '' : JSON.stringify({ message }), `body of ${status}`)
    if (message === null) {
      t.equal(answer.headers['content-length'], '0')
      t.notOk(answer.headers['content-type'])
    }
  }
})

t.test('a message is escaped', async t => {
  const test = await testPlugin(t, { plugin, config: { status_code: 403, message: 'say "no"\n' } })
  t.same((await test.request()).json(), { message: 'say "no"\n' })
})

t.test('a body is sent as it stands, with its type or none', async t => {
  for (const type of ['text/html; charset=utf-8', 'application/json', 'no type at all', undefined]) {
    const test = await testPlugin(t, { plugin, config: { body: '<h1>é</h1>', ...(type === undefined ? {} : { content_type: type }) } })
    const answer = await test.request()
    t.equal(answer.text, '<h1>é</h1>')
    t.equal(answer.headers['content-type'], type)
    t.equal(answer.headers['content-length'], '11')
  }
})

t.test('an empty body is an empty body', async t => {
  const test = await testPlugin(t, { plugin, config: { status_code: 200, body: '' } })
  const answer = await test.request()
  t.equal(answer.text, '')
  t.notOk(answer.headers['content-type'])
})

t.test('HEAD gets the head alone', async t => {
  const test = await testPlugin(t, { plugin, config: { message: 'closed' } })
  const answer = await test.request({ method: 'HEAD' })
  t.equal(answer.status, 503)
  t.equal(answer.headers['content-length'], '20')
  t.equal(answer.text, '')
})

t.test('a trigger lets requests without it go on', async t => {
  const test = await testPlugin(t, { plugin, config: { trigger: 'X-Stop' } })
  for (const request of [
    { headers: { 'x-stop': 'yes' } }, { headers: { 'X-STOP': '' } }, { path: '/?X-Stop' }, { path: '/?X-Stop=' }, { path: '/?a=1&X-Stop=0' }, { path: '/?X%2DStop=1' }
  ]) t.equal((await test.request(request)).status, 503, JSON.stringify(request))
  for (const request of [{}, { headers: { 'x-stopped': '1' } }, { path: '/?x-stop=1' }, { path: '/X-Stop' }, { path: '/?a=X-Stop' }]) {
    t.equal((await test.request(request)).status, 200, JSON.stringify(request))
  }
})

t.test('a trigger that is a name in JavaScript is a name like others', async t => {
  const test = await testPlugin(t, { plugin, config: { trigger: 'constructor' } })
  t.equal((await test.request()).status, 200)
  t.equal((await test.request('/?constructor')).status, 503)
})

t.test('echo describes the request, its route and its service', async t => {
  const test = await testPlugin(t, {
    plugin,
    config: { echo: true, status_code: 404 },
    route: { name: 'echo', paths: ['~/users/(?<id>\\d+)$'] },
    service: { name: 'users' }
  })
  const answer = await test.request({
    method: 'POST',
    path: '/users/7?a=1&a=2&b',
    headers: { 'content-type': 'application/json', 'x-mine': 'yes' },
    body: '{"deep":{"a":1}}'
  })
  t.equal(answer.status, 404)
  t.equal(answer.headers['content-type'], JSON_TYPE)
  const echo = answer.json() as Record<string, Record<string, unknown>>
  t.match(echo, {
    message: 'Not found',
    kong: { node_id: /^[\da-f-]{36}$/, worker_pid: process.pid, hostname: hostname() },
    request: {
      scheme: 'http',
      host: '127.0.0.1',
      port: test.port,
      headers: { 'x-mine': 'yes', 'content-type': 'application/json' },
      query: { a: ['1', '2'], b: '' },
      body: { deep: { a: 1 } },
      raw_body: '{"deep":{"a":1}}',
      method: 'POST',
      path: '/users/7',
      uri_captures: { 1: '7', id: '7' }
    },
    matched_route: { name: 'echo', paths: ['~/users/(?<id>\\d+)$'] },
    matched_service: { name: 'users', protocol: 'http' }
  })
  t.equal(test.received.length, 0)
  t.notMatch(JSON.stringify(echo['matched_service']), '127.0.0.1', 'the address of the upstream is nobody\'s business')
})

t.test('echo reads forms, and shows what it can not read as text', async t => {
  const test = await testPlugin(t, { plugin, config: { echo: true, message: 'hello' } })
  async function body (type: string, body: string): Promise<unknown> {
    const answer = await test.request({ method: 'POST', headers: { 'content-type': type }, body })
    const { message, request } = answer.json() as { message: string, request: { body?: unknown, raw_body: string } }
    t.equal(message, 'hello')
    t.equal(request.raw_body, body)
    return request.body
  }
  t.same(await body('application/x-www-form-urlencoded', 'a=1&b=x+y'), { a: '1', b: 'x y' })
  t.equal(await body('application/json', '{'), undefined)
  t.equal(await body('text/plain', 'x'), undefined)
})

t.test('echo without body, service or trigger', async t => {
  const test = await testPlugin(t, { plugin, config: { echo: true, trigger: 'x-echo' }, service: null })
  const echo = (await test.request({ headers: { 'x-echo': '1' } })).json() as Record<string, Record<string, unknown>>
  t.equal(echo['request']?.['raw_body'], '')
  t.notOk(echo['matched_service'])
  t.ok(echo['matched_route'])
  t.match((await test.request()).json(), { message: 'no Service found with those values' })
})

t.test('other plugins of the route see the answer', async t => {
  const test = await testPlugin(t, {
    plugin,
    config: { message: 'closed' },
    beside: [{ plugin: responseTransformer, config: { add: { headers: ['x-added:1'], json: ['source:gateway'] } } }]
  })
  const answer = await test.request()
  t.equal(answer.headers['x-added'], '1')
  t.same(answer.json(), { message: 'closed', source: 'gateway' })
})

t.test('it can stand on every level', async t => {
  for (const level of ['global', 'service', 'route', 'consumer'] as const) {
    const test = await testPlugin(t, { plugin, level, consumer: { username: 'ann' } })
    t.equal((await test.request()).status, 503, level)
  }
})

t.test('options that exclude each other are refused at their place', async t => {
  t.same(findings(plugin, {}), [])
  t.same(findings(plugin, { message: 'a', body: 'b' }), ['error /message'])
  t.same(findings(plugin, { message: 'a', content_type: 'text/plain' }), ['error /content_type'])
  t.same(findings(plugin, { content_type: 'text/plain' }), ['error /content_type'])
  t.same(findings(plugin, { body: 'b', content_type: 'text/plain' }), [])
  t.same(findings(plugin, { echo: true, body: 'b' }), ['error /echo'])
  t.same(findings(plugin, { echo: true, message: 'a' }), [])
  t.same(findings(plugin, { status_code: 204, message: 'a' }), ['warning /status_code'])
  t.same(findings(plugin, { status_code: 204 }), [])
})

t.test('statuses outside of final answers, and types that would break a header, are refused', async t => {
  for (const config of [{ status_code: 199 }, { status_code: 600 }, { status_code: '503' }, { content_type: 'a\r\nb: c', body: '' }, { trigger: 'a b' }]) {
    t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
  }
})

t.test('preset maintenance: 503, when to come again, and nothing to keep', async t => {
  const test = await testPlugin(t, { plugin, config: { preset: 'maintenance' } })
  const answer = await test.request()
  t.equal(answer.status, 503)
  t.match(answer.headers, { 'retry-after': '300', 'cache-control': 'no-store' })
  t.same(answer.json(), { message: 'Down for maintenance, please try again later' })
  const page = await testPlugin(t, { plugin, config: { preset: 'maintenance', retry_after: 60, body: '<p>soon', content_type: 'text/html' } })
  const shown = await page.request()
  t.match(shown.headers, { 'retry-after': '60', 'content-type': 'text/html' })
  t.equal(shown.text, '<p>soon')
  const plain = await testPlugin(t, { plugin, config: { retry_after: 5 } })
  const short = await plain.request()
  t.equal(short.headers['retry-after'], '5')
  t.notOk(short.headers['cache-control'])
})

t.test('who comes from a listed address passes', async t => {
  const test = await testPlugin(t, { plugin, config: { preset: 'maintenance', except_ips: ['192.0.2.0/24', '2001:db8::/32'] }, gateway: { trusted_ips: ['127.0.0.1'] } })
  const status = async (address: string) => (await test.request({ headers: { 'x-forwarded-for': address } })).status
  t.same([await status('192.0.2.7'), await status('2001:db8::1'), await status('198.51.100.1')], [200, 200, 503])
  t.same(findings(plugin, { except_ips: ['192.0.2.7', 'x'] }), ['error /except_ips/1'])
  t.same(findings(plugin, { preset: 'maintenance', status_code: 500 }), ['error /status_code'])
  t.equal(validateConfig(plugin, { retry_after: -1 }).valid, false)
})
