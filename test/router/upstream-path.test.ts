import t from 'tap'
import { compileRouter } from '../../src/router/compile.ts'
import { escapePath } from '../../src/router/escape.ts'
import { normalizeTarget } from '../../src/router/normalize.ts'
import { upstreamPath } from '../../src/router/upstream-path.ts'
import { makeRoute } from './make-route.ts'

/** service.path, route path (null: the route has hosts alone), request path, then the result: keep v0, keep v1, strip v0, strip v1. */
const table = [
  ['/', '/', '/', '/', '/', '/', '/'],
  ['/', '/', '/route', '/route', '/route', '/route', '/route'],
  ['/', '/', '/route/', '/route/', '/route/', '/route/', '/route/'],
  ['/', '/', '/routereq', '/routereq', '/routereq', '/routereq', '/routereq'],
  ['/', '/', '/route/req', '/route/req', '/route/req', '/route/req', '/route/req'],
  ['/', '/route', '/route', '/route', '/route', '/', '/'],
  ['/', '/route', '/route/', '/route/', '/route/', '/', '/'],
  ['/', '/route', '/routereq', '/routereq', '/routereq', '/req', '/req'],
  ['/', '/route/', '/route/', '/route/', '/route/', '/', '/'],
  ['/', '/route/', '/route/req', '/route/req', '/route/req', '/req', '/req'],
  ['/srv', '/rou', '/roureq', '/srv/roureq', '/srvroureq', '/srv/req', '/srvreq'],
  ['/srv/', '/rou', '/rou', '/srv/rou', '/srv/rou', '/srv', '/srv/'],
  ['/service', '/', '/', '/service', '/service', '/service', '/service'],
  ['/service', '/', '/route', '/service/route', '/serviceroute', '/service/route', '/serviceroute'],
  ['/service', '/', '/route/', '/service/route/', '/serviceroute/', '/service/route/', '/serviceroute/'],
  ['/service', '/', '/routereq', '/service/routereq', '/serviceroutereq', '/service/routereq', '/serviceroutereq'],
  ['/service', '/', '/route/req', '/service/route/req', '/serviceroute/req', '/service/route/req', '/serviceroute/req'],
  ['/service', '/route', '/route', '/service/route', '/serviceroute', '/service', '/service'],
  ['/service', '/route', '/route/', '/service/route/', '/serviceroute/', '/service/', '/service/'],
  ['/service', '/route', '/routereq', '/service/routereq', '/serviceroutereq', '/service/req', '/servicereq'],
  ['/service', '/route/', '/route/', '/service/route/', '/serviceroute/', '/service/', '/service'],
  ['/service', '/route/', '/route/req', '/service/route/req', '/serviceroute/req', '/service/req', '/servicereq'],
  ['/service/', '/', '/route/', '/service/route/', '/service/route/', '/service/route/', '/service/route/'],
  ['/service/', '/', '/', '/service/', '/service/', '/service/', '/service/'],
  ['/service/', '/', '/route', '/service/route', '/service/route', '/service/route', '/service/route'],
  ['/service/', '/', '/routereq', '/service/routereq', '/service/routereq', '/service/routereq', '/service/routereq'],
  ['/service/', '/', '/route/req', '/service/route/req', '/service/route/req', '/service/route/req', '/service/route/req'],
  ['/service/', '/route', '/route', '/service/route', '/service/route', '/service', '/service/'],
  ['/service/', '/route', '/route/', '/service/route/', '/service/route/', '/service/', '/service/'],
  ['/service/', '/route', '/routereq', '/service/routereq', '/service/routereq', '/service/req', '/service/req'],
  ['/service/', '/route/', '/route/', '/service/route/', '/service/route/', '/service/', '/service/'],
  ['/service/', '/route/', '/route/req', '/service/route/req', '/service/route/req', '/service/req', '/service/req'],
  ['/', null, '/', '/', '/', '/', '/'],
  ['/', null, '/route', '/route', '/route', '/route', '/route'],
  ['/', null, '/route/', '/route/', '/route/', '/route/', '/route/'],
  ['/service', null, '/', '/service', '/service', '/service', '/service'],
  ['/service', null, '/route', '/service/route', '/serviceroute', '/service/route', '/serviceroute'],
  ['/service', null, '/route/', '/service/route/', '/serviceroute/', '/service/route/', '/serviceroute/'],
  ['/service/', null, '/', '/service/', '/service/', '/service/', '/service/'],
  ['/service/', null, '/route', '/service/route', '/service/route', '/service/route', '/service/route'],
  ['/service/', null, '/route/', '/service/route/', '/service/route/', '/service/route/', '/service/route/'],
  ['/service', '/route', '/route./req', '/service/route./req', '/serviceroute./req', '/service/req', '/servicereq'],
  ['/service/', '/route', '/route./req', '/service/route./req', '/service/route./req', '/service/req', '/service/req'],
  ['/service', '/route', '/route%2E/req', '/service/route./req', '/serviceroute./req', '/service/req', '/servicereq'],
  ['/service/', '/route', '/route%2E/req', '/service/route./req', '/service/route./req', '/service/req', '/service/req'],
  ['/service', '/route', '/route%2e/req', '/service/route./req', '/serviceroute./req', '/service/req', '/servicereq'],
  ['/service/', '/route', '/route%2e/req', '/service/route./req', '/service/route./req', '/service/req', '/service/req'],
  ['/service', '/route', '/route../req', '/service/route../req', '/serviceroute../req', '/service/req', '/servicereq'],
  ['/service/', '/route', '/route../req', '/service/route../req', '/service/route../req', '/service/req', '/service/req'],
  ['/service', '/route', '/route%2E%2E/req', '/service/route../req', '/serviceroute../req', '/service/req', '/servicereq'],
  ['/service/', '/route', '/route%2E%2E/req', '/service/route../req', '/service/route../req', '/service/req', '/service/req'],
  ['/service', '/route', '/route%2e%2E/req', '/service/route../req', '/serviceroute../req', '/service/req', '/servicereq'],
  ['/service/', '/route', '/route%2e%2E/req', '/service/route../req', '/service/route../req', '/service/req', '/service/req']
] as const

/** Through normalisation and a real match, so that the prefix is the router's. */
function path (servicePath: string | null, routePath: string | null, target: string, fields: object): string {
  const hosts = routePath === null ? ['a.com'] : null
  const route = makeRoute('r', { hosts, paths: routePath === null ? null : [routePath], ...fields })
  const normal = normalizeTarget(target)
  if (normal === null) throw new Error('malformed target')
  const request = { method: 'GET', host: 'a.com', path: normal.path, headers: [], scheme: 'http', port: 80, sni: null } as const
  const match = compileRouter([route]).match(request)
  if (match === null) throw new Error('no match')
  return upstreamPath(servicePath, route, normal.path, match.prefix)
}

t.test('makes every upstream path of the expectation table', async t => {
  t.equal(table.length, 53)
  for (const [service, route, request, keepV0, keepV1, stripV0, stripV1] of table) {
    const name = `${service} + ${route} + ${request}`
    t.equal(path(service, route, request, { strip_path: false, path_handling: 'v0' }), keepV0, `${name}, keep v0`)
    t.equal(path(service, route, request, { strip_path: false, path_handling: 'v1' }), keepV1, `${name}, keep v1`)
    t.equal(path(service, route, request, { strip_path: true, path_handling: 'v0' }), stripV0, `${name}, strip v0`)
    t.equal(path(service, route, request, { strip_path: true, path_handling: 'v1' }), stripV1, `${name}, strip v1`)
  }
})

t.test('a service without a path is one with the path /', async t => {
  t.equal(path(null, '/a', '/a/b', {}), '/b')
  t.equal(path(null, '/a', '/a', {}), '/')
})

t.test('strips all that a regex matched', async t => {
  t.equal(path('/', '~/v\\d+/items', '/v1/items/7', {}), '/7')
  t.equal(path('/base', '~/v\\d+/items', '/v1/items/7', {}), '/base/7')
  t.equal(path('/base', '~/v\\d+/', '/v12/x', {}), '/base/x')
})

t.test('what a prefix leaves of a segment never becomes a dot segment', async t => {
  for (const target of ['/route..', '/route.', '/route../', '/route%2e%2e']) {
    for (const handling of ['v0', 'v1']) {
      t.notMatch(path('/service', '/route', target, { path_handling: handling }), /\/\.|\.$/, `${target} ${handling}`)
    }
  }
  t.equal(path('/service', '/route', '/route...', {}), '/service/...')
  t.equal(path('/service', '/route', '/route.x', {}), '/service/.x')
})

t.test('escapes what it sends', async t => {
  t.equal(path('/srv', '/caf', '/caf%c3%a9/a%20b%ff\\', {}), '/srv/%C3%A9/a%20b%FF%5C')
  t.equal(path('/é', '/', '/x', {}), '/%C3%A9/x')
})

t.test('a character that an upstream could read as a separator is escaped, a triplet is not', async t => {
  t.equal(escapePath('/a?b#c\\d%2F%2'), '/a%3Fb%23c%5Cd%2F%252')
  t.equal(escapePath('/\ud800'), '/%EF%BF%BD')
})
