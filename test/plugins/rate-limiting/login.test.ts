/** `preset: login`: who guesses passwords is counted by address and by account, however the account is written. */
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import plugin from '../../../plugins/rate-limiting/index.ts'
import { type ClientAnswer, type PluginTest, testPlugin } from '../../../src/testing/index.ts'
import { findings } from '../../helpers/plugin-config.ts'
import { startRedis } from '../../helpers/redis.ts'
import { until } from '../../helpers/running.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }

interface Login {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

const json = (value: unknown, headers = JSON_TYPE): Login => ({ headers, body: typeof value === 'string' ? value : JSON.stringify(value) })
const form = (body: string, headers = FORM_TYPE): Login => ({ headers, body })

async function login (t: Test, config: object = {}): Promise<{ test: PluginTest, from: (address: string, login: Login) => Promise<ClientAnswer> }> {
  const test = await testPlugin(t, { plugin, config: { preset: 'login', minute: 1, ...config }, gateway: { trusted_ips: ['127.0.0.1'] } })
  return {
    test,
    from: async (address, { path = '/', method = 'POST', headers = {}, body }) => await test.request({ path, method, headers: { ...headers, 'x-forwarded-for': address }, ...body === undefined ? {} : { body } })
  }
}

t.test('ten a minute by address and ten by account, by default; the service gets the body whole', async t => {
  const { test, from } = await login(t, { minute: undefined })
  const attempt = json({ username: 'bob', password: 'a' })
  for (let count = 0; count < 10; count++) t.equal((await from(`192.0.2.${count}`, attempt)).status, 200)
  const refused = await from('192.0.2.11', attempt)
  t.equal(refused.status, 429)
  t.ok(Number(refused.headers['retry-after']) > 0)
  t.equal(String(test.received.at(-1)?.body), attempt.body)
  const other = await login(t, { minute: undefined })
  for (let count = 0; count < 10; count++) t.equal((await other.from('192.0.2.1', json({ username: `u${count}` }))).status, 200)
  t.equal((await other.from('192.0.2.1', json({ username: 'new' }))).status, 429)
})

t.test('who is exempt for the whole gateway may not guess passwords', async t => {
  const test = await testPlugin(t, { plugin, config: { preset: 'login', minute: 1 }, gateway: { exempt: { ips: ['127.0.0.0/8'], paths: ['/*'] } } })
  const attempt = { method: 'POST', ...json({ username: 'bob' }) }
  t.same([(await test.request({ ...attempt, path: '/' } as never)).status, (await test.request({ ...attempt, path: '/' } as never)).status], [200, 429])
})

t.test('one account has one count, however it is written', async t => {
  const spellings = [
    json({ username: 'Jörg' }),
    json({ username: ' JÖRG ' }),
    json({ username: 'jorg' }),
    json({ username: 'Jo\u0308\u200brg' }),
    json({ username: 'ＪＯＲＧ' }),
    form('username=j%C3%B6rg&password=a'),
    form('password=b&username=JORG'),
    { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\njorg\r\n--x--\r\n' },
    { path: '/?username=jorg', method: 'GET' },
    { path: '/?username=jorg' },
    json({ username: 'jorg' }, { 'content-type': 'Application/JSON; charset="UTF-8"' })
  ]
  for (const [index, spelling] of spellings.entries()) {
    const { from } = await login(t)
    t.equal((await from('192.0.2.1', json({ username: 'jorg' }))).status, 200)
    t.equal((await from('192.0.2.2', spelling)).status, 429, String(index))
    t.equal((await from('192.0.2.2', json({ username: 'other' }))).status, 200, 'a refused attempt is not counted by address')
  }
})

t.test('who names no account plainly shares one count with all who do not', async t => {
  const evasions: Login[] = [
    {},
    json({ password: 'a' }),
    json({ username: '' }),
    json({ username: ' \u200b' }),
    json({ username: null }),
    json({ username: ['bob'] }),
    json({ username: { $ne: '' } }),
    json('{"username":"x","username":"bob"}'),
    json('{"username":"x","Username":"bob"}'),
    json('{"username":"x","user_name":"bob"}'),
    json({ USERNAME: 'bob' }),
    json('{"username":"bob"'),
    json('["bob"]'),
    json({ username: 'bob' }, { 'content-type': 'text/plain' }),
    json({ username: 'bob' }, { 'content-type': 'application/json; charset=utf-7' }),
    json({ username: 'bob' }, { ...JSON_TYPE, 'content-encoding': 'gzip' } as typeof JSON_TYPE),
    { headers: {}, body: '{"username":"bob"}' },
    form('username=x&username=bob'),
    form('username=x&UserName=bob'),
    form('username=x&username%5B%5D=bob'),
    form('username=x;username=bob'),
    form('username'),
    form('{"username":"bob","a":"&username=x&"}'),
    { ...form('username=x'), path: '/?username=bob' },
    { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\nContent-Disposition: form-data; name="username"\r\nContent-Transfer-Encoding: base64\r\n\r\nYm9i\r\n--x--\r\n' },
    { headers: { 'content-type': 'multipart/form-data' }, body: '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nbob\r\n--x--\r\n' },
    { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\n\r\nbob\r\n--x--\r\n' },
    { method: 'DELETE' }
  ]
  for (const [index, evasion] of evasions.entries()) {
    const { from } = await login(t)
    t.equal((await from('192.0.2.1', evasion)).status, 200)
    t.equal((await from('192.0.2.2', evasions[(index + 1) % evasions.length] as Login)).status, 429, String(index))
    t.equal((await from('192.0.2.3', json({ username: 'bob' }))).status, 200, 'who names one is not held up by them')
  }
})

t.test('the page with the form is counted by address alone', async t => {
  const { from } = await login(t, { minute: 2 })
  for (const [address, status] of [['192.0.2.1', 200], ['192.0.2.1', 200], ['192.0.2.1', 429], ['192.0.2.2', 200], ['192.0.2.3', 200], ['192.0.2.4', 200]] as const) {
    t.equal((await from(address, { method: 'GET' })).status, status)
  }
})

t.test('an address that is refused is refused before its body is read', async t => {
  const { test, from } = await login(t)
  await from('192.0.2.1', json({ username: 'a' }))
  // the body never comes: only who does not read it can answer
  const answer = await test.request({ method: 'POST', headers: { ...JSON_TYPE, 'x-forwarded-for': '192.0.2.1', 'content-length': '100' } })
  t.equal(answer.status, 429)
})

t.test('what an answer has cost is counted for address and account; refused ones count where told', async t => {
  const test = await testPlugin(t, { plugin, config: { preset: 'login', minute: 5, cost_header: 'x-cost' }, gateway: { trusted_ips: ['127.0.0.1'] }, upstream: () => ({ headers: { 'x-cost': '5' } }) })
  const from = async (address: string, username: string): Promise<number> =>
    (await test.request({ method: 'POST', headers: { ...JSON_TYPE, 'x-forwarded-for': address }, body: JSON.stringify({ username }) })).status
  t.same([await from('192.0.2.1', 'a'), await from('192.0.2.1', 'b'), await from('192.0.2.2', 'a'), await from('192.0.2.2', 'b')], [200, 429, 429, 200])
  const told = await login(t, { count_refused: true, window_type: 'gcra' })
  t.same([(await told.from('192.0.2.1', json({ username: 'a' }))).status, (await told.from('192.0.2.1', json({ username: 'b' }))).status, (await told.from('192.0.2.2', json({ username: 'b' }))).status], [200, 429, 429])
})

t.test('in Redis; closed while that is down', async t => {
  const redis = await startRedis(t)
  const { from } = await login(t, { policy: 'redis', redis: { host: '127.0.0.1', port: redis.port, timeout: 5000 }, minute: undefined, year: 2 })
  await until('Redis is reached', async () => (await from('192.0.2.9', json({ username: 'first' }))).status !== 503)
  const attempts = await Promise.all(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'].map(async address => (await from(address, json({ username: 'bob' }))).status))
  t.same(attempts.sort(), [200, 200, 429, 429])
  const client = new Redis(redis.port, '127.0.0.1')
  t.teardown(() => client.disconnect())
  t.equal((await client.keys('*bob*')).length, 0)
  await redis.stop()
  await until('it is noticed', async () => (await from('192.0.2.5', json({ username: 'new' }))).status === 503)
  t.equal((await from('192.0.2.6', json({ username: 'newer' }))).status, 503)
})

t.test('what the preset can\'t be told', async t => {
  const redis = { policy: 'redis', redis: { host: 'a' } }
  t.same(findings(plugin, { preset: 'login' }), [])
  t.same(findings(plugin, { preset: 'login', limit_by: 'ip', minute: 5, hour: 20 }), [])
  t.same(findings(plugin, { preset: 'login', limit_by: 'path', path: '/login' }), ['error /limit_by'])
  t.same(findings(plugin, { preset: 'login', tiers: { a: { minute: 5 } } }), ['error /tiers'])
  t.same(findings(plugin, { preset: 'login', ...redis, sync_rate: 1 }), ['error /sync_rate'])
  t.same(findings(plugin, { preset: 'login', ...redis, on_store_error: 'allow' }), ['error /on_store_error'])
  t.same(findings(plugin, { preset: 'login', ...redis, on_store_error: 'local' }), [])
})
