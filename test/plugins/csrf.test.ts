import t from 'tap'
import plugin from '../../plugins/csrf/index.ts'
import { Tokens } from '../../plugins/csrf/token.ts'
import { type ClientRequest, type TestContext, testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

const APP = 'https://app.example.com'
const COOKIE = { cookie: 'sid=1' }
const SECRET = 'a-secret-of-at-least-32-characters'

type Fields = Record<string, string | string[]>

async function start (t: TestContext, config: object = {}, options: object = {}) {
  const test = await testPlugin(t, { plugin, config, ...options })
  const status = async (headers: Fields = {}, request: ClientRequest = { method: 'POST' }) =>
    (await test.request({ ...request, headers: { host: 'api.example.com', ...headers } })).status
  return { ...test, status }
}

t.test('requests that change nothing pass, wherever they come from', async t => {
  const { status } = await start(t)
  for (const method of ['GET', 'HEAD', 'OPTIONS']) t.equal(await status({ ...COOKIE, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, { method }), 200, method)
})

t.test('unsafe requests pass from this host, from listed origins, and by the user\'s own doing', async t => {
  const test = await start(t, { origins: [APP] })
  const cases: Array<[expected: number, headers: Fields]> = [
    [200, { 'sec-fetch-site': 'same-origin', origin: 'https://api.example.com' }],
    [200, { 'sec-fetch-site': 'none' }],
    [403, { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' }],
    [403, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    [403, { 'sec-fetch-site': 'cross-site', origin: 'https://api.example.com' }],
    [403, { 'sec-fetch-site': 'what' }],
    [200, { 'sec-fetch-site': 'cross-site', origin: APP }],
    [200, { origin: APP }],
    [200, { origin: 'https://API.example.com' }],
    [200, { origin: 'http://api.example.com', host: 'api.example.com:80' }],
    [403, { origin: 'https://api.example.com:8443' }],
    [403, { origin: 'https://api.example.com.evil.example' }],
    [403, { origin: 'null' }],
    [403, { origin: '' }],
    [400, { origin: [APP, 'https://evil.example'] }],
    [403, { origin: APP, 'sec-fetch-site': ['none', 'cross-site'] }],
    [200, { referer: 'https://api.example.com/form?x=1' }],
    [200, { referer: `${APP}/form` }],
    [403, { referer: 'https://evil.example/https://api.example.com/' }],
    [403, { referer: 'https://api.example.com@evil.example/' }],
    [403, { referer: ['https://api.example.com/', 'https://evil.example'] }],
    [403, { origin: 'https://evil.example', referer: 'https://api.example.com/' }]
  ]
  for (const method of ['POST', 'DELETE', 'PURGE']) {
    for (const [expected, headers] of cases) t.equal(await test.status({ ...COOKIE, ...headers }, { method }), expected, `${method} ${JSON.stringify(headers)}`)
  }
})

t.test('a request that says nothing about itself passes without cookies, or where told', async t => {
  const strict = await start(t)
  t.equal(await strict.status(), 200)
  t.equal(await strict.status(COOKIE), 403)
  const lenient = await start(t, { allow_origin_absent: true })
  t.equal(await lenient.status(COOKIE), 200)
  t.equal(await lenient.status({ ...COOKIE, origin: 'https://evil.example' }), 403)
})

t.test('a refusal says no more than it must', async t => {
  const test = await start(t)
  const answer = await test.request({ method: 'POST', headers: { origin: 'https://evil.example' } })
  t.same(Object.keys(answer.json() as object), ['message', 'request_id'])
  t.match(answer.json(), { message: 'Forbidden' })
  t.equal(test.received.length, 0)
})

t.test('WebSockets of other sites are refused', async t => {
  const test = await start(t, { origins: [APP] })
  const upgrade = { connection: 'Upgrade', upgrade: 'WebSocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  t.equal(await test.status({ ...COOKIE, ...upgrade, origin: 'https://evil.example' }, { method: 'GET' }), 403)
  t.not(await test.status({ ...COOKIE, ...upgrade, origin: APP }, { method: 'GET' }), 403)
})

/** The token that an answer brings; undefined: none. */
function tokenIn (answer: { readonly headers: { 'set-cookie'?: string[] | undefined } }): string | undefined {
  return /^csrf-token=([^;]+)/.exec(answer.headers['set-cookie']?.[0] ?? '')?.[1]
}

t.test('with tokens, an unsafe request needs the one of its cookie in its field', async t => {
  const test = await start(t, { token: { secrets: [SECRET] } }, { upstream: () => ({ headers: { 'cache-control': 'public, max-age=60' } }) })
  const first = await test.request()
  const token = tokenIn(first) as string
  t.match(first.headers['set-cookie'], [/^csrf-token=[\w.-]+; Path=\/; Max-Age=86400; SameSite=Lax$/])
  t.equal(first.headers['cache-control'], 'private, no-store')
  const origin = { origin: 'https://api.example.com' }
  t.equal(await test.status({ ...origin, cookie: `a=b; csrf-token=${token}`, 'x-csrf-token': token }), 200)
  const other = tokenIn(await test.request()) as string
  const [payload, signature] = token.split('.') as [string, string]
  for (const [cookie, field] of [
    [token, undefined], [undefined, token], [token, other], [`${payload}.${'A'.repeat(43)}`, `${payload}.${'A'.repeat(43)}`], ['x', 'x'], [payload, payload],
    [`${other.split('.')[0]}.${signature}`, `${other.split('.')[0]}.${signature}`], ['', '']
  ]) {
    t.equal(await test.status({ ...origin, ...cookie === undefined ? {} : { cookie: `csrf-token=${cookie}` }, ...field === undefined ? {} : { 'x-csrf-token': field } }), 403, `${cookie} ${field}`)
  }
  t.equal(await test.status({ ...origin, cookie: `csrf-token=${other}; csrf-token=${token}`, 'x-csrf-token': token }), 403)
  t.equal(await test.status({ origin: 'https://evil.example', cookie: `csrf-token=${token}`, 'x-csrf-token': token }), 403)
})

t.test('a token is renewed at half of its life and ends with it', async t => {
  const test = await start(t, { token: { secrets: [SECRET], ttl: 100 } })
  const token = tokenIn(await test.request()) as string
  const headers = { cookie: `csrf-token=${token}` }
  const use = async () => await test.status({ origin: 'https://api.example.com', ...headers, 'x-csrf-token': token })
  test.clock.advance(49_000)
  t.equal(tokenIn(await test.request({ headers })), undefined)
  test.clock.advance(2_000)
  t.ok(tokenIn(await test.request({ headers })))
  t.equal(await use(), 200)
  test.clock.advance(50_000)
  t.equal(await use(), 403)
})

t.test('a token is bound to the session, and a new session brings a new one', async t => {
  const test = await start(t, { token: { secrets: [SECRET], session_cookie: 'sid' } })
  const token = tokenIn(await test.request({ headers: { cookie: 'sid=ann' } })) as string
  const use = async (session: string) => await test.status({ origin: 'https://api.example.com', cookie: `${session}csrf-token=${token}`, 'x-csrf-token': token })
  t.equal(await use('sid=ann; '), 200)
  t.equal(await use('sid=bob; '), 403)
  t.equal(await use(''), 403)
  t.equal(await use('sid=ann; sid=bob; '), 403)
  t.equal(tokenIn(await test.request({ headers: { cookie: `sid=ann; csrf-token=${token}` } })), undefined)
  t.ok(tokenIn(await test.request({ headers: { cookie: `sid=bob; csrf-token=${token}` } })))
  t.equal(tokenIn(await test.request({ headers: { cookie: 'sid=ann; sid=bob' } })), undefined)
})

t.test('secrets can be changed: the old one verifies, the new one signs', async t => {
  const now = () => 1_000_000
  const before = new Tokens({ secrets: ['old'.repeat(12)], ttl: 60, now }).issue('')
  const during = new Tokens({ secrets: ['new'.repeat(12), 'old'.repeat(12)], ttl: 60, now })
  const after = new Tokens({ secrets: ['new'.repeat(12)], ttl: 60, now })
  t.equal(during.rest(before, ''), 1)
  t.equal(after.rest(before, ''), 0)
  t.equal(after.rest(during.issue(''), ''), 1)
})

t.test('the cookie is Secure where it can be, and its names can be chosen', async t => {
  const test = await start(t, { token: { secrets: [SECRET], cookie: '__Host-x', header: 'X-XSRF-TOKEN' } })
  t.match((await test.request()).headers['set-cookie'], [/^__Host-x=.*; Secure$/])
  const https = await start(t, { token: { secrets: [SECRET] } }, { gateway: { trusted_ips: ['127.0.0.1'] } })
  t.match((await https.request({ headers: { 'x-forwarded-proto': 'https' } })).headers['set-cookie'], [/; Secure$/])
  t.notOk((await https.request({ method: 'POST' })).headers['set-cookie'])
  t.same([...plugin.secretNames?.({ token: { header: 'X-XSRF-TOKEN' } } as never) ?? []], ['X-XSRF-TOKEN'])
  t.same([...plugin.secretNames?.({} as never) ?? []], [])
})

t.test('the field of the token may have an underscore in its name', async t => {
  const test = await start(t, { token: { secrets: [SECRET], header: 'csrf_token' } })
  const token = tokenIn(await test.request()) as string
  t.equal(await test.status({ origin: 'https://api.example.com', cookie: `csrf-token=${token}`, csrf_token: token }), 200)
})

t.test('options that can\'t be meant are refused', async t => {
  t.same(findings(plugin, { token: { secrets: [SECRET], cookie: 'a', session_cookie: 'a' } }), ['error /token/session_cookie'])
  t.same(findings(plugin, { token: { secrets: [SECRET] } }), [])
  for (const config of [{ origins: ['app.example.com'] }, { origins: ['https://app.example.com/'] }, { origins: ['*'] }, { origins: ['https://App.example.com'] }, { token: {} }, { token: { secrets: [] } }, { token: { secrets: ['short'] } }, { token: { secrets: [SECRET], cookie: 'a;b' } }]) {
    t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
  }
})
