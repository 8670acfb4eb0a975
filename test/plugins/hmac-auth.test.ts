import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import plugin from '../../plugins/hmac-auth/index.ts'
import { type PluginTest, type TestContext, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'
import { rawClient } from '../helpers/raw-client.ts'

const NOW = Date.UTC(2030, 0, 1, 12)
const DATE = new Date(NOW).toUTCString()
const consumers = [{ username: 'acme', custom_id: 'c-1', hmacauth_credentials: [{ username: 'alice', secret: 'sécret' }] }, { username: 'guest' }]

const NO_DATE = 'HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication'
const NOT_VERIFIABLE = 'HMAC signature cannot be verified'
const NO_MATCH = 'HMAC signature does not match'

async function start (t: TestContext, config: object = {}, options: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  return await testPlugin(t, { plugin, config, consumers, now: NOW, ...options })
}

interface Signed {
  readonly username?: string
  readonly algorithm?: string
  readonly secret?: string
}

/** What a client signs, made by hand: nothing here is the plugin's own code. */
function authorization (lines: ReadonlyArray<readonly [name: string, line: string]>, { username = 'alice', algorithm = 'hmac-sha256', secret = 'sécret' }: Signed = {}): string {
  const signature = createHmac(algorithm.slice(5), secret).update(lines.map(([, line]) => line).join('\n'), 'latin1').digest('base64')
  return `hmac username="${username}", algorithm="${algorithm}", headers="${lines.map(([name]) => name).join(' ')}", signature="${signature}"`
}

const dateLine = ['date', `date: ${DATE}`] as const
const requestLine = (line: string) => ['request-line', line] as const
const digestOf = (body: string): string => `SHA-256=${createHash('sha256').update(body).digest('base64')}`

t.test('a right signature lets its consumer in and is not passed on', async t => {
  const test = await start(t)
  const answer = await test.request({ path: '/a?b=1', headers: { date: DATE, authorization: authorization([dateLine, requestLine('GET /a?b=1 HTTP/1.1')]) } })
  t.equal(answer.status, 200)
  const headers = test.received[0]?.headers
  t.match(headers, { 'x-consumer-username': 'acme', 'x-consumer-custom-id': 'c-1', 'x-credential-identifier': 'alice', date: DATE })
  t.equal(headers?.authorization, undefined)
})

t.test('the signing string: each name has its line', async t => {
  const test = await start(t)
  const target = '/%7Ea/../b//c?x=%2f&y'
  for (const [lines, headers] of [
    [[requestLine(`GET ${target} HTTP/1.1`)], {}],
    [[['@request-target', `@request-target: get ${target}`]], {}],
    [[['X-Mixed', 'X-Mixed: a  b'], dateLine], { 'x-mixed': ' a  b ' }],
    [[['x-absent', 'x-absent:'], dateLine], {}],
    [[['x-empty', 'x-empty: ']], { 'x-empty': '' }],
    [[['x-latin', 'x-latin: \xe9']], { 'x-latin': '\xe9' }],
    [[['host', `host: 127.0.0.1:${test.port}`]], {}],
    [[dateLine, requestLine(`GET ${target} HTTP/1.1`), ['x-a', 'x-a: 1']], { 'x-a': '1' }]
  ] as ReadonlyArray<[ReadonlyArray<readonly [string, string]>, Record<string, string>]>) {
    const answer = await test.request({ path: target, headers: { date: DATE, ...headers, authorization: authorization(lines) } })
    t.equal(answer.status, 200, lines.map(([name]) => name).join(' '))
  }
  t.equal((await test.request({ method: 'DELETE', headers: { date: DATE, authorization: authorization([requestLine('DELETE / HTTP/1.1'), ['@request-target', '@request-target: delete /']]) } })).status, 200)
})

t.test('version and absolute target are signed as sent', async t => {
  const test = await start(t)
  for (const [line, host] of [['GET /x HTTP/1.0', ''], ['GET http://a.example/x HTTP/1.1', 'Host: a.example\r\n']] as const) {
    const client = await rawClient(t, test.port)
    client.send(`${line}\r\n${host}Date: ${DATE}\r\nAuthorization: ${authorization([requestLine(line)])}\r\nConnection: close\r\n\r\n`)
    t.match((await client.answer()).line, / 200 /, line)
  }
})

t.test('all algorithms, those that are accepted', async t => {
  const test = await start(t)
  for (const algorithm of ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512']) {
    t.equal((await test.request({ headers: { date: DATE, authorization: authorization([dateLine], { algorithm }) } })).status, 200, algorithm)
  }
  const sha224 = { headers: { date: DATE, authorization: authorization([dateLine], { algorithm: 'hmac-sha224' }) } }
  t.match((await test.request(sha224)).json(), { message: NOT_VERIFIABLE })
  const few = await start(t, { algorithms: ['hmac-sha224'] })
  t.equal((await few.request(sha224)).status, 200)
  t.match((await few.request({ headers: { date: DATE, authorization: authorization([dateLine]) } })).json(), { message: NOT_VERIFIABLE })
})

t.test("Kong's table of refusals, in the order of the checks", async t => {
  const test = await start(t, { enforce_headers: ['date', 'request-line'], realm: 'a "b"' })
  const good = authorization([dateLine, requestLine('GET / HTTP/1.1')])
  const signed = (options: Signed, ...more: Array<readonly [string, string]>) => authorization([dateLine, requestLine('GET / HTTP/1.1'), ...more], options)
  const old = new Date(NOW - 301_000).toUTCString()
  t.equal((await test.request({ headers: { date: DATE, authorization: good } })).status, 200)
  for (const [what, headers, message] of [
    ['no field, no date', {}, 'Unauthorized'],
    ['no field', { date: DATE }, 'Unauthorized'],
    ['no date', { authorization: good }, NO_DATE],
    ['no date comes before what is malformed', { authorization: 'hmac' }, NO_DATE],
    ['a date that is none', { date: 'yesterday', authorization: good }, NO_DATE],
    ['a date that is too old', { date: old, authorization: good }, NO_DATE],
    ['a date that is too far ahead', { 'x-date': new Date(NOW + 301_000).toUTCString(), authorization: good }, NO_DATE],
    ['another scheme', { date: DATE, authorization: 'Bearer x' }, NOT_VERIFIABLE],
    ['no parameters', { date: DATE, authorization: 'hmac' }, NOT_VERIFIABLE],
    ['no username', { date: DATE, authorization: good.replace('username="alice", ', '') }, NOT_VERIFIABLE],
    ['an empty username', { date: DATE, authorization: good.replace('alice', '') }, NOT_VERIFIABLE],
    ['no signature', { date: DATE, authorization: good.replace(/, signature.*/, '') }, NOT_VERIFIABLE],
    ['a signature that is no base64', { date: DATE, authorization: good.replace(/signature=".*"/, 'signature="%%%"') }, NOT_VERIFIABLE],
    ['another order', { date: DATE, authorization: 'hmac algorithm="hmac-sha256", username="alice", headers="date request-line", signature="eA=="' }, NOT_VERIFIABLE],
    ['more behind it', { date: DATE, authorization: `${good}, x="y"` }, NOT_VERIFIABLE],
    ['an enforced name that is not signed', { date: DATE, authorization: authorization([dateLine]) }, NOT_VERIFIABLE],
    ['an enforced name in another case', { date: DATE, authorization: authorization([['Date', `Date: ${DATE}`], requestLine('GET / HTTP/1.1')]) }, NOT_VERIFIABLE],
    ['an algorithm that is none', { date: DATE, authorization: good.replace('hmac-sha256', 'none') }, NOT_VERIFIABLE],
    ['an algorithm of node that is none of ours', { date: DATE, authorization: good.replace('hmac-sha256', 'hmac-md5') }, NOT_VERIFIABLE],
    ['an algorithm of objects', { date: DATE, authorization: good.replace('hmac-sha256', 'constructor') }, NOT_VERIFIABLE],
    ['an unknown user', { date: DATE, authorization: signed({ username: 'bob' }) }, NOT_VERIFIABLE],
    ['a name that stands twice', { date: DATE, authorization: authorization([dateLine, requestLine('GET / HTTP/1.1'), dateLine]) }, NOT_VERIFIABLE],
    ['a signed field that is repeated', { date: DATE, 'x-a': ['1', '2'], authorization: signed({}, ['x-a', 'x-a: 1']) }, NOT_VERIFIABLE],
    ['another secret', { date: DATE, authorization: signed({ secret: 'secret' }) }, NO_MATCH],
    ['a shorter signature', { date: DATE, authorization: good.replace(/signature=".*"/, 'signature="eA=="') }, NO_MATCH],
    ['another request', { date: DATE, authorization: authorization([dateLine, requestLine('GET /other HTTP/1.1')]) }, NO_MATCH],
    ['another date', { date: new Date(NOW + 1000).toUTCString(), authorization: good }, NO_MATCH],
    ['a field that says what the request line were', { date: DATE, 'request-line': 'GET /other HTTP/1.1', authorization: authorization([dateLine, ['request-line', 'request-line: GET /other HTTP/1.1']]) }, NO_MATCH]
  ] as ReadonlyArray<[string, Record<string, string>, string]>) {
    const answer = await test.request({ headers })
    t.match(answer, { status: 401, headers: { 'www-authenticate': 'hmac realm="a \\"b\\""' } }, what)
    t.match(answer.json(), { message, request_id: /^[0-9a-f]{32}$/ }, what)
    t.equal((answer.json() as { message: string }).message, message, what)
  }
  t.equal(test.received.length, 1)
  t.match((await (await start(t)).request('/')).headers, { 'www-authenticate': 'hmac' })
})

t.test('either of Date and X-Date may be fresh, up to the skew and no further', async t => {
  const test = await start(t, { clock_skew: 60 })
  const at = (ms: number): string => new Date(NOW + ms).toUTCString()
  for (const [headers, status] of [
    [{ date: at(60_000) }, 200], [{ date: at(-60_000) }, 200], [{ 'x-date': at(-60_000) }, 200],
    [{ date: at(61_000) }, 401], [{ date: at(-61_000) }, 401],
    [{ date: at(-99_000), 'x-date': at(0) }, 200], [{ date: at(0), 'x-date': 'nonsense' }, 200], [{ 'x-date': [at(0), at(0)] }, 401]
  ] as const) {
    const answer = await test.request({ headers: { ...headers, authorization: authorization([['x-none', 'x-none:']]) } })
    t.equal(answer.status, status, JSON.stringify(headers))
  }
})

t.test('scheme and spacing are free where Kong is', async t => {
  const test = await start(t)
  const good = authorization([dateLine])
  for (const text of [good.replace('hmac ', 'Hmac '), good.replace('hmac ', 'HMAC   '), good.replaceAll(', ', ',')]) {
    t.equal((await test.request({ headers: { date: DATE, authorization: text } })).status, 200, text)
  }
})

t.test('Proxy-Authorization comes first; where it is of another scheme, Authorization counts', async t => {
  const test = await start(t)
  const good = authorization([dateLine])
  const bad = authorization([dateLine], { secret: 'x' })
  const ask = async (proxy: string | string[], other: string) => (await test.request({ headers: { date: DATE, 'proxy-authorization': proxy, authorization: other } })).status
  t.equal(await ask(good, 'Bearer x'), 200)
  t.match(test.received.at(-1)?.headers, { authorization: 'Bearer x' })
  t.equal(test.received.at(-1)?.headers['proxy-authorization'], undefined)
  t.equal(await ask('Basic x', good), 200)
  t.match(test.received.at(-1)?.headers, { 'proxy-authorization': 'Basic x' })
  t.equal(await ask(bad, good), 401)
  t.equal(await ask([good, good], 'Bearer x'), 400)
})

t.test('hide_credentials: false passes the signature on', async t => {
  const test = await start(t, { hide_credentials: false })
  await test.request({ headers: { date: DATE, authorization: authorization([dateLine]) } })
  t.equal(test.received[0]?.headers.authorization, authorization([dateLine]))
})

t.test('validate_request_body: the body must be that of the Digest field', async t => {
  const test = await start(t, { validate_request_body: true }, { gateway: { limits: { request_buffer: 1024 } } })
  const ask = async (body: string | undefined, digest: string | undefined) => {
    const headers = { date: DATE, authorization: authorization([dateLine]), ...digest === undefined ? {} : { digest } }
    return await test.request({ method: 'POST', headers, ...body === undefined ? {} : { body } })
  }
  for (const [body, digest, status] of [
    ['{"a":1}', digestOf('{"a":1}'), 200],
    [undefined, undefined, 200],
    ['', undefined, 200],
    [undefined, digestOf(''), 200],
    ['{"a":1}', undefined, 401],
    ['{"a":2}', digestOf('{"a":1}'), 401],
    ['{"a":1}', digestOf('{"a":1}').toLowerCase(), 401],
    ['{"a":1}', `${digestOf('{"a":1}')},SHA-256=x`, 401],
    [undefined, digestOf('x'), 401],
    ['x'.repeat(2000), digestOf('x'.repeat(2000)), 413]
  ] as const) {
    const answer = await ask(body, digest)
    t.equal(answer.status, status, `${String(body).slice(0, 20)} ${digest}`)
    if (status === 401) t.match(answer.json(), { message: NO_MATCH })
  }
  t.same(test.received.map(({ text }) => text), ['{"a":1}', '', '', ''])
})

t.test('the body is not read before the signature was found right', async t => {
  const test = await start(t, { validate_request_body: true }, { gateway: { limits: { request_buffer: 1024 } } })
  const answer = await test.request({ method: 'POST', headers: { date: DATE, authorization: authorization([dateLine], { secret: 'x' }) }, body: 'x'.repeat(2000) })
  t.equal(answer.status, 401)
})

t.test('without validate_request_body a wrong Digest is nobody\'s business, and the body streams', async t => {
  const test = await start(t)
  t.equal((await test.request({ method: 'POST', headers: { date: DATE, digest: 'x', authorization: authorization([dateLine]) }, body: 'y' })).status, 200)
})

t.test('anonymous: who has no good signature is the anonymous consumer', async t => {
  const test = await start(t, { anonymous: 'guest', validate_request_body: true })
  for (const request of [{}, { headers: { date: DATE, authorization: authorization([dateLine], { secret: 'x' }) } }, { method: 'POST', headers: { date: DATE, authorization: authorization([dateLine]) }, body: 'x' }]) {
    t.equal((await test.request(request)).status, 200)
    t.match(test.received.at(-1)?.headers, { 'x-consumer-username': 'guest', 'x-anonymous-consumer': 'true' })
  }
})

t.test('a user name beyond ASCII', async t => {
  const test = await start(t, {}, { consumers: [{ username: 'x', hmacauth_credentials: [{ username: 'ü', secret: 'sécret' }] }] })
  t.equal((await test.request({ headers: { date: DATE, authorization: authorization([dateLine], { username: Buffer.from('ü').toString('latin1') }) } })).status, 200)
})

t.test('a field made to be slow to read is read at once', async t => {
  const test = await start(t)
  for (const authorization of [`hmac${' '.repeat(7000)}x`, `hmac username="${'", algorithm="'.repeat(500)}`, `hmac username="a", algorithm="b", headers="${'c '.repeat(3000)}"`]) {
    const started = performance.now()
    t.equal((await test.request({ headers: { date: DATE, authorization } })).status, 401)
    t.ok(performance.now() - started < 1000)
  }
})

t.test('options', async t => {
  t.same(findings(plugin, { validate_request_body: true }), ['warning /enforce_headers'])
  t.same(findings(plugin, { validate_request_body: true, enforce_headers: ['Digest'] }), [])
  for (const config of [{ clock_skew: 0 }, { algorithms: [] }, { algorithms: ['hmac-md5'] }, { enforce_headers: ['a b'] }, { realm: 'a\n' }]) t.notOk(validateConfig(plugin, config).valid, JSON.stringify(config))
})
