import t from 'tap'
import { findingsOf, routes } from './findings.ts'

const patterns: ReadonlyArray<readonly [string, string]> = [
  ['/users/:id', '~/users/(?<id>[^/]+)$'],
  ['/x/*', '/x/'],
  ['/x/*/y', '~/x/[^/]+/y$'],
  ['/y/.*', '~/y/.*'],
  ['/a(b)*', '~/a(b)*'],
  ['/v[12]', '~/v[12]'],
  ['/end$', '~/end$']
]
for (const [path, mend] of patterns) {
  t.test(`takes ${path} for a pattern`, async t => {
    const [finding] = await findingsOf('regex-without-tilde', routes(`name: a, paths: ["${path}"]`))
    t.match(finding, { path: 'services[s].routes[a].paths[0]', range: { line: 6 } })
    t.match(finding?.mend, new RegExp(`^Write '${mend.replace(/[.*+?^$()|[\]\\]/g, '\\$&')}'`))
  })
}

for (const path of ['/v1/users', '/v1.2/a_b-c~d', '/things:batch', '/a@b', '/a;b=c', '/a(b)', '/a+b', '/a,b', '/$metadata']) {
  t.test(`takes ${path} for what it is`, async t => {
    t.same(await findingsOf('regex-without-tilde', routes(`name: a, paths: ["${path}"]`)), [])
  })
}

t.test('a prefix that takes the methods that a longer one leaves', async t => {
  t.match(await findingsOf('prefix-boundary', routes('name: a, paths: [/foo], methods: [GET, POST]', 'name: b, paths: [/foobar], methods: [GET]')), [{
    path: 'services[s].routes[a].paths[0]',
    cause: "this prefix doesn't end at a segment: it takes 'POST /foobar' too, which looks like one for route 'b'",
    mend: "Write '~/foo(?:/|$)' to match whole segments, or end the prefix with / if the bare path is not needed.",
    related: [{ range: { line: 7 } }]
  }])
})

t.test('a prefix that ranks higher than the longer path', async t => {
  t.match(await findingsOf('prefix-boundary', routes('name: a, paths: [/foo], hosts: [x.com]', 'name: b, paths: [/foobar]')), [{
    cause: /takes '\/foobar' too/
  }])
})

const harmless: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['the longer prefix wins', ['name: a, paths: [/foo]', 'name: b, paths: [/foobar]']],
  ['it ends at a segment', ['name: a, paths: [/foo/], hosts: [x.com]', 'name: b, paths: [/foo/bar]']],
  ['the longer one goes on at a segment', ['name: a, paths: [/foo], hosts: [x.com]', 'name: b, paths: [/foo/bar]']],
  ['hosts keep them apart', ['name: a, paths: [/foo], hosts: [x.com], methods: [GET]', 'name: b, paths: [/foobar], hosts: [y.com]']]
]
for (const [why, list] of harmless) {
  t.test(`a prefix is fine where ${why}`, async t => { t.same(await findingsOf('prefix-boundary', routes(...list)), []) })
}
