import t from 'tap'
import { findingsOf, routes } from './findings.ts'

const ties: ReadonlyArray<readonly [string, readonly string[], string]> = [
  ['a shared method', ['name: a, paths: [/x], methods: [GET, PUT]', 'name: b, paths: [/x], methods: [GET, POST]'], "'GET /x'"],
  ['a regex after a narrower one', ['name: a, paths: ["~/users/me$"]', 'name: b, paths: ["~/users/[^/]+$"]'], "'/users/me'"],
  ['regexes that share a text', ['name: a, paths: ["~/users/[^/]+$"]', 'name: b, paths: ["~/users/[0-9]+$"]'], "'/users/0'"],
  ['wildcard hosts, the narrower one first', ['name: a, hosts: ["*.b.com"]', 'name: b, hosts: ["*.com"]'], "'*.b.com'"],
  ['different criteria', ['name: a, paths: [/x], methods: [GET]', 'name: b, paths: [/x], hosts: ["*.com"]'], "'/x'"],
  ['a shared value of a header', ['name: a, headers: {x: ["1", "2"]}', 'name: b, headers: {x: ["2", "3"]}'], "requests with '2'"]
]
for (const [what, list, witness] of ties) {
  t.test(`finds ${what}`, async t => {
    t.match(await findingsOf('route-tie', routes(...list)), [{
      path: 'services[s].routes[b].name',
      cause: `route 'b' and route 'a' rank the same and both take ${witness}: only their order in the file decides`,
      related: [{ range: { line: 6 } }]
    }])
  })
}

const clear: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['no shared method', ['name: a, paths: [/x], methods: [PUT]', 'name: b, paths: [/x], methods: [GET]']],
  ['different priorities', ['name: a, paths: ["~/users/[^/]+$"]', 'name: b, paths: ["~/users/[0-9]+$"], regex_priority: 1']],
  ['different regexes', ['name: a, paths: ["~/users/[a-z]+$"]', 'name: b, paths: ["~/users/[0-9]+$"]']],
  ['different hosts', ['name: a, hosts: ["*.a.com"]', 'name: b, hosts: ["*.b.com"]']],
  ['different criteria that rank differently', ['name: a, paths: [/x], methods: [GET]', 'name: b, paths: [/x], hosts: [a.com]']]
]
for (const [what, list] of clear) {
  t.test(`says nothing of routes with ${what}`, async t => { t.same(await findingsOf('route-tie', routes(...list)), []) })
}

t.test('says nothing of a route that was called shadowed', async t => {
  t.same(await findingsOf('route-tie', routes('name: a, paths: [/x]', 'name: b, paths: [/x]')), [])
})
