import t from 'tap'
import { route } from '../helpers/config.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, startHop } from '../helpers/hop.ts'
import { ask } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

// `/admin` has a route of its own, everything else goes the open way: whoever reaches `/admin` by the open route has
// tricked the router
const routes = [
  route({ id: 'open', name: 'open', paths: ['/'], strip_path: false }),
  route({ id: 'admin', name: 'admin', paths: ['/admin'], strip_path: false, headers: { 'x-key': ['secret'] } }),
  route({ id: 'guard', name: 'guard', paths: ['/admin'], strip_path: false, service: null })
]

const ADMIN: readonly string[] = [
  '/admin', '/admin/', '/./admin', '/%2e/admin', '/x/../admin', '/x/%2e%2e/admin', '/x/%2E./admin', '/x/.%2e/admin', '//admin', '///admin', '/%61dmin', '/adm%69n', '/../admin',
  '/../../admin', '/%2e%2e/admin', '/x/y/../../admin', '/x/./../admin', '/admin/.', '/admin/..//admin', '/x//../admin', '//x/../../admin', '/admin/%2e%2e/admin', 'http://gateway.test/%2e/admin'
]

for (const target of ADMIN) {
  t.test(`${target} is /admin to the router, whatever it looks like`, async t => {
    const upstream = await rawUpstream(t)
    const { port } = await startHop(t, upstream.port, { routes })
    const { answer } = await ask(t, port, get(target))
    t.equal(statusOf(answer), 503, 'the guard without a service')
    t.equal(upstream.requests.length, 0)
    await ask(t, port, get(target, 'X-Key: secret'))
    t.match(upstream.requests[0]?.line, /^GET \/admin\/? HTTP\/1\.1$/, 'and to the upstream')
  })
}

/** Open to the router: the upstream must not be able to read `/admin` out of what it gets, by the rules of a URL. */
const OPEN: ReadonlyArray<readonly [target: string, upstream: string]> = [
  ['/%2fadmin', '/%2Fadmin'],
  ['/x%2f..%2fadmin', '/x%2F..%2Fadmin'],
  ['/x/..%2fadmin', '/x/..%2Fadmin'],
  ['/x\\..\\admin', '/x%5C..%5Cadmin'],
  ['/\\admin', '/%5Cadmin'],
  ['/%5cadmin', '/%5Cadmin'],
  ['/x/%5c../admin', '/x/%5C../admin'],
  ['/admin%2e', '/admin.'],
  ['/Admin', '/Admin'],
  ['/%2561dmin', '/%2561dmin'],
  ['/%252e%252e/admin', '/%252e%252e/admin'],
  ['/admin;x', '/admin;x'],
  ['/adm%ff', '/adm%FF'],
  ['/%c0%ae%c0%ae/admin', '/%C0%AE%C0%AE/admin'],
  ['/..;/admin', '/..;/admin'],
  ['/.../admin', '/.../admin']
]

t.test('what the router does not take for /admin reaches the upstream in the form that the router saw', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { routes: [routes[0]!] })
  for (const [target, expected] of OPEN) {
    const { answer } = await ask(t, port, get(target))
    t.equal(statusOf(answer), 200, target)
    t.equal(upstream.requests.at(-1)?.line, `GET ${expected} HTTP/1.1`, target)
  }
})

/** Kong's normalisation, on the wire. */
const PASS: ReadonlyArray<readonly [target: string, upstream: string]> = [
  ['/a%58c', '/aXc'],
  ['/a%2fb', '/a%2Fb'],
  ['/caf%c3%a9', '/caf%C3%A9'],
  ['/a%20b', '/a%20b'],
  ['/a//b/./c/../d', '/a/b/d'],
  ['/x/%2e%2e/y', '/y'],
  ['/a%7Cb', '/a%7Cb'],
  ['/foo?', '/foo?'],
  ['/foo??a=%2f', '/foo??a=%2f'],
  ['/foo?a=b?c=d', '/foo?a=b?c=d'],
  ['/foo?/../bar', '/foo?/../bar'],
  ['/foo?a=%zz&b=%', '/foo?a=%zz&b=%'],
  ['/foo?a=//b', '/foo?a=//b'],
  ['/?', '/?'],
  ['/a%ff', '/a%FF'],
  ['/a%0d%0aX-Evil:%201', '/a%0D%0AX-Evil:%201'],
  ['/a%09b', '/a%09b'],
  ['/a:b@c!$&\'()*+,;=', '/a:b@c!$&\'()*+,;='],
  ['/a"b<c>d^e`f{g}', '/a%22b%3Cc%3Ed%5Ee%60f%7Bg%7D'],
  [`/${'a/'.repeat(2_000)}`, `/${'a/'.repeat(2_000)}`]
]

t.test('a path goes up in one form, a query as it came', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const [target, expected] of PASS) {
    const { answer } = await ask(t, port, get(target))
    t.equal(statusOf(answer), 200, target)
    t.equal(upstream.requests.at(-1)?.line, `GET ${expected} HTTP/1.1`)
  }
  t.same(upstream.faults, [])
})

t.test('a target that can not be read is 400', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const target of ['/admin%00', '/caf\xc3\xa9', '/a%', '/a%2', '/a%zz', '/%%', '/a%u0041']) {
    const { answer } = await ask(t, port, get(target))
    t.equal(statusOf(answer), 400, target)
    t.match(JSON.parse(answer.body.toString()), { message: 'Bad request' })
  }
  t.equal(upstream.requests.length, 0)
})

t.test('a stripped prefix can not be used to climb out of the path of the service', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { service: { path: '/base' }, route: { paths: ['/v1'] } })
  const cases: ReadonlyArray<readonly [string, string | null]> = [
    ['/v1/x', '/base/x'],
    ['/v1', '/base'],
    ['/v1/', '/base/'],
    ['/v1/../x', null],
    ['/v1/%2e%2e/x', null],
    ['/v1/..%2fx', '/base/..%2Fx'],
    ['/v1//x', '/base/x'],
    ['/v1x', '/base/x'],
    ['/v1..', '/base'],
    ['/v1../x', '/base/x'],
    ['/v1%2e%2e/x', '/base/x']
  ]
  for (const [target, expected] of cases) {
    const { answer } = await ask(t, port, get(target))
    if (expected === null) {
      t.equal(statusOf(answer), 404, target)
      continue
    }
    t.equal(statusOf(answer), 200, target)
    t.equal(upstream.requests.at(-1)?.line, `GET ${expected} HTTP/1.1`, target)
  }
})

t.test('a client can not name a scope of the gateway', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { paths: ['/only'] } })
  for (const target of ['/s0', '/s1', '/s2', '/s0?x', '/S1']) t.equal(statusOf((await ask(t, port, get(target))).answer), 404, target)
})

t.test('a query that looks like a path changes nothing', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { routes })
  const { answer } = await ask(t, port, get('/admin?/../open'))
  t.equal(statusOf(answer), 503)
  t.equal(value(answer, 'via'), undefined)
})
