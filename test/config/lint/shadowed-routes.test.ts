import fc from 'fast-check'
import t from 'tap'
import { lint } from '../../../src/config/lint/index.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { compileRouter } from '../../../src/router/compile.ts'
import type { Route } from '../../../src/config/model.ts'
import { finish } from '../../../src/steps.ts'
import { makeRoute } from '../../router/make-route.ts'
import { findings, findingsOf, routes } from './findings.ts'
import { holds } from '../../helpers/holds.ts'

const shadowed = async (...list: readonly string[]): Promise<string[]> =>
  (await findings(routes(...list))).filter(({ rule }) => rule === 'route-shadowed' || rule === 'path-shadowed').map(({ path }) => path)

t.test('names both places of a route that an equal one shadows', async t => {
  const [finding, ...others] = await findingsOf('route-shadowed', routes('name: a, paths: [/x]', 'name: b, paths: [/x]'))
  t.same(others, [])
  t.match(finding, {
    severity: 'warning',
    range: { line: 7, column: 17 },
    path: 'services[s].routes[b].name',
    cause: /^route 'b' never gets a request: route 'a' takes all of them first$/,
    related: [{ range: { line: 6, column: 17 }, message: 'tried first: it stands earlier in the file' }]
  })
})

const never: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['methods that the other has too', ['name: a, paths: [/x], methods: [GET, POST]', 'name: b, paths: [/x], methods: [POST]']],
  ['a host below a wildcard with a longer path', ['name: a, hosts: ["*.x.com", "y.com"], paths: [/aa]', 'name: b, hosts: ["*.z.x.com"], paths: [/aa]']],
  ['a host with a port below one without', ['name: a, hosts: [x.com]', 'name: b, hosts: ["x.com:8443"]']],
  ['hosts that differ in case', ['name: a, hosts: [X.com]', 'name: b, hosts: [x.COM]']],
  ['a prefix below a regex without an end', ['name: a, paths: ["~/users"]', 'name: b, paths: [/users/me]']],
  ['a regex below an earlier one', ['name: a, paths: ["~/users/"]', 'name: b, paths: ["~/users/[0-9]+$"]']],
  ['a regex for one path below an earlier one', ['name: a, paths: ["~/users/[^/]+$"]', 'name: b, paths: ["~/users/me$"]']],
  ['a header value below a header regex', ['name: a, headers: {x-v: ["~*^v[12]$"]}', 'name: b, headers: {X_V: [V1]}']],
  ['methods that two routes share out', ['name: a, paths: [/x], methods: [GET]', 'name: c, paths: [/x], methods: [POST]', 'name: b, paths: [/x], methods: [GET, POST]']],
  ['a regex with a lower priority', ['name: b, paths: ["~/a/b"]', 'name: a, paths: ["~/a"], regex_priority: 1']]
]
for (const [what, list] of never) {
  t.test(`finds ${what}`, async t => { t.match(await shadowed(...list), [/\[b\]/]) })
}

const sometimes: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['a longer prefix', ['name: a, paths: [/x]', 'name: b, paths: [/x/y]']],
  ['a method of its own', ['name: a, paths: [/x], methods: [GET]', 'name: b, paths: [/x], methods: [GET, PUT]']],
  ['another criterion', ['name: a, paths: [/x]', 'name: b, hosts: [h.com]']],
  ['a regex that ends', ['name: a, paths: ["~/users$"]', 'name: b, paths: [/users/me]']],
  ['a regex with look-ahead', ['name: a, paths: ["~/users(?!/me)"]', 'name: b, paths: [/users/me]']],
  ['a word boundary', ['name: a, paths: ["~/users\\\\b"]', 'name: b, paths: [/users]']],
  ['a host outside the wildcard', ['name: a, hosts: ["*.x.com"], paths: [/aa]', 'name: b, hosts: ["*.com"], paths: [/aa]']],
  ['a port that the other asks for', ['name: a, hosts: ["x.com:1"]', 'name: b, hosts: [x.com]']],
  ['another value of a header', ['name: a, headers: {x: ["1"]}', 'name: b, headers: {x: ["2"]}']],
  ['only its own other path', ['name: a, paths: ["~/a", /a/b]', 'name: b, paths: [/c]']],
  ['an alternative that is longer', ['name: a, paths: ["~/a|/b"]', 'name: b, paths: [/c]']]
]
for (const [what, list] of sometimes) {
  t.test(`says nothing of a route with ${what}`, async t => { t.same(await shadowed(...list), []) })
}

t.test('routes of a disabled service shadow nothing', async t => {
  t.same(await findingsOf('route-shadowed', `services:
  - { name: a, host: a.internal, enabled: false, routes: [{ name: one, paths: [/x] }] }
  - { name: b, host: b.internal, routes: [{ name: two, paths: [/x] }] }
`), [])
})

t.test('points at one path where only that one is taken', async t => {
  const [finding] = await findingsOf('path-shadowed', routes('name: a, paths: [/x]', 'name: b, paths: [/y, /x]'))
  t.match(finding, { path: 'services[s].routes[b].paths[1]', cause: "no request for '/x' reaches route 'b': route 'a' takes all of them first" })
})

t.test('a shadowed route never wins in the router', async t => {
  const pick = <Value>(...values: Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values)
  const some = <Value>(...values: Value[]): fc.Arbitrary<Value[]> => fc.uniqueArray(pick(...values), { minLength: 1, maxLength: 2 })
  const route = fc.record({
    paths: some('/', '/a', '/a/b', '/ab', '~/a', '~/a$', '~/a/[^/]+$', '~/[ab]', '~/a(?:/b)?', '~/a/b'),
    methods: fc.option(some('GET', 'POST', 'PUT'), { nil: null }),
    hosts: fc.option(some('x.com', '*.x.com', '*.com', 'x.*', 'y.x.com', 'x.com:8000'), { nil: null }),
    headers: fc.option(pick({ v: ['1'] }, { v: ['1', '2'] }, { V: ['~*^[12]'] }), { nil: null }),
    regex_priority: pick(0, 1)
  })
  const requests = ['/', '/a', '/a/b', '/a/bc', '/ab', '/b', '/c', '/a\n', '/a/b/c'].flatMap(path =>
    ['GET', 'POST', 'PUT'].flatMap(method => ['x.com', 'y.x.com', 'z.y.x.com', 'x.org', 'x.com:8000', 'y.com'].flatMap(host =>
      [[], ['v', '1'], ['v', '2'], ['v', '12']].map(headers => ({ path, method, host, headers, scheme: 'http' as const, port: 8000, sni: null })))))
  const empty = await loadConfig({ file: 'gateway.yaml', text: '_format_version: "3.0"', env: {} })
  const config = empty.config as NonNullable<typeof empty.config>
  let found = 0
  holds(t, fc.property(fc.array(route, { minLength: 2, maxLength: 5 }), list => {
    const routes = list.map((fields, index) => makeRoute(`r${index}`, { ...fields, headers: fields.headers as Route['headers'] }))
    const gone = new Set(finish(lint({ ...empty, config: { ...config, routes } }))
      .filter(({ rule }) => rule === 'route-shadowed').map(({ cause }) => /^route '(\w+)'/.exec(cause)?.[1]))
    if (gone.size === 0) return
    found++
    const router = compileRouter(routes)
    for (const request of requests) {
      const winner = router.match(request)?.route.name
      if (gone.has(winner ?? '')) throw new Error(`${winner} is said to be shadowed but gets ${JSON.stringify(request)}`)
    }
  }), { numRuns: Number(process.env['LINT_RUNS'] ?? 500), seed: 11 })
  t.ok(found > 20, `${found} sets had a shadowed route`)
})
