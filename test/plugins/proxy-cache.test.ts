/** What is stored, for how long, and what clients are told of it. */
import t from 'tap'
import plugin from '../../plugins/proxy-cache/index.ts'
import { cached } from '../helpers/cached.ts'
import { findings } from '../helpers/plugin-config.ts'

t.test('an answer is stored for as long as it says, and tells its age', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', etag: '"1"', 'x-own': 'a' } })
  const miss = await run.request('/a?b=1')
  t.equal(miss.status, 200)
  t.match(miss.headers, { 'x-cache-status': 'Miss', 'cache-status': 'sallyport; fwd=uri-miss; stored', 'x-cache-key': /^[0-9a-f]{64}$/ })
  t.equal(miss.headers['age'], undefined)
  run.clock.advance(59_999)
  const hit = await run.request('/a?b=1')
  t.match(hit.headers, { 'x-cache-status': 'Hit', age: '59', 'x-own': 'a', etag: '"1"', 'content-length': '8', 'cache-status': 'sallyport; hit; ttl=0', 'x-cache-key': miss.headers['x-cache-key'] as string, via: '1.1 sallyport' })
  t.equal(hit.text, 'answer 1')
  t.not(hit.headers['x-sallyport-request-id'], miss.headers['x-sallyport-request-id'], 'the id is its own')
  t.equal((await run.request('/a?b=2')).text, 'answer 2', 'another query')
  t.equal((await run.request('/c?b=1')).text, 'answer 3', 'another path')
  t.equal((await run.request({ path: '/a?b=1', headers: { host: 'other.test' } })).text, 'answer 4', 'another host')
  run.clock.advance(1)
  const refreshed = await run.request('/a?b=1')
  t.equal(refreshed.headers['x-cache-status'], 'Refresh')
  t.equal(run.received.at(-1)?.headers['if-none-match'], '"1"', 'the upstream is asked whether it still holds')
  t.equal(refreshed.text, 'answer 5')
  t.same(run.log.map(line => line['cache']), ['miss', 'hit', 'miss', 'miss', 'miss', 'refresh'])
})

t.test('what answers say about caching is obeyed', async t => {
  const cases: Array<[name: string, headers: Record<string, string | string[]>, state: string]> = [
    ['nothing', {}, 'Bypass'],
    ['max-age', { 'cache-control': 'max-age=5' }, 'Hit'],
    ['max-age=0', { 'cache-control': 'max-age=0' }, 'Bypass'],
    ['s-maxage goes before max-age', { 'cache-control': 'max-age=0, s-maxage=5' }, 'Hit'],
    ['and before max-age the other way', { 'cache-control': 'max-age=5, s-maxage=0' }, 'Bypass'],
    ['no-store', { 'cache-control': 'max-age=5, no-store' }, 'Bypass'],
    ['private', { 'cache-control': 'private, max-age=5' }, 'Bypass'],
    ['no-cache without a validator', { 'cache-control': 'no-cache, max-age=5' }, 'Bypass'],
    ['no-cache with one', { 'cache-control': 'no-cache, max-age=5', etag: '"a"' }, 'Refresh'],
    ['Expires', { expires: 'Tue, 01 Jan 2030 00:00:09 GMT', date: 'Tue, 01 Jan 2030 00:00:00 GMT' }, 'Hit'],
    ['an Expires that is no date', { expires: '0' }, 'Bypass'],
    ['two of one directive that differ', { 'cache-control': 'max-age=5, max-age=6' }, 'Bypass'],
    ['in two lines', { 'cache-control': ['max-age=5', 'no-store'] }, 'Bypass'],
    ['a quote that is never closed', { 'cache-control': 'max-age=5, x="a, no-store' }, 'Bypass'],
    ['Vary: *', { 'cache-control': 'max-age=5', vary: '*' }, 'Bypass'],
    ['a field that only the upstream sees', { 'cache-control': 'max-age=5', vary: 'X-Real-IP' }, 'Bypass'],
    ['Set-Cookie', { 'cache-control': 'max-age=5', 'set-cookie': 'a=b' }, 'Bypass'],
    ['an age that is its lifetime', { 'cache-control': 'max-age=5', age: '5' }, 'Bypass'],
    ['another type', { 'cache-control': 'max-age=5', 'content-type': 'text/html' }, 'Bypass'],
    ['parameters of the type', { 'cache-control': 'max-age=5', 'content-type': 'application/json; charset=utf-8' }, 'Hit']
  ]
  const run = await cached(t, request => ({ headers: cases[Number(request.path.slice(1))]?.[1] ?? {} }))
  for (const [index, [name, , state]] of cases.entries()) {
    const first = await run.request(`/${index}`)
    t.equal((await run.request(`/${index}`)).headers['x-cache-status'], state, name)
    if (state === 'Bypass') t.match(first.headers['cache-status'], /^sallyport; fwd=uri-miss; detail=/, `${name} is told why`)
  }
})

t.test('fields that are for one reader are not stored', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60, private="X-Mine", no-cache="x-fresh"', 'x-mine': '1', 'x-fresh': '2', 'x-all': '3', 'x-ratelimit-remaining-minute': '4' } })
  t.match((await run.request()).headers, { 'x-mine': '1', 'x-fresh': '2', 'x-all': '3' })
  const { headers } = await run.request()
  t.equal(headers['x-cache-status'], 'Hit')
  t.same([headers['x-mine'], headers['x-fresh'], headers['x-all'], headers['x-ratelimit-remaining-minute']], [undefined, undefined, '3', undefined])
})

t.test('storage_ttl is the end of what is kept, also of what may be validated', async t => {
  const run = await cached(t, request => request.headers['if-none-match'] === undefined ? { headers: { 'cache-control': 'max-age=1', etag: '"e"' } } : { status: 304, body: '', headers: { 'cache-control': 'max-age=1' } }, { config: { storage_ttl: 10 } })
  await run.request()
  run.clock.advance(9_999)
  t.equal((await run.request()).headers['x-cache-status'], 'Refresh')
  run.clock.advance(10_001)
  t.equal((await run.request()).headers['x-cache-status'], 'Miss')
})

t.test('fields of one connection or one moment are not stored', async t => {
  const own = { 'proxy-authenticate': 'Basic', 'proxy-authentication-info': 'a=b', 'x-cache-key': 'forged', age: '7', 'ratelimit-reset': '5' }
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', ...own } })
  await run.request()
  const { headers } = await run.request()
  t.same([headers['x-cache-status'], headers['age']], ['Hit', '7'])
  t.same([headers['proxy-authenticate'], headers['proxy-authentication-info'], headers['ratelimit-reset']], [undefined, undefined, undefined])
  t.match(headers['x-cache-key'], /^[0-9a-f]{64}$/)
})

t.test('Kong\'s way: everything is stored for cache_ttl', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'private', age: '500' } }, { config: { cache_control: false, cache_ttl: 10 } })
  await run.request({ headers: { 'cache-control': 'no-cache' } })
  run.clock.advance(9_999)
  t.equal((await run.request({ headers: { 'cache-control': 'no-cache' } })).headers['x-cache-status'], 'Hit')
  run.clock.advance(1)
  t.equal((await run.request()).headers['x-cache-status'], 'Miss')
})

t.test('answers that say nothing are stored where that was chosen', async t => {
  const modified = new Date(Date.UTC(2030, 0, 1) - 1_000_000).toUTCString()
  for (const [heuristics, fresh] of [['cache_ttl', 300_000], ['last-modified', 100_000]] as const) {
    const run = await cached(t, { headers: { 'last-modified': modified } }, { config: { heuristics } })
    await run.request()
    run.clock.advance(fresh - 1)
    t.equal((await run.request()).headers['x-cache-status'], 'Hit', heuristics)
    run.clock.advance(1)
    t.equal((await run.request()).headers['x-cache-status'], 'Refresh')
  }
  const run = await cached(t, {}, { config: { heuristics: 'last-modified' } })
  await run.request()
  t.equal((await run.request()).headers['x-cache-status'], 'Bypass', 'without a date there is nothing to guess by')
})

t.test('cookies are for who gets them', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', 'set-cookie': ['a=1', 'b=2'] } }, { config: { set_cookie: 'strip' } })
  t.same((await run.request()).headers['set-cookie'], ['a=1', 'b=2'])
  const { headers } = await run.request()
  t.equal(headers['x-cache-status'], 'Hit')
  t.equal(headers['set-cookie'], undefined)
})

t.test('clients are told no more than was chosen', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', 'cache-status': 'origin; hit' } }, { config: { response_headers: { age: false, 'X-Cache-Status': false, 'X-Cache-Key': false, 'Cache-Status': false } } })
  await run.request()
  const { headers } = await run.request()
  t.equal(run.received.length, 1)
  t.same([headers['age'], headers['x-cache-status'], headers['x-cache-key'], headers['cache-status']], [undefined, undefined, undefined, 'origin; hit'])
  const told = await cached(t, { headers: { 'cache-control': 'max-age=60', 'cache-status': 'origin; hit' } })
  t.equal((await told.request()).headers['cache-status'], 'origin; hit, sallyport; fwd=uri-miss; stored')
  t.equal((await told.request()).headers['cache-status'], 'origin; hit, sallyport; hit; ttl=60')
})

t.test('answers without a body are stored as well', async t => {
  const run = await cached(t, request => request.path === '/gone'
    ? { status: 204, body: '', headers: { 'cache-control': 'max-age=60' } }
    : { status: 301, body: '', headers: { location: '/new', 'cache-control': 'max-age=60', 'content-length': '0' } }, { config: { response_code: [204, 301], content_type: ['*/*'] } })
  for (const [path, status] of [['/gone', 204], ['/old', 301]] as const) {
    await run.request(path)
    const hit = await run.request(path)
    t.match([hit.status, hit.headers['x-cache-status'], hit.text], [status, 'Hit', ''])
    const head = await run.request({ method: 'HEAD', path })
    t.same([head.headers['x-cache-status'], head.headers['content-length']], ['Hit', status === 204 ? undefined : '0'])
  }
})

t.test('what makes no sense is an error of the file', async t => {
  t.same(findings(plugin, { response_code: [200, 206, 304] }), ['error /response_code/1', 'error /response_code/2'])
  t.same(findings(plugin, { strategy: 'redis' }), ['error /strategy'])
  t.same(findings(plugin, { strategy: 'redis', redis: { host: 'redis.internal' } }), [])
  t.same(findings(plugin, { cache_control: false, heuristics: 'cache_ttl' }), ['warning /cache_control', 'error /heuristics'])
})
