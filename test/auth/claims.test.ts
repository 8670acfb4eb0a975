import t from 'tap'
import { checkRoles, checkScopes, claimFields, compileClaimHeaders, compileClaimPath, compileRequirement, wordsOf } from '../../src/auth/claims.ts'

const claims = JSON.parse(`{
  "sub": "ann", "scope": "a b", "realm_access": { "roles": ["admin"], "deep": { "er": 1 } },
  "https://example.com/roles": ["x"], "a.b": "flat", "a": { "b": "inner", "c.d": "dotted" }, "list": [{ "b": 1 }], "__proto__": { "own": 1 }
}`) as Record<string, unknown>

t.test('a claim is found by its name, by dots, or by a list of steps', async t => {
  const cases: Array<[path: string | string[], value: unknown]> = [
    ['sub', 'ann'],
    ['realm_access.roles', ['admin']],
    [['realm_access', 'roles'], ['admin']],
    [['realm_access.deep', 'er'], 1],
    ['https://example.com/roles', ['x']],
    [['https://example.com/roles'], ['x']],
    ['a.b', 'flat'],
    [['a', 'b'], 'inner'],
    [['a', 'c.d'], 'dotted'],
    ['a.c.d', undefined],
    ['__proto__', { own: 1 }]
  ]
  for (const [path, value] of cases) t.same(compileClaimPath(path)(claims), value, JSON.stringify(path))
})

t.test('what is not the token\'s own is not found', async t => {
  for (const path of ['missing', 'sub.length', 'constructor', 'constructor.name', 'toString', 'list.0', 'list.length', 'realm_access.missing.x', 'a.__proto__']) {
    t.equal(compileClaimPath(path)(claims), undefined, path)
  }
})

t.test('words are a list or a text with blanks', async t => {
  t.same(wordsOf('a b  c '), ['a', 'b', 'c'])
  t.same(wordsOf(['a b', 'c', '', 5, null]), ['a b', 'c'])
  for (const value of [undefined, null, 5, {}, true]) t.same(wordsOf(value), [])
})

t.test('one alternative has to be met as a whole', async t => {
  const scopes = compileRequirement(['a b', 'c'])
  t.equal(checkScopes(scopes, ['c']), null)
  t.equal(checkScopes(scopes, ['b', 'a', 'x']), null)
  t.match(checkScopes(scopes, ['a']), { status: 403, message: 'Missing required scope: b', error: 'insufficient_scope', scope: 'a b' })
  t.match(checkScopes(scopes, []), { message: 'Missing required scope: c', scope: 'c' })
  t.equal(checkScopes([], []), null)
  const error = checkScopes(compileRequirement(['orders:read']), ['orders'])
  t.equal(error?.message, 'Missing required scope: orders:read')
  t.equal(error?.challenge('my "api"'), 'Bearer realm="my \\"api\\"", error="insufficient_scope", scope="orders:read"')
  const role = checkRoles(compileRequirement(['admin']), ['user'])
  t.match(role, { status: 403, message: 'Missing required role: admin' })
  t.equal(role?.challenge(undefined), 'Bearer error="insufficient_scope"')
})

t.test('claims become header fields', async t => {
  const headers = compileClaimHeaders({ 'X-User-ID': 'sub', 'X-Roles': 'roles', 'X-Age': 'age', 'X-Ok': 'ok', 'X-Address': 'address', 'X-Missing': 'missing', 'X-Null': 'nothing' })
  t.same(claimFields({ sub: 'Žofie', roles: ['a', 'b,admin', '50%', 7], age: 1.5, ok: false, address: { city: 'Brno' }, nothing: null }, headers), [
    ['X-User-ID', 'Žofie'], ['X-Roles', 'a,b%2Cadmin,50%25,7'], ['X-Age', '1.5'], ['X-Ok', 'false'], ['X-Address', '{"city":"Brno"}']
  ])
})
