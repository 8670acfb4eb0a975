import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { createExplainer, explain } from '../../src/explain/explain.ts'
import { ExplainError, type Explanation, type ExplainRequest } from '../../src/explain/types.ts'
import { makeCertificate } from '../helpers/certificates.ts'

const { cert, key } = makeCertificate('example.com')
/** Some certificate for listeners with TLS. */
const certificates = `certificates: [{ cert: ${JSON.stringify(cert)}, key: ${JSON.stringify(key)} }]\n`

/** Lines of a file after its version. */
async function explainerOf (text: string, env: Record<string, string> = {}): Promise<(request: Partial<ExplainRequest>) => Explanation> {
  const { config, plugins, source, diagnostics } = await loadConfig({ file: join(t.testdirName, 'gateway.yaml'), text: `_format_version: "3.0"\n${text}`, env })
  if (config === null) throw new Error(JSON.stringify(diagnostics))
  const explainRequest = createExplainer({ config, registry: plugins.registry, source })
  return request => explainRequest({ method: 'GET', url: '/', ...request })
}

const routes = (...list: string[]): string => `services:\n  - name: s\n    url: http://s.internal/base\n    routes:\n${list.map((route, index) => `      - { name: r${index}, ${route} }\n`).join('')}`

t.test('each rule of the matching order is said where a route loses by it', async t => {
  const cases: ReadonlyArray<readonly [rule: string, winner: string, loser: string, request: Partial<ExplainRequest>, values: readonly unknown[]]> = [
    ['criteria', 'paths: [/a], methods: [GET]', 'paths: [/a]', { url: '/a' }, [2, 1]],
    ['plainHosts', 'hosts: [x.a.com]', 'hosts: ["*.a.com"]', { url: 'http://x.a.com/' }, [true, false]],
    ['headers', 'headers: {a: ["1"], b: ["1"]}', 'headers: {a: ["1"]}', { headers: [['A', '1'], ['b', '1']] }, [2, 1]],
    ['regex', 'paths: ["~/a$"]', 'paths: [/a]', { url: '/a' }, [true, false]],
    ['regexPriority', 'paths: ["~/a$"], regex_priority: 2', 'paths: ["~/a"], regex_priority: 1', { url: '/a' }, [2, 1]],
    ['length', 'paths: [/ab, /x]', 'paths: [/a, /longer]', { url: '/abc' }, [3, 2]],
    ['declaration', 'paths: [/a]', 'paths: ["/a"], methods: []', { url: '/a' }, [1, 2]]
  ]
  for (const [rule, winner, loser, request, [won, own]] of cases) {
    for (const turned of [false, true]) {
      if (turned && rule === 'declaration') continue
      const list = turned ? [loser, winner] : [winner, loser]
      const result = (await explainerOf(routes(...list)))(request)
      t.equal(result.route?.name, turned ? 'r1' : 'r0', rule)
      t.match(result.near, [{ name: turned ? 'r0' : 'r1', failed: [], lost_by: { rule } }], rule)
      if (rule !== 'declaration') t.match(result.near[0]?.lost_by, { winner: won, own }, rule)
    }
  }
})

t.test('each criterion that fails is named, with what the route wants and what the request has', async t => {
  const cases: ReadonlyArray<readonly [route: string, request: Partial<ExplainRequest>, failed: object]> = [
    ['methods: [POST, PUT]', {}, { criterion: 'method', wants: ['POST', 'PUT'], got: 'GET' }],
    ['hosts: [a.example.com]', { url: 'http://b.example.com/' }, { criterion: 'host', wants: ['a.example.com'], got: 'b.example.com' }],
    ['hosts: ["a.example.com:8443"]', { url: 'http://a.example.com/' }, { criterion: 'host', wants: ['a.example.com:8443'] }],
    ['paths: [/users, "~/u/\\\\d+$"]'.replaceAll('"', "'").replace('\\\\', '\\'), { url: '/user' }, { criterion: 'path', wants: ['/users', '~/u/\\d+$'], got: '/user' }],
    ['headers: { X-Version: ["2"] }', { headers: [['x-version', '1'], ['x_version', '3']] }, { criterion: 'header', name: 'X-Version', wants: ['2'], got: '1' }],
    ['headers: { X-Version: ["2"] }', {}, { criterion: 'header', name: 'X-Version', got: null }],
    ['headers: { Authorization: ["2"] }', { headers: [['Authorization', 'Bearer abc']] }, { criterion: 'header', got: '***' }]
  ]
  for (const [route, request, failed] of cases) {
    const result = (await explainerOf(routes(route)))(request)
    t.match(result.outcome, { kind: 'not-found', status: 404, code: 'SP_NO_ROUTE' })
    t.match(result.near, [{ name: 'r0', lost_by: null, failed: [failed] }], route)
  }
})

t.test('a server name that fails is said for https, and plain http passes it', async t => {
  const run = await explainerOf(`gateway: { listen: [{ port: 8000 }, { port: 8443, tls: true }] }\n${certificates}${routes('snis: [a.example.com]')}`)
  t.match(run({ url: 'https://b.example.com/' }), { request: { sni: 'b.example.com', scheme: 'https' }, near: [{ failed: [{ criterion: 'sni', wants: ['a.example.com'], got: 'b.example.com' }] }] })
  t.match(run({ url: 'https://a.example.com/' }).route, { name: 'r0' })
  t.match(run({ url: 'http://b.example.com/' }).route, { name: 'r0' })
  t.equal(run({ url: 'https://10.0.0.1/' }).request.sni, null)
})

t.test('routes that fail in more or worse ways come later, far ones not at all, and the rest is counted', async t => {
  const run = await explainerOf(routes('paths: [/users], methods: [POST]', 'paths: [/userz]', 'paths: [/entirely/else]', 'paths: [/users], methods: [POST], headers: { a: ["1"] }', 'paths: [/users], methods: [PUT]'))
  const { near, near_more: more } = run({ url: '/users/7' })
  t.same(near.map(({ name }) => name), ['r0', 'r4', 'r1', 'r3'])
  t.equal(more, 0)
  t.match(run({ url: '/users/7', near: 1 }), { near: [{ name: 'r0' }], near_more: 3 })
  t.match(run({ url: '/users/7', near: 0 }), { near: [], near_more: 4 })
  t.equal(run({ url: '/nothing/like/it' }).near.length, 3, 'without any near one, the nearest')
})

t.test('the route that wins has its place, its path and its captures', async t => {
  const run = await explainerOf(routes('paths: [/a]', "paths: ['/x', '~/b/(?<id>\\d+)$']"))
  t.match(run({ url: '/b/12?x=1' }), {
    version: 1,
    outcome: { kind: 'upstream', status: null },
    route: { name: 'r1', line: 7, path: 'services[s].routes[r1]', pointer: '/services/0/routes/1', position: 1, matched_path: '~/b/(?<id>\\d+)$', prefix: '/b/12', captures: { id: '12' }, service: { name: 's', line: 3 } },
    upstream: { method: 'GET', url: 'http://s.internal/base?x=1' }
  })
})

t.test('the upstream gets path, Host and fields as the gateway sends them', async t => {
  const run = await explainerOf(routes('paths: [/keep], strip_path: false', 'paths: [/host], preserve_host: true', 'paths: [/v1], path_handling: v1'))
  const { upstream } = run({
    url: 'http://api.example.com/keep/a%20b?key=1&q=2',
    headers: [['X-User-Id', '4'], ['Connection', 'keep-alive, X-Hop'], ['X-Hop', '1'], ['X_Odd', '1'], ['Forwarded', 'for=1'], ['Expect', '100-continue'], ['X-Own', 'ä'], ['Cookie', 'sid=1'], ['X-Forwarded-For', '198.51.100.7']],
    data: 'body'
  })
  t.equal(upstream?.url, 'http://s.internal/base/keep/a%20b?key=REDACTED&q=2')
  t.match(upstream?.headers, [
    { name: 'X-Own', value: 'ä', by: 'client' },
    { name: 'Cookie', value: '***', by: 'client' },
    { name: 'Host', value: 's.internal', by: 'gateway' },
    { name: 'X-Forwarded-For', value: '198.51.100.7, 127.0.0.1', by: 'gateway' }
  ])
  t.same(upstream?.dropped.map(({ name }) => name), ['X-User-Id', 'Connection', 'X-Hop', 'X_Odd', 'Forwarded', 'Expect'])
  t.match(run({ url: 'http://api.example.com/host/x' }).upstream, { url: 'http://s.internal/base/x', headers: [{ name: 'Host', value: 'api.example.com', by: 'client' }] })
  t.equal(run({ url: '/v1/x' }).upstream?.url, 'http://s.internal/base/x')
})

t.test('an upstream shows its targets, and the Host that they get', async t => {
  const file = (more: string): string => `upstreams:\n  - { name: s.internal, algorithm: least-connections${more}, targets: [{ target: "a.internal:80" }, { target: "b.internal:8080", weight: 5 }] }\n${routes('paths: [/]')}`
  const run = await explainerOf(file(''))
  t.match(run({}).upstream, {
    balanced: { upstream: { name: 's.internal', line: 3 }, algorithm: 'least-connections', targets: [{ target: 'a.internal:80', weight: 100, line: 3 }, { target: 'b.internal:8080', weight: 5 }] },
    headers: [{ name: 'Host', value: '(that of the target)', by: 'gateway' }]
  })
  t.match((await explainerOf(file(', host_header: api.internal')))({}).upstream?.headers, [{ name: 'Host', value: 'api.internal' }])
})

t.test('the path policy says what it makes of a path, and what it refuses it for', async t => {
  const run = await explainerOf(`gateway: { path_policy: { encoded_slash: decode } }\n${routes('paths: [/a], path_policy: { backslash: keep }', 'paths: [/a/b], methods: [PUT]')}`)
  t.match(run({ url: '/a//x/../%62%2Fc' }).path, { received: '/a//x/../%62%2Fc', normal: '/a/b/c', features: [{ feature: 'encoded_slash', action: 'decode', policy: 'gateway', refused: false }] })
  t.match(run({ url: '/a/%5C' }).path, { normal: '/a/\\', features: [{ feature: 'backslash', action: 'keep', policy: 'route' }] })
  t.match(run({ url: '/a/%00' }), { outcome: { kind: 'refused', status: 400, code: 'SP_PATH' }, path: { normal: null, features: [{ feature: 'null_byte', action: 'reject', refused: true }] }, upstream: null, near: [] })
  t.match(run({ url: '/a/%zz' }), { outcome: { kind: 'refused' }, path: { normal: null, features: [] } })
  t.match(run({ url: '/other/%5C' }).path?.features, [{ feature: 'backslash', action: 'reject', policy: 'gateway', refused: true }])
})

t.test('a listener\'s policy is told from that of the gateway', async t => {
  const run = await explainerOf(`gateway: { listen: [{ port: 8000, path_policy: { semicolon: reject } }, { port: 8002 }] }\n${routes('paths: [/a]')}`)
  t.match(run({ url: 'http://x:8000/a;b' }), { outcome: { status: 400 }, path: { features: [{ feature: 'semicolon', policy: 'listener', refused: true }] } })
  t.match(run({ url: 'http://x:8002/a;b' }), { outcome: { kind: 'upstream' }, request: { listener: { port: 8002, line: 2 } } })
})

t.test('what is kept if safe is refused where another reading finds another chain', async t => {
  const run = await explainerOf(routes('paths: [/]', 'paths: [/admin/x], plugins: [{ name: ip-restriction, config: { deny: [192.0.2.1] } }]'))
  t.match(run({ url: '/admin%2Fx' }), { outcome: { status: 400 }, path: { features: [{ feature: 'encoded_slash', action: 'keep_if_safe', refused: true }] } })
  t.match(run({ url: '/else%2Fx' }), { outcome: { kind: 'upstream' }, path: { features: [{ feature: 'encoded_slash', refused: false }] } })
})

t.test('trusted_ips decide about scheme and client', async t => {
  const run = await explainerOf(`gateway: { trusted_ips: [10.0.0.0/8] }\n${routes('paths: [/], protocols: [https], https_redirect_status_code: 301')}`)
  const headers: Array<[string, string]> = [['X-Forwarded-For', '198.51.100.7'], ['X-Forwarded-Proto', 'https']]
  t.match(run({ ip: '10.1.2.3', headers }), { outcome: { kind: 'upstream' }, request: { trusted: true, client_ip: '198.51.100.7', peer: '10.1.2.3', scheme: 'https' }, notes: [] })
  t.match(run({ ip: '203.0.113.1', headers, url: 'http://x.com/a?b' }), {
    outcome: { kind: 'https-required', status: 301, code: 'SP_HTTPS', location: 'https://x.com/a?b' },
    request: { trusted: false, client_ip: '203.0.113.1', scheme: 'http' },
    notes: [/203\.0\.113\.1 is not in gateway\.trusted_ips/]
  })
  t.match(run({ url: 'https://x.com/' }), { outcome: { kind: 'https-required' }, notes: [/No listener speaks TLS/, /not believed/] }, 'a proxy that is not trusted')
  t.match(run({ url: 'https://x.com/', ip: '10.0.0.1' }), { outcome: { kind: 'upstream' } })
})

t.test('the listener follows the URL', async t => {
  const run = await explainerOf(`gateway: { listen: [{ port: 8443, tls: true }, { port: 9443, tls: true }] }\n${certificates}${routes('paths: [/]')}`)
  t.match(run({ url: '/' }).request, { scheme: 'https', host: 'localhost:8443', listener: { port: 8443, tls: true } })
  t.match(run({ url: 'https://x:9443/' }).request.listener, { port: 9443 })
  t.match(run({ url: 'https://x:1/' }), { request: { listener: { port: 8443 } }, notes: [/No listener for https has port 1/] })
  t.match(run({ url: 'http://x/' }), { outcome: { kind: 'refused', status: 400, code: 'SP_PLAIN_HTTP' }, chain: [], route: null, path: null })
})

t.test('methods that the parser or the gateway refuse', async t => {
  const run = await explainerOf(routes('paths: [/]'))
  t.match(run({ method: 'NOPE' }).outcome, { kind: 'refused', status: 400, code: 'HPE_INVALID_METHOD' })
  t.match(run({ method: 'CONNECT' }).outcome, { kind: 'refused', status: 405, code: 'SP_CONNECT' })
  t.match(run({ method: 'TRACE' }).outcome, { kind: 'refused', status: 405, code: 'SP_METHOD' })
  t.match(run({ headers: [['Host', 'a b']] }).outcome, { kind: 'refused', status: 400, code: 'SP_HOST' })
  t.match(run({ url: `/${'a'.repeat(9000)}` }).outcome, { kind: 'refused', status: 414 })
})

const CHAIN = `plugins:
  - { name: correlation-id }
  - { name: rate-limiting, config: { minute: 1 } }
  - { name: rate-limiting, consumer: alice, config: { minute: 2 } }
  - { name: key-auth }
  - { name: cors, enabled: false }
consumers:
  - { username: alice, custom_id: a-1, keyauth_credentials: [{ key: alices-long-key }] }
  - { username: bob }
services:
  - name: s
    url: http://s.internal
    plugins: [{ name: rate-limiting, config: { minute: 3 } }]
    routes:
      - { name: r, paths: [/], plugins: [{ name: correlation-id, instance_name: own }, { name: rate-limiting, enabled: false, config: { minute: 4 } }] }
`

t.test('the chain is in the order in which it runs, each entry with its place, its level and what it was preferred to', async t => {
  const result = (await explainerOf(CHAIN))({})
  t.same(result.chain.map(({ plugin }) => plugin), ['correlation-id', 'key-auth', 'rate-limiting'])
  t.match(result.chain, [
    { position: 1, priority: 100001, entry: { scope: 'route', line: 16, instance_name: 'own', audience: null }, alternatives: [] },
    { position: 2, entry: { scope: 'global', line: 6, path: 'plugins[key-auth]' } },
    { position: 3, entry: { scope: 'service', line: 14 }, alternatives: [{ scope: 'consumer', audience: 'alice', line: 5 }] }
  ])
  t.same(result.chain.map(({ alternatives }) => alternatives.length), [0, 0, 1])
  t.same(result.left_out.map(({ plugin, scope, reason, line }) => [plugin, scope, reason, line]), [
    ['rate-limiting', 'route', 'disabled', 16],
    ['correlation-id', 'global', 'less-specific', 3],
    ['rate-limiting', 'global', 'less-specific', 4],
    ['cors', 'global', 'disabled', 7]
  ])
})

t.test('a consumer decides among entries once somebody has found out who calls', async t => {
  const run = await explainerOf(CHAIN.replace('    plugins: [{ name: rate-limiting, config: { minute: 3 } }]\n', '').replace('{ name: correlation-id }', '{ name: ip-restriction, consumer: alice, config: { deny: [192.0.2.1] } }'))
  const limiting = (consumer?: string) => run(consumer === undefined ? {} : { consumer }).chain.find(({ plugin }) => plugin === 'rate-limiting')
  t.match(limiting(), { entry: { scope: 'global' }, alternatives: [{ scope: 'consumer', audience: 'alice', line: 5 }] })
  t.match(limiting('alice'), { entry: { scope: 'consumer', audience: 'alice' }, alternatives: [{ scope: 'global' }] })
  t.match(limiting('a-1'), { entry: { audience: 'alice' } })
  t.match(limiting('bob'), { entry: { scope: 'global' } })
  t.match(run({}).chain.find(({ plugin }) => plugin === 'ip-restriction'), { entry: null, alternatives: [{ audience: 'alice' }] })
  t.throws(() => run({ consumer: 'alise' }), { message: "The file has no consumer 'alise': did you mean 'alice'?" })
  t.throws(() => run({ consumer: 'somebody-else' }), { message: "The file has no consumer 'somebody-else'." })
})

t.test('a consumer that no plugin could find is a note', async t => {
  const run = await explainerOf(`consumers: [{ username: alice }]\n${routes('paths: [/]')}`)
  t.match(run({ consumer: 'alice' }).notes, [/No plugin of this chain authenticates/])
})

t.test('a request without a route has the global chain, and a route without a service says so', async t => {
  const run = await explainerOf('plugins: [{ name: correlation-id }]\nroutes: [{ name: alone, paths: [/a] }]\n')
  t.match(run({ url: '/b' }), { outcome: { kind: 'not-found' }, route: null, upstream: null, chain: [{ plugin: 'correlation-id', entry: { scope: 'global' } }] })
  t.match(run({ url: '/a' }), { outcome: { kind: 'no-service' }, upstream: null, route: { service: null }, notes: [/has no service/] })
})

t.test('what came from the environment is cut, wherever it would be shown', async t => {
  const env = { DECK_HOST: 'http://hidden-host.internal/up', HIDDEN_PATH: '/hidden-path' }
  const run = await explainerOf(`services:
  - { name: s, url: "\${{ env \\"DECK_HOST\\" }}", routes: [{ name: r, paths: ["{vault://env/HIDDEN_PATH}", /b] }] }
`, env)
  for (const url of ['/hidden-path/x', '/b/x', '/c']) t.notMatch(JSON.stringify(run({ url })), /hidden-host|"wants":\["\/hidden/)
  t.match(run({ url: '/b/x' }).upstream, { url: 'http://***/***', headers: [{ name: 'Host', value: '***' }] })
})

t.test('a request that nobody could send is refused with a sentence', async t => {
  const run = await explainerOf(routes('paths: [/]'))
  const refused: ReadonlyArray<readonly [Partial<ExplainRequest>, RegExp]> = [
    [{ url: 'example.com/x' }, /is no URL: write http:/],
    [{ url: 'http:///x' }, /names no host/],
    [{ url: 'http://me:secret@x/' }, /user information/],
    [{ ip: 'localhost' }, /no IP address/],
    [{ headers: [['a b', 'c']] }, /No client can send a header field 'a b'/],
    [{ headers: [['a', 'b\nc']] }, /No client/]
  ]
  for (const [request, message] of refused) t.throws(() => run(request), { constructor: ExplainError, message })
  t.match(run({ url: 'http://bücher.example:80/x' }), { request: { host: 'xn--bcher-kva.example:80' }, notes: ['The host is sent as xn--bcher-kva.example.'] })
  t.throws(() => run({ url: 'http://ü</x' }), /no name of a host/)
  t.match(run({ method: 'OPTIONS', url: '*' }), { request: { target: '*' }, outcome: { kind: 'refused', status: 400 } })
  t.match(run({ url: 'http://x/a b#c' }), { request: { target: '/a%20b' }, notes: [/never leaves/, /percent-encoded/] })
})

t.test('without the text of the file, places are pointers', async t => {
  const { config, plugins } = await loadConfig({ file: 'gateway.yaml', text: `_format_version: "3.0"\n${routes('paths: [/]')}`, env: {} })
  if (config === null) throw new Error('no config')
  t.match(explain({ config, registry: plugins.registry }, { method: 'GET', url: '/' }).route, { pointer: '/services/0/routes/0', line: null, path: null })
})
