import { createHash } from 'node:crypto'
import t from 'tap'
import plugin from '../../plugins/key-auth/index.ts'
import { createApiKey } from '../../src/auth/api-key.ts'
import { type ClientRequest, type PluginTest, type TestContext, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const HASHED = createApiKey('test')
const ENDS = Date.UTC(2030, 0, 2)

const consumers = [
  {
    username: 'acme',
    custom_id: 'c-1',
    keyauth_credentials: [
      { id: '11111111-1111-4111-8111-111111111111', key: 'plain-key' },
      { id: '22222222-2222-4222-8222-222222222222', hash: sha256(HASHED), scopes: ['orders:read'] },
      { key: 'ending', expires_at: new Date(ENDS).toISOString() }
    ]
  },
  { username: 'öther', keyauth_credentials: [{ key: 'schlüssel' }] },
  { username: 'guest' }
]

async function start (t: TestContext, config: object = {}, options: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  return await testPlugin(t, { plugin, config, consumers, ...options })
}

/** Status and message of an answer, and its challenge. */
async function refusal (test: PluginTest, request: string | ClientRequest): Promise<{ status: number, message: unknown, challenge: string | undefined }> {
  const answer = await test.request(request)
  const body = answer.json() as { message?: unknown, request_id?: unknown }
  t.same(Object.keys(body), ['message', 'request_id'])
  return { status: answer.status, message: body.message, challenge: answer.headers['www-authenticate'] }
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const json = { 'content-type': 'application/json' }
const multipart = { 'content-type': 'multipart/form-data; boundary=XX' }
const part = (name: string, value: string): string => `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

t.test('a key in the header lets its consumer in and is not passed on', async t => {
  const test = await start(t)
  t.equal((await test.request({ headers: { ApiKey: 'plain-key', 'x-consumer-username': 'root', 'x-anonymous-consumer': 'true' } })).status, 200)
  const { headers } = test.received[0] as PluginTest['received'][number]
  t.match(headers, { 'x-consumer-username': 'acme', 'x-consumer-custom-id': 'c-1', 'x-credential-identifier': '11111111-1111-4111-8111-111111111111' })
  t.match(headers['x-consumer-id'], /^[0-9a-f-]{36}$/)
  t.notMatch(headers, { 'x-anonymous-consumer': /./ })
  t.equal(headers['apikey'], undefined)
})

t.test('a key of `sallyport keys create` is known by its hash', async t => {
  const test = await start(t)
  t.equal((await test.request({ headers: { apikey: HASHED } })).status, 200)
  t.equal(test.received[0]?.headers['x-credential-identifier'], '22222222-2222-4222-8222-222222222222')
})

t.test("Kong's table of refusals", async t => {
  const test = await start(t, { key_in_body: true })
  const none = { status: 401, message: 'No API key found in request', challenge: 'Key' }
  const several = { ...none, message: 'Duplicate API key found' }
  const wrong = { ...none, message: 'Unauthorized' }
  for (const [request, expected] of [
    ['/', none],
    ['/?apikey', none],
    ['/?apikey=', none],
    ['/?APIKEY=plain-key', none],
    [{ headers: { apikey: '' } }, none],
    [{ headers: { apikey: '' }, path: '/?apikey=plain-key' }, none],
    [{ headers: { apikey: ['plain-key', 'plain-key'] } }, { status: 400, message: 'Bad request', challenge: undefined }],
    ['/?apikey=plain-key&apikey=plain-key', several],
    ['/?apikey&apikey=plain-key', several],
    [{ method: 'POST', headers: form, body: 'apikey=plain-key&apikey=plain-key' }, several],
    [{ method: 'POST', headers: json, body: '{"apikey":["plain-key"]}' }, several],
    [{ method: 'POST', headers: multipart, body: `${part('apikey', 'plain-key')}${part('apikey', 'plain-key')}--XX--\r\n` }, several],
    [{ method: 'POST', headers: json, body: '{"apikey":42}' }, none],
    [{ method: 'POST', headers: json, body: '{"apikey":' }, none],
    [{ method: 'POST', headers: json, body: '"apikey"' }, none],
    [{ method: 'POST', headers: { 'content-type': 'multipart/form-data' }, body: part('apikey', 'plain-key') }, none],
    [{ method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'apikey=plain-key' }, none],
    [{ method: 'POST', headers: { ...form, 'content-encoding': 'gzip' }, body: 'apikey=plain-key' }, none],
    [{ method: 'POST', body: 'apikey=plain-key' }, none],
    [{ method: 'POST', headers: form, body: 'other=1' }, none],
    ['/?apikey=unknown', wrong],
    ['/?apikey=Plain-Key', wrong],
    ['/?apikey=plain-key%20', wrong],
    [{ headers: { apikey: sha256(HASHED) } }, wrong],
    [{ headers: { apikey: 'unknown' } }, wrong]
  ] as const) t.same(await refusal(test, request as ClientRequest), expected, JSON.stringify(request))
  t.same(test.received, [])
})

t.test('the realm stands in the challenge', async t => {
  const test = await start(t, { realm: 'say "hi"' })
  t.match(await refusal(test, '/'), { challenge: 'Key realm="say \\"hi\\""' })
})

t.test('a malformed key of ours is refused without a look-up', async t => {
  const wrong = `${HASHED.slice(0, -1)}${HASHED.endsWith('a') ? 'b' : 'a'}`
  // its hash is in the file, so only the checksum can refuse it
  const test = await start(t, {}, { consumers: [{ username: 'acme', keyauth_credentials: [{ hash: sha256(wrong) }] }] })
  t.match(await refusal(test, { headers: { apikey: wrong } }), { status: 401, message: 'Unauthorized' })
})

t.test('a key ends when it should', async t => {
  const test = await start(t, {}, { now: ENDS - 1 })
  t.equal((await test.request({ headers: { apikey: 'ending' } })).status, 200)
  test.clock.advance(1)
  t.match(await refusal(test, { headers: { apikey: 'ending' } }), { status: 401, message: 'Unauthorized' })
  t.equal((await test.request({ headers: { apikey: 'plain-key' } })).status, 200)
})

t.test('a ttl counts from the load of the file', async t => {
  const test = await start(t, {}, { consumers: [{ username: 'acme', keyauth_credentials: [{ key: 'short', ttl: 60 }, { key: 'for-ever', ttl: 0 }] }], now: Date.now() })
  t.equal((await test.request({ headers: { apikey: 'short' } })).status, 200)
  test.clock.advance(61_000)
  t.equal((await test.request({ headers: { apikey: 'short' } })).status, 401)
  t.equal((await test.request({ headers: { apikey: 'for-ever' } })).status, 200)
})

t.test('two keys of one consumer are good at the same time', async t => {
  const test = await start(t)
  for (const apikey of ['plain-key', HASHED, 'ending']) t.equal((await test.request({ headers: { apikey } })).status, 200)
  t.same(new Set(test.received.map(({ headers }) => headers['x-consumer-username'])), new Set(['acme']))
})

t.test('a key in the query lets in; the rest of the query keeps its bytes', async t => {
  const test = await start(t)
  for (const [path, query] of [
    ['/a?apikey=plain-key', null],
    ['/a?b=1&apikey=plain-key&c=%7e+&d', 'b=1&c=%7e+&d'],
    ['/a?api%6bey=plain%2Dkey&b', 'b']
  ] as const) {
    t.equal((await test.request(path)).status, 200)
    t.equal(test.received.at(-1)?.query, query)
  }
})

t.test('keys are bytes: one beyond ASCII is found in every place', async t => {
  const test = await start(t, { key_in_body: true })
  const bytes = Buffer.from('schlüssel').toString('latin1')
  for (const request of [
    { headers: { apikey: bytes } },
    { path: '/?apikey=schl%C3%BCssel' },
    { method: 'POST', headers: form, body: 'apikey=schl%C3%BCssel' },
    { method: 'POST', headers: json, body: '{"apikey":"schlüssel"}' },
    { method: 'POST', headers: multipart, body: `${part('apikey', 'schlüssel')}--XX--\r\n` }
  ]) t.equal((await test.request(request)).status, 200, JSON.stringify(request))
  t.equal(test.received.at(-1)?.headers['x-consumer-username'], Buffer.from('öther').toString('latin1'))
})

t.test('a key in the body lets in and is taken out of it', async t => {
  const test = await start(t, { key_in_body: true })
  for (const [headers, body, left] of [
    [form, 'a=%7e&apikey=plain-key&b=2', 'a=%7e&b=2'],
    [json, '{ "id": 12345678901234567890, "apikey": "plain-key" }', '{"id":12345678901234567890}'],
    [multipart, `${part('a', '1')}${part('apikey', 'plain-key')}--XX--\r\n`, `${part('a', '1')}--XX--\r\n`]
  ] as const) {
    t.equal((await test.request({ method: 'POST', headers, body })).status, 200)
    t.match(test.received.at(-1), { text: left, headers: { 'content-length': String(left.length), 'x-consumer-username': 'acme' } })
  }
})

t.test('where header and query are not looked at, a key there is none, and is hidden all the same', async t => {
  const test = await start(t, { key_in_header: false, key_in_query: false, key_in_body: true })
  t.match(await refusal(test, { path: '/?apikey=plain-key', headers: { apikey: 'plain-key' } }), { message: 'No API key found in request' })
  t.equal((await test.request({ method: 'POST', path: '/?apikey=x', headers: { ...form, apikey: 'y' }, body: 'apikey=plain-key' })).status, 200)
  t.match(test.received.at(-1), { query: null, text: '' })
  t.equal(test.received.at(-1)?.headers['apikey'], undefined)
})

t.test('without key_in_body bodies are neither read nor held', async t => {
  const test = await start(t)
  t.match(await refusal(test, { method: 'POST', headers: form, body: 'apikey=plain-key' }), { message: 'No API key found in request' })
  t.equal((await test.request({ method: 'POST', headers: { ...form, apikey: 'plain-key' }, body: 'apikey=1' })).status, 200)
  t.equal(test.received.at(-1)?.text, 'apikey=1')
})

t.test('a body that is too large to look for a key in is 413, for anonymous callers, too', async t => {
  for (const anonymous of [{}, { anonymous: 'guest' }]) {
    const test = await start(t, { key_in_body: true, ...anonymous }, { gateway: { limits: { request_buffer: 1024 } } })
    t.equal((await test.request({ method: 'POST', headers: form, body: 'x'.repeat(2000) })).status, 413)
    t.equal((await test.request({ method: 'POST', headers: { ...form, apikey: 'plain-key' }, body: 'x'.repeat(2000) })).status, 200, 'it is not read when the header has the key')
  }
})

t.test('hide_credentials: false passes the key on', async t => {
  const test = await start(t, { hide_credentials: false, key_in_body: true })
  await test.request({ path: '/?apikey=x', headers: { apikey: 'plain-key' } })
  t.match(test.received.at(-1), { query: 'apikey=x', headers: { apikey: 'plain-key' } })
  await test.request({ method: 'POST', headers: form, body: 'apikey=plain-key' })
  t.equal(test.received.at(-1)?.text, 'apikey=plain-key')
})

t.test('names are tried in order, each in header and query', async t => {
  const test = await start(t, { key_names: ['x-api-key', 'token'] })
  t.equal((await test.request({ headers: { 'x-api-key': 'plain-key', token: 'wrong' } })).status, 200)
  t.same(['x-api-key', 'token'].map(name => test.received[0]?.headers[name]), [undefined, undefined], 'all of them are hidden')
  t.equal((await test.request({ path: '/?x-api-key=plain-key', headers: { token: 'wrong' } })).status, 200)
  t.equal((await test.request('/?token=plain-key')).status, 200)
  t.equal((await test.request({ headers: { 'x-api-key': 'wrong', token: 'plain-key' } })).status, 401)
})

t.test('run_on_preflight: false lets OPTIONS pass, and nothing else', async t => {
  const test = await start(t, { run_on_preflight: false })
  t.equal((await test.request({ method: 'OPTIONS' })).status, 200)
  t.equal((await test.request({ method: 'GET' })).status, 401)
  t.equal((await (await start(t)).request({ method: 'OPTIONS' })).status, 401)
})

t.test('anonymous: who has no good key is the anonymous consumer', async t => {
  const test = await start(t, { anonymous: 'guest' })
  for (const request of ['/', '/?apikey=unknown', '/?apikey=a&apikey=b']) {
    t.equal((await test.request(request)).status, 200)
    const { headers, query } = test.received.at(-1) as PluginTest['received'][number]
    t.match(headers, { 'x-consumer-username': 'guest', 'x-anonymous-consumer': 'true' })
    t.equal(headers['x-credential-identifier'], undefined)
    t.equal(query, null, 'a wrong key is hidden, too')
  }
  await test.request('/?apikey=plain-key')
  t.match(test.received.at(-1)?.headers, { 'x-consumer-username': 'acme' })
  t.equal(test.received.at(-1)?.headers['x-anonymous-consumer'], undefined)
  await t.rejects(start(t, { anonymous: 'nobody' }), /nobody/)
})

t.test('a route without a service answers by its other plugins, authenticated all the same', async t => {
  const test = await start(t, {}, { service: null })
  t.equal((await test.request('/')).status, 401)
  t.equal((await test.request('/?apikey=plain-key')).status, 503)
})

t.test('options', async t => {
  t.same(findings(plugin, { key_in_header: false, key_in_query: false }), ['error '])
  t.same(findings(plugin, { key_in_header: false }), [])
  for (const config of [{ key_names: [] }, { key_names: ['a b'] }, { realm: 'a\nb' }, { realm: '' }]) t.notOk(validateConfig(plugin, config).valid, JSON.stringify(config))
})
