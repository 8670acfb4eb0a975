import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { importConfig, type ImportResult } from '../../src/import/import.ts'
import { priorities } from '../../src/import/openapi/paths.ts'
import type { ImporterOptions } from '../../src/import/importer.ts'
import { loadPlugins } from '../../src/plugins.ts'
import { runCli } from '../helpers/cli.ts'
import { startGateway } from '../helpers/gateway.ts'
import { packageRoot } from '../helpers/package-root.ts'

type Tree = Record<string, any>

const sample = readFileSync(join(packageRoot, 'test/fixtures/import/openapi.yaml'), 'utf8')

async function openapi (t: Test, text: string, options: ImporterOptions = {}): Promise<ImportResult & { value: Tree, file: string }> {
  const directory = t.testdir({ api: { 'openapi.yaml': text } })
  const file = join(directory, 'gateway.yaml')
  const result = await importConfig({ format: 'openapi', text, path: join(directory, 'api/openapi.yaml'), shown: 'api/openapi.yaml', output: file, shownOutput: 'gateway.yaml', options })
  const { diagnostics } = await loadConfig({ file, text: result.text, env: {} })
  t.same(diagnostics.filter(({ severity }) => severity === 'error'), [])
  return { ...result, value: parse(result.text) as Tree, file }
}

const document = (rest: Tree): string => JSON.stringify({ openapi: '3.0.3', info: { title: 'T', version: '1' }, ...rest }, null, '\t')
const answer = { responses: { 200: { description: 'Well.' } } }
const said = ({ report }: ImportResult, kind: string) => report.findings.filter(finding => finding.kind === kind).map(({ what, place }) => `${what} ${place.line}`)

t.test('each server is a service, each path a route, each requirement an entry', async t => {
  const result = await openapi(t, sample)
  const [orders, files] = result.value['services']
  t.equal(orders.url, 'https://eu.orders.example.com')
  t.same(orders.plugins, [{ name: 'oas-validator', config: { spec_file: './api/openapi.yaml' } }])
  t.same(orders.routes.map(({ name, paths, methods, regex_priority: priority }: Tree) => [name, ...paths, ...methods, priority]), [
    ['orders', '~/v1/orders$', 'GET', undefined],
    ['orders-2', '~/v1/orders$', 'POST', undefined],
    ['orders-id', '~/v1/orders/(?<id>[^/]+)$', 'GET', undefined],
    ['orders-mine', '~/v1/orders/mine$', 'GET', 1],
    ['health', '~/v1/health$', 'GET', undefined]
  ])
  const entries = (name: string) => orders.routes.find((route: Tree) => route['name'] === name).plugins
  t.match(entries('orders-2'), [{ name: 'jwt', config: { issuer: 'https://issuer.invalid/', scopes_required: ['orders:write orders:read'] } }])
  t.match(entries('orders-mine'), [{ name: 'jwt' }, { name: 'key-auth', config: { key_names: ['X-API-Key'], key_in_query: false } }, { name: 'auth-policy', config: { any_of: ['jwt', 'key-auth'] } }])
  t.equal(entries('health'), undefined)
  t.match(files, { url: 'https://files.example.com', routes: [{ paths: ['~/files/(?<name>[^/.]+)\\.(?<ext>[^/]+)$'] }], plugins: [{ name: 'oas-validator' }, { name: 'request-termination' }] })
  t.same(said(result, 'closed'), ['securitySchemes.cookie 56'])
  t.same(said(result, 'left_out'), ['servers[1] 9'])
  t.same(said(result, 'todo').length, 3)
  t.match(result.report.findings.find(({ kind }) => kind === 'changed'), { what: 'security', message: /1 of 6 operations .* GET \/health/ })
})

t.test('OpenAPI 3.2 has more methods; those that no request can have are told', async t => {
  const result = await openapi(t, JSON.stringify({ openapi: '3.2.0', info: { title: 'T', version: '1' }, servers: [{ url: 'https://api.example.com', name: 'main' }], paths: { '/a': { query: answer, additionalOperations: { PURGE: answer, LOOK: answer } } } }))
  t.same(result.value['services'][0].routes.map(({ paths, methods }: Tree) => [...paths, ...methods]), [['~/a$', 'QUERY', 'PURGE']])
  t.match(result.report.findings.filter(({ kind }) => kind === 'left_out'), [{ what: 'LOOK /a', message: /its HTTP parser/ }])
})

t.test('nobody passes before the values are filled in', async t => {
  const { file, text } = await openapi(t, sample)
  const { config } = await loadConfig({ file, text, env: {}, overrides: { port: 0, adminPort: 'off' } })
  if (config === null) throw new Error('it loads')
  const { registry } = await loadPlugins([], packageRoot)
  const { port } = await startGateway(t, config, [...registry.values()], { directory: join(file, '..') })
  const status = async (path: string, init: RequestInit = {}) => (await fetch(`http://127.0.0.1:${port}${path}`, init)).status
  t.equal(await status('/v1/orders'), 401)
  t.equal(await status('/v1/orders/mine', { headers: { 'x-api-key': 'x' } }), 401)
  t.equal(await status('/files/a.txt'), 503)
  t.equal(await status('/v1/orders', { method: 'DELETE' }), 404)
})

t.test('routes are made of paths, operations or tags, and never mix who may call', async t => {
  const names = async (routes: 'path' | 'operation' | 'tag') => {
    const { value } = await openapi(t, sample, { routes })
    return value['services'][0].routes.map(({ name, paths, methods }: Tree) => `${name} ${paths.length} ${methods.join()}`)
  }
  t.same(await names('operation'), ['list-orders 1 GET', 'create-order 1 POST', 'get-order 1 GET', 'get-orders-mine 1 GET', 'get-health 1 GET'])
  t.same(await names('tag'), ['orders 2 GET', 'orders-2 1 POST', 'orders-3 1 GET', 'untagged 1 GET'])
  // GET /b needs a token: a route with both paths and both methods would let it through
  const open = { ...answer, tags: ['t'], security: [] }
  const { value } = await openapi(t, document({
    servers: [{ url: 'http://a.internal' }],
    paths: { '/a': { get: open }, '/b': { post: open, get: { ...answer, tags: ['t'], security: [{ k: [] }] } } },
    components: { securitySchemes: { k: { type: 'apiKey', in: 'header', name: 'k' } } }
  }), { routes: 'tag' })
  t.same(value['services'][0].routes.map(({ paths, methods, plugins }: Tree) => [...paths, ...methods, plugins?.[0].name]), [['~/a$', 'GET', undefined], ['~/b$', 'GET', 'key-auth'], ['~/b$', 'POST', undefined]])
})

t.test('an address comes from the document, from --upstream, or has to be filled in', async t => {
  const paths = { '/a': { get: answer } }
  const one = await openapi(t, document({ servers: [{ url: '/v2/' }], paths }))
  t.match(one.value['services'], [{ url: 'http://upstream.invalid', routes: [{ paths: ['~/v2/a$'] }] }])
  t.same(said(one, 'todo').length, 1)
  const two = await openapi(t, document({ servers: [{ url: '/v2' }], paths }), { upstream: 'http://127.0.0.1:3000' })
  t.match(two.value['services'], [{ url: 'http://127.0.0.1:3000', routes: [{ paths: ['~/v2/a$'] }] }])
  t.match((await openapi(t, document({ paths }))).value['services'], [{ url: 'http://upstream.invalid', routes: [{ paths: ['~/a$'] }] }])
})

t.test('what all routes ask stands at the service; every scheme is an entry or is closed', async t => {
  const entries = async (schemes: Tree, security: unknown) => {
    const { value } = await openapi(t, document({ servers: [{ url: 'http://a.internal' }], paths: { '/a': { get: answer }, '/b': { get: answer } }, security, components: { securitySchemes: schemes } }))
    return value['services'][0].plugins.slice(1).map(({ name, config }: Tree) => config === undefined ? name : `${name} ${JSON.stringify(config)}`)
  }
  const key = (name: string, where = 'header') => ({ type: 'apiKey', in: where, name })
  t.same(await entries({ a: { type: 'http', scheme: 'Basic' } }, [{ a: [] }]), ['basic-auth'])
  t.same(await entries({ a: key('k', 'query') }, [{ a: [] }]), ['key-auth {"key_names":["k"],"key_in_header":false,"key_in_query":true}'])
  t.same(await entries({ a: key('k'), b: key('l') }, [{ a: [] }, { b: [] }]), ['key-auth {"key_names":["k","l"],"key_in_header":true,"key_in_query":false}'])
  t.same(await entries({ a: key('k'), b: { type: 'http', scheme: 'basic' } }, [{ a: [], b: [] }]), ['key-auth {"key_names":["k"],"key_in_header":true,"key_in_query":false}', 'basic-auth', 'auth-policy {"all_of":["key-auth","basic-auth"]}'])
  t.same(await entries({ a: { type: 'openIdConnect', openIdConnectUrl: 'https://id.example.com/.well-known/openid-configuration' } }, [{ a: ['x'] }]), ['openid-connect {"issuer":"https://id.example.com/","bearer_token_param_type":["header"],"scopes_required":["x"]}'])
  t.same(await entries({ a: { type: 'http', scheme: 'bearer' } }, [{ a: ['admin'] }]), ['jwt {"issuer":"https://issuer.invalid/","uri_param_names":[],"roles_required":["admin"]}'])
  t.same(await entries({ a: { type: 'http', scheme: 'bearer' } }, [{}, { a: [] }]), ['jwt {"issuer":"https://issuer.invalid/","uri_param_names":[]}', 'auth-policy {"public":true}'])
  t.same(await entries({}, [{}]), [])
  const closed = ['request-termination {"status_code":503,"message":"Closed by the import: see the comment in gateway.yaml"}']
  for (const [schemes, security] of [
    [{}, [{ missing: [] }]],
    [{ a: { type: 'mutualTLS' } }, [{ a: [] }]],
    [{ a: { type: 'http', scheme: 'digest' } }, [{ a: [] }]],
    [{ a: key('k', 'cookie') }, [{ a: [] }]],
    [{ a: key('k') }, [{ a: ['role'] }]],
    [{ a: key('k'), b: key('l') }, [{ a: [], b: [] }]],
    [{ a: key('k'), b: key('l', 'query') }, [{ a: [] }, { b: [] }]],
    [{ a: key('k'), b: { type: 'http', scheme: 'basic' } }, [{ a: [], b: [] }, { a: [] }]],
    [{ a: key('k') }, 'a']
  ] as const) t.same(await entries(schemes, security), closed, JSON.stringify([schemes, security]))
})

t.test('concrete paths come before the templated ones that match them', async t => {
  t.same([...priorities(['/a/{x}', '/a/b', '/{y}/b', '/c'])].filter(([, priority]) => priority > 0), [['/a/b', 2]])
  const odd = await openapi(t, document({ servers: [{ url: 'http://a.internal' }], paths: { '/a+b/{id}/{id}': { get: answer }, '/v/{1st-part}-{b}': { get: answer }, '/x': { trace: answer, $ref: 'other.yaml' }, '/y': { trace: answer, get: answer } } }))
  t.same(odd.value['services'][0].routes.map(({ paths }: Tree) => paths[0]), ['~/a\\+b/(?<id>[^/]+)/([^/]+)$', '~/v/(?<_1st_part>[^/\\-]+)-(?<b>[^/]+)$', '~/y$'])
  t.same(new Set(said(odd, 'left_out').map(words => words.replace(/ \d+$/, ''))), new Set(['paths[/x]', 'TRACE /y']))
})

t.test('what is no OpenAPI 3 document is refused with words', async t => {
  const cwd = t.testdir({ 'a.yaml': 'swagger: "2.0"\n', 'b.yaml': 'openapi: 4.0.0\n', 'c.yaml': 'x: 1\n', 'd.yaml': 'openapi: 3.0.0\npaths: {}\n' })
  for (const [file, message] of [['a.yaml', /Swagger 2\.0: convert it/], ['b.yaml', /OpenAPI 4\.0\.0 is not known/], ['c.yaml', /no OpenAPI document/], ['d.yaml', /no operations/]] as const) {
    t.match(await runCli(['import', 'openapi', file], { cwd }), { code: 3, stdout: '', stderr: message }, file)
  }
})
