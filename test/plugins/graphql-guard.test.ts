import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { buildSchema, graphql } from 'graphql'
import t, { type Test } from 'tap'
import plugin from '../../plugins/graphql-guard/index.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { type ClientRequest, testPlugin } from '../../src/testing/index.ts'
import { findings } from '../helpers/plugin-config.ts'

const schema = buildSchema(`
  type Query { hello: String, me: Person, people (first: Int, filter: Filter): [Person], search (text: String): [Person], ids (first: Int): [ID] }
  type Mutation { rename (to: String): String }
  type Person { name: String, friends (first: Int): [Person] }
  input Filter { size: Int }
`)

/** A server that executes what it gets. */
async function serve (t: Test, config: object = {}, more: object = {}) {
  return await testPlugin(t, {
    plugin,
    config,
    async upstream ({ body, query }) {
      const text = body.toString()
      const asked = text === '' ? Object.fromEntries(new URLSearchParams(query ?? '')) : text.startsWith('{"') ? JSON.parse(text) : { query: text }
      return { body: Array.isArray(asked) ? asked : await graphql({ schema, source: asked.query ?? '{ hello }', variableValues: typeof asked.variables === 'string' ? JSON.parse(asked.variables) : asked.variables, rootValue: { hello: 'world', rename: () => 'done' } }) as object }
    },
    ...more
  })
}

const post = (body: unknown, type = 'application/json', headers: object = {}): ClientRequest => ({
  method: 'POST',
  headers: { ...type === '' ? {} : { 'content-type': type }, ...headers },
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
})
const query = (text: string, more: object = {}, headers: object = {}): ClientRequest => post({ query: text, ...more }, 'application/json', headers)
const get = (parameters: Record<string, string>): ClientRequest => ({ path: `/?${new URLSearchParams(parameters)}` })
const codeOf = (answer: { json (): unknown }): unknown => (answer.json() as { errors?: Array<{ extensions?: { code?: string } }> }).errors?.[0]?.extensions?.code
const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

t.test('a plain query reaches the service byte for byte, by POST, by GET and as application/graphql', async t => {
  const test = await serve(t)
  const body = '{"query":"{ hello }","variables":{},"operationName":null}'
  for (const request of [post(body), get({ query: '{ hello }' }), get({ query: 'query A($a: Boolean!) { hello @include(if: $a) }', operationName: 'A', variables: '{"a":true}' }), post('{ hello }', 'application/graphql'), post(body, 'application/json; charset=UTF-8')]) {
    const answer = await test.request(request)
    t.equal(answer.status, 200, JSON.stringify(request))
    t.same(answer.json(), { data: { hello: 'world' } })
  }
  t.equal(test.received[0]?.body.toString(), body)
  t.equal(test.log[0]?.['graphql_cost'], 1)
})

t.test('what a refusal says is for GraphQL clients and for others', async t => {
  const test = await serve(t, { max_depth: 1 })
  const answer = await test.request(query('{ me { name } }'))
  t.equal(answer.status, 400)
  t.match(answer.json(), {
    message: 'The operation is 2 fields deep, more than 1',
    errors: [{ message: 'The operation is 2 fields deep, more than 1', extensions: { code: 'LIMIT_EXCEEDED' } }],
    request_id: /^[\da-f]{32}$/
  })
  t.equal(test.received.length, 0)
})

t.test('limits hold at their value, and one more is refused', async t => {
  const test = await serve(t, { max_depth: 3, max_aliases: 2, max_directives: 2, max_batch: 2, max_tokens: 20, max_length: 200, max_cost: 40, max_body: 500 })
  const cases: Array<[within: ClientRequest, beyond: ClientRequest, code: string]> = [
    [query('{ me { friends { name } } }'), query('{ me { friends { friends { name } } } }'), 'LIMIT_EXCEEDED'],
    [query('{ a: hello b: hello }'), query('{ a: hello b: hello c: hello }'), 'LIMIT_EXCEEDED'],
    [query('{ hello @a @a }'), query('{ hello @a @a @a }'), 'LIMIT_EXCEEDED'],
    [post([{ query: '{ hello }' }, { query: '{ hello }' }]), post([{ query: '{ hello }' }, { query: '{ hello }' }, { query: '{ hello }' }]), 'BATCH_TOO_LARGE'],
    [query(`{ ${'hello '.repeat(18)} }`), query(`{ ${'hello '.repeat(19)} }`), 'LIMIT_EXCEEDED'],
    [query(`{ hello } #${'x'.repeat(189)}`), query(`{ hello } #${'x'.repeat(190)}`), 'LIMIT_EXCEEDED'],
    [query('{ people(first: 39) { name } }'), query('{ people(first: 40) { name } }'), 'COST_LIMIT_EXCEEDED']
  ]
  for (const [within, beyond, code] of cases) {
    t.equal((await test.request(within)).status, 200, String(within.body))
    const answer = await test.request(beyond)
    t.equal(answer.status, 400, String(beyond.body))
    t.equal(codeOf(answer), code, String(beyond.body))
  }
  const long = await test.request(query('{ hello }', { extensions: { a: 'x'.repeat(500) } }))
  t.same([long.status, codeOf(long)], [413, 'REQUEST_TOO_LARGE'])
  t.equal(test.received.length, cases.length)
})

t.test('limits are for a whole batch, not for each of its operations', async t => {
  const test = await serve(t, { max_aliases: 2, max_cost: 4, max_directives: 1 })
  for (const [text, code] of [['{ a: hello b: hello }', 'LIMIT_EXCEEDED'], ['{ hello @a }', 'LIMIT_EXCEEDED'], ['{ people(first: 2) { name } }', 'COST_LIMIT_EXCEEDED']] as const) {
    t.equal((await test.request(query(text))).status, 200, text)
    t.equal(codeOf(await test.request(post([{ query: text }, { query: text }]))), code, text)
  }
  const none = await serve(t, { max_batch: 0 })
  t.equal(codeOf(await none.request(post([{ query: '{ hello }' }]))), 'BATCH_TOO_LARGE')
  t.equal(codeOf(await none.request(post([]))), 'BAD_REQUEST')
  t.equal((await none.request(query('{ hello }'))).status, 200)
})

t.test('sizes come from literals, variables, their defaults, strings and from inside of arguments', async t => {
  const test = await serve(t, { max_cost: 100, size_arguments: ['first', 'filter.size'], costs: [{ field: 'search', cost: 20, size: 50 }, { field: 'friends', cost: 1, size: 30, size_arguments: [] }] })
  const costs: Array<[number, ClientRequest]> = [
    [11, query('{ people(first: 10) { name } }')],
    [11, query('query($n: Int) { people(first: $n) { name } }', { variables: { n: 10 } })],
    [12, query('query($n: Int) { people(first: $n) { name } }', { variables: { n: 11 } })],
    [12, query('query($n: Int = 11) { people(first: $n) { name } }')],
    [2, query('query($n: Int) { people(first: $n) { name } }', { variables: { n: null } })],
    [12, query('query($n: Int) { people(first: $n) { name } }', { variables: '{"n":"11"}' })],
    [12, query('{ people(first: -11) { name } }')],
    [12, query('{ people(first: 1, filter: { size: 11 }) { name } }')],
    [12, query('query($f: Filter) { people(filter: $f) { name } }', { variables: { f: { size: 11 } } })],
    [12, query('query($f: Filter = { size: 11 }) { people(filter: $f) { name } }')],
    [12, query('query($n: Int) { people(filter: { size: $n }) { name } }', { variables: { n: 11 } })],
    [12, query('{ people(first: 1, first: 11) { name } }')],
    [11, query('{ ids(first: 11) }')],
    [2, query('{ people(first: 0) { name } }')],
    [2, query('{ people(first: ALL) { name } }')],
    [70, query('{ search(text: "a") { name } }')],
    [32, query('{ me { friends(first: 3) { name } } }')]
  ]
  for (const [cost, request] of costs) {
    t.equal((await test.request(request)).status, 200, String(request.body))
    t.equal(test.log.at(-1)?.['graphql_cost'], cost, String(request.body))
  }
  t.equal(codeOf(await test.request(query('query($n: Int) { people(first: $n) { name } }', { variables: { n: 1e300 } }))), 'COST_LIMIT_EXCEEDED')
  t.equal(codeOf(await test.request(query('query($n: Int) { people(first: $n) { people(first: $n) { name } } }', { variables: { n: 1000 } }))), 'COST_LIMIT_EXCEEDED')
})

t.test('fragments hide nothing: depth, aliases, cost and introspection are those of what they spread', async t => {
  const test = await serve(t, { max_depth: 3, max_aliases: 2, max_cost: 50 })
  const refused: Array<[string, string]> = [
    ['{ me { ...F } } fragment F on Person { friends { ...G } } fragment G on Person { friends { name } }', 'LIMIT_EXCEEDED'],
    ['{ me { ... { friends { ... on Person { friends { name } } } } } }', 'LIMIT_EXCEEDED'],
    ['{ me { ...__schema } } fragment __schema on Person { friends { friends { name } } }', 'LIMIT_EXCEEDED'],
    ['{ ...F ...F } fragment F on Query { a: hello b: hello }', 'LIMIT_EXCEEDED'],
    ['{ ...F } fragment F on Query { people(first: 30) { ...G ...G } } fragment G on Person { name }', 'COST_LIMIT_EXCEEDED'],
    ['{ ...F } fragment F on Query { a: __schema { description } }', 'INTROSPECTION_DISABLED'],
    ['{ ... { __type(name: "A") { name } } }', 'INTROSPECTION_DISABLED'],
    ['{ _service { sdl } }', 'INTROSPECTION_DISABLED'],
    ['{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ hello } fragment A on Query { ...A }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ ...Nobody }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ ...A } fragment A on Query { hello } fragment A on Query { me { name } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query A { hello } query A { hello }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query A { hello } { hello }', 'GRAPHQL_VALIDATION_FAILED'],
    ['type A { a: Int }', 'GRAPHQL_VALIDATION_FAILED'],
    ['fragment A on Query { hello }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ hello', 'GRAPHQL_PARSE_FAILED'],
    ['query A { hello } query B { hello }', 'BAD_REQUEST']
  ]
  for (const [text, code] of refused) {
    const answer = await test.request(query(text))
    t.equal(codeOf(answer), code, text)
    t.ok(answer.status >= 400, text)
  }
  t.equal((await test.request(query('{ hello __typename }'))).status, 200)
  t.equal((await test.request(query('query A { hello } query B { hello }', { operationName: 'B' }))).status, 200)
  t.equal(codeOf(await test.request(query('query A { hello }', { operationName: 'C' }))), 'BAD_REQUEST')
  t.equal(test.received.length, 2)
  const open = await serve(t, { introspection: true })
  t.equal((await open.request(query('{ __schema { queryType { name } } }'))).status, 200)
})

t.test('fragments that double at each step are counted at once', async t => {
  const test = await serve(t, { max_tokens: 20_000, max_cost: 1000, max_aliases: 1_000_000 })
  let text = '{ ...F0 }'
  for (let index = 0; index < 200; index++) text += ` fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`
  text += ' fragment F200 on Query { hello }'
  t.equal(codeOf(await test.request(query(text))), 'COST_LIMIT_EXCEEDED')
  let chain = '{ ...F0 }'
  for (let index = 0; index < 1000; index++) chain = `fragment F${index} on Query { ...F${index + 1} } ${chain}`
  t.equal(codeOf(await test.request(query(`${chain} fragment F1000 on Query { hello }`))), 'LIMIT_EXCEEDED')
  for (const deep of [`${'{a'.repeat(6000)}${'}'.repeat(6000)}`, `{ a(b: ${'['.repeat(9000)}${']'.repeat(9000)}) }`, `{ a(b: ${'['.repeat(19_000)}`]) {
    const answer = await test.request(query(deep))
    t.equal(answer.status, 400)
  }
  t.equal(test.received.length, 0)
})

t.test('a GET changes nothing, and only a GET or a POST asks', async t => {
  const test = await serve(t)
  const changed = await test.request(get({ query: 'mutation { rename(to: "x") }' }))
  t.same([changed.status, changed.headers['allow'], codeOf(changed)], [405, 'POST', 'METHOD_NOT_ALLOWED'])
  t.equal((await test.request(get({ query: 'query A { hello } mutation B { rename(to: "x") }', operationName: 'B' }))).status, 405)
  t.equal((await test.request(get({ query: 'subscription { hello }' }))).status, 405)
  t.equal((await test.request(query('mutation { rename(to: "x") }'))).status, 200)
  for (const method of ['PUT', 'PATCH', 'DELETE', 'QUERY']) t.equal((await test.request({ ...query('{ hello }'), method })).status, 405, method)
  t.equal((await test.request({ method: 'OPTIONS' })).status, 200)
  t.equal((await test.request({ method: 'OPTIONS', path: '/?query={hello}' })).status, 400)
  t.equal((await test.request({ ...query('{ hello }'), method: 'GET' })).status, 400)
  const open = await serve(t, { mutations_by_get: true })
  t.equal((await open.request(get({ query: 'mutation { rename(to: "x") }' }))).status, 200)
})

t.test('nothing passes for its type, coding, spelling or place', async t => {
  const test = await serve(t)
  const bad = '{"query":"{ __schema { description } }"}'
  const form = (...parts: string[]): ClientRequest => post(parts.map(part => `--b\r\n${part}\r\n`).join('') + '--b--\r\n', 'multipart/form-data; boundary=b')
  const requests: ClientRequest[] = [
    post(bad, ''), post(bad, 'text/plain'), post(bad, 'application/json5'), post('query=%7Bhello%7D', 'application/x-www-form-urlencoded'),
    post(bad, 'application/json; charset=utf-16'), post(bad, 'application/json; charset=utf-7'),
    post(gzipSync(bad), 'application/json', { 'content-encoding': 'gzip' }),
    form('Content-Disposition: form-data; name="operations"\r\n\r\n{"query":"{ hello }"}'),
    { ...query('{ hello }'), path: '/?query={__schema{description}}' }, { ...query('{ hello }'), path: '/?QUERY=1' }, { ...query('{ hello }'), path: '/?x;variables={}' },
    { ...query('{ hello }'), path: '/?query%5B%5D=x' },
    { path: '/?query={hello}&query={__schema{description}}' }, { path: '/?query={hello}&Query=x' }, { path: '/?query={hello}&a=1;query=x' },
    { path: '/?query={hello}%ff' }, { path: '/?query={hello}&variables=[1]' }, { path: '/?query={hello}&variables={' }, { path: '/' }, { path: '/?' }, { path: '/?query=' },
    post('{"query":"{ hello }","query":"{ __schema { description } }"}'), post('{"query":"{ hello }","Query":"x"}'), post('{"query":"{ hello }","operation_name":"x"}'),
    post('{"query":["{ hello }"]}'), post('{"query":"{ hello }","operationName":1}'), post('{"query":"{ hello }","variables":[1]}'), post('{"query":"{ hello }","variables":"["}'),
    post('{"query":"{ hello }","extensions":1}'), post('"{ hello }"'), post('null'), post(''), post('{'), post('[[{"query":"{ hello }"}]]'), post('[1]'),
    post(Buffer.from('{"query":"{ hello #\xff }"}', 'latin1')), post(Buffer.from([0xff]), 'application/graphql'),
    post(`{"query":"{ hello }","variables":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`),
    query('{ hello }', { id: 'x' }), query('{ hello }', { documentId: 'x' }), query('{ hello }', { doc_id: 5 }), post({ id: 'x', documentId: 'x' }), post({ id: {} })
  ]
  for (const request of requests) {
    const answer = await test.request(request)
    t.ok([400, 415].includes(answer.status), `${answer.status} ${JSON.stringify(request)}`)
    t.type(codeOf(answer), 'string', JSON.stringify(request))
  }
  t.equal(test.received.length, 0)
})

t.test('a WebSocket is refused, or passes where that is written', async t => {
  const handshake = { headers: { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' } }
  const test = await serve(t)
  t.equal((await test.request(handshake)).status, 400)
  t.equal(test.received.length, 0)
  const open = await serve(t, { websockets: 'pass' })
  t.equal((await open.request(handshake)).status, 200)
  t.equal(open.received.length, 1)
  // only what becomes one: fields alone make none, and the URL of one says nothing
  const headers = { connection: 'upgrade', upgrade: 'websocket' }
  t.equal(codeOf(await open.request({ ...handshake, path: '/?query={__schema{description}}' })), 'INTROSPECTION_DISABLED')
  t.equal(codeOf(await open.request({ headers: { upgrade: 'websocket' }, path: '/?query={__schema{description}}' })), 'INTROSPECTION_DISABLED')
  t.equal(codeOf(await open.request(query('{ __schema { description } }', {}, headers))), 'INTROSPECTION_DISABLED')
  t.equal(codeOf(await open.request(query('{ __schema { description } }', {}, { connection: 'upgrade', upgrade: 'h2c' }))), 'INTROSPECTION_DISABLED')
  t.equal((await test.request(query('{ hello }', {}, { connection: 'upgrade', upgrade: 'h2c' }))).status, 200)
  t.equal(open.received.length, 1)
})

t.test('a form with files is read where it is taken, and only in one way', async t => {
  const test = await serve(t, { multipart: true, max_body: 200, max_depth: 1 }, { upstream: () => ({}) })
  const part = (name: string, content: string): string => `Content-Disposition: form-data; name="${name}"\r\n\r\n${content}`
  const form = (...parts: string[]): ClientRequest => post(parts.map(text => `--b\r\n${text}\r\n`).join('') + '--b--\r\n', 'multipart/form-data; boundary=b')
  const operations = part('operations', '{"query":"{ hello }","variables":{"file":null}}')
  t.equal((await test.request(form(operations, part('map', '{"0":["variables.file"]}'), part('0', 'x'.repeat(1000))))).status, 200)
  t.equal((await test.request({ ...form(operations), headers: { 'content-type': 'multipart/form-data; boundary="b"' } })).status, 200)
  for (const request of [
    form(part('operations', '{"query":"{ me { name } }"}')),
    form(part('operations', `{"query":"{ hello }","extensions":{"a":"${'x'.repeat(200)}"}}`)),
    form(part('map', '{}'), operations), form(operations, part('operations', '{}')), form(operations, part('operations[]', '{}')), form(operations, part('query', '{ hello }')),
    form(operations, `Content-Transfer-Encoding: base64\r\n${part('0', 'x')}`), form(part('0', `a\n--b\n${part('operations', '{}')}`)), form(operations, part('0', `a\n--b\n${part('operations', '{}')}`)),
    post('x', 'multipart/form-data; boundary=b'), post('x', 'multipart/form-data')
  ]) t.ok((await test.request(request)).status >= 400, String(request.body))
  t.equal(test.received.length, 2)
})

t.test('automatic persisted queries: a hash stands for a text that was seen, and never for another', async t => {
  const test = await serve(t, { max_depth: 2 })
  const extensions = (hash: unknown, version: unknown = 1) => ({ extensions: { persistedQuery: { version, sha256Hash: hash } } })
  const hash = sha('{ hello }')
  const unknown = await test.request(post(extensions(hash)))
  t.same([unknown.status, codeOf(unknown), (unknown.json() as { message: string }).message], [400, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound'])
  t.equal(codeOf(await test.request(query('{ me { name } }', extensions(hash)))), 'BAD_REQUEST')
  t.equal((await test.request(query('{ hello }', extensions(hash.toUpperCase())))).status, 200)
  t.equal((await test.request(post(extensions(hash)))).status, 200)
  t.equal((await test.request(get({ extensions: JSON.stringify(extensions(hash).extensions) }))).status, 200)
  for (const wrong of [extensions(hash, 2), extensions('x'), { extensions: { persistedQuery: 1 } }, { extensions: { PersistedQuery: {} } }, { extensions: { persistedQuery: { version: 1, sha256Hash: hash, SHA256Hash: 'x' } } }]) {
    t.equal(codeOf(await test.request(query('{ hello }', wrong))), 'BAD_REQUEST', JSON.stringify(wrong))
  }
  t.equal(test.received.length, 3)
})

t.test('with a list, only its documents pass, by text or by id; it is read again when it changes', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'graphql-documents-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'documents.json')
  writeFileSync(file, JSON.stringify({ q1: '{ hello }', q2: 'query A($n: Int) { people(first: $n) { name } }' }))
  const test = await serve(t, { documents: file, max_cost: 50 })
  const good = [query('{ hello }'), post({ id: 'q1' }), post({ documentId: 'q1', query: '' }), post({ documentId: `sha256:${sha('{ hello }')}` }), query('{ hello }', { documentId: 'q1' }),
    post({ extensions: { persistedQuery: { version: 1, sha256Hash: sha('{ hello }') } } }), post({ doc_id: 'q2', variables: { n: 3 } }), { path: '/?documentId=q1' }]
  for (const request of good) t.equal((await test.request(request)).status, 200, JSON.stringify(request))
  const bad: Array<[ClientRequest, string]> = [
    [query('{hello}'), 'DOCUMENT_NOT_ALLOWED'], [post({ id: 'q3' }), 'DOCUMENT_NOT_ALLOWED'], [query('{ me { name } }', { id: 'q1' }), 'DOCUMENT_NOT_ALLOWED'],
    [post({ doc_id: 'q2', variables: { n: 300 } }), 'COST_LIMIT_EXCEEDED'], [query('{ me { name } }', { extensions: { persistedQuery: { version: 1, sha256Hash: sha('{ me { name } }') } } }), 'DOCUMENT_NOT_ALLOWED']
  ]
  for (const [request, code] of bad) t.equal(codeOf(await test.request(request)), code, JSON.stringify(request))
  t.equal(test.received.length, good.length)

  const replace = (content: string): void => {
    writeFileSync(`${file}.new`, content)
    renameSync(`${file}.new`, file)
  }
  replace('{ not json')
  t.equal((await test.request(query('{ hello }'))).status, 200)
  replace(JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations: [{ id: 'm1', body: '{ me { name } }' }] }))
  while ((await test.request(post({ id: 'm1' }))).status !== 200) await setImmediate()
  t.equal(codeOf(await test.request(query('{ hello }'))), 'DOCUMENT_NOT_ALLOWED')

  const mixed = await serve(t, { documents: file, only_documents: false })
  t.equal((await mixed.request(query('{ hello }'))).status, 200)
})

t.test('a list that can\'t be used stops the gateway, with its place', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'graphql-documents-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'documents.json')
  await t.rejects(serve(t, { documents: file }), /can't be read \(ENOENT\)/)
  for (const [content, reason] of [['{', /is not JSON/], ['{}', /has no documents/], ['{"a":1}', /document 'a' is not a string/], ['["{ hello"]', /is not GraphQL, at line 1, column 8/], ['3', /has no documents/]] as const) {
    writeFileSync(file, content)
    await t.rejects(serve(t, { documents: file }), reason, content)
  }
  writeFileSync(file, '["{ hello }"]')
  const test = await serve(t, { documents: file })
  t.equal((await test.request(query('{ hello }'))).status, 200)
})

t.test('a dry run refuses nothing that can be read, and says so in the log', async t => {
  const test = await serve(t, { dry_run: true, max_depth: 1 })
  t.equal((await test.request(query('{ me { name } }'))).status, 200)
  t.match(test.log[0], { graphql_refusal: /2 fields deep/ })
  t.equal((await test.request(post('{'))).status, 400)
})

t.test('what counts is what goes up, not what came', async t => {
  const changing = definePlugin({
    name: 'changing',
    priority: 2000,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('preHandler', async ({ headers, gateway: { upstream } }) => {
        if (upstream === null || headers['x-query'] === undefined) return
        upstream.method = 'GET'
        upstream.query = `query=${String(headers['x-query'])}`
        upstream.body = null
      })
    }
  })
  const test = await serve(t, { max_depth: 1 }, { beside: [{ plugin: changing }] })
  t.equal((await test.request({ path: '/?query={me{name}}', headers: { 'x-query': '{hello}' } })).status, 200)
  t.equal((await test.request({ path: '/?query={hello}', headers: { 'x-query': '{me{name}}' } })).status, 400)
  const alone = await serve(t, { max_depth: 1 }, { service: null })
  t.equal((await alone.request({ path: '/?query={me{name}}' })).status, 400)
  t.equal((await alone.request(query('{ me { name } }'))).status, 400)
})

t.test('options that contradict each other are found', async t => {
  t.same(findings(plugin, {}), [])
  t.same(findings(plugin, { costs: [{ field: 'a' }, { field: 'a' }] }), ['error /costs/1/field'])
  t.same(findings(plugin, { mutations_by_get: true, websockets: 'pass' }), ['warning /mutations_by_get', 'warning /websockets'])
})
