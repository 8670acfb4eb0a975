import { Redis } from 'ioredis'
import t from 'tap'
import plugin from '../../plugins/response-ratelimiting/index.ts'
import { announced } from '../../plugins/response-ratelimiting/announced.ts'
import { type PluginTest, testPlugin } from '../../src/testing/index.ts'
import type { Test } from 'tap'
import { findings } from '../helpers/plugin-config.ts'
import { startRedis } from '../helpers/redis.ts'
import { until } from '../helpers/running.ts'

const NOW = Date.UTC(2030, 0, 1, 12, 0, 10)

/** A service whose answers spend what the request's path says. */
async function spending (t: Test, config: object): Promise<PluginTest> {
  return await testPlugin(t, { plugin, config, now: NOW, upstream: ({ path }) => ({ headers: { 'X-Kong-Limit': decodeURIComponent(path.slice(1)) }, body: { spent: path } }) })
}

const limitsOf = (headers: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(headers).filter(([name]) => /ratelimit|kong-limit/.test(name)))

t.test('an answer spends what it says; service and client are told what is left', async t => {
  const test = await spending(t, { limits: { video: { minute: 5 }, image: { minute: 10, hour: 12 } } })
  const first = await test.request('/video=2,%20image=3')
  t.same(limitsOf(first.headers), {
    'x-ratelimit-limit-video-minute': '5',
    'x-ratelimit-remaining-video-minute': '3',
    'x-ratelimit-limit-image-minute': '10',
    'x-ratelimit-remaining-image-minute': '7',
    'x-ratelimit-limit-image-hour': '12',
    'x-ratelimit-remaining-image-hour': '9'
  })
  t.match(test.received[0]?.headers, { 'x-ratelimit-remaining-video': '5', 'x-ratelimit-remaining-image': '10' })
  await test.request('/audio=9')
  t.match(test.received[1]?.headers, { 'x-ratelimit-remaining-video': '3', 'x-ratelimit-remaining-image': '7' })
})

t.test('more than is left may be spent once; then answers that spend are refused, and others pass', async t => {
  const test = await spending(t, { limits: { video: { minute: 5 } } })
  const last = await test.request('/video=9')
  t.equal(last.status, 200)
  t.equal(last.headers['x-ratelimit-remaining-video-minute'], '0')
  const refused = await test.request('/video=1')
  t.equal(refused.status, 429)
  t.match(refused.json(), { message: 'API rate limit exceeded for \'video\'', request_id: /^[\da-f]{32}$/ })
  t.equal(refused.headers['x-kong-limit'], undefined)
  t.equal((await test.request('/image=1')).status, 200)
  t.equal(test.received.length, 3)
  test.clock.advance(50_000)
  t.equal((await test.request('/video=1')).status, 200, 'another minute')
})

t.test('a refusal says when the last of the windows that refuse ends', async t => {
  for (const block of [false, true]) {
    const test = await spending(t, { limits: { video: { minute: 2, hour: 3, day: 100 } }, block_on_first_violation: block })
    t.equal((await test.request('/video=2')).headers['retry-after'], undefined)
    t.match(await test.request('/video=1'), { status: 429, headers: { 'retry-after': '50' } }, 'the minute')
    test.clock.advance(50_000)
    t.equal((await test.request('/video=2')).status, 200)
    t.match(await test.request('/video=1'), { status: 429, headers: { 'retry-after': String(59 * 60) } }, 'minute and hour')
  }
})

t.test('one that is refused counts nothing of its other limits', async t => {
  const test = await spending(t, { limits: { image: { minute: 5 }, video: { minute: 1 } } })
  await test.request('/video=1')
  t.equal((await test.request('/image=2,video=1')).status, 429)
  t.equal((await test.request('/')).headers['x-ratelimit-remaining-image-minute'], '5')
})

t.test('blocked at the first violation, the service is not asked', async t => {
  const test = await spending(t, { limits: { video: { minute: 1 }, image: { minute: 5 } }, block_on_first_violation: true })
  t.equal((await test.request('/video=1')).status, 200)
  const refused = await test.request('/image=1')
  t.equal(refused.status, 429)
  t.match(refused.json(), { message: 'API rate limit exceeded for \'video\'' })
  t.equal(test.received.length, 1)
})

t.test('hidden headers are hidden from the client alone', async t => {
  const test = await spending(t, { limits: { video: { minute: 5 } }, hide_client_headers: true, header_name: 'X-Kong-Limit' })
  t.same(limitsOf((await test.request('/video=1')).headers), {})
  await test.request('/')
  t.equal(test.received[1]?.headers['x-ratelimit-remaining-video'], '4')
})

t.test('the exempt spend nothing, whether the entry or the gateway says so', async t => {
  const test = await testPlugin(t, {
    plugin,
    config: { limits: { video: { minute: 5 } }, exempt: { paths: ['/own'] } },
    gateway: { exempt: { paths: ['/health'] } },
    now: NOW,
    upstream: () => ({ headers: { 'X-Kong-Limit': 'video=5' } })
  })
  for (const path of ['/own', '/health', '/own']) t.same(limitsOf((await test.request(path)).headers), {}, 'the field of the service is no client\'s business')
  t.equal((await test.request('/')).status, 200)
  t.equal((await test.request('/')).status, 429)
})

t.test('windows may slide, and a refusal says when anything is left again', async t => {
  const test = await spending(t, { limits: { video: { minute: 4 } }, window_type: 'sliding' })
  await test.request('/video=4')
  test.clock.advance(50_000)
  t.match(await test.request('/video=1'), { status: 429, headers: { 'retry-after': '15' } }, 'a quarter of the bucket before has gone')
  test.clock.advance(14_999)
  t.equal((await test.request('/video=1')).status, 429)
  test.clock.advance(1)
  t.equal((await test.request('/video=1')).status, 200)
})

t.test('all limits and windows of an answer are one command for Redis', async t => {
  const redis = await startRedis(t)
  const client = new Redis(redis.port)
  t.teardown(() => client.disconnect())
  const calls = async (): Promise<number> => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)
  const test = await spending(t, { limits: { video: { minute: 50, day: 60 }, image: { hour: 50, year: 60 }, text: { year: 9 } }, policy: 'redis', redis: { host: '127.0.0.1', port: redis.port, timeout: 5000 }, on_store_error: 'deny' })
  await until('Redis is reached', async () => (await test.request('/')).status === 200)
  const before = await calls()
  t.equal((await test.request('/video=1,image=1,text=1')).headers['x-ratelimit-remaining-text-year'], '8')
  t.equal(await calls() - before, 2, 'one before the service is asked, one for its answer')
})

t.test('while Redis is down: deny refuses, allow lets pass and says nothing, local counts by its share', async t => {
  const redis = { host: '127.0.0.1', port: 1 }
  const options = { limits: { video: { minute: 4 } }, policy: 'redis', redis, fault_tolerant: false }
  t.equal((await (await spending(t, options)).request('/')).status, 503)
  const all = await spending(t, { ...options, on_store_error: 'allow', block_on_first_violation: true })
  for (let count = 0; count < 2; count++) t.match(await all.request('/video=9'), { status: 200 })
  t.same(limitsOf((await all.request('/video=9')).headers), {})
  t.equal(all.received[0]?.headers['x-ratelimit-remaining-video'], undefined)
  const local = await spending(t, { ...options, on_store_error: 'local', replicas: 2 })
  t.equal((await local.request('/video=1')).headers['x-ratelimit-remaining-video-minute'], '1')
})

t.test('counts may be in Redis', async t => {
  const redis = await startRedis(t)
  const test = await spending(t, { limits: { video: { year: 50 } }, policy: 'redis', redis: { host: '127.0.0.1', port: redis.port, timeout: 5000 }, fault_tolerant: false })
  await until('Redis is reached', async () => (await test.request('/')).status === 200)
  t.equal((await test.request('/video=20')).headers['x-ratelimit-remaining-video-year'], '30')
  await redis.stop()
  t.equal((await test.request('/video=1')).status, 503)
})

t.test('what is announced is read strictly', async t => {
  t.same([...announced('video=1, image=2,video=3')], [['video', 4], ['image', 2]])
  t.same([...announced(['video=1', 'image=2'])], [['video', 1], ['image', 2]])
  for (const value of [undefined, 7, '', 'video', 'video=', 'video=-1', 'video=1.5', 'video=x', '=1', 'a b=1', `video=${'9'.repeat(16)}`]) t.equal(announced(value).size, 0, String(value))
})

t.test('what the schema can\'t say', async t => {
  t.same(findings(plugin, { limits: { video: {} } }), ['error /limits/video'])
  t.same(findings(plugin, { limits: { video: { minute: 5, hour: 4 } } }), ['error /limits/video/hour'])
  t.same(findings(plugin, { limits: { video: { minute: 5 } }, policy: 'redis' }), ['error /policy'])
  t.same(findings(plugin, { limits: { video: { minute: 5 } }, exempt: { ips: ['a'] } }), ['error /exempt/ips/0'])
  t.throws(() => findings(plugin, { limits: {} }))
  t.throws(() => findings(plugin, { limits: { 'a b': { minute: 1 } } }))
})
