import fc from 'fast-check'
import t from 'tap'
import type { Route } from '../../src/config/model.ts'
import { compileRouter } from '../../src/router/compile.ts'
import type { RouteMatch, RoutingRequest } from '../../src/router/types.ts'
import { makeRoute } from './make-route.ts'
import { oracle } from './oracle.ts'
import { holds } from '../helpers/holds.ts'

// few words, so that routes overlap and requests hit
const segments = ['a', 'b', 'ab', 'abc', 'é', '7', '42', 'a.b', 'a%2Fb', 'x y']
const hosts = ['a.com', 'b.com', 'x.a.com', 'y.x.a.com', 'a.co.uk', 'localhost', '[::1]']
const methods = ['GET', 'POST', 'PUT', 'PURGE']
const headerNames = ['x-a', 'X-B', 'x_c', 'Accept']
const headerValues = ['1', '2', 'Yes', 'v1.2']
const regexes = [
  '/a', '/(?<id>\\d+)', '/a/(?<id>[^/]+)', '/[ab]+', '/ab?', '/a|/b', '/(a)?b', '/.*', '/a/.*/b', '/(?<one>.)(?<two>.)', '/é.', '/abc$',
  '/(?:a|ab)(?:c|/b)$', '/[^/]+/b$', '/(?<x>[^/]+)/a/', '/a/\\d+/b$', '/[^/]+/[^/]+/abc$', '/[ab]{1,2}/b', '/\\d{2}', '/a\\.b', '/x y/?', '/(?=a)a', '/?a*'
]

function listOf<T> (values: readonly T[], maxLength = 3): fc.Arbitrary<T[] | null> {
  return fc.option(fc.uniqueArray(fc.constantFrom(...values), { maxLength }), { freq: 2 })
}

const path = fc.array(fc.constantFrom(...segments), { maxLength: 4 }).chain(parts => fc.constantFrom(`/${parts.join('/')}`, `/${parts.join('/')}/`.replace('//', '/')))
const routePath = fc.oneof({ arbitrary: path, weight: 3 }, { arbitrary: fc.constantFrom(...regexes).map(regex => `~${regex}`), weight: 1 })
const routeHosts = [...hosts, 'A.com', '*.a.com', '*.com', 'a.*', 'x.*', '*.x.a.com', 'a.com:80', 'a.com:8000', 'b.com:80', '*.a.com:80', 'a.*:8000', '[::1]:80']

const headers = fc.option(fc.dictionary(
  fc.constantFrom(...headerNames, 'x-c'),
  fc.uniqueArray(fc.constantFrom(...headerValues, 'YES', '~*^v\\d', '~*\\D', '~*y'), { minLength: 1, maxLength: 2 }),
  { maxKeys: 3 }
), { freq: 2 })

const route = fc.record({
  methods: listOf(methods),
  hosts: listOf(routeHosts),
  paths: fc.option(fc.uniqueArray(routePath, { maxLength: 4 }), { freq: 6 }),
  headers,
  snis: fc.option(fc.uniqueArray(fc.constantFrom('a.com', 'A.com.', '*.a.com', 'a.*'), { maxLength: 2 }), { freq: 1 }),
  regex_priority: fc.constantFrom(0, 0, 1, -1, 10)
})

const regexRoute = fc.record({
  methods: listOf(methods),
  paths: fc.tuple(
    fc.constantFrom('', '/a', '/b'),
    fc.array(fc.constantFrom('/a', '/b', '/ab', '/7', '/[^/]+', '/(\\d+)', '/(?:a|b)', '/a?b', '(?:/a)?', '/.*'), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '$', '/', '/$')
  ).map(([start, parts, end]) => [`~${start}${parts.join('')}${end}`])
})

const request: fc.Arbitrary<RoutingRequest> = fc.record({
  method: fc.constantFrom(...methods, 'get'),
  host: fc.tuple(fc.constantFrom(...hosts, 'A.COM', 'X.a.Com', '', 'unknown', '.a.com', 'a.'), fc.constantFrom('', '', ':80', ':8000')).map(parts => parts.join('')),
  path,
  headers: fc.array(fc.tuple(fc.constantFrom(...headerNames, 'X-C', 'x-b'), fc.constantFrom(...headerValues, 'yes', 'V1.2')), { maxLength: 5 }).map(pairs => pairs.flat()),
  scheme: fc.constantFrom('http', 'https'),
  port: fc.constantFrom(80, 8000),
  sni: fc.constantFrom(null, 'a.com', 'x.a.com', 'A.COM')
})

function plain (match: RouteMatch | null): object | null {
  return match === null ? null : { route: match.route.id, prefix: match.prefix, captures: { ...match.captures } }
}

/** Share of matches and of winning regexes, so that an empty test shows. */
interface Count {
  requests: number
  matches: number
  regexes: number
}

function agree (routes: readonly Route[], requests: readonly RoutingRequest[], count: Count): void {
  const router = compileRouter(routes)
  for (const one of requests) {
    const expected = oracle(routes, one)
    const actual = plain(router.match(one))
    if (JSON.stringify(actual) !== JSON.stringify(plain(expected))) {
      throw new Error(`${JSON.stringify(one)} gave ${JSON.stringify(actual)} instead of ${JSON.stringify(plain(expected))}`)
    }
    count.requests++
    if (expected !== null) count.matches++
    if (expected !== null && expected.prefix !== '/' && !expected.route.paths?.includes(expected.prefix)) count.regexes++
  }
}

function check (route: fc.Arbitrary<Partial<Route>>, routesLength: { minLength: number, maxLength: number }, numRuns: number): Count {
  const count = { requests: 0, matches: 0, regexes: 0 }
  holds(t, fc.property(
    fc.array(route, routesLength).map(fields => fields.map((one, index) => makeRoute(`r${index}`, one))),
    fc.array(request, { minLength: 5, maxLength: 20 }),
    (routes, requests) => agree(routes, requests, count)
  ), { numRuns, seed: 20, interruptAfterTimeLimit: 20_000 })
  return count
}

t.test('few routes: the compiled router and the naive one agree', async t => {
  const { requests, matches, regexes } = check(route, { minLength: 1, maxLength: 8 }, 2000)
  t.comment(`${requests} requests, ${matches} matches, ${regexes} by a regex`)
  t.ok(requests > 5000)
  t.ok(matches > requests * 0.4)
  t.ok(regexes > requests * 0.05)
})

t.test('many routes on the same places, so that they are indexed: the two agree', async t => {
  const { requests, matches, regexes } = check(route, { minLength: 30, maxLength: 120 }, 250)
  t.comment(`${requests} requests, ${matches} matches, ${regexes} by a regex`)
  t.ok(requests > 1000)
  t.ok(matches > requests * 0.4)
  t.ok(regexes > requests * 0.05)
})

t.test('many regexes, so that they are indexed by their segments: the two agree', async t => {
  const { requests, matches, regexes } = check(regexRoute, { minLength: 20, maxLength: 60 }, 400)
  t.comment(`${requests} requests, ${matches} matches, ${regexes} by a regex`)
  t.ok(requests > 2000)
  t.ok(regexes > requests * 0.3)
})
