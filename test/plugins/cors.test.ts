import Fastify from 'fastify'
import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import t from 'tap'
import plugin from '../../plugins/cors/index.ts'
import { compileOrigins, parseOrigin } from '../../plugins/cors/origins.ts'
import requestTermination from '../../plugins/request-termination/index.ts'
import { type ClientAnswer, type TestContext, type TestPluginOptions, testPlugin } from '../../src/testing/index.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { refusing } from '../helpers/plugins.ts'

const APP = 'https://app.example.com'
const ADMIN = 'https://admin.example.com'
const PREFLIGHT = { 'access-control-request-method': 'PUT' }

/** Values of all lines of a field. */
function lines (answer: ClientAnswer, name: string): string[] {
  return answer.rawHeaders.filter((_, index) => index % 2 === 1 && answer.rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase())
}

/** What the answer says about CORS, and its Vary. */
function says (answer: ClientAnswer): Record<string, string> {
  const found: Record<string, string> = {}
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const name = (answer.rawHeaders[index] as string).toLowerCase()
    if (!name.startsWith('access-control-') && name !== 'vary') continue
    const short = name.replace('access-control-', '')
    found[short] = found[short] === undefined ? answer.rawHeaders[index + 1] as string : `${found[short]} AND ${answer.rawHeaders[index + 1]}`
  }
  return found
}

async function start (t: TestContext, config: object, options: Partial<TestPluginOptions> = {}) {
  const test = await testPlugin(t, { plugin, config, ...options })
  const ask = async (origin: string | null, method = 'GET', headers: Record<string, string> = {}) =>
    await test.request({ method, headers: { ...origin === null ? {} : { origin }, ...headers } })
  return {
    ...test,
    ask,
    get: async (origin: string | null) => says(await ask(origin)),
    preflight: async (origin: string, headers: Record<string, string> = {}) => says(await ask(origin, 'OPTIONS', { ...PREFLIGHT, ...headers }))
  }
}

t.test('without origins everybody may read, and nothing varies', async t => {
  for (const config of [{}, { origins: ['*'] }]) {
    const { get } = await start(t, config)
    t.same(await get(APP), { 'allow-origin': '*' })
    t.same(await get(null), { 'allow-origin': '*' })
  }
})

t.test('one origin is answered with always, as Kong does', async t => {
  const { get } = await start(t, { origins: [APP], credentials: true })
  const expected = { 'allow-origin': APP, 'allow-credentials': 'true', vary: 'Origin' }
  t.same(await get(APP), expected)
  t.same(await get('https://evil.example'), expected)
  t.same(await get(null), expected)
})

t.test('of several origins the one that asks is answered; others learn nothing, and their request goes on', async t => {
  const test = await start(t, { origins: [APP, ADMIN], credentials: true, exposed_headers: ['X-A', 'X-B'] })
  for (const origin of [APP, ADMIN]) {
    t.same(await test.get(origin), { 'allow-origin': origin, 'allow-credentials': 'true', 'expose-headers': 'X-A,X-B', vary: 'Origin' })
  }
  for (const origin of ['https://evil.example', 'http://app.example.com', `${APP}:8443`, `${APP}.evil.example`, `${APP}/`, 'null', 'x']) {
    t.same(await test.get(origin), { vary: 'Origin' }, origin)
  }
  t.same(await test.get(null), { vary: 'Origin' })
  t.equal(test.received.length, 10)
})

t.test('an origin is compared as browsers write it: in lower case, without the scheme\'s own port', async t => {
  const { allow } = compileOrigins(['https://App.Example.com:443', 'http://[::1]:3000', ADMIN])
  t.equal(allow(APP), APP)
  t.equal(allow('HTTPS://APP.example.com:443'), APP)
  t.equal(allow('https://app.example.com:80'), null)
  t.equal(allow('http://[::1]:3000'), 'http://[::1]:3000')
  t.equal(allow('http://:3000'), null)
  t.equal(allow('https://user@app.example.com'), null)
  t.equal(parseOrigin(`https://${'a'.repeat(600)}`), null)
})

t.test('regexes match from start to end, the host alone where they have no colon', async t => {
  const { allow } = compileOrigins(['^https://[a-z]+\\.example\\.com$', 'a\\.test|(b|c)\\.test', '.*\\.?kong(?:-foo)?.com'])
  const allowed = ['https://shop.example.com', 'http://a.test', 'https://b.test:8443', 'http://c.test', 'http://my.kong-foo.com', 'https://kong.com']
  for (const origin of allowed) t.equal(allow(origin), origin)
  for (const origin of ['https://shop.example.com.evil.test', 'https://shop.example.community', 'http://shop.example.com', 'https://xa.test', 'https://a.testx', 'https://evil.test?b.test', 'null', '']) {
    t.equal(allow(origin), null, origin)
  }
})

t.test('a list that reaches * ends there', async t => {
  const { get } = await start(t, { origins: [APP, '*', ADMIN] })
  t.same(await get(APP), { 'allow-origin': APP, vary: 'Origin' })
  t.same(await get(ADMIN), { 'allow-origin': '*', vary: 'Origin' })
  t.same(await get(null), { 'allow-origin': '*', vary: 'Origin' })
})

t.test('null is an origin only where it is listed', async t => {
  const { get } = await start(t, { origins: ['null', APP] })
  t.same(await get('null'), { 'allow-origin': 'null', vary: 'Origin' })
  t.equal(compileOrigins(['.*', APP]).allow('null'), null)
})

t.test('a preflight is answered before authentication, with Kong\'s fields', async t => {
  const test = await start(t, {
    origins: [APP, ADMIN], credentials: true, headers: ['Authorization', 'X-A'], exposed_headers: ['X-B'], methods: ['GET', 'PUT'], max_age: 60
  }, { beside: [{ plugin: refusing() }] })
  const answer = await test.ask(APP, 'OPTIONS', { ...PREFLIGHT, 'access-control-request-headers': 'x-other' })
  t.equal(answer.status, 200)
  t.equal(answer.text, '')
  t.equal(answer.headers['content-length'], '0')
  t.same(says(answer), {
    'allow-origin': APP,
    'allow-credentials': 'true',
    'allow-headers': 'Authorization,X-A',
    'allow-methods': 'GET,PUT',
    'max-age': '60',
    vary: 'Origin'
  })
  t.equal(test.received.length, 0)
  const refused = await test.ask(APP)
  t.equal(refused.status, 401)
  t.match(says(refused), { 'allow-origin': APP, 'allow-credentials': 'true' })
})

t.test('a preflight of an origin that may not is answered without any permission', async t => {
  const { preflight } = await start(t, { origins: [APP, ADMIN], max_age: 60, private_network: true })
  t.same(await preflight('https://evil.example', { 'access-control-request-private-network': 'true', 'access-control-request-headers': 'x' }), { vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Private-Network' })
})

t.test('fields that a preflight asks for are allowed where none are listed, and the answer says that it varies by them', async t => {
  const { preflight } = await start(t, {})
  const all = 'GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT'
  t.same(await preflight(APP, { 'access-control-request-headers': 'x-a, X-B' }), { 'allow-origin': '*', 'allow-methods': all, 'allow-headers': 'x-a, X-B', vary: 'Access-Control-Request-Headers' })
  t.same(await preflight(APP), { 'allow-origin': '*', 'allow-methods': all, vary: 'Access-Control-Request-Headers' })
  for (const odd of ['a b', 'x;y', '"x"', 'x,,y', 'caf\xe9', '']) {
    t.notOk((await preflight(APP, { 'access-control-request-headers': odd }))['allow-headers'], odd)
  }
})

t.test('private networks are opened only where the browser asks', async t => {
  const { preflight } = await start(t, { private_network: true, headers: ['x'] })
  t.match(await preflight(APP, { 'access-control-request-private-network': 'true' }), { 'allow-private-network': 'true' })
  t.notOk((await preflight(APP))['allow-private-network'])
  const closed = await start(t, { headers: ['x'] })
  t.notOk((await closed.preflight(APP, { 'access-control-request-private-network': 'true' }))['allow-private-network'])
})

t.test('other requests with OPTIONS go to the service', async t => {
  const test = await start(t, { origins: [APP, ADMIN] }, { upstream: () => ({ status: 204, headers: { allow: 'GET' } }) })
  for (const headers of [{}, { origin: APP }, PREFLIGHT, { origin: '', ...PREFLIGHT }]) {
    const answer = await test.request({ method: 'OPTIONS', headers })
    t.equal(answer.status, 204)
    t.equal(answer.headers['allow'], 'GET')
  }
  t.equal(test.received.length, 4)
  t.equal((await test.ask(APP, 'GET', PREFLIGHT)).headers['access-control-allow-methods'], undefined)
})

t.test('with preflight_continue the service answers preflights for itself, and nothing else', async t => {
  const test = await start(t, { origins: [APP, ADMIN], preflight_continue: true }, { upstream: () => ({ headers: { 'access-control-allow-origin': 'https://own.example', vary: 'X-Own' } }) })
  t.same(await test.preflight(APP), { 'allow-origin': 'https://own.example', vary: 'X-Own' })
  t.same(await test.get(APP), { 'allow-origin': APP, vary: 'X-Own, Origin' })
})

t.test('with allow_origin_absent: false a request without Origin gets no permission', async t => {
  const { get } = await start(t, { allow_origin_absent: false })
  t.same(await get(null), {})
  t.same(await get(APP), { 'allow-origin': '*' })
})

t.test('what the service says gives way, whoever asks', async t => {
  const test = await start(t, { origins: [APP, ADMIN] }, {
    upstream: () => ({ headers: { 'access-control-allow-origin': ['*', 'https://evil.example'], 'access-control-allow-credentials': 'true', 'access-control-expose-headers': 'X-Own' } })
  })
  t.same(await test.get(APP), { 'allow-origin': APP, 'expose-headers': 'X-Own', vary: 'Origin' })
  t.same(await test.get('https://evil.example'), { vary: 'Origin' })
})

t.test('Vary is one field, whatever the service sends', async t => {
  for (const [sent, expected] of [
    ['Accept-Encoding', 'Accept-Encoding, Origin'],
    [['Accept', 'origin, Accept-Language'], 'Accept, origin, Accept-Language'],
    ['*', '*'],
    ['Accept, *', '*'],
    ['', 'Origin']
  ] as const) {
    for (const body of ['short', 'x'.repeat(100_000)]) {
      const test = await start(t, { origins: [APP, ADMIN] }, { upstream: () => ({ headers: { vary: sent }, body }) })
      t.same(lines(await test.ask(APP), 'vary'), [expected], `${sent} ${body.length}`)
    }
  }
})

t.test('errors, answers of other plugins and streams have the fields', async t => {
  const config = { origins: [APP, ADMIN] }
  const expected = { 'allow-origin': APP, vary: 'Origin' }
  const noService = await start(t, config, { service: null })
  t.same(await noService.get(APP), expected)
  const closed = await start(t, config, { beside: [{ plugin: requestTermination, config: { message: 'closed' } }] })
  t.same(await closed.get(APP), expected)
  const dead = await start(t, config, { service: { port: 1, retries: 0 } })
  const answer = await dead.ask(APP)
  t.equal(answer.status, 502)
  t.same(says(answer), expected)
  const long = await start(t, config, { upstream: () => ({ body: 'x'.repeat(200_000) }) })
  t.same(await long.get(APP), expected)
  const insecure = await start(t, config, { route: { protocols: ['https'] } })
  const upgrade = await insecure.ask(APP)
  t.equal(upgrade.status, 426)
  t.same(says(upgrade), expected)
})

t.test('a global entry is on answers that no route gives, and as far as it can on those to what isn\'t HTTP', async t => {
  const test = await start(t, { origins: [APP, ADMIN] }, { level: 'global', route: { paths: ['/only'] } })
  const miss = await test.ask(APP)
  t.equal(miss.status, 404)
  t.same(says(miss), { 'allow-origin': APP, vary: 'Origin' })
  const open = await start(t, { exposed_headers: ['X-A'] }, { level: 'global' })
  t.match(await malformed(t, open.port), /^HTTP\/1\.1 400 Bad Request\r\nAccess-Control-Allow-Origin: \*\r\nAccess-Control-Expose-Headers: X-A\r\nContent-Type/)
  t.match(await malformed(t, test.port), /^HTTP\/1\.1 400 Bad Request\r\nVary: Origin\r\nContent-Type/)
  const route = await start(t, {})
  t.match(await malformed(t, route.port), /^HTTP\/1\.1 400 Bad Request\r\nContent-Type/)
})

async function malformed (t: TestContext, port: number): Promise<string> {
  const client = await rawClient(t as never, port)
  return (await client.send('NOT HTTP\r\n\r\n').end()).text
}

t.test('credentials are only for sites that are named', async t => {
  for (const origins of [undefined, ['*'], [APP, '*'], ['.*'], ['https?://.*'], ['https://.*\\.com'], ['[^/]+'], ['^.*$', APP], ['null', APP], ['null']]) {
    t.same(findings(plugin, { credentials: true, ...origins === undefined ? {} : { origins } }), ['error /credentials'], String(origins))
  }
  for (const origins of [[APP], [APP, ADMIN], ['https://[a-z]+\\.example\\.com']]) t.same(findings(plugin, { credentials: true, origins }), [])
  t.same(findings(plugin, { credentials: true, origins: [APP], headers: ['x', '*'], exposed_headers: ['*'] }), ['warning /headers/1', 'warning /exposed_headers/0'])
})

t.test('origins that can\'t be what was meant are found when the file is loaded', async t => {
  const cases: Record<string, string[]> = {
    'https://*.example.com': ['error /origins/0'],
    '*.example.com': ['error /origins/0'],
    '(a+)+\\.example\\.com': ['error /origins/0'],
    'https://(app\\.example\\.com': ['error /origins/0'],
    '[a-z]+.example\\.com': ['warning /origins/0'],
    'example.com': ['warning /origins/0'],
    'https://app.example.com/': ['warning /origins/0'],
    'https://[a-z.]+\\.example\\.com': [],
    '.*\\.example\\.com': [],
    '(?:app|admin)\\.example\\.com': ['warning /origins/0'],
    'https://(?:app|admin)\\.example\\.com': [],
    'http://localhost:3000': []
  }
  for (const [entry, expected] of Object.entries(cases)) {
    t.same(findings(plugin, { origins: [entry] }), expected, entry)
    t.same(findings(plugin, { origins: [APP, entry] }), expected.map(finding => finding.replace('0', '1')), entry)
  }
  t.match([...plugin.check?.({ origins: ['https://*.example.com'], methods: [], credentials: true }) ?? []], [{ mend: "Write 'https://[^.]+\\.example\\.com'." }])
  t.same(findings(plugin, { preflight_continue: true, max_age: 1 }), ['warning /preflight_continue'])
})

t.test('values that would break a header, and methods that don\'t exist, are refused', async t => {
  for (const config of [{ origins: [] }, { origins: ['a\r\nb: c'] }, { headers: ['a b'] }, { exposed_headers: ['a\n'] }, { methods: ['get'] }, { max_age: '60' }, { max_age: -2 }]) {
    t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
  }
})

/** The package that the plugin stands for: what both can say, they say alike. */
t.test('origins are answered as @fastify/cors answers them', async t => {
  const regex = 'https://[a-z]+\\.example\\.org'
  const cases: Array<[config: object, options: FastifyCorsOptions]> = [
    [{}, { origin: '*' }],
    [{ origins: [APP, ADMIN] }, { origin: [APP, ADMIN] }],
    [{ origins: [APP, regex], credentials: true }, { origin: [APP, new RegExp(`^${regex}$`)], credentials: true }],
    [{ origins: [APP, ADMIN], exposed_headers: ['X-A'] }, { origin: [APP, ADMIN], exposedHeaders: ['X-A'] }]
  ]
  for (const [config, options] of cases) {
    const ours = await start(t, config)
    const theirs = Fastify()
    t.teardown(() => theirs.close())
    await theirs.register(fastifyCors, { ...options, maxAge: 5, optionsSuccessStatus: 200 })
    theirs.get('/', (_, reply) => reply.send(''))
    for (const origin of [APP, ADMIN, 'https://shop.example.org', 'https://evil.example', 'https://shop.example.org.evil.example', null]) {
      const headers = origin === null ? {} : { origin }
      const { headers: expected } = await theirs.inject({ url: '/', headers })
      const found = await ours.request({ headers })
      t.equal(found.headers['access-control-allow-origin'], expected['access-control-allow-origin'], `${JSON.stringify(config)} ${origin}`)
      t.equal(found.headers['vary'], expected['vary'])
      // theirs also says these to origins that may not
      if (expected['access-control-allow-origin'] === undefined) continue
      t.equal(found.headers['access-control-allow-credentials'], expected['access-control-allow-credentials'])
      t.equal(found.headers['access-control-expose-headers'], expected['access-control-expose-headers'])
    }
  }
})
