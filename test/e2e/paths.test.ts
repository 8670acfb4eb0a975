import t from 'tap'
import { listenDefaults } from '../../src/config/entities/listen.ts'
import { defaultPathPolicy, type PathAction, type PathPolicy } from '../../src/router/path-policy.ts'
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

/** Open to the router, and to nobody else the way to another route. */
const OPEN: ReadonlyArray<readonly [target: string, upstream: string]> = [
  ['/%2fadmin', '/%2Fadmin'],
  ['/admin%2e', '/admin.'],
  ['/Admin', '/Admin'],
  ['/%2561dmin', '/%2561dmin'],
  ['/admin;x', '/admin;x'],
  ['/adm%ff', '/adm%FF'],
  ['/.../admin', '/.../admin'],
  ['/a;b=1/c;d', '/a;b=1/c;d'],
  ['/a%253Bb', '/a%253Bb'],
  ['/100%25', '/100%25']
]

/** What some server reads as something that leaves its place. */
const ODD: readonly string[] = [
  '/x%2f..%2fadmin', '/x/..%2fadmin', '/x\\..\\admin', '/\\admin', '/%5cadmin', '/x/%5c../admin', '/%252e%252e/admin', '/x%252f..%252fadmin', '/%c0%ae%c0%ae/admin', '/%c0%afadmin', '/%e0%80%afadmin',
  '/..;/admin', '/x/..;a=b/admin', '/x/.;/admin', '/..%3b/admin', '/admin%00', '/admin%0a', '/admin%7F', '/admin%250d', '/%2500', '/a%255cb', '/%25c0%25ae', '/x/..%3b%2fadmin', '/%25%32%65%25%32%65/admin', `/${'%2fa'.repeat(101)}`, `/${';a/'.repeat(101)}`
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
  ['/a:b@c!$&\'()*+,;=', '/a:b@c!$&\'()*+,;='],
  ['/a"b<c>d^e`f{g}', '/a%22b%3Cc%3Ed%5Ee%60f%7Bg%7D'],
  [`/${'a/'.repeat(2_000)}`, `/${'a/'.repeat(2_000)}`]
]

t.test('what leaves its place in the reading of some server is 400', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { routes: [routes[0]!] })
  for (const target of ODD) {
    const { answer } = await ask(t, port, get(target))
    t.equal(statusOf(answer), 400, target)
  }
  t.equal(upstream.requests.length, 0)
})

t.test('what another reading leads to a route of other plugins or another service is 400', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { routes })
  for (const target of ['/%2fadmin', '/%2561dmin', '/;/admin', '/%253b/%61dmin', '/%252fadmin', '/%25252fadmin']) {
    const { answer } = await ask(t, port, get(target))
    t.equal(statusOf(answer), 400, target)
  }
  t.equal(upstream.requests.length, 0)
})

/** Option, its action, a target, and what the upstream gets; null: 400. */
const POLICIES: ReadonlyArray<readonly [feature: keyof PathPolicy, action: PathAction, target: string, upstream: string | null]> = [
  ['encoded_slash', 'reject', '/a%2fb', null],
  ['encoded_slash', 'decode', '/a%2fb', '/a/b'],
  ['encoded_slash', 'decode', '/x%2f..%2fadmin', '/admin'],
  ['encoded_slash', 'keep', '/x%2f..%2fadmin', '/x%2F..%2Fadmin'],
  ['backslash', 'decode', '/a\\b%5cc', '/a/b/c'],
  ['backslash', 'decode', '/x\\..%5cadmin', '/admin'],
  ['backslash', 'keep', '/x\\..\\admin', '/x%5C..%5Cadmin'],
  ['backslash', 'keep_if_safe', '/a%5cb', '/a%5Cb'],
  ['backslash', 'keep_if_safe', '/x\\..\\admin', null],
  ['null_byte', 'keep', '/a%00b', '/a%00b'],
  ['control_characters', 'keep', '/a%0d%0aX-Evil:%201%09%7f', '/a%0D%0AX-Evil:%201%09%7F'],
  ['control_characters', 'reject', '/a%0a', null],
  ['semicolon', 'reject', '/a;b', null],
  ['semicolon', 'reject', '/a%3bb', null],
  ['semicolon', 'decode', '/a;b/c%3bd/..;/e', '/a/e'],
  ['semicolon', 'keep', '/..;/admin', '/..;/admin'],
  ['double_encoding', 'reject', '/%2561', null],
  ['double_encoding', 'reject', '/%25%36%31', null],
  ['double_encoding', 'decode', '/%252561%25%36%32', '/ab'],
  ['double_encoding', 'decode', '/x/%252e%252e/b', '/b'],
  ['double_encoding', 'decode', '/100%25', '/100%25'],
  ['double_encoding', 'keep', '/%252e%252e/admin', '/%252e%252e/admin'],
  ['overlong_utf8', 'keep', '/%c0%ae%c0%ae/admin', '/%C0%AE%C0%AE/admin'],
  ['overlong_utf8', 'keep_if_safe', '/%c0%ae%c0%ae/admin', null],
  ['overlong_utf8', 'decode', '/x/%c0%ae%e0%80%ae/admin%f0%80%80%a1', '/admin%21'],
  ['overlong_utf8', 'decode', '/%e0%82%a9', '/%C2%A9']
]

t.test('each policy says what becomes of what it is about, at the gateway, the listener or the route', async t => {
  const upstream = await rawUpstream(t)
  for (const [feature, action, target, expected] of POLICIES) {
    const own: Partial<PathPolicy> = { [feature]: action }
    for (const options of [
      { gateway: { path_policy: { ...defaultPathPolicy, ...own } } },
      { gateway: { listen: [{ ...listenDefaults, host: '127.0.0.1', port: 0, path_policy: own }] } },
      { route: { strip_path: false, path_policy: own } }
    ]) {
      const { port } = await startHop(t, upstream.port, options)
      const { answer } = await ask(t, port, get(target))
      const where = `${feature}: ${action}, ${target} of ${Object.keys(options)[0]}`
      t.equal(statusOf(answer), expected === null ? 400 : 200, where)
      if (expected !== null) t.equal(upstream.requests.at(-1)?.line, `GET ${expected} HTTP/1.1`, where)
    }
  }
})

t.test('a route of its own reading is not the way to another', async t => {
  const upstream = await rawUpstream(t)
  const decoding = route({ id: 'files', name: 'files', paths: ['/files'], strip_path: false, path_policy: { encoded_slash: 'decode' } })
  const { port } = await startHop(t, upstream.port, { routes: [...routes, decoding] })
  for (const [target, expected] of [['/files%2fa', '/files/a'], ['/files%2f..%2fadmin', null], ['/files/..%2fx', null], ['/files/a%2f..%2fb', '/files/b']] as const) {
    const { answer } = await ask(t, port, get(target))
    t.equal(statusOf(answer), expected === null ? 400 : 200, target)
    if (expected !== null) t.equal(upstream.requests.at(-1)?.line, `GET ${expected} HTTP/1.1`)
  }
})

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
  const cases: ReadonlyArray<readonly [string, string | number]> = [
    ['/v1/x', '/base/x'],
    ['/v1', '/base'],
    ['/v1/', '/base/'],
    ['/v1/../x', 404],
    ['/v1/%2e%2e/x', 404],
    ['/v1/..%2fx', 400],
    ['/v1//x', '/base/x'],
    ['/v1x', '/base/x'],
    ['/v1..', '/base'],
    ['/v1../x', '/base/x'],
    ['/v1%2e%2e/x', '/base/x'],
    ['/v1..%2fx', 400],
    ['/v1..;/x', 400],
    ['/v1..;a=b/x', 400],
    ['/v1..%252fx', 400],
    ['/v1..%3fx', 400],
    ['/v1/..%3fx', 400],
    ['/v1.json%2fx', '/base/.json%2Fx']
  ]
  for (const [target, expected] of cases) {
    const { answer } = await ask(t, port, get(target))
    if (typeof expected === 'number') {
      t.equal(statusOf(answer), expected, target)
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
