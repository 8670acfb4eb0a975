/* eslint-disable no-template-curly-in-string -- references of decK */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { importConfig, type ImportResult } from '../../src/import/import.ts'
import { loadPlugins } from '../../src/plugins.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { runCli } from '../helpers/cli.ts'
import { startGateway } from '../helpers/gateway.ts'
import { packageRoot } from '../helpers/package-root.ts'

type Tree = Record<string, any>

const sample = join(packageRoot, 'test/fixtures/import/kong.yaml')
const env = { DECK_ACME_KEY: 'a-key-of-acme' }

async function kong (t: Test, text: string): Promise<ImportResult & { value: Tree }> {
  const directory = t.testdir({})
  const result = await importConfig({ format: 'kong', text, path: join(directory, 'kong.yaml'), shown: 'kong.yaml', output: join(directory, 'gateway.yaml'), shownOutput: null })
  const { diagnostics } = await loadConfig({ file: join(directory, 'gateway.yaml'), text: result.text, env: { ...env, DECK_URL: 'http://a.internal', DECK_TAG: 't', DECK_A: '1', DECK_B: '2' } })
  t.same(diagnostics.filter(({ severity }) => severity === 'error'), [])
  return { ...result, value: parse(result.text) as Tree }
}

const said = ({ report }: ImportResult, kind: string) => report.findings.filter(finding => finding.kind === kind).map(({ what, place }) => `${what} ${place.line}`)

t.test('a decK file is kept, and everything that differs is said with its line', async t => {
  const result = await kong(t, readFileSync(sample, 'utf8'))
  t.same(said(result, 'closed'), ['plugins[ldap-auth] 35', 'plugins[pre-function] 69'])
  t.same(said(result, 'left_out'), ['plugins[zipkin] 16', 'services[stream] 53', 'routes[by-expression] 72', 'vaults 105'])
  t.match(result.report.entities, { services: 2, routes: 4, consumers: 2 })
  const [users, chat] = result.value['services']
  t.same(users.plugins, [{ name: 'key-auth', config: { key_names: ['apikey'] } }])
  t.same(users.routes[0].plugins[0].config, { minute: 60, policy: 'redis', redis: { host: 'redis.internal', port: 6379, database: 0 } })
  t.match(chat, { protocol: 'https', routes: [{ protocols: ['http', 'https'] }] })
  t.same(result.value['consumers'][0].plugins[0], { name: 'rate-limiting', config: { second: 5, minute: 100, limit_by: 'consumer', window_type: 'sliding', policy: 'local' } })
  t.match(result.text, /key: \$\{\{ env "DECK_ACME_KEY" \}\}/, 'a reference stays without quotes')
  t.match(result.text, /# LEFT OUT: plugins\[zipkin\] \(kong\.yaml:16\)/)
  t.equal((await kong(t, readFileSync(sample, 'utf8'))).text, result.text, 'the same each time')
})

t.test('what says the same and means something else is told of what the file uses, and so are its variables', async t => {
  const of = async (rest: string): Promise<readonly string[]> => (await kong(t, `_format_version: "3.0"\n${rest}`)).report.differences
  const always = await of('services: [{ name: a, host: a.internal }]\n')
  t.equal(always.length, 2)
  const told = async (rest: string): Promise<string> => (await of(rest)).slice(0, -always.length).join('\n')
  t.match(await told('plugins: [{ name: rate-limiting, config: { minute: 5, policy: local } }]\n'), /^rate-limiting: counts in sliding windows; `window_type: fixed`[^\n]+$/)
  t.equal(await told('plugins: [{ name: rate-limiting, config: { minute: 5, policy: local, window_type: fixed } }]\n'), '')
  t.match(await told('plugins: [{ name: rate-limiting, config: { minute: 5, policy: redis, window_type: fixed, redis: { host: r } } }]\n'), /^rate-limiting: counts on its own while Redis is down/)
  t.match(await told('services: [{ name: a, url: "https://a.internal", routes: [{ name: a, paths: [/a], plugins: [{ name: key-auth }] }] }]\n'), /^key-auth: services don't get the credential[^\n]*\nservices with https: their certificates are verified/)
  t.equal(await told('services: [{ name: a, url: "https://a.internal", tls_verify: true }]\nconsumers: [{ username: b }]\n'), '')
  t.match(await told('upstreams: [{ name: u, healthchecks: { passive: { unhealthy: { http_failures: 2 } } } }]\n'), /half of the targets[^\n]*\n[^\n]*tried again after 30 seconds/)
  t.same((await kong(t, '_format_version: "3.0"\nservices: [{ name: a, url: "{vault://env/deck-url}", tags: [\'${{ env "DECK_TAG" }}\'] }]\n')).report.variables, ['DECK_TAG', 'DECK_URL'])
})

t.test('a route whose protection was lost answers 503, whatever a client sends', async t => {
  const { text } = await kong(t, readFileSync(sample, 'utf8'))
  const file = join(t.testdir({}), 'gateway.yaml')
  const { config, diagnostics } = await loadConfig({ file, env, overrides: { port: 0, adminPort: 'off' }, text })
  if (config === null) throw new Error(JSON.stringify(diagnostics))
  const { registry } = await loadPlugins([], packageRoot)
  const { port } = await startGateway(t, config, [...registry.values()])
  const status = async (path: string, headers = {}) => (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status
  t.equal(await status('/users/admin/1', { apikey: env.DECK_ACME_KEY }), 503)
  t.equal(await status('/users/admin/1', { apikey: env.DECK_ACME_KEY, 'x-closed': '1' }), 503)
  t.equal(await status('/users/1'), 401)
})

t.test('a wider entry that was lost closes what narrower ones would let through', async t => {
  const result = await kong(t, `
_format_version: "3.0"
services:
  - name: a
    url: http://a.internal
    routes:
      - name: open
        paths: [/open]
        plugins:
          - { name: request-termination, config: { status_code: 418, trigger: x-tea, except_ips: [10.0.0.0/8] } }
  - name: b
    url: http://b.internal
plugins:
  - { name: opa, config: { opa_host: opa.internal } }
  - { name: ldap-auth, service: b, config: {} }
  - { name: jwt-signer, consumer: ann, config: {} }
  - { name: session, enabled: false, config: {} }
consumers:
  - username: ann
`)
  t.same(said(result, 'closed'), ['plugins[opa] 14', 'plugins[ldap-auth] 15', 'plugins[jwt-signer] 16'])
  t.same(said(result, 'left_out'), ['plugins[session] 17'])
  t.same(result.value['services'][0].routes[0].plugins[0].config, { status_code: 418 })
  t.match(result.value['services'][1].plugins, [{ name: 'request-termination', config: { status_code: 503 } }])
  t.match(result.value['consumers'][0].plugins, [{ name: 'request-termination', config: { status_code: 503 } }])
  t.match(result.value['plugins'], [{ name: 'request-termination', config: { status_code: 503 } }])
})

t.test('paths of files before 3.0 get their ~, and old names of options their new ones', async t => {
  const result = await kong(t, `
_format_version: "1.1"
services:
  - name: a
    url: http://a.internal
    routes:
      - name: r
        paths: [/plain/path-1.0, '/users/(?<id>\\d+)$']
        plugins:
          - name: ip-restriction
            run_on: first
            config: { whitelist: [10.0.0.0/8] }
          - name: rate-limiting
            config: { minute: 5, policy: cluster, redis_host: null, redis_timeout: 2000 }
`)
  const [route] = result.value['services'][0].routes
  t.same(route.paths, ['/plain/path-1.0', '~/users/(?<id>\\d+)$'])
  t.same(route.plugins, [{ name: 'ip-restriction', config: { allow: ['10.0.0.0/8'] } }, { name: 'rate-limiting', config: { minute: 5, policy: 'local' } }])
  t.match(result.text, /policy: cluster` needs a database/)
})

t.test('an export with ids, nulls and flat lists is read', async t => {
  const result = await kong(t, JSON.stringify({
    _format_version: '3.0',
    _transform: false,
    services: [{ id: 'd3a1c4c2-31f5-4cf0-8f0d-2f1c6f4e2b10', name: 'a', host: 'a.internal', port: 80, protocol: 'http', path: null, retries: 5, connect_timeout: 60000, created_at: 1700000000, updated_at: 1700000000, tags: null, enabled: true, ws_id: 'x' }],
    routes: [{ id: '5b1a7d3e-3a59-4a36-8f57-f0a1c0a1b2c3', name: 'r', service: 'd3a1c4c2-31f5-4cf0-8f0d-2f1c6f4e2b10', paths: ['/a'], sources: null, destinations: null, protocols: ['http', 'https'], regex_priority: 0, ws_id: 'x' }],
    consumers: [{ id: '9c1c6b3e-0b77-4bd5-9a37-6d1f3c9f8e11', username: 'ann', custom_id: null }],
    keyauth_enc_credentials: [{ consumer: '9c1c6b3e-0b77-4bd5-9a37-6d1f3c9f8e11', key: 'k-0123456789abcdef' }],
    oauth2_tokens: [{ access_token: 'secret-token' }],
    plugins: [{ name: 'key-auth-enc', route: '5b1a7d3e-3a59-4a36-8f57-f0a1c0a1b2c3', service: null, consumer: null, config: { key_names: ['k'] }, ordering: null, condition: null }],
    consumer_groups: [{ name: 'gold', consumers: [] }],
    consumer_group_plugins: [{ name: 'rate-limiting', consumer_group: 'gold', config: { minute: 5 } }]
  }, null, 2))
  t.same(said(result, 'left_out').map(words => words.split(' ')[0]), ['oauth2_tokens'])
  t.notMatch(result.text, 'secret-token')
  t.match(result.value['plugins'], [{ name: 'key-auth' }])
  t.match(result.value['consumer_groups'], [{ name: 'gold', plugins: [{ name: 'rate-limiting', config: { minute: 5 } }] }])
  t.same(result.value['keyauth_credentials'].length, 1)
})

t.test('an entry with options that mean nothing here is closed when it protects', async t => {
  const result = await kong(t, `
_format_version: "3.0"
services:
  - name: a
    url: http://a.internal
    tls_sans: { dnsnames: [a] }
    routes:
      - name: r
        paths: [/a]
        plugins:
          - { name: key-auth, config: { identity_realms: [{ scope: cp }] } }
          - { name: rate-limiting-advanced, config: { limit: [5], window_size: [7], sync_rate: -1 } }
      - name: conditional
        paths: [/b]
        plugins:
          - { name: acl, condition: 'http.path == "/b"', config: { allow: [staff] } }
      - name: grpc
        protocols: [grpc]
        paths: [/c]
      - name: bad-regex
        paths: ['~/(a+)+$']
`)
  t.same(new Set(said(result, 'closed').map(words => words.split(' ')[0])), new Set(['plugins[acl]', 'plugins[key-auth]', 'plugins[rate-limiting-advanced]']))
  t.same(new Set(said(result, 'left_out').map(words => words.split(' ')[0])), new Set(['services[a].tls_sans', 'routes[grpc]', 'routes[bad-regex]']))
  t.same(result.value['services'][0].routes.map((route: Tree) => route['name']), ['r', 'conditional'])
})

t.test('references of decK may stand in quotes without a backslash, since decK fills them in before it reads YAML', async t => {
  const result = await kong(t, `_format_version: "3.0"
services:
  - name: a
    url: "\${{ env "DECK_URL" }}"
    routes: [{ name: r, paths: [/a], tags: ["x", "of \${{ env "DECK_TAG" }}"] }]
    plugins:
      - name: request-transformer
        config: { add: { headers: ["X-A:\${{ env "DECK_A" | toInt }}", 'X-B:\${{ env "DECK_B" }}'] } } # "
`)
  t.match(result.value['services'][0], { url: '${{ env "DECK_URL" }}', routes: [{ tags: ['x', 'of ${{ env "DECK_TAG" }}'] }], plugins: [{ config: { add: { headers: ['X-A:${{ env "DECK_A" | toInt }}', 'X-B:${{ env "DECK_B" }}'] } } }] })
  t.same(result.report.findings, [])
})

t.test('what is no declarative configuration of Kong is refused with words', async t => {
  const directory = t.testdir({ 'a.yaml': 'services: []\n', 'b.yaml': '_format_version: "9"\n', 'c.yaml': 'a: [\n', 'd.yaml': '- 1\n', 'g.yaml': 'a: 1\n', 'f.yaml': '_format_version: "3.0"\nservices:\n  - url: http://a\n    plugins: key-auth\n' })
  for (const [file, message] of [['a.yaml', /no `_format_version`: write `_format_version: "3\.0"`/], ['g.yaml', /nor anything else/], ['b.yaml', /_format_version 9 is not known/], ['c.yaml', /c\.yaml:\d: .* Close it/], ['d.yaml', /expected an object/], ['f.yaml', /f\.yaml:4: `plugins` is no list/], ['e.yaml', /no such file/]] as const) {
    t.match(await runCli(['import', 'kong', file], { cwd: directory }), { code: 3, stdout: '', stderr: message }, file)
  }
})

t.test('the command writes a file once, reports, and is strict when asked', async t => {
  const directory = t.testdir({ 'kong.yaml': readFileSync(sample, 'utf8') })
  const first = await runCli(['import', 'kong', 'kong.yaml', '--output', 'gateway.yaml'], { cwd: directory })
  t.match(first, { code: 0, stderr: '', stdout: /^imported: kong\.yaml \(kong\) to gateway\.yaml: 2 services, 4 routes[^]*\nNext: `sallyport check gateway\.yaml`/ })
  t.match(first.stdout, / {2}kong\.yaml:35: plugins\[ldap-auth\]: /)
  t.match(await runCli(['import', 'kong', 'kong.yaml', '-o', 'gateway.yaml'], { cwd: directory }), { code: 3, stderr: /is there already/ })
  const again = await runCli(['import', 'kong', 'kong.yaml', '-o', 'gateway.yaml', '--force', '--strict', '--report', 'json'], { cwd: directory })
  t.equal(again.code, 2)
  t.match(JSON.parse(again.stdout), { version: 1, format: 'kong', source: 'kong.yaml', output: 'gateway.yaml', counts: { closed: 2, left_out: 4 }, findings: [{ kind: 'closed', file: 'kong.yaml', line: 35 }] })
  t.match(await runCli(['check', 'gateway.yaml'], { cwd: directory, env }), { code: 0 })
  const piped = await runCli(['import', 'kong', 'kong.yaml'], { cwd: directory })
  t.equal(piped.stdout, readFileSync(join(directory, 'gateway.yaml'), 'utf8'))
  t.match(piped.stderr, /^imported:/)
  t.match(await runCli(['import', 'kong', 'kong.yaml', '-o', 'no/such/folder.yaml'], { cwd: directory }), { code: 3, stderr: /can't be written/ })
  t.match(await runCli(['import', 'apache', 'kong.yaml'], { cwd: directory }), { code: 3 })
})

t.test('many mistakes in one entry, route or credential cost that one alone', async t => {
  const result = await kong(t, `_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  routes:
  - name: bad
    paths: [/bad]
    sources: [{ ip: 10.0.0.1 }]
    destinations: [{ ip: 10.0.0.2 }]
    expression: x
  - name: r
    paths: [/r]
    plugins:
    - { name: acl, config: { allow: [a], no1: 1, no2: 2, no3: 3 } }
    - { name: key-auth }
    - { name: ip-restriction, config: { allow: [10.0.0.0/8] } }
`)
  t.same(said(result, 'closed').map(words => words.split(' ')[0]), ['plugins[acl]'])
  t.same(result.value['services'][0].routes.map(({ name }: Tree) => name), ['r'])
  t.same(result.value['services'][0].routes[0].plugins.map(({ name }: Tree) => name).sort(), ['ip-restriction', 'key-auth', 'request-termination'])
})

t.test('counts of GraphQL that Kong keeps in its database, and certificates that it orders', async t => {
  const result = await kong(t, `_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  routes:
  - name: r
    paths: [/r]
    plugins:
    - name: graphql-rate-limiting-advanced
      config: { limit: [5], window_size: [30], sync_rate: -1, strategy: cluster, redis: { host: null, port: 6379 } }
plugins:
- name: acme
  config: { account_email: a@example.com, tos_accepted: true, domains: [api.example.com], storage: shm, storage_config: { shm: { shm_name: kong } } }
`)
  t.same(said(result, 'closed'), [])
  t.same(said(result, 'left_out'), ['plugins[acme] 12'])
  t.match(result.value['services'][0].routes[0].plugins, [{ config: { strategy: 'local' } }])
})

t.test('mtls-auth as decK writes it stays, unless Kong asks whether certificates are revoked: nobody does here', async t => {
  const ca = makeCertificate('partners').cert.trimEnd().replace(/^/gm, '    ')
  const file = (mode: string): string => `_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  routes:
  - name: r
    paths: [/r]
    plugins:
    - name: mtls-auth
      config: { ca_certificates: [9a0f6f1f-3a5b-4f1e-8a57-bd1bb1a1a001], allow_partial_chain: false, authenticated_group_by: CN, cache_ttl: 60, cert_cache_ttl: 60000, consumer_by: [username, custom_id], default_consumer: null, http_proxy_host: null, http_timeout: 30000, revocation_check_mode: ${mode}, send_ca_dn: false, skip_consumer_lookup: false }
ca_certificates:
- id: 9a0f6f1f-3a5b-4f1e-8a57-bd1bb1a1a001
  cert: |
${ca}
`
  const plain = await kong(t, file('SKIP'))
  t.same(said(plain, 'closed'), [])
  t.match(plain.value['services'][0].routes[0].plugins, [{ name: 'mtls-auth', config: { revocation_check_mode: 'SKIP' } }])
  for (const mode of ['IGNORE_CA_ERROR', 'STRICT']) {
    const { report } = await kong(t, file(mode))
    t.match(report.findings, [{ kind: 'closed', what: 'plugins[mtls-auth]', message: /^there are no lists to look at: no server is asked whether a certificate is revoked/ }], mode)
  }
})

t.test('certificates and https need a listener, and variables are named', async t => {
  const { cert, key } = makeCertificate('gateway', { names: ['gateway'] })
  const cwd = t.testdir({
    'kong.yaml': `_format_version: "3.0"\ncertificates:\n  - cert: ${JSON.stringify(cert)}\n    key: \${{ env "DECK_KEY" }}\nconsumers:\n  - username: ann\n    keyauth_credentials:\n      - key: "{vault://env/ann-key}"\nplugins: [{ name: key-auth }]\n`,
    'https.yaml': '_format_version: "3.0"\nroutes: [{ name: r, paths: [/r], protocols: [https], plugins: [{ name: request-termination }] }]\n'
  })
  const { code, stdout } = await runCli(['import', 'kong', 'kong.yaml', '-o', 'gateway.yaml'], { cwd })
  t.equal(code, 0)
  t.match(stdout, /certificates: the listeners are those that Kong has/)
  t.match(stdout, /To set before it runs: ANN_KEY, DECK_KEY\.\n/)
  t.match(parse(readFileSync(join(cwd, 'gateway.yaml'), 'utf8')), { gateway: { listen: [{ port: 8000 }, { port: 8443, tls: true }] } })
  t.match(await runCli(['check', 'gateway.yaml'], { cwd, env: { ANN_KEY: 'a-key-of-ann', DECK_KEY: key } }), { code: 0 })
  t.match((await runCli(['import', 'kong', 'https.yaml'], { cwd })).stderr, /routes\[r\]: it is for https alone/)
})
