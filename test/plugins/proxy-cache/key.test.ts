/** What tells answers apart, and what drops them. */
import t from 'tap'
import plugin from '../../../plugins/proxy-cache/index.ts'
import { KeyMaker } from '../../../src/http-cache/key.ts'
import { HeaderList } from '../../../src/plugin.ts'
import { cached, states } from '../../helpers/cached.ts'
import { completeConfig } from '../../helpers/plugin-config.ts'

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

t.test('a field that is empty is not one that is missing, and only lists of what a client takes mean the same with other blanks', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', vary: 'Accept, X-Filter' } })
  const state = async (headers: Record<string, string>) => (await run.request({ headers })).headers['x-cache-status']
  for (const headers of [{}, { 'x-filter': '' }, { accept: '' }, { 'x-filter': '["a,b"]' }, { 'x-filter': '["a, b"]' }, { 'x-filter': 'a,b' }, { 'x-filter': 'a, b' }, { accept: 'a/b;c="d,e"' }, { accept: 'a/b;c="d, e"' }] as const) {
    t.same([await state(headers), await state(headers)], ['Miss', 'Hit'], JSON.stringify(headers))
  }
})

t.test('a variant that ends soon takes no other along', async t => {
  const run = await cached(t, request => ({ headers: { 'cache-control': `max-age=${request.headers['accept'] === 'a/short' ? 1 : 60}`, vary: 'Accept' } }))
  const state = async (accept: string) => (await run.request({ headers: { accept } })).headers['x-cache-status']
  t.same([await state('a/long'), await state('a/short')], ['Miss', 'Miss'])
  run.clock.advance(2_000)
  t.same([await state('a/long'), await state('a/short')], ['Hit', 'Miss'])
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
  const asked = ['/?c%20d=2&x&a=1', '/?c+d=2&noise=2&a=1', '/?a=2&c+d=2', '/?a=1', '/', '/?noise', '/?other=1']
  const answers = []
  for (const path of asked) answers.push(await chosen.request(path))
  t.same(states(answers), ['Miss', 'Hit', 'Miss', 'Miss', 'Miss', 'Hit', 'Hit'], 'how a name is written makes no difference to whether it counts')
  t.equal((await chosen.request({ path: '/?a=1', headers: { 'x-tenant': 'b' } })).headers['x-cache-status'], 'Miss')
})

t.test('what a server might read as a parameter that counts, counts', async t => {
  const keys = new KeyMaker(completeConfig(plugin, { vary_query_params: ['q', 'Page'] }) as never)
  const of = (query: string) => keys.uri('http', 'a', '/', query)
  const plain = of('q=1')
  for (const query of ['q=1&utm_source=x', 'x-y&q=1&z9=2', 'q=1&&a', 'q=1&a=b%3Bq%3D2', '%75tm=1&q=1']) t.equal(of(query), plain, query)
  for (const query of [
    'q=1&q=2', 'q=2&q=1', 'Q=2&q=1', '%51=2&q=1', 'utm=x;q=2&q=1', 'q=1;q=2', 'q[]=2&q=1', 'q%5B%5D=2&q=1', 'q=1&+q=2', 'q=1&%20q=2', 'q=1&q%00=2', 'q=1&q.=2', 'q=1&%zz=2', 'q=1&=2'
  ]) t.not(of(query), plain, query)
  t.equal(of('page=2&q=1'), of('q=1&page=2'))
  t.not(of('page=2'), of('Page=2'), 'what it is called stays in the key')
})

t.test('a method or a host beside those of the request answers nobody else', async t => {
  const run = await cached(t, request => ({ body: JSON.stringify(request.headers), headers: { 'cache-control': 'max-age=60' } }))
  const ask = async (headers: Record<string, string>) => await run.request({ headers })
  for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
    t.match((await ask({ [name]: 'DELETE' })).headers, { 'x-cache-status': 'Bypass', 'cache-status': 'sallyport; fwd=request' }, name)
    t.match(JSON.parse((await ask({ [name]: 'DELETE' })).text), { [name]: 'DELETE' }, 'it reaches the service each time')
  }
  for (const name of ['x-host', 'x-original-host', 'x-http-host-override']) t.equal((await ask({ [name]: 'evil.test' })).headers['x-cache-status'], 'Miss', name)
  t.notMatch((await ask({})).text, /evil|DELETE/)
})

t.test('what upstreams are told in other ways is part of the key', async t => {
  const run = await cached(t, request => ({ body: JSON.stringify([request.path, request.headers['x-forwarded-path'], request.headers['x-forwarded-host']]), headers: { 'cache-control': 'max-age=60' } }), { gateway: { trusted_ips: ['127.0.0.1'] } })
  for (const [path, headers] of [['/a', {}], ['/b/../a', {}], ['/a', { 'x-forwarded-host': 'evil.test' }], ['/a', { 'x-forwarded-prefix': '/evil' }], ['/a', { 'x-forwarded-user': 'root' }], ['/a', { 'x-forwarded-ssl': 'off' }]] as const) {
    t.equal((await run.request({ path, headers: { host: 'gateway.test', ...headers } })).headers['x-cache-status'], 'Miss', `${path} ${JSON.stringify(headers)}`)
  }
  t.equal((await run.request({ path: '/a', headers: { host: 'gateway.test', 'x-forwarded-for': '192.0.2.1' } })).headers['x-cache-status'], 'Hit', 'but for clients')
  const strict = await cached(t, { headers: { 'cache-control': 'max-age=60' } })
  t.same([(await strict.request()).headers['x-cache-status'], (await strict.request({ headers: { 'x-forwarded-host': 'a.test' } })).headers['x-cache-status']], ['Miss', 'Hit'], 'what others say reaches nobody, and splits nothing')
})

t.test('fields that are in every key may be named in Vary', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', vary: 'X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Port, X-Forwarded-Path, X-Forwarded-Prefix, Host, Accept' } }, { gateway: { trusted_ips: ['127.0.0.1'] } })
  const state = async (headers: Record<string, string>) => (await run.request({ headers: { host: 'gateway.test', ...headers } })).headers['x-cache-status']
  for (const headers of [{}, { 'x-forwarded-proto': 'https' }, { 'x-forwarded-host': 'a.test' }, { 'x-forwarded-port': '1' }, { 'x-forwarded-path': '/a' }, { 'x-forwarded-prefix': '/a' }, { host: 'other.test' }, { accept: 'a/b' }] as const) {
    t.same([await state(headers), await state(headers)], ['Miss', 'Hit'], JSON.stringify(headers))
  }
  const late = await cached(t, { headers: { 'cache-control': 'max-age=60', vary: 'grpc-timeout' } })
  t.match((await late.request()).headers, { 'cache-status': 'sallyport; fwd=uri-miss; detail=vary' })
})

t.test('what a trusted peer says in Forwarded is part of the key, but for addresses', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60' } }, { gateway: { trusted_ips: ['127.0.0.1'] } })
  const state = async (forwarded: string) => (await run.request({ headers: { forwarded } })).headers['x-cache-status']
  t.equal(await state('for=192.0.2.1;host=a.test;proto=https'), 'Miss')
  t.equal(await state('for="[2001:db8::1]:80";host=a.test;proto=https'), 'Hit')
  for (const other of ['for=192.0.2.1;host=evil.test;proto=https', 'for=192.0.2.1;host=a.test;proto=http', 'for="192.0.2.1;host=evil.test";host=a.test;proto=https', 'for=192.0.2.1;host=a.test;proto=https, for=192.0.2.1']) t.equal(await state(other), 'Miss', other)
  const strict = await cached(t, { headers: { 'cache-control': 'max-age=60' } })
  await strict.request()
  await strict.request({ headers: { forwarded: 'host=evil.test' } })
  t.equal(strict.received.at(-1)?.headers['forwarded'], undefined, 'of nobody else')
})

t.test('each part of a key counts by itself', async t => {
  const keys = new KeyMaker(completeConfig(plugin) as never)
  const gateway = { scheme: 'http', host: 'a', path: '/', target: '/', port: 80, route: { id: 'r' }, service: { id: 's' }, trusted: false }
  const upstream = { body: null, headers: new HeaderList(), host: 'b', port: 80, hostHeader: 'b', path: '/', query: null }
  const key = (own: object, up: object, method = 'GET', caller = ''): string => {
    const { uri, rest } = keys.of({ headers: {}, gateway: { ...gateway, ...own } } as never, { ...upstream, ...up } as never, method, caller)
    return `${uri}\n${rest}`
  }
  const all = [
    key({}, {}), key({}, {}, 'PURGE'), key({}, {}, 'GET', 'ada'),
    ...[{ scheme: 'https' }, { host: 'c' }, { path: '/c', target: '/c' }, { target: '/?' }, { target: '/?c' }, { target: '/./' }, { port: 81 }, { route: { id: 'c' } }, { route: null }, { service: { id: 'c' } }, { service: null }].map(own => key(own, {})),
    ...[{ host: 'c' }, { port: 81 }, { hostHeader: 'c' }, { path: '/c' }, { query: 'c' }].map(up => key({}, up))
  ]
  t.equal(new Set(all).size, all.length)
  t.equal(key({}, {}), key({}, {}))
})

t.test('the body that goes up is part of the key, not the one that came', async t => {
  const keys = new KeyMaker(completeConfig(plugin) as never)
  const key = (sent: string | null, came: string) => keys.of({ body: Buffer.from(came), headers: {}, gateway: { scheme: 'http', host: 'a', path: '/', target: '/', port: 80, route: null, service: null } } as never, { body: sent === null ? null : Buffer.from(sent), headers: new HeaderList(), host: 'b', port: 80, hostHeader: 'b', path: '/', query: null } as never, 'POST', '').rest
  t.equal(key('one', 'a'), key('one', 'b'))
  t.not(key('one', 'a'), key('other', 'a'))
  t.not(key(null, 'a'), key(null, 'b'))
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
  const elsewhere = async () => (await run.request({ path: '/kept', headers: { host: 'elsewhere.test' } })).headers['x-cache-status']
  t.same([await elsewhere(), (await run.request({ method: 'PUT', path: '/item?a=1', headers: { host: 'gateway.test' }, body: 'x' })).status, await elsewhere()], ['Miss', 201, 'Hit'], 'what is another\'s stays')
  await warm('/made')
  await run.request({ method: 'OPTIONS', path: '/made', headers: { host: 'gateway.test' } })
  t.same(await warm('/made'), ['Hit'], 'a safe method changes nothing')
})

t.test('addresses with escapes are dropped as well', async t => {
  const run = await cached(t, request => request.method === 'GET' ? { headers: { 'cache-control': 'max-age=60' } } : { status: 201, headers: { location: '/m%61de%20by/%2f?a=\'%20b\'' } })
  const get = async () => (await run.request({ path: '/made%20by/%2F?a=\'%20b\'', headers: { host: 'gateway.test' } })).headers['x-cache-status']
  t.same([await get(), await get()], ['Miss', 'Hit'])
  await run.request({ method: 'PUT', headers: { host: 'gateway.test' }, body: 'x' })
  t.equal(await get(), 'Miss')
  await run.request({ method: 'PUT', path: '/made%20b%79/%2F?a=\'%20b\'', headers: { host: 'gateway.test' }, body: 'x' })
  t.equal(await get(), 'Miss')
})

t.test('a POST that succeeds drops what it may have changed, unless it was answered from the cache', async t => {
  const run = await cached(t, request => ({ headers: request.headers['x-unsaid'] === undefined ? { 'cache-control': 'max-age=60' } : {} }), { config: { request_method: ['GET', 'POST'] } })
  const get = async () => (await run.request()).headers['x-cache-status']
  const post = async (body: string, headers: Record<string, string> = {}, method = 'POST') => (await run.request({ method, body, headers })).headers['x-cache-status']
  for (const [name, headers, method, state] of [
    ['whose answer is stored', {}, 'POST', 'Miss'],
    ['whose answer is not', { 'x-unsaid': 'a' }, 'POST', 'Bypass'],
    ['that is not to be stored', { 'cache-control': 'no-store' }, 'POST', 'Bypass'],
    ['with a condition', { 'if-match': '"a"' }, 'POST', 'Bypass'],
    ['with Upgrade', { upgrade: 'h2c' }, 'PUT', undefined]
  ] as const) {
    await get()
    t.equal(await get(), 'Hit')
    t.equal(await post(name, headers, method), state, name)
    t.equal(await get(), 'Miss', name)
  }
  t.equal(await post('one'), 'Miss')
  t.equal(await post('two'), 'Miss')
  t.equal(await get(), 'Miss')
  t.equal(await post('one'), 'Hit', 'an answer that is stored leaves those to other questions')
  t.equal(await get(), 'Hit', 'and who is answered with it changes nothing')
  await post('three', { 'x-unsaid': 'a' })
  t.equal(await post('one'), 'Miss', 'one that is not leaves none')
})
