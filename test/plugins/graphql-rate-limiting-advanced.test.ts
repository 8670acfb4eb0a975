import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import guard from '../../plugins/graphql-guard/index.ts'
import plugin from '../../plugins/graphql-rate-limiting-advanced/index.ts'
import { createDecoratedCost, type Decoration } from '../../src/graphql/decorated-cost.ts'
import { parseDocument } from '../../src/graphql/documents.ts'
import type { Operation } from '../../src/graphql/front-end.ts'
import { SchemaTypes } from '../../src/graphql/schema-types.ts'
import { type ClientRequest, testPlugin } from '../../src/testing/index.ts'
import { findings } from '../helpers/plugin-config.ts'
import { noRedis, startRedis } from '../helpers/redis-server.ts'

const SWAPI = `
  interface Node { id: ID, name: String }
  type Root { allPeople (first: Int): PeopleConnection, node (id: ID): Node, any: [Anything!]! }
  schema { query: Root }
  type PeopleConnection { people: [Person!]! }
  type Person implements Node { id: ID, name: String, vehicleConnection (first: Int): VehicleConnection }
  type VehicleConnection { vehicles: [Vehicle] }
  type Vehicle { id: ID, name: String, cargoCapacity: Int, filmConnection (first: Int): FilmConnection }
  type FilmConnection { films: [Film] }
  type Film { title: String, characterConnection (first: Int): CharacterConnection }
  type CharacterConnection { characters: [Person] }
  union Anything = Person | Vehicle
  extend type Person { height: Int }
  extend interface Node { age: Int }
  extend union Anything = Film
`
const people = '{ allPeople(first: 20) { people { name vehicleConnection(first: 10) { vehicles { id name cargoCapacity } } } } }'
const films = '{ allPeople(first: 100) { people { name vehicleConnection(first: 10) { vehicles { name filmConnection(first: 5) { films { title characterConnection(first: 50) { characters { name } } } } } } } } }'

const query = (text: string, more: object = {}): ClientRequest => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: text, ...more }) })
const codeOf = (answer: { json (): unknown }): unknown => (answer.json() as { errors?: Array<{ extensions?: { code?: string } }> }).errors?.[0]?.extensions?.code
const decorate = (path: string, more: Partial<Decoration> = {}): Decoration => ({ type_path: path, add_constant: 1, add_arguments: [], mul_constant: 1, mul_arguments: [], ...more })
const first = { mul_arguments: ['first'] }

function cost (text: string, strategy: 'default' | 'node_quantifier', decorations: Decoration[], types?: SchemaTypes, variables: Record<string, unknown> = {}): number {
  const document = parseDocument(text, 10_000)
  const node = document.node.definitions[0] as Operation['node']
  return createDecoratedCost(strategy, decorations, types).of({ document, node, variables } as Operation)
}

/** A schema in a file. */
function schemaFile (t: Test, text = SWAPI): string {
  const folder = mkdtempSync(join(tmpdir(), 'graphql-schema-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'schema.graphql'), text)
  return join(folder, 'schema.graphql')
}

t.test('Kong\'s reference numbers, with and without a schema', async t => {
  const plain = [decorate('Root.allPeople', first), decorate('Person.vehicleConnection', first)]
  const costly = [decorate('Root.allPeople', { ...first, add_constant: 2 }), decorate('Person.vehicleConnection', { ...first, add_constant: 5, mul_constant: 2 }), decorate('Vehicle.name', { add_constant: 8 })]
  const visits = (add: number): Decoration[] => [decorate('Root.allPeople', first), decorate('Person.vehicleConnection', { ...first, add_constant: add }), decorate('Vehicle.filmConnection', first), decorate('Film.characterConnection', first)]
  for (const types of [undefined, new SchemaTypes(SWAPI)]) {
    t.equal(cost('{ a { b { c } } }', 'default', [], types), 4)
    t.equal(cost(people, 'default', plain, types), 862)
    t.equal(cost(people, 'default', [...costly, decorate('Person.name', { add_constant: 8 })], types), 4683)
    t.equal(cost('{ a { b { c } } }', 'node_quantifier', [], types), 1)
    t.equal(cost(films, 'node_quantifier', visits(1), types), 6101)
    t.equal(cost(films, 'node_quantifier', visits(42), types), 10_201)
  }
})

t.test('the type of a field decides: by fragments, interfaces, unions, and of unknown types the dearest', async t => {
  const types = new SchemaTypes(SWAPI)
  const name = [decorate('Person.name', { add_constant: 100 }), decorate('Vehicle.name', { add_constant: 10 })]
  const costs: Array<[number, string]> = [
    [102, '{ node { ... on Person { name } } }'],
    [102, '{ node { name } }'], // a Person may be behind the interface
    [112, '{ any { ... on Person { name } ... on Vehicle { name } } }'],
    [12, '{ any { ...V } } fragment V on Vehicle { name }'],
    [102, '{ any { ...V } } fragment V on Unknown { name }'],
    [102, '{ any { ... { ... on Person { name } } } }'],
    [3, '{ allPeople { people } }'],
    [103, '{ nobody { knows { name } } }'],
    [102, '{ node { x: name @skip(if: true) } }']
  ]
  for (const [expected, text] of costs) t.equal(cost(text, 'default', name, types), expected, text)
  t.equal(cost('{ any { ... on Person { name } } }', 'default', [decorate('Node.name', { add_constant: 7 })], types), 9, 'what an interface costs, its types cost')
})

t.test('numbers of arguments are added and multiplied, from variables as well', async t => {
  const rules = [decorate('Query.a', { add_constant: 2, add_arguments: ['limit', 'page.size'], mul_constant: 3, mul_arguments: ['first', 'page.count'] })]
  t.equal(cost('{ a { b } }', 'default', rules), 1 + 2 + 3)
  t.equal(cost('{ a(limit: 10, first: 4) { b } }', 'default', rules), 1 + 12 + 12)
  t.equal(cost('{ a(page: { size: 10, count: 5 }, first: 4) { b } }', 'default', rules), 1 + 12 + 60)
  t.equal(cost('query($p: P, $f: Int = 4) { a(page: $p, first: $f) { b } }', 'default', rules, undefined, { p: { size: 10, count: 5 } }), 1 + 12 + 60)
  t.equal(cost('{ a(first: 0) { b } }', 'default', [decorate('Query.a', first)]), 3, 'nothing costs as much as one')
  t.equal(cost(`{ ${'a(first: 1000000000) { '.repeat(60)} b ${'}'.repeat(60)} }`, 'default', [decorate('Query.a', first)]), Infinity)
  t.equal(cost(`{ c { ${'a(first: 1000000000) { '.repeat(60)} b ${'}'.repeat(60)} } }`, 'default', [decorate('Query.a', first), decorate('Query.c', { mul_constant: 0 })]), 2, 'nothing of it counts')
})

t.test('costs are counted in windows of any length, and told', async t => {
  const test = await testPlugin(t, { plugin, config: { limit: [862, 2000], window_size: [60, 1800], costs: [decorate('Root.allPeople', first), decorate('Person.vehicleConnection', first)], schema: schemaFile(t) } })
  const one = await test.request(query(people))
  t.equal(one.status, 200)
  t.match(one.headers, { 'x-ratelimit-query-cost': '862', 'x-ratelimit-limit-minute': '862', 'x-ratelimit-remaining-minute': '0', 'x-ratelimit-limit-1800': '2000', 'x-ratelimit-remaining-1800': '1138' })
  t.match(one.headers['ratelimit-policy'], '"minute";q=862;w=60, "1800";q=2000;w=1800')
  t.equal((await test.request(query('{ node { id } }'))).status, 429)
  test.clock.advance(120_000)
  t.equal((await test.request(query(people))).status, 200)
  test.clock.advance(120_000)
  const refused = await test.request(query(people))
  t.same([refused.status, codeOf(refused)], [429, 'RATE_LIMITED'])
  t.ok(Number(refused.headers['retry-after']) > 120, 'the longer window says when')
  t.equal((await test.request(query('{ node { id } }'))).status, 200)
  test.clock.advance(3_600_000)
  t.equal((await test.request(query(people))).status, 200)
})

t.test('fixed windows of any length follow each other', async t => {
  const test = await testPlugin(t, { plugin, config: { limit: [4], window_size: [90], window_type: 'fixed', hide_client_headers: true }, now: Date.UTC(2030, 0, 1) })
  t.equal((await test.request(query('{ a { b } }'))).status, 200)
  test.clock.advance(89_000)
  t.equal((await test.request(query('{ a { b } }'))).status, 429)
  test.clock.advance(1000)
  const answer = await test.request(query('{ a { b } }'))
  t.same([answer.status, answer.headers['x-ratelimit-limit-90']], [200, undefined])
})

t.test('max_cost refuses whatever was spent, score_factor makes costs small', async t => {
  const test = await testPlugin(t, { plugin, config: { limit: [1], window_size: [60], max_cost: 100, score_factor: 0.01, costs: [decorate('Query.a', first)] } })
  const answer = await test.request(query('{ a(first: 98) { b } }'))
  t.match(answer.headers, { 'x-ratelimit-query-cost': '1', 'x-ratelimit-remaining-minute': '0' })
  t.equal(codeOf(await test.request(query('{ a(first: 99) { b } }'))), 'COST_LIMIT_EXCEEDED')
  t.equal(codeOf(await test.request(query('{ a(first: 9) { b } }'))), 'RATE_LIMITED')
  const open = await testPlugin(t, { plugin, config: { limit: [1], window_size: [60], costs: [decorate('Query.a', first)] } })
  t.equal(codeOf(await open.request(query(`{ ${'a(first: 1000000000) { '.repeat(60)} b ${'}'.repeat(60)} }`))), 'RATE_LIMITED', 'what is no finite number is refused')
  t.equal(codeOf(await open.request(query('{ c }'))), 'RATE_LIMITED')
  test.clock.advance(120_000)
})

t.test('a request that graphql-guard has read is counted as it was read', async t => {
  const test = await testPlugin(t, { plugin, config: { limit: [10], window_size: [60] }, beside: [{ plugin: guard, config: { multipart: true } }] })
  const form = '--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"{ a { b } }"}\r\n--b--\r\n'
  const answer = await test.request({ method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body: form })
  t.same([answer.status, answer.headers['x-ratelimit-query-cost']], [200, '3'])
  t.equal((await test.request({ method: 'OPTIONS' })).status, 200)
  const alone = await testPlugin(t, { plugin, config: { limit: [10], window_size: [60] } })
  t.equal((await alone.request({ method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body: form })).status, 415)
})

t.test('gateways with one namespace share costs in Redis, windows of any length included', { skip: noRedis }, async t => {
  const redis = await startRedis(t)
  const config = { window_type: 'fixed', limit: [12, 1000], window_size: [60, 1800], strategy: 'redis', redis: { host: '127.0.0.1', port: redis.port, timeout: 2000 }, namespace: 'shared', on_store_error: 'deny' }
  const [one, other] = [await testPlugin(t, { plugin, config }), await testPlugin(t, { plugin, config: { ...config, namespace: 'shared' }, level: 'service' })]
  while ((await one.request(query('{ a }'))).status === 503);
  while ((await other.request(query('{ a }'))).status === 503);
  const spent: number[] = []
  for (let index = 0; index < 6; index++) spent.push((await (index % 2 === 0 ? one : other).request(query('{ a { b } }'))).status)
  // 2 for each of the first ones, then 3 each
  t.same(spent, [200, 200, 429, 429, 429, 429])
})

t.test('options that contradict each other are found', async t => {
  const limits = { limit: [1], window_size: [60] }
  t.same(findings(plugin, limits), [])
  t.same(findings(plugin, { limit: [1, 2], window_size: [60] }), ['error /window_size'])
  t.same(findings(plugin, { ...limits, identifier: 'header' }), ['error /identifier'])
  t.same(findings(plugin, { ...limits, costs: [{ type_path: 'A.b' }, { type_path: 'C.b' }] }), ['error /costs/1/type_path'])
  t.same(findings(plugin, { ...limits, schema: schemaFile(t), costs: [{ type_path: 'Node.name' }, { type_path: 'Person.name' }, { type_path: 'Node.name' }, { type_path: 'Person.nose' }] }), ['error /costs/2/type_path', 'error /costs/3/type_path'])
  t.same(findings(plugin, { ...limits, schema: 'nowhere.graphql' }), ['error /schema'])
  t.same(findings(plugin, { ...limits, cost_strategy: 'node_quantifier' }), ['warning /cost_strategy'])
  t.same(findings(plugin, { ...limits, strategy: 'redis', sync_rate: -1 }), ['error /strategy', 'error /sync_rate'])
  t.same(findings(plugin, { ...limits, strategy: 'redis', sync_rate: 0.01, redis: { host: 'x' } }), ['error /sync_rate'])
  t.same(findings(plugin, { ...limits, sync_rate: 1 }), ['error /sync_rate'])
  t.same(findings(plugin, { ...limits, sync_rate: -1 }), [])
})

t.test('a schema that can\'t be used stops the gateway', async t => {
  const start = async (schema: string, path = 'Root.allPeople') => await testPlugin(t, { plugin, config: { limit: [1], window_size: [60], schema, costs: [{ type_path: path }] } })
  await t.rejects(start('nowhere.graphql'), /'nowhere.graphql' can't be read \(ENOENT\)/)
  await t.rejects(start(schemaFile(t, 'type A {')), /is no schema: Syntax Error/)
  await t.rejects(start(schemaFile(t), 'Query.allPeople'), /the schema has no Query.allPeople/)
})
