import t from 'tap'
import { findingsOf } from './findings.ts'

const file = (path: string, route = '', gateway = ''): string => `gateway: { ${gateway} }\nservices: [{ name: a, host: a.internal, routes: [{ name: r, paths: ['${path}'], ${route} }] }]`

t.test('a path that its policy never lets through is pointed out', async t => {
  for (const [path, gateway, mend] of [
    ['/a%2Fb', 'path_policy: { encoded_slash: reject }', /keeps it/],
    ['/a%2Fb', 'path_policy: { encoded_slash: decode }', /'\/a\/b'/],
    ['/a;b', 'path_policy: { semicolon: decode }', /'\/a'/],
    ['/a%2541', 'listen: [{ port: 8000, path_policy: { double_encoding: decode } }]', /'\/aA'/]
  ] as const) {
    const [finding, ...others] = await findingsOf('path-policy', file(path, '', gateway))
    t.match(finding, { path: 'services[a].routes[r].paths[0]', mend }, `${path} ${gateway}`)
    t.equal(others.length, 0)
  }
})

t.test('one that comes through anywhere is not', async t => {
  t.same(await findingsOf('path-policy', file('/a%2Fb')), [])
  t.same(await findingsOf('path-policy', file('/a%2Fb', 'path_policy: { encoded_slash: keep }', 'path_policy: { encoded_slash: reject }')), [])
  t.same(await findingsOf('path-policy', file('/a%2Fb', '', 'listen: [{ port: 8000 }, { port: 8002, path_policy: { encoded_slash: reject } }]')), [])
  t.same(await findingsOf('path-policy', file('~/a%2Fb', '', 'path_policy: { encoded_slash: reject }')), [], 'a regex may mean more than one path')
})
