import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t, { type Test } from 'tap'
import plugin from '../../plugins/oas-validator/index.ts'
import { Drift, driftFamily } from '../../plugins/oas-validator/drift.ts'
import { PathTree } from '../../plugins/oas-validator/path-tree.ts'
import { type ClientRequest, type PluginTest, testPlugin, type UpstreamAnswer } from '../../src/testing/index.ts'
import { completeConfig } from '../helpers/plugin-config.ts'

const SCHEMAS = `
components:
  parameters:
    limit: { in: query, name: limit, schema: { type: integer, maximum: 100 } }
  requestBodies:
    order:
      required: true
      content:
        application/json: { schema: { $ref: '#/components/schemas/order' } }
        application/x-www-form-urlencoded: { schema: { $ref: '#/components/schemas/order' } }
  schemas:
    order:
      type: object
      required: [id, sku, secret]
      additionalProperties: false
      properties:
        id: { type: integer, readOnly: true }
        secret: { type: string, writeOnly: true }
        sku: { $ref: 'parts/sku.yaml#/sku' }
`

const DOCUMENT = `openapi: 3.1.0
info: { title: Orders, version: '1' }
servers:
  - url: https://api.example.com/{version}
    variables: { version: { default: v1, enum: [v1, v2] } }
paths:
  /orders:
    parameters:
      - $ref: '#/components/parameters/limit'
      - { in: header, name: Authorization, schema: { type: string, maxLength: 1 } }
    get:
      parameters:
        - { in: query, name: filter, content: { application/json: { schema: { type: object, required: [a] } } } }
        - { in: query, name: deep, style: deepObject, schema: { type: object } }
      responses:
        '200':
          content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/order' } } } }
        4XX: { content: { application/problem+json: {} } }
    post:
      requestBody: { $ref: '#/components/requestBodies/order' }
      responses:
        '201': { description: made }
        default: { content: { application/json: { schema: true } } }
  /orders/mine:
    get: { responses: { '200': { description: any } } }
  /orders/{id}:
    get:
      parameters: [{ in: path, name: id, required: true, schema: { type: integer, minimum: 1 } }]
      responses: { '200': { description: any } }
  /old:
    servers: [{ url: /legacy }]
    get: { responses: { '200': { description: any } } }
${SCHEMAS}`

const SKU = 'sku: { type: string, pattern: "^[A-Z]{3}$" }\n'

/** The name of a document, from the folder where tests run. */
function written (t: Test, document = DOCUMENT, files: Record<string, string> = { 'parts/sku.yaml': SKU }): string {
  const directory = t.testdir()
  for (const [name, text] of Object.entries({ ...files, 'api.yaml': document })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  return relative(process.cwd(), join(directory, 'api.yaml'))
}

async function api (t: Test, config: object = {}, upstream: () => UpstreamAnswer = () => ({}), document = DOCUMENT): Promise<PluginTest> {
  return await testPlugin(t, { plugin, config: { spec_file: written(t, document), ...config }, upstream })
}

async function refusal (test: PluginTest, request: ClientRequest | string): Promise<string> {
  const answer = await test.request(request)
  const { errors = [] } = answer.status < 400 ? {} : answer.json() as { errors?: Array<Record<string, string>> }
  return [String(answer.status), ...errors.map(error => `${error['in']} ${error['name'] ?? error['pointer'] ?? ''} ${error['keyword']}`)].join(', ')
}

const order = (body: object, path = '/v1/orders'): ClientRequest => ({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

t.test('requests are held against the operation that they ask for', async t => {
  const test = await api(t)
  const cases: Array<[string | ClientRequest, string]> = [
    ['/v1/orders?limit=5', '200'], ['/v2/orders?limit=101', '400, query limit maximum'], ['/v1/orders?limit=1&limit=2', '400, query limit duplicate'],
    [{ path: '/v1/orders', headers: { authorization: 'Bearer long' } }, '200'],
    ['/v1/orders?filter={"a":1}', '200'], ['/v1/orders?filter={"b":1}', '400, query filter required'], ['/v1/orders?filter={', '400, query filter syntax'], ['/v1/orders?other=1', '200'],
    ['/v1/orders/mine', '200'], ['/v1/orders/7', '200'], ['/v1/orders/0', '400, path id minimum'], ['/v1/orders/x', '400, path id type'], ['/v1/orders/%37', '200'],
    [{ method: 'HEAD', path: '/v1/orders/7' }, '200'],
    ['/v3/orders', '404'], ['/v1/orders/1/2', '404'], ['/orders', '404'], ['/v1/orders/', '404'], ['/legacy/old', '200'], ['/v1/old', '404'],
    [order({ sku: 'ABC', secret: 'x' }), '200'], [order({ sku: 'abc', secret: 'x' }), '400, body #/sku pattern'], [order({ sku: 'ABC' }), '400, body # required'],
    [{ method: 'POST', path: '/v1/orders', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'sku=ABC&secret=1' }, '200'],
    [{ method: 'POST', path: '/v1/orders', headers: { 'content-type': 'text/plain' }, body: '{}' }, '415, body  content-type'],
    [{ method: 'POST', path: '/v1/orders' }, '400, body  required'], [{ path: '/v1/orders', method: 'GET', body: '{}' }, '400, body  unexpected']
  ]
  for (const [request, expected] of cases) t.equal(await refusal(test, request), expected, JSON.stringify(request))
  const wrong = await test.request({ method: 'DELETE', path: '/v1/orders' })
  t.match([wrong.status, wrong.headers['allow']], [405, 'GET, POST, HEAD'])
})

t.test('policies: log, pass and off let requests pass', async t => {
  const logs = await api(t, { request: 'log', unknown_operations: 'log', unknown_arguments: 'log' })
  for (const request of ['/none', '/v1/orders?limit=x&more=1&deep[a]=1', order({})]) t.equal(await refusal(logs, request), '200')
  t.match(logs.log, [{ unknown_operation: true }, { violations: [{ name: 'more', keyword: 'unexpected' }, { name: 'limit', keyword: 'type' }] }, { violations: [{ keyword: 'required' }, { keyword: 'required' }] }])
  const off = await api(t, { request: 'off', unknown_operations: 'pass', unknown_arguments: 'block', verbose_response: false })
  t.equal(await refusal(off, '/none'), '200')
  t.equal(await refusal(off, order({})), '200')
  t.equal(await refusal(off, '/v1/orders?a=1'), '400')
  const quiet = await api(t, { verbose_response: false, base_path: '/api/' })
  t.equal(await refusal(quiet, order({}, '/api/orders')), '400')
})

t.test('answers: log notes what is wrong, block is 502 and tells the client nothing', async t => {
  const json = { 'content-type': 'application/json' }
  const answers: Array<[UpstreamAnswer, string | null]> = [
    [{ headers: json, body: '[{"id":1,"sku":"ABC"}]' }, null],
    [{ headers: json, body: '[{"sku":"ABC"}]' }, 'required'],
    [{ headers: json, body: '[{"id":1,"sku":"ABC","secret":"x"}]' }, 'writeOnly'],
    [{ headers: json, body: '[' }, 'syntax'],
    [{ headers: { 'content-type': 'text/html' }, body: 'x' }, 'content-type'],
    [{ body: 'x' }, 'content-type'],
    [{ status: 500, headers: json, body: '{}' }, 'status'],
    [{ status: 404, headers: { 'content-type': 'application/problem+json' }, body: '{' }, null],
    [{ status: 304 }, null],
    [{ headers: { ...json, 'content-encoding': 'gzip' }, body: 'x' }, 'content-encoding'],
    [{ headers: json }, null]
  ]
  let next: UpstreamAnswer = {}
  const logs = await api(t, { response: 'log' }, () => next)
  const blocks = await api(t, { response: 'block' }, () => next)
  for (const [answer, keyword] of answers) {
    next = answer
    const passed = await logs.request({ path: '/v1/orders', headers: { 'accept-encoding': 'gzip' } })
    t.equal(passed.status, answer.status ?? 200)
    const found = logs.log.at(-1)?.['response_violations'] as Array<{ keyword: string }> | undefined
    t.equal(found?.[0]?.keyword ?? null, keyword, JSON.stringify(answer))
    const blocked = await blocks.request('/v1/orders')
    t.equal(blocked.status, keyword === null ? answer.status ?? 200 : 502, JSON.stringify(answer))
    if (keyword !== null) t.match(blocked.json(), { message: 'An invalid response was received from the upstream server' })
  }
  t.equal(logs.received[0]?.headers['accept-encoding'], 'identity')
  t.equal((await blocks.request('/none')).status, 404, 'our own answers are not the document\'s business')
  next = { status: 201 }
  t.equal((await blocks.request(order({ sku: 'ABC', secret: 'x' }))).status, 201)
  next = { status: 418, headers: json, body: '1' }
  t.equal((await blocks.request(order({ sku: 'ABC', secret: 'x' }))).status, 418, 'by default')
})

t.test('what is for writing alone may be in no answer, wherever its schema says so, and nothing asks for it there', async t => {
  const text = (version: string): string => `openapi: ${version}
paths:
  /v1/users:
    get: { responses: { '200': { content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/user' } } } } } } }
    post: { requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/user' } } } }, responses: { default: { description: made } } }
components:
  schemas:
    password: { $ref: '#/components/schemas/secret' }
    secret: { type: string, writeOnly: true }
    user:
      type: object
      required: [id, password, pin]
      properties:
        id: { type: integer, readOnly: true }
        password: { $ref: '#/components/schemas/password' }
        pin: { allOf: [{ type: string }], writeOnly: true }
        card: { anyOf: [{ type: object, properties: { number: { type: string, writeOnly: true } } }, { type: 'null' }] }
        note: { type: string, writeOnly: false }
`
  for (const version of ['3.1.0', '3.0.3']) {
    let body = ''
    const test = await api(t, { response: 'block', unknown_operations: 'pass' }, () => ({ headers: { 'content-type': 'application/json' }, body }), text(version).replace("'null'", version === '3.1.0' ? "'null'" : 'boolean'))
    for (const [user, status] of [
      [{ id: 1, note: 'n', card: {} }, 200], [{ id: 1, password: 'x' }, 502], [{ id: 1, pin: '1' }, 502], [{ id: 1, pin: null }, 502], [{ id: 1, card: { number: '4' } }, 502], [{ note: 'n' }, 502]
    ] as const) {
      body = JSON.stringify([user])
      t.equal((await test.request('/v1/users')).status, status, `${version} ${body}`)
    }
    body = ''
    t.equal(await refusal(test, order({ password: 'x', pin: '1', card: { number: '4' } }, '/v1/users')), '200', 'in requests they are at home')
    t.equal(await refusal(test, order({ pin: '1' }, '/v1/users')), '400, body # required')
  }
  const logs = await api(t, { response: 'log' }, () => ({ headers: { 'content-type': 'application/json' }, body: '[{"id":1,"password":"canary"}]' }), text('3.1.0'))
  await logs.request('/v1/users')
  t.match(logs.log.at(-1), { response_violations: [{ pointer: '#/0/password', keyword: 'writeOnly', message: 'must not be in an answer' }] })
  t.notMatch(JSON.stringify(logs.log), 'canary')
})

t.test('OpenAPI 3.0 has a dialect of its own', async t => {
  const test = await api(t, {}, undefined, `openapi: 3.0.3
paths:
  /a:
    post:
      requestBody:
        content:
          application/*:
            schema:
              type: object
              x-anything: 1
              example: { n: 1 }
              properties:
                n: { type: integer, minimum: 1, exclusiveMinimum: true, nullable: true }
                m: { type: number, maximum: 5, exclusiveMaximum: false, format: my-own }
      responses: {}
`)
  for (const [body, expected] of [['{"n":2,"m":5}', '200'], ['{"n":null}', '200'], ['{"n":1}', '400, body #/n exclusiveMinimum'], ['{"m":6}', '400, body #/m maximum']] as const) t.equal(await refusal(test, { ...order({}, '/a'), body }), expected, body)
  t.equal(await refusal(test, { method: 'POST', path: '/a' }), '200', 'a body that isn\'t required')
})

t.test('OpenAPI 3.2 has more methods, and types of bodies to share', async t => {
  const test = await api(t, { response: 'block' }, () => ({ body: '{"a":1}', headers: { 'content-type': 'application/json' } }), `openapi: 3.2.0
$self: https://example.com/api.yaml
jsonSchemaDialect: https://spec.openapis.org/oas/3.2/dialect/2025-09-17
info: { title: Search, version: '1' }
paths:
  /a:
    query:
      requestBody: { required: true, content: { application/json: { $ref: '#/components/mediaTypes/search' } } }
      responses: { '200': { content: { application/json: { schema: { type: object, required: [a] } } } } }
    additionalOperations:
      PURGE: { responses: { '200': { content: { application/json: { schema: { type: object, required: [b] } } } } } }
components:
  mediaTypes:
    search: { schema: { type: object, required: [text] } }
`)
  const ask = (method: string, body?: object): Promise<string> => refusal(test, { method, path: '/a', ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) })
  t.equal(await ask('QUERY', { text: 'x' }), '200')
  t.equal(await ask('QUERY', { test: 'x' }), '400, body # required')
  t.equal(await ask('QUERY'), '400, body  required')
  t.match(await test.request({ method: 'PURGE', path: '/a' }), { status: 502 }, 'its answer is held against the document')
  const wrong = await test.request({ method: 'GET', path: '/a' })
  t.match([wrong.status, wrong.headers['allow']], [405, 'QUERY, PURGE'])
})

t.test('drift is counted by operation and kind', async t => {
  const one = new Drift()
  one.count('body', '/orders', 'POST')
  one.count('body', '/orders', 'POST')
  const other = new Drift()
  other.count('unknown_path', '', '')
  t.match(driftFamily([one, other]), { name: 'sallyport_oas_drift_total', type: 'counter', values: [{ labels: { kind: 'body', path: '/orders', method: 'POST' }, value: 2 }, { labels: { kind: 'unknown_path' }, value: 1 }] })
  const config = completeConfig(plugin, { spec_file: written(t) })
  const state = await plugin.setup?.(config as never, { directory: process.cwd() } as never) as { drift: Drift }
  state.drift.count('response', '/orders', 'GET')
  t.match([...plugin.metrics?.([state], {} as never) ?? []], [{ values: [{ value: 1 }] }])
})

t.test('concrete paths win over templates, and templates over less', async t => {
  const tree = new PathTree<string>()
  for (const path of ['/a/{x}', '/a/b', '/a/{x}/c', '/a/b/{y}', '/f/{name}.json', '/f/{name}', '/r/{from}-{to}', '/']) t.ok(tree.add(path, path))
  t.notOk(tree.add('/a/{x}', 'again'))
  for (const [path, leaf, captures] of [
    ['/a/b', '/a/b', {}], ['/a/z', '/a/{x}', { x: 'z' }], ['/a/b/c', '/a/b/{y}', { y: 'c' }], ['/a/z/c', '/a/{x}/c', { x: 'z' }], ['/f/a.json', '/f/{name}.json', { name: 'a' }], ['/f/a.xml', '/f/{name}', { name: 'a.xml' }],
    ['/r/a-b', '/r/{from}-{to}', { from: 'a', to: 'b' }], ['/', '/', {}]
  ] as const) t.same(tree.find(path), { leaf, captures }, path)
  for (const path of ['/a', '/a/', '/a/z/d', '/r/ab', `/r/${'-'.repeat(8000)}`]) t.equal(tree.find(path), null, path.slice(0, 20))
})

t.test('what is wrong with a document is said with file, line and column', async t => {
  const found = (document: string, config: object = {}, files: Record<string, string> = {}): string[] => {
    const file = written(t, document, { 'parts/sku.yaml': SKU, ...files })
    return [...plugin.check?.(completeConfig(plugin, { spec_file: file, ...config }), { directory: process.cwd() }) ?? []].map(({ severity = 'error', message }) => `${severity} ${message.replace(/^\S*?([\w/]+\.yaml:)/, '$1')}`)
  }
  t.same(found(DOCUMENT, { response: 'block' }), [])
  const get = (operation: string, rest = ''): string => `openapi: 3.1.0\npaths:\n  /a/{x}:\n    get: ${operation}\n${rest}`
  const cases: Array<[string, RegExp]> = [
    ['swagger: "2.0"\n', /^error .*api.yaml:1:1: this is no OpenAPI 3.0, 3.1 or 3.2 document: it is Swagger/],
    ['openapi: 3.3.0\n', /no OpenAPI 3.0, 3.1 or 3.2 document: `openapi` doesn't say so/],
    ['openapi: 3.1.0\njsonSchemaDialect: http://json-schema.org/draft-07/schema#\npaths: { /a: { get: {} } }\n', /:2:20: schemas in another dialect/],
    [get('{ parameters: [{ in: querystring, name: q, content: {} }] }'), /the whole query/],
    [get('{ parameters: [{ in: cookie, name: q, style: cookie }] }'), /the style `cookie`/],
    [get('{ requestBody: { content: { application/jsonl: { itemSchema: {} } } } }'), /^warning .*are not held against `itemSchema`/],
    ['openapi: 3.2.0\npaths: { /a: { additionalOperations: { POST: {} } } }\n', /^error .*'POST' has a field of its own/],
    ['openapi: 3.2.0\npaths: { /a: { get: {}, additionalOperations: { LOOK: {} } } }\n', /^warning .*the method LOOK don't reach the gateway/],
    ['openapi: 3.1.0\npaths: {}\n', /no paths/],
    ['a: 1\na: 2\n', /api.yaml:2:1: the key 'a' stands here for the second time/],
    [get('{ parameters: [{ in: query, name: a, schema: { type: strng } }] }'), /api.yaml:4:63: this is no JSON Schema/],
    [get('{ parameters: [{ in: query, name: a, schema: { requried: [] } }] }'), /means nothing: 'requried'/],
    [get('{ parameters: [{ in: query, name: a, schema: { collectionFormat: csv } }] }'), /^warning .*'collectionFormat'/],
    [get('{ parameters: [{ in: query, name: a, schema: { pattern: (a+)+$ } }] }'), /a client can make this regex run for long/],
    [get('{ parameters: [{ in: query, name: a, schema: { if: true } }] }'), /doesn't compile/],
    [get('{ parameters: [{ in: body, name: a }] }'), /needs `name`, and `in`/],
    [get('{ parameters: [{ in: path, name: y }] }'), /the path has no '\{y\}'/],
    [get('{ parameters: [{ in: header, name: y, style: form }] }'), /never written in the style 'form'/],
    [get('{ parameters: [{ $ref: "#/none" }] }'), /leads to nothing/],
    [get('{ parameters: [{ $ref: "none.yaml#/p" }] }'), /api.yaml:4:33: the file '\S*none.yaml' can't be read/],
    [get('{ parameters: [{ $ref: "https://x.test/p" }] }'), /is not fetched/],
    [get('{ parameters: [{ $ref: "#/p" }] }', 'p: { $ref: "#/p" }\n'), /leads in a circle/],
    [get('{ requestBody: { content: { json: {} } } }'), /'json' is no media type/],
    ['openapi: 3.1.0\nservers: [{ url: "http//x:y" }]\npaths: { /a: { get: {} } }\n', /is no address/],
    ['openapi: 3.1.0\nservers: [{ url: "" }, { url: /a }]\npaths: { /a/b: { get: {} }, /b: { get: {} } }\n', /'\/a\/b' is there already/]
  ]
  for (const [document, expected] of cases) t.match(found(document).join('\n'), expected, document)
  t.match(found('', { spec_file: 'none.yaml' }), [/'none.yaml' can't be read/])
  t.match(found(DOCUMENT, { response: 'log' }, { 'parts/sku.yaml': 'sku: { typ: string }\n' }), [/parts\/sku.yaml:1:13: .*'typ'/])
})
