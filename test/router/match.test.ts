import t from 'tap'
import { compileRouter } from '../../src/router/compile.ts'
import type { RoutingRequest } from '../../src/router/types.ts'
import { makeRoute } from './make-route.ts'

type Fields = Parameters<typeof makeRoute>[1]

/** The id of the route that wins, of routes named by their keys in declaration order. */
function winner (routes: Record<string, Fields>, request: Partial<RoutingRequest>): string | null {
  const router = compileRouter(Object.entries(routes).map(([id, fields]) => makeRoute(id, fields)))
  return router.match(makeRequest(request))?.route.id ?? null
}

function makeRequest (fields: Partial<RoutingRequest>): RoutingRequest {
  return { method: 'GET', host: 'a.com', path: '/', headers: [], scheme: 'http', port: 80, sni: null, ...fields }
}

function many (count: number, make: (index: number) => Fields): Record<string, Fields> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`r${index}`, make(index)]))
}

t.test('no routes match nothing', async t => {
  t.equal(winner({}, {}), null)
})

t.test('a literal path is a prefix without segment boundary', async t => {
  const routes = { r: { paths: ['/foo'] } }
  for (const path of ['/foo', '/foobar', '/foo.bar', '/foo/x']) t.equal(winner(routes, { path }), 'r', path)
  for (const path of ['/', '/fo', '/FOO', '/x/foo']) t.equal(winner(routes, { path }), null, path)
})

t.test('a path of another script matches in its normal form', async t => {
  t.equal(winner({ r: { paths: ['/café'] } }, { path: '/café/x' }), 'r')
})

t.test('the longest literal wins, the shorter one takes what it leaves', async t => {
  const routes = { short: { paths: ['/a'] }, long: { paths: ['/a/b'] } }
  t.equal(winner(routes, { path: '/a/bc' }), 'long')
  t.equal(winner(routes, { path: '/a/c' }), 'short')
})

t.test('a route of more criteria wins over one of a longer path, on any other host too', async t => {
  t.equal(winner({ long: { paths: ['/a/b/c'] }, short: { paths: ['/'], methods: ['GET'] } }, { path: '/a/b/c' }), 'short')
  t.equal(winner({ host: { hosts: ['a.com'] }, both: { paths: ['/'], methods: ['GET'] } }, {}), 'both')
})

t.test('a route that only shares a place with the winner does not win', async t => {
  t.equal(winner({ r: { paths: ['/a'], methods: ['POST'] }, other: { paths: ['/a'] } }, { path: '/a' }), 'other')
})

t.test('methods are exact', async t => {
  t.equal(winner({ r: { methods: ['GET', 'PURGE'] } }, { method: 'PURGE' }), 'r')
  t.equal(winner({ r: { methods: ['GET'] } }, { method: 'get' }), null)
})

t.test('hosts have no case, on either side', async t => {
  t.equal(winner({ r: { hosts: ['Example.com'] } }, { host: 'eXAMPLE.COM' }), 'r')
  t.equal(winner({ r: { hosts: ['*.Example.com'] } }, { host: 'WWW.example.com' }), 'r')
})

t.test('a wildcard in front stands for any number of labels, and for one at least', async t => {
  const routes = { r: { hosts: ['*.example.com'] } }
  for (const host of ['a.example.com', 'a.b.example.com', 'a.example.com:81', 'a.example.com.', 'A.Example.Com..:80']) t.equal(winner(routes, { host }), 'r', host)
  for (const host of ['example.com', '.example.com', 'aexample.com', 'a.example.org']) t.equal(winner(routes, { host }), null, host)
})

t.test('a wildcard behind stands for anything', async t => {
  const routes = { r: { hosts: ['example.*'] } }
  for (const host of ['example.com', 'example.co.uk', 'EXAMPLE.com:8000']) t.equal(winner(routes, { host }), 'r', host)
  for (const host of ['example', 'example.', 'www.example.com', 'examples.com']) t.equal(winner(routes, { host }), null, host)
})

t.test('a plain host wins over a wildcard, the earlier of two wildcards over the later', async t => {
  const routes = { wild: { hosts: ['*.a.com'] }, wider: { hosts: ['*.com'] }, behind: { hosts: ['x.*'] }, plain: { hosts: ['x.a.com'] } }
  t.equal(winner(routes, { host: 'x.a.com' }), 'plain')
  t.equal(winner(routes, { host: 'y.a.com' }), 'wild')
  t.equal(winner(routes, { host: 'x.b.com' }), 'wider')
  t.equal(winner(routes, { host: 'x.org' }), 'behind')
})

t.test('a host without a port matches any; one with a port that of the Host field, else the listener\'s', async t => {
  t.equal(winner({ r: { hosts: ['a.com'] } }, { host: 'a.com:1234' }), 'r')
  const routes = { r: { hosts: ['a.com:8000'] } }
  t.equal(winner(routes, { host: 'a.com:8000', port: 80 }), 'r')
  t.equal(winner(routes, { host: 'a.com:80', port: 8000 }), null)
  t.equal(winner(routes, { host: 'a.com', port: 8000 }), 'r')
  t.equal(winner(routes, { host: 'a.com', port: 80 }), null)
  t.equal(winner(routes, { host: 'a.com:', port: 8000 }), 'r')
  t.equal(winner({ r: { hosts: ['*.com:81', 'a.*:82'] } }, { host: 'a.com:81' }), 'r')
  t.equal(winner({ r: { hosts: ['*.com:81', 'a.*:82'] } }, { host: 'a.com:82' }), 'r')
  t.equal(winner({ r: { hosts: ['*.com:81', 'a.*:82'] } }, { host: 'a.com:83' }), null)
})

t.test('an IPv6 address is a host, with and without brackets and port', async t => {
  t.equal(winner({ r: { hosts: ['[::1]'] } }, { host: '[::1]:8000' }), 'r')
  t.equal(winner({ r: { hosts: ['::1'] } }, { host: '[::1]' }), 'r')
  t.equal(winner({ r: { hosts: ['[::1]:81'] } }, { host: '[::1]:81' }), 'r')
  t.equal(winner({ r: { hosts: ['[::1]:81'] } }, { host: '[::1]' }), null)
})

t.test('a request without a host, or with a strange one, reaches routes without hosts alone', async t => {
  const routes = { host: { hosts: ['a.com', '*.com', 'a.*'] }, none: { paths: ['/'] } }
  for (const host of ['', ':80', '.', '..', 'a.com:x', '*', '[', `${'a.'.repeat(5000)}org`]) t.equal(winner(routes, { host }), 'none', host)
})

t.test('header names have no case, and - is _; values have no case; any occurrence will do', async t => {
  const routes = { r: { headers: { 'X-My_Version': ['V1', 'v2'] } } }
  for (const headers of [['X-My-Version', 'v1'], ['x_my_version', 'V2'], ['X-MY-VERSION', 'no', 'x-my-version', 'v2']]) t.equal(winner(routes, { headers }), 'r')
  for (const headers of [[], ['X-My-Version', 'v3'], ['X-My-Version', ''], ['X-MyXVersion', 'v1'], ['Other', 'v1'], ['X-My-Version', 'v1'.repeat(5000)]]) t.equal(winner(routes, { headers }), null)
})

t.test('all header names must match', async t => {
  const routes = { r: { headers: { 'x-a': ['1'], 'x-b': ['1'] } } }
  t.equal(winner(routes, { headers: ['x-a', '1', 'x-b', '1'] }), 'r')
  t.equal(winner(routes, { headers: ['x-a', '1'] }), null)
})

t.test('a header regex is searched in the value, among other values too', async t => {
  const routes = { r: { headers: { 'user-agent': ['exact', '~*curl/\\D'] } } }
  t.equal(winner(routes, { headers: ['User-Agent', 'my CURL/x'] }), 'r')
  t.equal(winner(routes, { headers: ['User-Agent', 'curl/8'] }), null)
  t.equal(winner(routes, { headers: ['User-Agent', 'EXACT'] }), 'r')
})

t.test('header values that are no ASCII are compared as text', async t => {
  const received = Buffer.from('É').toString('latin1')
  t.equal(winner({ r: { headers: { 'x-a': ['é'] } } }, { headers: ['x-a', received] }), 'r')
  t.equal(winner({ r: { headers: { 'x-a': ['~*^.$'] } } }, { headers: ['x-a', received] }), 'r')
  t.equal(winner({ r: { headers: { 'x-a': ['é'] } } }, { headers: ['x-a', '\xe9'] }), null)
})

t.test('snis decide on https and are passed over on http', async t => {
  const routes = { r: { snis: ['a.com.', '*.b.com', 'c.*'], paths: ['/'] } }
  for (const sni of ['a.com', 'A.COM', 'x.b.com', 'c.org']) t.equal(winner(routes, { scheme: 'https', sni }), 'r', sni)
  for (const sni of ['b.com', '.b.com', 'c.', 'x.a.com', null]) t.equal(winner(routes, { scheme: 'https', sni }), null, String(sni))
  t.equal(winner(routes, { scheme: 'http' }), 'r')
})

t.test('protocols are no criterion', async t => {
  t.equal(winner({ r: { protocols: ['https'], paths: ['/'] } }, { scheme: 'http' }), 'r')
  t.equal(winner({ r: { protocols: ['http'], paths: ['/'] } }, { scheme: 'https' }), 'r')
})

t.test('a regex wins over a longer literal, and gives its captures and all that it matched', async t => {
  const router = compileRouter([
    makeRoute('literal', { paths: ['/users/42/orders'] }),
    makeRoute('regex', { paths: ['~/users/(?<id>\\d+)/(x)?(?<__proto__>o)'] })
  ])
  const match = router.match(makeRequest({ path: '/users/42/orders/7' }))
  t.equal(match?.route.id, 'regex')
  t.equal(match?.prefix, '/users/42/o')
  t.same(Object.entries(match?.captures ?? {}), [['1', '42'], ['3', 'o'], ['id', '42'], ['__proto__', 'o']])
  t.equal(router.match(makeRequest({ path: '/users/42/orders/7' }))?.captures['2'], undefined, 'a group that took no part is absent')
})

t.test('captures come from the regex that matched, the first in the file of several', async t => {
  const router = compileRouter([makeRoute('r', { paths: ['~/a/(?<x>\\d+)', '~/a/(?<y>.)', '~/b/(?<z>.)'] })])
  t.same({ ...router.match(makeRequest({ path: '/a/1' }))?.captures }, { 1: '1', x: '1' })
  t.same({ ...router.match(makeRequest({ path: '/a/z' }))?.captures }, { 1: 'z', y: 'z' })
  t.same({ ...router.match(makeRequest({ path: '/b/z' }))?.captures }, { 1: 'z', z: 'z' })
})

t.test('literals have no captures, and one object for that', async t => {
  const router = compileRouter([makeRoute('a', { paths: ['/a'] }), makeRoute('b', { hosts: ['a.com'] })])
  const literal = router.match(makeRequest({ path: '/a/b', host: 'b.com' }))
  const none = router.match(makeRequest({ path: '/b', host: 'a.com' }))
  t.match(literal, { prefix: '/a' })
  t.match(none, { prefix: '/' })
  t.equal(literal?.captures, none?.captures)
  t.equal(literal?.captures['constructor'], undefined)
})

t.test('a regex is not run when the best literal comes before it', async t => {
  // would need ages, were it run
  const routes = { regex: { paths: ['~/(?:a+)+$'] }, literal: { paths: ['/a'], methods: ['GET'] } }
  t.equal(winner(routes, { path: `/${'a'.repeat(60)}!` }), 'literal')
})

t.test('a regex is only run when it comes before literals of every host', async t => {
  const routes = { regex: { hosts: ['a.com'], paths: ['~/(?:a+)+$'] }, literal: { methods: ['GET'], headers: { 'x-a': ['1'] }, paths: ['/a'] } }
  t.equal(winner(routes, { path: `/${'a'.repeat(60)}!`, headers: ['x-a', '1'] }), 'literal')
})

t.test('ties go to the earlier route in the file', async t => {
  t.equal(winner({ b: { paths: ['/a'] }, a: { paths: ['/a'] } }, { path: '/a' }), 'b')
  t.equal(winner({ b: { paths: ['~/a'] }, a: { paths: ['~/[a]'] } }, { path: '/a' }), 'b')
})

t.test('routes on one place are found by header value, name, pair and method', async t => {
  const byValue = many(500, index => ({ paths: ['/api'], headers: { 'x-tenant': [`T${index}`, 'shared'] } }))
  t.equal(winner(byValue, { path: '/api', headers: ['X_Tenant', 't321'] }), 'r321')
  t.equal(winner(byValue, { path: '/api', headers: ['X-Tenant', 'shared'] }), 'r0')
  t.equal(winner(byValue, { path: '/api', headers: ['X-Tenant', 'none'] }), null)
  const byName = many(500, index => ({ paths: ['/api'], headers: { [`x-${index}`]: ['1'] } }))
  t.equal(winner(byName, { path: '/api', headers: ['accept', 'x', 'X-321', '1', 'x-123', '1'] }), 'r123')
  const byPair = many(400, index => ({ paths: ['/api'], headers: { a: [`${index % 20}`], b: [`${Math.floor(index / 20)}`] } }))
  t.equal(winner(byPair, { path: '/api', headers: ['b', '3', 'a', '7'] }), 'r67')
  const byMethod = many(26, index => ({ paths: ['/api'], methods: [String.fromCharCode(65 + index)] }))
  t.equal(winner(byMethod, { path: '/api', method: 'Q' }), 'r16')
})

t.test('of routes on one place those that nothing tells apart still take part', async t => {
  const routes = {
    ...many(20, index => ({ paths: ['/api'], headers: { 'x-tenant': [`t${index}`] } })),
    ...Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`any${index}`, { paths: ['/api'], headers: { 'x-tenant': ['~*.'] } }])),
    none: { paths: ['/api'] }
  }
  t.equal(winner(routes, { path: '/api', headers: ['x-tenant', 't3'] }), 'r3')
  t.equal(winner(routes, { path: '/api', headers: ['x-tenant', 'other'] }), 'any0')
  t.equal(winner(routes, { path: '/api' }), 'none')
})

t.test('regexes on one place are found by the segments that they must have', async t => {
  const routes = many(300, index => ({ paths: [`~/repos/(?<owner>[^/]+)/(?<repo>[^/]+)/thing${index}${index % 2 === 0 ? '/\\d+' : ''}$`] }))
  t.equal(winner(routes, { path: '/repos/me/it/thing111' }), 'r111')
  t.equal(winner(routes, { path: '/repos/me/it/thing112/7' }), 'r112')
  t.equal(winner(routes, { path: '/repos/me/it/thing112' }), null)
  t.equal(winner(routes, { path: '/repos/me' }), null)
})

t.test('regexes without common segments are all tried', async t => {
  const routes = many(30, index => ({ paths: [`~/a/.*x${index}$`] }))
  t.equal(winner(routes, { path: '/a/b/c/x17' }), 'r17')
})

t.test('long paths and deep routes end in bounded time', async t => {
  const routes = many(2000, index => ({ paths: [`/${'a/'.repeat(index)}`], methods: ['PUT'] }))
  const router = compileRouter(Object.entries(routes).map(([id, fields]) => makeRoute(id, fields)))
  t.equal(router.match(makeRequest({ path: `/${'a/'.repeat(4000)}` })), null)
  t.equal(router.match(makeRequest({ path: `/${'a/'.repeat(4000)}`, method: 'PUT' }))?.route.id, 'r1999')
})

t.test('a regex that breaks the engine matches no route instead of throwing', async t => {
  const router = compileRouter([makeRoute('r', { paths: ['~/(?:(a)|b)*c'] })])
  t.equal(router.match(makeRequest({ path: `/${'a'.repeat(30_000_000)}` })), null)
})

t.test('a regex that the configuration\'s check would refuse does not compile', async t => {
  t.throws(() => compileRouter([makeRoute('r', { paths: ['~/a++'] })]), { name: 'TypeError', message: /~\/a\+\+.*possessive/ })
  t.throws(() => compileRouter([makeRoute('r', { headers: { a: ['~*a++'] } })]), { name: 'TypeError', message: /a\+\+.*possessive/ })
})
