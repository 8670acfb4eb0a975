import t from 'tap'
import type { Upstream } from '../../../src/config/model.ts'
import { hashInput } from '../../../src/upstream/balancer/hash-input.ts'
import { createBalancer } from '../../../src/upstream/balancer/create.ts'
import { endpoints, randoms, request, tally, upstream, type Facts } from '../../helpers/balancing.ts'

const cases: ReadonlyArray<readonly [what: string, fields: Partial<Upstream>, facts: Facts, key: string | null]> = [
  ['consumer', { hash_on: 'consumer' }, { consumer: 'ada', credential: 'key' }, 'ada'],
  ['consumer without one, by credential', { hash_on: 'consumer' }, { credential: 'key' }, 'key'],
  ['consumer of an anonymous request', { hash_on: 'consumer' }, {}, null],
  ['ip', { hash_on: 'ip' }, { clientIp: '2001:db8::1' }, '2001:db8::1'],
  ['path', { hash_on: 'path' }, { path: '/a/b', query: 'c=d' }, '/a/b'],
  ['header', { hash_on: 'header', hash_on_header: 'X-Tenant' }, { headers: ['x-tenant', 'a'] }, 'a'],
  ['header, repeated', { hash_on: 'header', hash_on_header: 'x-tenant' }, { headers: ['X-Tenant', 'a', 'X-Other', 'c', 'X-Tenant', 'b'] }, 'a, b'],
  ['header, empty', { hash_on: 'header', hash_on_header: 'x-tenant' }, { headers: ['X-Tenant', ''] }, null],
  ['header host: the client\'s', { hash_on: 'header', hash_on_header: 'Host' }, { hostHeader: 'a.test' }, 'a.test'],
  ['query_arg', { hash_on: 'query_arg', hash_on_query_arg: 'u' }, { query: 'u=%41&v=1' }, 'A'],
  ['query_arg, several sorted', { hash_on: 'query_arg', hash_on_query_arg: 'u' }, { query: 'u=b&u=a' }, 'a,b'],
  ['query_arg without query', { hash_on: 'query_arg', hash_on_query_arg: 'u' }, { query: null }, null],
  ['query_arg, missing', { hash_on: 'query_arg', hash_on_query_arg: 'u' }, { query: 'v=1' }, null],
  ['uri_capture', { hash_on: 'uri_capture', hash_on_uri_capture: 'id' }, { captures: { id: '7' } }, '7'],
  ['uri_capture, missing', { hash_on: 'uri_capture', hash_on_uri_capture: 'id' }, {}, null],
  ['cookie', { hash_on: 'cookie', hash_on_cookie: 'sid' }, { headers: ['Cookie', 'xsid=no; sid=abc; sid=def'] }, 'abc'],
  ['fallback', { hash_on: 'header', hash_on_header: 'x', hash_fallback: 'ip' }, { clientIp: '::1' }, '::1'],
  ['fallback not needed', { hash_on: 'header', hash_on_header: 'x', hash_fallback: 'ip' }, { headers: ['x', 'v'] }, 'v'],
  ['fallback to another header', { hash_on: 'header', hash_on_header: 'x', hash_fallback: 'header', hash_fallback_header: 'y' }, { headers: ['y', 'w'] }, 'w'],
  ['fallback to an argument', { hash_on: 'consumer', hash_fallback: 'query_arg', hash_fallback_query_arg: 'u' }, { query: 'u=1' }, '1'],
  ['fallback to a capture', { hash_on: 'consumer', hash_fallback: 'uri_capture', hash_fallback_uri_capture: 'id' }, { captures: { id: '7' } }, '7'],
  ['nothing', { hash_on: 'none' }, {}, null]
]

for (const [what, fields, facts, key] of cases) {
  t.test(`hashes ${what}`, async t => {
    t.equal(hashInput(upstream(fields))(request(facts)), key)
  })
}

t.test('a client without the cookie gets one, once for all attempts of a request', async t => {
  const input = hashInput(upstream({ hash_on: 'cookie', hash_on_cookie: 'sid', hash_on_cookie_path: '/shop' }))
  const context = request({ headers: ['Cookie', 'sid=; other=1'] })
  const key = input(context)
  t.match(key, /^[0-9a-f-]{36}$/)
  t.equal(input(context), key)
  t.equal(context.affinityCookie, `sid=${key as string}; Path=/shop; SameSite=Lax; HttpOnly`)
  const secure = request({ scheme: 'https' })
  input(secure)
  t.match(secure.affinityCookie, /; Secure$/)
  const known = request({ headers: ['Cookie', 'sid=x'] })
  input(known)
  t.equal(known.affinityCookie, null)
})

t.test('requests that have nothing to be told apart by are spread, not sent to one endpoint', async t => {
  const set = endpoints([1, 1, 2])
  const balancer = createBalancer(upstream({ algorithm: 'consistent-hashing', hash_on: 'header', hash_on_header: 'x' }), randoms())
  balancer.update(set)
  t.strictSame(tally(balancer, set, 400), [100, 100, 200])
})

t.test('the same key goes to the same endpoint in another gateway, in whatever order the targets stand', async t => {
  const [one, other] = [endpoints([1, 2, 3, 4]), endpoints([1, 2, 3, 4]).reverse()]
  const balancers = [one, other].map(set => {
    const balancer = createBalancer(upstream({ algorithm: 'consistent-hashing', hash_on: 'path' }))
    balancer.update(set)
    return balancer
  })
  for (let key = 0; key < 200; key++) {
    const [first, second] = balancers.map(balancer => balancer.pick(request({ path: `/${key}` }), [], 0)?.host)
    t.equal(first, second)
  }
})
