import t from 'tap'
import type { Test } from 'tap'
import { definePlugin, Type } from '../../src/plugin.ts'
import plugin from '../../plugins/proxy-cache/index.ts'
import { testPlugin, type PluginTest, type TestPluginOptions } from '../../src/testing/index.ts'
import type { ReceivedRequest, UpstreamAnswer } from '../../src/testing/stub-upstream.ts'
import { fakeAuth } from '../helpers/fake-auth.ts'
import { findings } from '../helpers/plugin-config.ts'
import { until } from '../helpers/running.ts'

type Answer = UpstreamAnswer | ((request: ReceivedRequest, count: number) => UpstreamAnswer)

/** A gateway with the cache; the upstream counts its answers in their bodies unless told otherwise. */
async function cached (t: Test, answer: Answer, options: Partial<TestPluginOptions> = {}) {
  let count = 0
  const run: PluginTest = await testPlugin(t, {
    plugin,
    ...options,
    upstream: request => {
      count++
      const one = typeof answer === 'function' ? answer(request, count) : answer
      return { body: `answer ${count}`, ...one, headers: { 'content-type': 'text/plain', date: new Date(run.clock.now()).toUTCString(), ...one.headers } }
    }
  })
  return run
}

const states = (answers: ReadonlyArray<{ headers: Record<string, unknown> }>): unknown[] => answers.map(answer => answer.headers['x-cache-status'])

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

t.test('the upstream says that what is stored still holds: it is fresh again, with the new fields', async t => {
  const run = await cached(t, (request, count) => request.headers['if-none-match'] === '"v1"'
    ? { status: 304, body: '', headers: { 'cache-control': 'max-age=30', etag: '"v1"', 'x-count': String(count), 'content-type': 'nonsense/type' } }
    : { headers: { 'cache-control': 'max-age=10', etag: '"v1"', 'last-modified': 'Mon, 31 Dec 2029 00:00:00 GMT', 'x-count': String(count) } })
  await run.request()
  run.clock.advance(10_000)
  const refreshed = await run.request({ headers: { 'if-none-match': '"of-the-client"' } })
  t.equal(run.received[1]?.headers['if-none-match'], '"v1"', 'not the client\'s own')
  t.equal(run.received[1]?.headers['if-modified-since'], 'Mon, 31 Dec 2029 00:00:00 GMT')
  t.equal(refreshed.status, 200)
  t.equal(refreshed.text, 'answer 1')
  t.match(refreshed.headers, { 'x-cache-status': 'Refresh', 'x-count': '2', age: '0', 'content-type': 'text/plain', 'cache-status': 'sallyport; fwd=stale; fwd-status=304; ttl=30' })
  run.clock.advance(29_000)
  t.match((await run.request()).headers, { 'x-cache-status': 'Hit', 'x-count': '2', age: '29' })
  run.clock.advance(1_000)
  t.equal((await run.request({ headers: { 'if-none-match': '"v1"' } })).status, 304, 'who has it gets 304 after the validation, too')
  t.equal(run.received.length, 3)
})

t.test('clients that have the answer get 304', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', etag: 'W/"a,b"', 'last-modified': 'Mon, 31 Dec 2029 00:00:00 GMT', 'content-language': 'en', 'content-location': '/x' } })
  t.equal((await run.request({ headers: { 'if-none-match': 'W/"a,b"' } })).status, 200, 'the first answer is fetched whole, to be stored')
  t.equal(run.received[0]?.headers['if-none-match'], undefined)
  const ask = async (headers: Record<string, string>) => await run.request({ headers })
  const known = await ask({ 'if-none-match': '"x", "a,b"' })
  t.equal(known.status, 304)
  t.equal(known.text, '')
  t.match(known.headers, { etag: 'W/"a,b"', 'cache-control': 'max-age=60', 'x-cache-status': 'Hit', 'content-location': '/x' })
  t.same([known.headers['content-language'], known.headers['content-type'], known.headers['last-modified']], [undefined, undefined, undefined])
  t.equal((await ask({ 'if-none-match': '*' })).status, 304)
  t.equal((await ask({ 'if-none-match': '"a"' })).status, 200)
  t.equal((await ask({ 'if-none-match': '"a"', 'if-modified-since': 'Tue, 01 Jan 2030 00:00:00 GMT' })).status, 200, 'the tag goes before the date')
  t.equal((await ask({ 'if-modified-since': 'Mon, 31 Dec 2029 00:00:00 GMT' })).status, 304)
  t.equal((await ask({ 'if-modified-since': 'Monday, 31-Dec-29 00:00:00 GMT' })).status, 304, 'in the old form')
  t.equal((await ask({ 'if-modified-since': 'Sun, 30 Dec 2029 23:59:59 GMT' })).status, 200)
  t.equal((await ask({ 'if-modified-since': 'soon' })).status, 200)
  t.equal(run.received.length, 1)
})

t.test('without Last-Modified the date of the answer counts', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', date: 'Tue, 01 Jan 2030 00:00:00 GMT' } })
  await run.request()
  t.equal((await run.request({ headers: { 'if-modified-since': 'Tue, 01 Jan 2030 00:00:00 GMT' } })).status, 304)
  t.equal((await run.request({ headers: { 'if-modified-since': 'Mon, 31 Dec 2029 23:59:59 GMT' } })).status, 200)
})

t.test('HEAD and ranges are answered from whole answers', async t => {
  const run = await cached(t, { body: '0123456789', headers: { 'cache-control': 'max-age=60', etag: '"s"', 'last-modified': 'Mon, 31 Dec 2029 00:00:00 GMT' } })
  const first = await run.request({ method: 'HEAD' })
  t.equal(first.headers['x-cache-status'], 'Bypass', 'a HEAD stores nothing')
  t.equal((await run.request({ headers: { range: 'bytes=0-1' } })).headers['x-cache-status'], 'Bypass', 'nor does a part')
  t.equal(run.received.at(-1)?.headers['range'], 'bytes=0-1')
  await run.request()
  const asked = run.received.length
  const head = await run.request({ method: 'HEAD' })
  t.match(head.headers, { 'x-cache-status': 'Hit', 'content-length': '10', etag: '"s"' })
  t.equal(head.text, '')

  const range = async (value: string, headers: Record<string, string> = {}) => await run.request({ headers: { range: value, ...headers } })
  for (const [value, text, contentRange] of [['bytes=2-4', '234', '2-4'], ['bytes=7-', '789', '7-9'], ['bytes=-3', '789', '7-9'], ['bytes=8-99', '89', '8-9'], ['bytes=-99', '0123456789', '0-9']] as const) {
    const part = await range(value)
    t.equal(part.status, 206, value)
    t.equal(part.text, text)
    t.match(part.headers, { 'content-range': `bytes ${contentRange}/10`, 'content-length': String(text.length), etag: '"s"', 'x-cache-status': 'Hit' })
  }
  for (const value of ['bytes=10-', 'bytes=-0']) {
    const none = await range(value)
    t.equal(none.status, 416, value)
    t.match(none.headers, { 'content-range': 'bytes */10', 'content-length': '0' })
  }
  for (const value of ['bytes=1-2,4-5', 'items=1-2', 'bytes=4-2', 'bytes=-', 'bytes=a-b']) t.equal((await range(value)).status, 200, `${value} is ignored`)
  t.equal((await range('bytes=1-2', { 'if-range': '"s"' })).status, 206)
  t.equal((await range('bytes=1-2', { 'if-range': 'Mon, 31 Dec 2029 00:00:00 GMT' })).status, 206)
  for (const other of ['"t"', 'W/"s"', 'Tue, 01 Jan 2030 00:00:00 GMT']) t.equal((await range('bytes=1-2', { 'if-range': other })).status, 200, `If-Range: ${other}`)
  t.equal((await range('bytes=1-2', { 'if-none-match': '"s"' })).status, 304, 'conditions go before ranges')
  t.equal(run.received.length, asked)
})

t.test('a service without ranges is not given any', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', 'accept-ranges': 'none' } })
  await run.request()
  t.equal((await run.request({ headers: { range: 'bytes=0-1' } })).status, 200)
})

t.test('answers are told apart by what they vary by', async t => {
  const run = await cached(t, request => ({ body: `in ${String(request.headers['accept-language'])}`, headers: { 'cache-control': 'max-age=60', vary: 'Accept-Language, Accept' } }))
  const get = async (language: string) => await run.request({ headers: { 'accept-language': language } })
  t.same([(await get('de')).text, (await get('fr')).text], ['in de', 'in fr'])
  const [german, french] = [await get('de'), await get('fr')]
  t.same([german.text, french.text], ['in de', 'in fr'])
  t.same(states([german, french]), ['Hit', 'Hit'])
  t.equal((await get('it')).headers['cache-status'], 'sallyport; fwd=vary-miss; stored')
  t.equal((await get('de,en')).headers['x-cache-status'], 'Miss')
  t.equal((await get('de , en')).headers['x-cache-status'], 'Hit', 'blanks make no difference')
})

t.test('requests say how old an answer may be', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', etag: '"e"' } })
  const ask = async (value: string, name = 'cache-control') => (await run.request({ headers: { [name]: value } })).headers['x-cache-status']
  await run.request()
  run.clock.advance(20_000)
  t.equal(await ask('max-age=20'), 'Hit')
  t.equal(await ask('min-fresh=40'), 'Hit')
  t.equal(await ask('max-age=19'), 'Refresh')
  run.clock.advance(20_000)
  t.equal(await ask('min-fresh=41'), 'Refresh')
  t.equal(await ask('no-cache'), 'Refresh')
  t.equal(await ask('no-cache', 'pragma'), 'Refresh')
  t.equal((await run.request({ headers: { pragma: 'no-cache', 'cache-control': 'max-age=9' } })).headers['x-cache-status'], 'Hit', 'Pragma counts alone')
  t.equal(await ask('no-store'), 'Bypass')
  run.clock.advance(70_000)
  t.equal(await ask('max-stale=10'), 'Hit')
  t.equal(await ask('max-stale'), 'Hit')
  t.equal(await ask('max-stale=9'), 'Refresh')
  const only = await run.request({ path: '/other', headers: { 'cache-control': 'only-if-cached' } })
  t.equal(only.status, 504)
  t.match(JSON.parse(only.text), { message: 'The answer is not in the cache' })
  t.equal(await ask('only-if-cached'), 'Hit')
})

t.test('requests are not listened to where that was chosen', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60' } }, { config: { request_directives: false } })
  await run.request()
  t.equal((await run.request({ headers: { 'cache-control': 'no-cache' } })).headers['x-cache-status'], 'Hit')
})

t.test('an answer that must be validated is sent stale to nobody', async t => {
  for (const directive of ['must-revalidate', 'proxy-revalidate', 's-maxage=10']) {
    const run = await cached(t, (_request, count) => count === 1 ? { headers: { 'cache-control': `max-age=10, ${directive}` } } : { status: 503 }, { config: { stale_if_error: 100, stale_while_revalidate: 100 } })
    await run.request()
    run.clock.advance(11_000)
    t.equal((await run.request({ headers: { 'cache-control': 'max-stale, stale-if-error=100' } })).status, 503, directive)
  }
})

t.test('a stale answer stands in for an upstream that fails', async t => {
  let failure: 'status' | 'down' | 'ok' = 'ok'
  const run = await cached(t, () => {
    if (failure === 'status') return { status: 503, body: 'no' }
    return { headers: { 'cache-control': 'max-age=10, stale-if-error=60', etag: '"e"' } }
  })
  await run.request()
  run.clock.advance(69_000)
  failure = 'status'
  const stale = await run.request()
  t.equal(stale.status, 200)
  t.equal(stale.text, 'answer 1')
  t.match(stale.headers, { 'x-cache-status': 'Refresh', age: '69', 'cache-status': 'sallyport; fwd=stale; fwd-status=503; detail=stale-if-error; ttl=-59' })
  run.clock.advance(1_001)
  t.equal((await run.request()).status, 503)
  t.equal((await run.request({ headers: { 'cache-control': 'stale-if-error=100' } })).status, 200, 'by leave of the request')
})

t.test('a stale answer is sent at once while the service is asked again', async t => {
  const run = await cached(t, (_request, count) => ({ headers: { 'cache-control': 'max-age=10, stale-while-revalidate=30', etag: `"${count}"` } }))
  await run.request()
  run.clock.advance(20_000)
  const stale = await run.request()
  t.match(stale.headers, { 'x-cache-status': 'Hit', age: '20', 'cache-status': 'sallyport; hit; ttl=-10' })
  t.equal(stale.text, 'answer 1')
  await until('the service was asked', async () => (await run.request()).text === 'answer 2')
  t.equal(run.received.length, 2)
  t.match(run.received[1]?.headers, { 'if-none-match': '"1"', 'x-forwarded-for': '127.0.0.1' })
  run.clock.advance(40_001)
  t.equal((await run.request()).headers['x-cache-status'], 'Refresh', 'not for ever')
})

t.test('an identified caller gets only what all may share', async t => {
  const authorization = 'Basic YTpi'
  for (const [said, shared] of [['max-age=60', false], ['max-age=60, public', true], ['s-maxage=60', true], ['max-age=60, must-revalidate', true], ['public, max-age=60, private', false], ['no-store, must-revalidate, max-age=60', false]] as const) {
    const run = await cached(t, { headers: { 'cache-control': said } })
    await run.request({ headers: { authorization } })
    t.equal((await run.request({ headers: { authorization } })).headers['x-cache-status'], shared ? 'Hit' : 'Bypass', said)
    t.equal((await run.request({ headers: { cookie: 'session=1' } })).headers['x-cache-status'], shared ? 'Hit' : 'Bypass', `${said}, with a cookie`)
  }
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60' } })
  await run.request()
  t.match((await run.request({ headers: { authorization } })).headers, { 'x-cache-status': 'Bypass', 'cache-status': 'sallyport; fwd=bypass; detail=identified' }, 'what anybody got is not for them either')
  t.equal((await run.request()).headers['x-cache-status'], 'Hit', 'and it is still there')
})

t.test('without cache_control, too, what is private to callers is not shared', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'no-cache, no-store, must-revalidate' } }, { config: { cache_control: false } })
  await run.request()
  t.equal((await run.request()).headers['x-cache-status'], 'Hit', 'Kong\'s way for anybody')
  t.equal((await run.request({ headers: { authorization: 'Basic YTpi' } })).headers['x-cache-status'], 'Bypass')
})

t.test('consumers share nothing, unless each has a cache of their own', async t => {
  const auth = fakeAuth('fake', 1200)
  const consumers = [{ username: 'ada' }, { username: 'bob' }]
  const identify = (subject: string): string => JSON.stringify({ subject, headers: [['X-User-ID', subject]] })
  for (const apart of [false, true]) {
    const run = await cached(t, request => ({ body: `for ${String(request.headers['x-user-id'])}`, headers: { 'cache-control': 'max-age=60' } }), {
      consumers, beside: [{ plugin: auth }], config: { vary_by_consumer: apart }
    })
    const get = async (subject: string, more: Record<string, string> = {}) => await run.request({ headers: { 'x-fake': identify(subject), ...more } })
    const answers = [await get('ada'), await get('bob'), await get('ada'), await get('bob')]
    t.same(answers.map(answer => answer.text), ['for ada', 'for bob', 'for ada', 'for bob'])
    t.same(states(answers), apart ? ['Miss', 'Miss', 'Hit', 'Hit'] : ['Bypass', 'Bypass', 'Bypass', 'Bypass'])
    if (apart) {
      t.equal((await get('ada', { authorization: 'Bearer other' })).headers['x-cache-status'], 'Miss', 'what else they bring tells them apart, too')
      t.equal((await get('ada', { cookie: 'a=b' })).headers['x-cache-status'], 'Miss')
    }
  }
})

t.test('who has to be refused is refused, whatever is stored', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'public, max-age=60' } }, { beside: [{ plugin: fakeAuth('fake', 1200) }] })
  await run.request({ headers: { 'x-fake': '{"subject":"ada"}' } })
  t.equal((await run.request({ headers: { 'x-fake': '{"subject":"ada"}' } })).headers['x-cache-status'], 'Hit')
  t.equal((await run.request()).status, 401)
})

t.test('unsafe requests that succeed drop what they changed', async t => {
  const run = await cached(t, request => request.method === 'GET'
    ? { headers: { 'cache-control': 'max-age=60' } }
    : { status: request.path === '/fails' ? 400 : 201, headers: { location: '/made', 'content-location': 'http://elsewhere.test/kept' } })
  const warm = async (...paths: string[]): Promise<unknown[]> => states(await Promise.all(paths.map(async path => await run.request({ path, headers: { host: 'gateway.test' } }))))
  const paths = ['/item?a=1', '/made', '/fails', '/kept']
  await warm(...paths)
  t.same(await warm(...paths), ['Hit', 'Hit', 'Hit', 'Hit'])
  for (const path of ['/item?a=1', '/fails']) {
    const { headers } = await run.request({ method: 'PUT', path, headers: { host: 'gateway.test' }, body: 'x' })
    t.match(headers, { 'x-cache-status': 'Bypass', 'cache-status': 'sallyport; fwd=method' })
  }
  t.same(await warm(...paths), ['Miss', 'Miss', 'Hit', 'Hit'])
  await run.request({ method: 'OPTIONS', path: '/made', headers: { host: 'gateway.test' } })
  t.same(await warm('/made'), ['Hit'], 'a safe method changes nothing')
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

t.test('addresses are told apart as the options say', async t => {
  const answer = { headers: { 'cache-control': 'max-age=60' } }
  const folded = await cached(t, answer, { config: { ignore_uri_case: true } })
  await folded.request('/Path?Q=1')
  t.equal((await folded.request('/pATH?q=1')).headers['x-cache-status'], 'Hit')
  const strict = await cached(t, answer)
  await strict.request('/Path?a=1&b=2')
  t.same(states([await strict.request('/path?a=1&b=2'), await strict.request('/Path?b=2&a=1')]), ['Miss', 'Miss'])

  const chosen = await cached(t, answer, { config: { vary_query_params: ['a', 'c d'], vary_headers: ['X-Tenant'] } })
  await chosen.request('/?a=1&c+d=2&noise=1')
  const asked = ['/?c%20d=2&x&a=1', '/?c+d=2&noise=2&a=1', '/?a=2&c+d=2', '/?a=1', '/', '/?noise', '/?%zz=1']
  const answers = []
  for (const path of asked) answers.push(await chosen.request(path))
  t.same(states(answers), ['Miss', 'Hit', 'Miss', 'Miss', 'Miss', 'Hit', 'Hit'], 'how a name is written makes no difference to whether it counts')
  t.equal((await chosen.request({ path: '/?a=1', headers: { 'x-tenant': 'b' } })).headers['x-cache-status'], 'Miss')
})

t.test('what upstreams are told in other ways is part of the key', async t => {
  const run = await cached(t, request => ({ body: JSON.stringify([request.path, request.headers['x-forwarded-path'], request.headers['x-forwarded-host']]), headers: { 'cache-control': 'max-age=60' } }), { gateway: { trusted_ips: ['127.0.0.1'] } })
  for (const [path, headers] of [['/a', {}], ['/b/../a', {}], ['/a', { 'x-forwarded-host': 'evil.test' }], ['/a', { 'x-forwarded-prefix': '/evil' }]] as const) {
    t.equal((await run.request({ path, headers: { host: 'gateway.test', ...headers } })).headers['x-cache-status'], 'Miss', `${path} ${JSON.stringify(headers)}`)
  }
})

t.test('POST is answered from the cache by its body, where that was chosen', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60' } }, { config: { request_method: ['GET', 'POST'] } })
  const post = async (body: string, type = 'application/json') => (await run.request({ method: 'POST', body, headers: { 'content-type': type } })).headers['x-cache-status']
  t.same([await post('{"a":1}'), await post('{"a":1}'), await post('{"a":2}'), await post('{"a":1}', 'text/plain')], ['Miss', 'Hit', 'Miss', 'Miss'])
  t.equal((await run.request({ method: 'HEAD' })).headers['x-cache-status'], 'Bypass')
})

t.test('requests that ask for something else go up as they are', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', etag: '"e"' } })
  await run.request()
  t.equal((await run.request({ headers: { 'if-match': '"other"' } })).headers['x-cache-status'], 'Bypass')
  t.equal(run.received.at(-1)?.headers['if-match'], '"other"')
  t.equal((await run.request({ body: 'a body' })).headers['cache-status'], 'sallyport; fwd=request')
})

t.test('response hooks see stored answers as if they came from the upstream', async t => {
  const hooked = definePlugin({
    name: 'hooked',
    priority: 801,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onRequest', function before (_request, reply) { reply.header('x-before', '1').header('vary', 'X-Own') })
      scope.addHook('onSend', function after (request, reply, payload) {
        reply.header('x-after', `${String(reply.getHeader('x-cache-status'))} ${String(reply.getHeader('x-kept'))}`)
        return `${String(payload)} for ${String(request.headers['x-name'])}`
      })
    }
  })
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', 'x-kept': 'k', vary: 'X-Theirs' } }, { beside: [{ plugin: hooked }] })
  const answers = [await run.request({ headers: { 'x-name': 'ada' } }), await run.request({ headers: { 'x-name': 'bob' } })]
  t.same(answers.map(answer => answer.text), ['answer 1 for ada', 'answer 1 for bob'])
  t.match(answers[1]?.headers, { 'x-before': '1', 'x-after': 'Hit k', vary: 'X-Own, X-Theirs', 'content-length': '16' })
})

t.test('a hook that answers goes before the cache', async t => {
  const refusing = definePlugin({
    name: 'refusing',
    priority: 50,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('preHandler', function refusing (request, reply) { if (request.headers['x-refuse'] !== undefined) reply.code(403).send() })
    }
  })
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60' } }, { beside: [{ plugin: refusing }], config: { coalesce_timeout: 60_000 } })
  t.equal((await run.request({ headers: { 'x-refuse': '1' } })).status, 403, 'one that would have led')
  t.equal((await run.request()).headers['x-cache-status'], 'Miss', 'does not keep others waiting')
  t.equal((await run.request({ headers: { 'x-refuse': '1' } })).status, 403)
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
  }
})

t.test('what makes no sense is an error of the file', async t => {
  t.same(findings(plugin, { response_code: [200, 206, 304] }), ['error /response_code/1', 'error /response_code/2'])
  t.same(findings(plugin, { cache_control: false, heuristics: 'cache_ttl' }), ['warning /cache_control', 'error /heuristics'])
})
