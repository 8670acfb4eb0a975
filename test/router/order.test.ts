import t from 'tap'
import { candidates, compareCandidates, decidingField } from '../../src/router/order.ts'
import { makeRoute } from './make-route.ts'

function order (...routes: ReturnType<typeof makeRoute>[]): string[] {
  return candidates(routes).map(({ route, paths }) => [route.id, ...paths].join(' '))
}

t.test('a route is split into its regexes and its literals of each length', async t => {
  const [regexes, longer, shorter] = candidates([makeRoute('r', { paths: ['/a', '~/x', '/bcd', '/e', '~/yy'], regex_priority: 3 })])
  t.match(regexes, { kind: 'regex', paths: ['~/x', '~/yy'], priority: { regex: true, regexPriority: 3, length: 0 } })
  t.match(longer, { kind: 'literal', paths: ['/bcd'], priority: { regex: false, regexPriority: 0, length: 4 } })
  t.match(shorter, { kind: 'literal', paths: ['/a', '/e'], priority: { length: 2 } })
})

t.test('a route without paths is one candidate', async t => {
  t.match(candidates([makeRoute('r', { hosts: ['a.com'] })]), [{ kind: 'none', paths: [], priority: { criteria: 1, length: 0 } }])
})

t.test('empty lists count as not set', async t => {
  const [candidate] = candidates([makeRoute('r', { hosts: [], paths: [], methods: [], snis: [], headers: {} })])
  t.match(candidate, { kind: 'none', priority: { criteria: 0, plainHosts: false, headers: 0 } })
})

t.test('more criteria win over a longer path', async t => {
  t.same(order(
    makeRoute('path', { paths: ['/a/very/long/path'] }),
    makeRoute('method', { paths: ['/a'], methods: ['GET', 'POST'] })
  ), ['method /a', 'path /a/very/long/path'])
})

t.test('with equal criteria plain hosts win over hosts of which one is a wildcard', async t => {
  t.same(order(
    makeRoute('mixed', { hosts: ['a.com', '*.a.com'], paths: ['/long'] }),
    makeRoute('plain', { hosts: ['a.com'], paths: ['/'] })
  ), ['plain /', 'mixed /long'])
})

t.test('a wildcard host with a path loses to a header with a path', async t => {
  t.same(order(
    makeRoute('wildcard', { hosts: ['*.a.com'], paths: ['/a'] }),
    makeRoute('header', { headers: { 'x-a': ['1'] }, paths: ['/a'] }),
    makeRoute('plain', { hosts: ['a.com'], paths: ['/a'] })
  ), ['plain /a', 'header /a', 'wildcard /a'])
})

t.test('the number of header names wins over a regex path', async t => {
  t.same(order(
    makeRoute('regex', { headers: { 'x-a': ['1'] }, paths: ['~/a'] }),
    makeRoute('literal', { headers: { 'x-a': ['1'], 'x-b': ['1'] }, paths: ['/a'] })
  ), ['literal /a', 'regex ~/a'])
})

t.test('header names beyond 255 do not count', async t => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, ['1']]))
  const [first] = candidates([makeRoute('a', { headers: many(255) }), makeRoute('b', { headers: many(300) })])
  t.equal(first?.route.id, 'a')
})

t.test('any regex wins over any literal with the same criteria', async t => {
  t.same(order(
    makeRoute('literal', { paths: ['/a/very/long/path'], regex_priority: 100 }),
    makeRoute('regex', { paths: ['~/a'], regex_priority: -1 })
  ), ['regex ~/a', 'literal /a/very/long/path'])
})

t.test('regex_priority orders regexes and means nothing for literals', async t => {
  t.same(order(
    makeRoute('low', { paths: ['~/a/long'], regex_priority: 1 }),
    makeRoute('high', { paths: ['~/a'], regex_priority: 2 })
  ), ['high ~/a', 'low ~/a/long'])
  t.same(order(
    makeRoute('short', { paths: ['/a'], regex_priority: 2 }),
    makeRoute('long', { paths: ['/ab'], regex_priority: 1 })
  ), ['long /ab', 'short /a'])
})

t.test('ties stand in the order of the file', async t => {
  const routes = ['z', 'b', 'a'].map(id => makeRoute(id, { paths: ['/same'] }))
  t.same(order(...routes), ['z /same', 'b /same', 'a /same'])
})

t.test('the deciding field tells why one candidate stands before another', async t => {
  const all = candidates([
    makeRoute('criteria', { methods: ['GET'], paths: ['/a'] }),
    makeRoute('regex', { paths: ['~/a'], regex_priority: 1 }),
    makeRoute('lower', { paths: ['~/b'] }),
    makeRoute('long', { paths: ['/aa'] }),
    makeRoute('first', { paths: ['/a'] }),
    makeRoute('second', { paths: ['/b'] })
  ])
  t.same(all.map(({ route }) => route.id), ['criteria', 'regex', 'lower', 'long', 'first', 'second'])
  const reasons = all.slice(1).map((candidate, index) => {
    const previous = all[index]
    if (previous === undefined) throw new Error('no previous')
    t.ok(compareCandidates(previous, candidate) < 0)
    t.ok(compareCandidates(candidate, previous) > 0)
    return decidingField(previous, candidate)
  })
  t.same(reasons, ['criteria', 'regexPriority', 'regex', 'length', 'declaration'])
  const [first] = all
  t.equal(first && decidingField(first, first), null)
  t.equal(first && compareCandidates(first, first), 0)
})
