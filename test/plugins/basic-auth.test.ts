import { createHash, scryptSync } from 'node:crypto'
import bcrypt from 'bcrypt'
import t from 'tap'
import plugin from '../../plugins/basic-auth/index.ts'
import { type ClientRequest, type PluginTest, type TestContext, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import { validateConfig } from '../helpers/plugin-config.ts'

const b64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

function scryptHash (password: string): string {
  const salt = Buffer.from('0123456789abcdef')
  return `$scrypt$ln=4,r=8,p=2$${b64(salt)}$${b64(scryptSync(password, salt, 32, { cost: 16, blockSize: 8, parallelization: 2 }))}`
}

const consumers = [
  { username: 'plain', custom_id: 'c-1', basicauth_credentials: [{ username: 'alice', password: 'open sesame' }, { username: 'empty', password: bcrypt.hashSync('', 4) }] },
  { username: 'bcrypt', basicauth_credentials: [{ username: 'bob', password: bcrypt.hashSync('bob:secret', 4) }, { username: 'php', password: bcrypt.hashSync('php', 4).replace('$2b$', '$2y$') }] },
  { username: 'scrypt', basicauth_credentials: [{ username: 'carol', password: scryptHash('pässword') }] },
  { username: 'guest' }
]

const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

async function start (t: TestContext, config: object = {}, options: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  return await testPlugin(t, { plugin, config, consumers, ...options })
}

async function statusOf (test: PluginTest, authorization: string | string[]): Promise<number> {
  return (await test.request({ headers: { authorization } })).status
}

t.test('the right password lets in, whatever it is kept as, and is not passed on', async t => {
  const test = await start(t)
  for (const [user, password, consumer] of [
    ['alice', 'open sesame', 'plain'], ['bob', 'bob:secret', 'bcrypt'], ['php', 'php', 'bcrypt'], ['carol', 'pässword', 'scrypt'], ['empty', '', 'plain']
  ] as const) {
    t.equal(await statusOf(test, basic(user, password)), 200, user)
    const headers = test.received.at(-1)?.headers
    t.match(headers, { 'x-consumer-username': consumer, 'x-credential-identifier': user })
    t.equal(headers?.authorization, undefined)
  }
})

t.test('a wrong one does not, and all refusals are the same', async t => {
  const test = await start(t)
  const expected = { status: 401, headers: { 'www-authenticate': 'Basic realm="service"' } }
  const encoded = (text: string | Buffer): string => `Basic ${Buffer.from(text as string).toString('base64')}`
  for (const authorization of [
    basic('alice', 'wrong'), basic('alice', ''), basic('Alice', 'open sesame'), basic('alice', 'open sesame '), basic('bob', 'wrong'), basic('carol', 'wrong'), basic('nobody', 'open sesame'),
    basic('empty', 'x'), basic('', 'open sesame'), encoded('alice'), encoded('alice:open\0sesame'), encoded('alice:open sesame\n'), encoded(Buffer.from('al\xefce:x', 'latin1')),
    'Basic', 'Basic ', 'Basic !!!', 'Basic YWxpY2U6b3BlbiBzZXNhbWU===', `x ${basic('alice', 'open sesame')}`, `${basic('alice', 'open sesame')} x`, 'Bearer abc', `Basic${encoded('alice:open sesame').slice(6)}`
  ]) {
    const answer = await test.request({ headers: { authorization } })
    t.match(answer, expected, authorization)
    t.match(answer.json(), { message: 'Unauthorized', request_id: /^[0-9a-f]{32}$/ })
  }
  t.match(await test.request('/'), expected)
  t.match((await (await start(t, { realm: 'a "b"' })).request('/')).headers, { 'www-authenticate': 'Basic realm="a \\"b\\""' })
  t.same(test.received, [])
})

t.test('the scheme has no case, and padding may be missing', async t => {
  const test = await start(t)
  for (const authorization of ['bAsIc YWxpY2U6b3BlbiBzZXNhbWU=', 'Basic   YWxpY2U6b3BlbiBzZXNhbWU=', 'Basic YWxpY2U6b3BlbiBzZXNhbWU']) t.equal(await statusOf(test, authorization), 200, authorization)
})

t.test('the digest that is kept of a plain password is none', async t => {
  // Kong's form
  const id = '4e13f54a-bbf1-47a8-8777-255fed7116f2'
  const digest = createHash('sha1').update(`p${id}`).digest('hex')
  const test = await start(t, {}, { consumers: [{ id, username: 'u', basicauth_credentials: [{ username: 'u', password: 'p' }] }] })
  t.equal(await statusOf(test, basic('u', 'p')), 200)
  t.equal(await statusOf(test, basic('u', digest)), 401)
})

t.test('Proxy-Authorization comes first; where it names nobody, Authorization counts', async t => {
  const test = await start(t)
  const ask = async (proxy: string, authorization: string) => (await test.request({ headers: { 'proxy-authorization': proxy, authorization } })).status
  t.equal(await ask(basic('alice', 'open sesame'), basic('bob', 'bob:secret')), 200)
  t.match(test.received.at(-1)?.headers, { 'x-credential-identifier': 'alice', authorization: basic('bob', 'bob:secret') })
  t.equal(test.received.at(-1)?.headers['proxy-authorization'], undefined)
  t.equal(await ask(basic('nobody', 'x'), basic('bob', 'bob:secret')), 200)
  t.match(test.received.at(-1)?.headers, { 'x-credential-identifier': 'bob' })
  t.same(['authorization', 'proxy-authorization'].map(name => test.received.at(-1)?.headers[name]), [undefined, undefined])
  t.equal(await ask(basic('alice', 'wrong'), basic('bob', 'bob:secret')), 401)
  t.equal(await ask('Bearer x', basic('bob', 'bob:secret')), 200)
  t.equal(await ask(basic('nobody', 'x'), basic('nobody', 'y')), 401)
  t.equal((await test.request({ headers: { 'proxy-authorization': [basic('alice', 'open sesame'), basic('alice', 'open sesame')] } })).status, 400, 'which one?')
})

t.test('hide_credentials: false passes them on; a token of another scheme is never hidden', async t => {
  const shown = await start(t, { hide_credentials: false })
  await statusOf(shown, basic('alice', 'open sesame'))
  t.equal(shown.received[0]?.headers.authorization, basic('alice', 'open sesame'))
  const hidden = await start(t, { anonymous: 'guest' })
  await statusOf(hidden, 'Bearer abc')
  await statusOf(hidden, 'Basic !')
  t.same(hidden.received.map(({ headers }) => headers.authorization), ['Bearer abc', undefined])
})

t.test('anonymous: who has no good password is the anonymous consumer', async t => {
  const test = await start(t, { anonymous: 'guest' })
  for (const request of ['/', { headers: { authorization: basic('alice', 'wrong') } }, { headers: { authorization: basic('bob', 'wrong') } }]) {
    t.equal((await test.request(request as ClientRequest)).status, 200)
    t.match(test.received.at(-1)?.headers, { 'x-consumer-username': 'guest', 'x-anonymous-consumer': 'true' })
  }
})

t.test('an unknown user costs what a known one does, and too many at once are told to come back, not let in as anonymous', async t => {
  const password = bcrypt.hashSync('right', 8)
  const test = await start(t, { anonymous: 'guest' }, { consumers: [{ username: 'x', basicauth_credentials: [{ username: 'x', password }] }, { username: 'guest' }] })
  for (const user of ['x', 'nobody']) {
    const answers = await Promise.all(Array.from({ length: 60 }, async (_, index) => await test.request({ headers: { authorization: basic(user, `wrong ${index}`) } })))
    t.same(new Set(answers.map(({ status }) => status)), new Set([200, 503]), user)
    t.equal(answers.find(({ status }) => status === 503)?.headers['retry-after'], '1')
  }
  t.ok(test.received.every(({ headers }) => headers['x-anonymous-consumer'] === 'true'))
})

t.test('a file without passwords lets nobody in', async t => {
  const test = await start(t, {}, { consumers: [] })
  t.equal(await statusOf(test, basic('alice', 'open sesame')), 401)
})

t.test('options', async t => {
  for (const config of [{ realm: '' }, { realm: 'a\r\nb' }, { hide_credentials: 'no' }]) t.notOk(validateConfig(plugin, config).valid)
})
