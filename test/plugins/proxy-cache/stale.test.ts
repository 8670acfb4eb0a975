/** Stale answers: validated, sent while they are, or instead of an error. */
import t from 'tap'
import { cached } from '../../helpers/cached.ts'
import { until } from '../../helpers/running.ts'

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

t.test('a validation after which nothing may be stored answers its client, and ends what was stored', async t => {
  for (const headers of [{ 'cache-control': 'private' }, { 'cache-control': 'max-age=60', etag: '"another"' }, { 'cache-control': 'max-age=60', 'set-cookie': 'a=1' }]) {
    const run = await cached(t, request => request.headers['if-none-match'] === undefined
      ? { headers: { 'cache-control': 'max-age=10, stale-if-error=100', etag: '"e"' } }
      : { status: 304, body: '', headers })
    await run.request()
    run.clock.advance(10_000)
    const answer = await run.request()
    t.match([answer.status, answer.text, answer.headers['x-cache-status']], [200, 'answer 1', 'Refresh'])
    t.same(answer.headers['set-cookie'], 'set-cookie' in headers ? ['a=1'] : undefined, 'the cookie is for this client')
    t.equal((await run.request()).headers['x-cache-status'], 'Miss', JSON.stringify(headers))
  }
})

t.test('what the upstream has instead takes the place of what was stored', async t => {
  const run = await cached(t, (_request, count) => count === 1 ? { headers: { 'cache-control': 'max-age=10, stale-if-error=100' } } : count === 2 ? { status: 403 } : { status: 503 })
  await run.request()
  run.clock.advance(10_000)
  t.equal((await run.request()).status, 403)
  t.equal((await run.request()).status, 503, 'what it was before is not sent any more')
})

t.test('a stale answer to a POST is a miss: it goes up as it came', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=60, stale-if-error=60', etag: '"e"' } }, { config: { request_method: ['GET', 'POST'] } })
  const post = async (headers: Record<string, string> = {}) => await run.request({ method: 'POST', body: 'question', headers })
  await post()
  run.clock.advance(20_000)
  t.match((await post({ 'cache-control': 'max-stale' })).headers, { 'x-cache-status': 'Miss', 'cache-status': 'sallyport; fwd=stale; stored' })
  t.equal(run.received.length, 2)
  t.equal(run.received[1]?.headers['if-none-match'], undefined)
  t.equal(run.received[1]?.body.toString(), 'question')
  t.equal((await post()).text, 'answer 2')
  t.equal((await post({ 'if-modified-since': 'Sat, 01 Jan 2050 00:00:00 GMT', range: 'bytes=0-1' })).text, 'answer 2', 'dates and ranges are not about a POST')
  t.equal(run.received.length, 2)
  t.equal((await post({ 'if-none-match': '"e"' })).headers['x-cache-status'], 'Bypass')
  t.equal(run.received[2]?.headers['if-none-match'], '"e"', 'the service says whether it is done')
})

t.test('a HEAD validates, too', async t => {
  const run = await cached(t, request => request.headers['if-none-match'] === undefined
    ? { headers: { 'cache-control': 'max-age=10', etag: '"e"' } }
    : { status: 304, body: '', headers: { 'cache-control': 'max-age=10' } })
  await run.request()
  run.clock.advance(10_000)
  t.match((await run.request({ method: 'HEAD' })).headers, { 'x-cache-status': 'Refresh', 'content-length': '8' })
  t.equal((await run.request()).headers['x-cache-status'], 'Hit')
})
