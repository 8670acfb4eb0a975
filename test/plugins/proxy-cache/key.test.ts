/** What tells answers apart, and what drops them. */
import t from 'tap'
import { cached, states } from '../../helpers/cached.ts'

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
