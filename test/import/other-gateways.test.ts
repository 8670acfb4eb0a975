/* eslint-disable no-template-curly-in-string -- variables of Express Gateway */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import type { Config } from '../../src/config/model.ts'
import { loadConfig } from '../../src/config/load.ts'
import { importConfig, type ImportFormat, type ImportResult } from '../../src/import/import.ts'
import { compileRouter } from '../../src/router/compile.ts'
import { runCli } from '../helpers/cli.ts'
import { packageRoot } from '../helpers/package-root.ts'

type Tree = Record<string, any>
type Done = ImportResult & { value: Tree, config: Config }

const fixture = (name: string): string => readFileSync(join(packageRoot, 'test/fixtures/import', name), 'utf8')
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const env = new Proxy<Record<string, string>>({}, { get: (_, name) => String(name).endsWith('PUBLIC_KEY') ? publicKey : /URL$|HOST$/.test(String(name)) ? String(name).endsWith('HOST') ? 'a.internal' : 'http://a.internal' : '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL', has: () => true })

async function imported (t: Test, format: ImportFormat, text: string, files: Record<string, string> = {}): Promise<Done> {
  const directory = t.testdir(files)
  const file = join(directory, 'gateway.yaml')
  const result = await importConfig({ format, text, path: join(directory, 'source'), shown: 'source', output: file, shownOutput: null })
  const { config, diagnostics } = await loadConfig({ file, text: result.text, env })
  t.same(diagnostics.filter(({ severity }) => severity === 'error'), [])
  if (config === null) throw new Error('it loads')
  return { ...result, value: parse(result.text) as Tree, config }
}

const routesOf = (value: Tree): Tree[] => [...(value['services'] ?? []).flatMap((service: Tree) => service['routes'].map((route: Tree) => ({ ...route, service }))), ...value['routes'] ?? []]
const pluginsOf = (value: Tree, name: string): Tree => Object.fromEntries((routesOf(value).find(route => route['name'] === name)?.['plugins'] ?? []).map(({ name, config }: Tree) => [name, config ?? {}]))
const said = ({ report }: ImportResult, kind: string) => report.findings.filter(finding => finding.kind === kind).map(({ what }) => what)
const closed = (value: Tree, name: string): boolean => pluginsOf(value, name)['request-termination']?.status_code === 503

/** Name of the route that takes a request. */
function winner ({ config }: Done, path: string, host = 'api.example.com', method = 'GET'): string | null {
  return compileRouter(config.routes).match({ method, host, path, headers: [], scheme: 'http', sni: null, port: 80 } as never)?.route.name ?? null
}

t.test('pipelines of Express Gateway are entries of their routes, in the order of the file', async t => {
  const result = await imported(t, 'express-gateway', fixture('gateway.config.yml'), { 'system.config.yml': 'db: {}\n' })
  const { value } = result
  t.match(value['gateway'], { listen: [{ port: 8080 }] })
  t.match(value['upstreams'], [{ name: 'orders-targets', targets: [{ target: 'orders-1.internal:3000' }, { target: 'orders-2.internal:3000' }] }])
  t.same(pluginsOf(value, 'orders'), {
    jwt: { issuer: 'https://id.example.com/', audience: ['orders'], secret: '{vault://env/JWT_SECRET}', algorithms: ['HS256'], uri_param_names: [] },
    'auth-policy': { any_of: [{ plugin: 'jwt', scopes: ['read_orders'] }] },
    cors: { origins: ['*'], methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'], headers: ['Content-Type', 'Authorization'] },
    'rate-limiting': { hour: 100, limit_by: 'ip', policy: 'local' },
    'request-transformer': { remove: { headers: ['X-Debug', 'X-Team', 'X-User'] }, add: { headers: ['X-Team:orders'] } }
  })
  t.match(pluginsOf(value, 'users'), { 'key-auth': { key_names: ['apikey', 'apiKey'] } })
  t.match(routesOf(value).find(({ name }) => name === 'users'), { strip_path: true, preserve_host: true, service: { url: '{vault://env/USERS_URL}' } })
  for (const name of ['admin', 'reports', 'site']) t.ok(closed(value, name), name)
  t.same(pluginsOf(value, 'health')['request-termination'], { status_code: 200, body: 'ok', content_type: 'text/plain' })
  t.same([...new Set(said(result, 'left_out'))].sort(), ['admin', 'pipelines.orders: log', 'pipelines.orders: request-transformer X-User', 'system.config.yml'])
  t.equal(winner(result, '/orders/'), 'orders')
  t.equal(winner(result, '/ORDERS/7'), 'orders', 'as Express: whatever the case')
  t.equal(winner(result, '/Admin/x'), 'admin', 'no other case leads past it')
  t.equal(winner(result, '/reports/12'), 'reports')
  t.equal(winner(result, '/else'), 'site')
})

/** One endpoint and one pipeline with these policies. */
const pipeline = (policies: unknown, endpoint: Tree = {}, rest: Tree = {}): string => JSON.stringify({ apiEndpoints: { a: { paths: '/a/*', ...endpoint } }, serviceEndpoints: { s: { url: 'http://s.internal' } }, pipelines: { p: { apiEndpoints: ['a'], policies } }, ...rest })
const proxy = { proxy: [{ action: { serviceEndpoint: 's' } }] }

t.test('authentication of Express Gateway: one, either, both, or closed', async t => {
  const entries = async (policies: unknown[], endpoint: Tree = {}, files: Record<string, string> = {}) => {
    const { value } = await imported(t, 'express-gateway', pipeline([...policies, proxy], endpoint), files)
    return pluginsOf(value, 'a')
  }
  const secret = 'a-secret-that-has-more-than-thirty-two-bytes'
  const jwt = (action: Tree, condition?: Tree) => ({ jwt: [{ ...(condition === undefined ? {} : { condition }), action: { secretOrPublicKey: secret, checkCredentialExistence: false, ...action } }] })
  t.same(await entries([jwt({})]), { jwt: { secret, uri_param_names: [] } })
  t.match(await entries([jwt({ checkCredentialExistence: true, jwtExtractor: 'query', jwtExtractorField: 't' })]), { jwt: { consumer_claim: ['sub'], uri_param_names: ['t'] } })
  t.match(await entries([jwt({ passThrough: true }), jwt({ jwtExtractor: 'header', jwtExtractorField: 'X-Token' })]), { jwt: { header_names: ['authorization', 'x-token'] } })
  t.match(await entries([jwt({}), { 'basic-auth': [{ condition: { name: 'anonymous' }, action: {} }] }]), { 'auth-policy': { any_of: ['jwt', 'basic-auth'] } })
  t.match(await entries([jwt({}), { 'key-auth': [{ action: { apiKeyHeader: 'X-Key', disableQueryParam: true } }] }]), { 'key-auth': { key_names: ['X-Key'], key_in_query: false }, 'auth-policy': { all_of: ['jwt', 'key-auth'] } })
  t.match(await entries([{ 'oauth2-introspect': [{ action: { endpoint: 'https://id.example.com/i', authorization_value: '${AUTH}', ttl: 60 } }] }], { scopes: ['a', 'b'] }), { 'oauth2-introspection': { introspection_url: 'https://id.example.com/i', authorization_value: '{vault://env/AUTH}', ttl: 60 }, 'auth-policy': { any_of: [{ plugin: 'oauth2-introspection', scopes: ['a', 'b'] }] } })
  t.match(await entries([jwt({ secretOrPublicKey: undefined, secretOrPublicKeyFile: 'none.pem', algorithms: ['RS256'] })]), { jwt: { public_key: '{vault://env/JWT_PUBLIC_KEY}' } })
  for (const [words, policies] of [
    ['everybody passes', [jwt({ passThrough: true })]],
    ['a token in the body', [jwt({ jwtExtractor: 'body', jwtExtractorField: 't' })]],
    ['no key', [{ 'key-auth': [{ action: { disableHeaders: true, disableQueryParam: true } }] }]],
    ['no endpoint', [{ 'oauth2-introspect': [{ action: {} }] }]],
    ['twice', [jwt({}), jwt({ issuer: 'https://other.example.com/' })]],
    ['its own tokens', [{ oauth2: [{ action: {} }] }]],
    ['a limit by something else', [{ 'rate-limit': [{ action: { rateLimitBy: '${req.body.x}' } }] }]],
    ['two limits', [{ 'rate-limit': [{ action: {} }, { action: {} }] }]],
    ['an unknown policy', [{ rewrite: [{ action: {} }] }]],
    ['a condition', [{ terminate: [{ condition: { name: 'method', methods: ['GET'] }, action: {} }] }]]
  ] as const) t.equal((await entries([...policies]))['request-termination']?.status_code, 503, words)
})

t.test('other policies, options and endpoints of Express Gateway', async t => {
  const one = await imported(t, 'express-gateway', pipeline([
    'log',
    { terminate: [{ condition: { name: 'never' } }] },
    { 'rate-limit': [{ condition: { name: 'authenticated' }, action: { max: 5, windowMs: 1000, rateLimitBy: '${req.user.id}', statusCode: 420, message: 'slow' } }] },
    { headers: [{ action: { headersPrefix: 'x-', forwardHeaders: { team: 'a', user: '${req.user.id}' } } }] },
    { 'response-transformer': [{ action: { body: { add: { by: "'gateway'" } }, headers: { remove: ['x-powered-by'] } } }] },
    { cors: [{ action: { origin: ['https://a.example.com'], credentials: true, maxAge: 60, exposedHeaders: ['X-A'] } }] },
    { proxy: [{ action: { serviceEndpoint: 's', secure: false, proxyTimeout: 5000, autoRewrite: true, headers: {} } }] }
  ], { scopes: ['x'] }, { serviceEndpoints: { s: { url: 'https://s.internal' } } }))
  t.match(pluginsOf(one.value, 'a'), {
    'rate-limiting': { second: 5, limit_by: 'consumer', error_code: 420, error_message: 'slow' },
    'request-transformer': { remove: { headers: ['x-team', 'x-user'] }, add: { headers: ['x-team:a'] } },
    'response-transformer': { remove: { headers: ['x-powered-by'], json: ['by'] }, add: { json: ['by:gateway'] } },
    cors: { origins: ['https://a.example.com'], credentials: true, max_age: 60, exposed_headers: ['X-A'] }
  })
  t.match(one.value['services'], [{ url: 'https://s.internal', tls_verify: false, read_timeout: 5000 }])
  t.same(new Set(said(one, 'left_out')), new Set(['apiEndpoints.a.scopes', 'pipelines.p: log', 'pipelines.p: terminate', 'pipelines.p: headers x-user', 'pipelines.p: proxy.autoRewrite']))
  const strip = await imported(t, 'express-gateway', pipeline([{ proxy: [{ action: { serviceEndpoint: 's', stripPath: true } }] }], { paths: ['/b/:id/c', '/d/*'] }))
  t.same(routesOf(strip.value)[0]?.['paths'], ['~/b/(?=(?<id>[^/]+)/c/?$)', '/d/'])
  for (const [words, text] of [
    ['no service', pipeline([{ proxy: [{ action: { serviceEndpoint: 'nobody' } }] }])],
    ['no address', pipeline([proxy], {}, { serviceEndpoints: { s: {} } })],
    ['addresses that differ', pipeline([proxy], {}, { serviceEndpoints: { s: { urls: ['http://a/x', 'http://b/y'] } } })],
    ['the path is ignored', pipeline([{ proxy: [{ action: { serviceEndpoint: 's', ignorePath: true } }] }])],
    ['nothing answers', pipeline(['log'])]
  ] as const) t.ok(closed((await imported(t, 'express-gateway', text)).value, 'a'), words)
  const odd = await imported(t, 'express-gateway', JSON.stringify({
    http: {},
    https: { port: 443 },
    apiEndpoints: { first: { paths: '/first' }, optional: { paths: '/a/:id?' }, odd: { pathRegex: 'a|b' }, later: [{ paths: '/later' }, { host: 'x.test', methods: 'GET' }], hosts: { hostRegex: '^x' } },
    serviceEndpoints: { s: { url: 'http://${HOST}:3000' } },
    pipelines: { p: { apiEndpoints: ['first', 'later'], policies: [proxy] } }
  }))
  t.same(routesOf(odd.value).map(({ name }) => [name, closed(odd.value, name)]), [['first', false], ['later', true], ['later-2', true]])
  t.match(said(odd, 'left_out'), ['apiEndpoints.optional', 'apiEndpoints.odd', 'apiEndpoints.hosts'])
  t.match(odd.value['services'], [{ url: '${{ env "DECK_HOST" }}'.replace('${{', 'http://${{') + ':3000' }])
  t.match((await imported(t, 'express-gateway', pipeline([proxy], {}, { pipelines: {} }))).report.findings, [{ kind: 'left_out', what: 'apiEndpoints.a' }])
})

t.test('endpoints of KrakenD with one backend are routes', async t => {
  const result = await imported(t, 'krakend', fixture('krakend.json'))
  const { value } = result
  t.match(pluginsOf(value, 'v1-orders-id'), {
    jwt: { issuer: 'https://id.example.com/', audience: ['orders'], jwks_uri: 'https://id.example.com/jwks.json', algorithms: ['RS256'], roles_required: ['user', 'admin'], roles_claim: ['realm_access', 'roles'], scopes_required: ['orders:read orders:list'], claims_to_headers: { 'X-User': 'sub' } },
    'rate-limiting': { second: 10, limit_by: 'ip' },
    'circuit-breaker': { failure_threshold: 3, reset_timeout: 10_000 },
    'request-transformer': { replace: { uri: '/orders/$(uri_captures.id)' }, add: { querystring: ['full:1'] } }
  })
  t.match(value['services'], [{ url: 'http://app-1.internal-targets', total_timeout: 3000 }, { url: 'https://users.internal', total_timeout: 500 }])
  t.same(['v1-dashboard', 'v1-users-me', 'v1-rules'].map(name => closed(value, name)), [true, true, true])
  t.match(pluginsOf(value, 'v1-users-id-post'), { 'request-transformer': { http_method: 'PUT' } })
  t.same(value['plugins'].map(({ name }: Tree) => name), ['cors', 'security-headers', 'bot-detection'])
  t.match(said(result, 'left_out'), ['cache_ttl', 'input_headers, input_query_strings'])
  t.equal(winner(result, '/v1/users/me', 'any.test'), 'v1-users-me')
})

t.test('Express Gateway listens where its file says, and never more widely', async t => {
  for (const [hostname, host, todo] of [[undefined, '0.0.0.0', []], ['10.0.0.1', '10.0.0.1', []], ['localhost', '127.0.0.1', []], ['gateway.internal', '127.0.0.1', ['http.hostname']]] as const) {
    const result = await imported(t, 'express-gateway', JSON.stringify({ http: { port: 9000, hostname }, apiEndpoints: { a: { paths: '/a' } }, serviceEndpoints: { s: { url: 'http://a.internal' } }, policies: ['proxy'], pipelines: [{ apiEndpoints: ['a'], policies: [{ proxy: [{ action: { serviceEndpoint: 's' } }] }] }] }))
    t.same([result.value['gateway'].listen[0].host, said(result, 'todo')], [host, todo])
  }
})

t.test('no key of KrakenD goes without a word, and it listens where the file says', async t => {
  const result = await imported(t, 'krakend', JSON.stringify({
    version: 3,
    $schema: 'x',
    name: 'n',
    port: 9000,
    listen_ip: '127.0.0.1',
    host: ['http://a.internal'],
    cache_ttl: '1s',
    read_timeout: '3s',
    dns_cache_ttl: '1s',
    debug_endpoint: true,
    disable_rest: true,
    endpoints: [
      { '@comment': 'x', endpoint: '/a', cache_ttl: '1s', concurrent_calls: 3, input_headers: ['*'], input_query_strings: ['*'], backend: [{ url_pattern: '/a', encoding: 'xml', disable_host_sanitize: true }] },
      { endpoint: '/b', cache_ttl: '1s', concurrent_calls: 1, input_headers: ['*'], input_query_strings: ['*'], backend: [{ url_pattern: '/b', encoding: 'json', input_headers: ['X-A'], something: 1 }] }
    ]
  }, null, 1))
  t.same(said(result, 'left_out').sort(), ['backend.encoding', 'backend.input_headers', 'backend.something', 'cache_ttl', 'endpoints.cache_ttl', 'endpoints.concurrent_calls', 'read_timeout'])
  t.ok(result.report.findings.every(({ place }) => place.line !== null && place.line > 1))
  t.match(result.value['gateway'], { listen: [{ host: '127.0.0.1', port: 9000 }] })
})

t.test('components of KrakenD: translated, or closed', async t => {
  const run = async (endpoint: Tree, rest: Tree = {}) => imported(t, 'krakend', JSON.stringify({ version: 3, host: ['http://a.internal'], endpoints: [{ endpoint: '/a', input_headers: ['*'], input_query_strings: ['*'], backend: [{ url_pattern: '/a' }], ...endpoint }], ...rest }))
  const entries = async (extra: Tree) => pluginsOf((await run({ extra_config: extra })).value, 'a')
  t.match(await entries({ 'qos/ratelimit/router': { max_rate: 5, every: '10m' } }), { 'rate-limiting': { hour: 5, limit_by: 'service', error_code: 503 } })
  t.match(await entries({ 'qos/ratelimit/router': { client_max_rate: 5, strategy: 'header', key: 'X-Key', every: '1m' } }), { 'rate-limiting': { minute: 5, limit_by: 'header', header_name: 'X-Key' } })
  t.match(await entries({ 'github.com/devopsfaith/krakend-jose/validator': { jwk_url: 'https://id.example.com/k', cookie_key: 'c', leeway: '10s' } }), { jwt: { cookie_names: ['c'] } })
  t.same(await entries({ 'telemetry/x': {}, websocket: {}, 'qos/ratelimit/router': {} }), {})
  t.match(await entries({ 'validation/json-schema': { type: 'object', required: ['x'] } }), { 'request-validator': { body_schema: { required: ['x'] }, version: 'draft7' } })
  t.match(await entries({ 'validation/json-schema': { $schema: 'http://json-schema.org/draft-04/schema#', type: 'object' } }), { 'request-validator': { body_schema: { type: 'object' }, version: undefined } })
  const lines = { version: 3, host: ['http://a.internal'], endpoints: ['/a', '/b'].map(endpoint => ({ endpoint, backend: [{ url_pattern: '/x' }], extra_config: { 'validation/json-schema': { type: 'none' } } })) }
  const refused = (await imported(t, 'krakend', JSON.stringify(lines, null, 1))).report.findings.filter(({ kind }) => kind === 'closed')
  t.same(refused.map(({ what }) => what), ['a: plugins[request-validator]', 'b: plugins[request-validator]'], 'each entry that check refuses is told with its route')
  t.ok(refused.every(({ place }) => place.line !== null))
  const validator = (config: Tree) => ({ 'auth/validator': { jwk_url: 'https://id.example.com/k', ...config } })
  for (const [words, extra] of [
    ['an unknown option', validator({ jwk_fingerprints: ['x'] })],
    ['two audiences', validator({ audience: ['a', 'b'] })],
    ['no keys', { 'auth/validator': { jwk_local_path: '' } }],
    ['both limits', { 'qos/ratelimit/router': { max_rate: 1, client_max_rate: 1 } }],
    ['an unknown strategy', { 'qos/ratelimit/router': { client_max_rate: 1, strategy: 'param', key: 'id' } }],
    ['a window without a name', { 'qos/ratelimit/router': { max_rate: 1, every: '2000h' } }],
    ['a breaker without numbers', { 'qos/circuit-breaker': {} }],
    ['an unknown component', { 'modifier/lua-endpoint': {} }],
    ['no object', { 'auth/validator': true }]
  ] as const) t.equal((await entries(extra))['request-termination']?.status_code, 503, words)
  for (const [words, endpoint] of [
    ['no backend', { backend: [] }],
    ['names from elsewhere', { backend: [{ url_pattern: '/x/{resp0_id}' }] }],
    ['a host with a path', { backend: [{ url_pattern: '/a', host: ['http://a/x'] }] }],
    ['a wildcard that changes', { endpoint: '/w/*', backend: [{ url_pattern: '/v/*' }] }],
    ['service discovery', { backend: [{ url_pattern: '/a', sd: 'dns' }] }]
  ] as const) t.ok(routesOf((await run(endpoint)).value).every(({ plugins }) => plugins.some(({ config }: Tree) => config.status_code === 503)), words)
  const whole = await run({ endpoint: '/w/*', backend: [{ url_pattern: '/w/*' }] }, { tls: {}, async_agent: [{}], extra_config: { 'security/http': { allowed_hosts: ['a.test'], ssl_redirect: true, custom_frame_options_value: 'SAMEORIGIN', referrer_policy: 'no-referrer', content_security_policy: "default-src 'self'" }, 'security/cors': { allow_credentials: true }, 'auth/revoker': {} } })
  t.match(routesOf(whole.value), [{ hosts: ['a.test'], paths: ['/w/'] }])
  t.match(whole.value['plugins'].map(({ name }: Tree) => name), ['security-headers', 'cors', 'request-termination'])
  t.match(new Set(said(whole, 'left_out')), new Set(['async_agent', 'extra_config.security/http.ssl_redirect']))
})

t.test('what is no configuration of these is refused with words', async t => {
  const cwd = t.testdir({ 'a.yml': 'http: {}\n', 'a.json': '{"version": 2}', 'b.json': '{}', 'c.json': '{\n"version": 3,\n"endpoints": [ {{ include "x" }} ] }' })
  for (const [format, file, message] of [['express-gateway', 'a.yml', /no `pipelines`/], ['krakend', 'a.json', /version 2/], ['krakend', 'b.json', /no `version`/], ['krakend', 'c.json', /c\.json:3: this is a template/]] as const) {
    t.match(await runCli(['import', format, file], { cwd }), { code: 3, stdout: '', stderr: message }, file)
  }
})
