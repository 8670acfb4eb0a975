import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { defaultPathPolicy } from '../../src/router/path-policy.ts'
import { listenDefaults } from '../../src/config/entities/listen.ts'
import { ConfigFileError } from '../../src/config/file.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Overrides } from '../../src/config/load.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { fixture, loadText, placeOf } from '../helpers/marked-yaml.ts'

const HEAD = '_format_version: "3.0"\n'

async function folder (t: { teardown (clean: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sallyport-'))
  t.teardown(() => rm(path, { recursive: true }))
  return path
}

t.test('a file becomes a configuration with every field set', async t => {
  const path = join(await folder(t), 'gateway.yaml')
  await writeFile(path, `\uFEFF${HEAD}_comment: a note
_transform: true
services:
- name: users
  url: https://users.internal/v1
  created_at: 1700000000
  routes:
  - name: list
    methods: [GET, GET]
    paths: [/users, '~/u/(?<id>\\d+)$']
    headers: {x-a: [b]}
    hosts: []
    plugins: [{name: fixture, instance_name: one, config: {text: hello}}]
consumers:
- username: bob
  plugins: [{name: fixture, enabled: false, protocols: [http]}]
`)
  const { config, diagnostics, source } = await loadConfig({ file: path, env: {}, loadPlugins: async () => ({ registry: new Map([['fixture', fixture]]), problems: [], modules: [] }) })
  t.strictSame(diagnostics.filter(({ severity }) => severity === 'error'), [])
  t.equal(config?.file, path)
  t.equal(source.file, path)
  t.strictSame(config?.services, [{
    id: config?.services[0]?.id,
    tags: [],
    pointer: '/services/0',
    name: 'users',
    protocol: 'https',
    http2: false,
    host: 'users.internal',
    port: 443,
    path: '/v1',
    retries: 5,
    connect_timeout: 60000,
    write_timeout: 60000,
    read_timeout: 60000,
    total_timeout: null,
    retry: null,
    deadline: null,
    tls_verify: true,
    tls_verify_depth: null,
    ca_certificates: null,
    client_certificate: null,
    circuit_breaker: null,
    enabled: true,
    importance: 'normal'
  }])
  t.strictSame(config?.routes, [{
    id: config?.routes[0]?.id,
    tags: [],
    pointer: '/services/0/routes/0',
    name: 'list',
    service: config?.services[0]?.id,
    protocols: ['http', 'https'],
    methods: ['GET'],
    hosts: null,
    paths: ['/users', '~/u/(?<id>\\d+)$'],
    headers: { 'x-a': ['b'] },
    snis: null,
    regex_priority: 0,
    strip_path: true,
    path_handling: 'v0',
    preserve_host: false,
    https_redirect_status_code: 426,
    request_buffering: true,
    response_buffering: true,
    importance: null,
    path_policy: null
  }])
  t.match(config?.plugins, [
    { name: 'fixture', instance_name: 'one', route: config?.routes[0]?.id, service: null, consumer: null, config: { text: 'hello', count: 5, list: ['a'], mode: 'loose' }, enabled: true, pointer: '/services/0/routes/0/plugins/0' },
    { instance_name: null, consumer: config?.consumers[0]?.id, route: null, enabled: false, protocols: ['http'] }
  ])
  t.strictSame(config?.consumers[0]?.username, 'bob')
  t.strictSame(config?.consumers[0]?.custom_id, null)
  t.strictSame(config, JSON.parse(JSON.stringify(config)), 'it is plain JSON')
})

t.test('the gateway block has its defaults', async t => {
  const { config } = await loadText(HEAD)
  t.strictSame(config?.gateway, {
    listen: [listenDefaults],
    admin: { host: '127.0.0.1', port: 8001, token: null, write: false, metrics_open: false },
    debug: null,
    dns: { servers: [], timeout: 2000 },
    trusted_ips: [],
    exempt: { ips: [], paths: [] },
    workers: 1,
    limits: { request_line: 8192, header_block: 16384, headers: 100, request_buffer: 8388608, response_buffer: 8388608, connections_per_address: 0 },
    request_headers: { underscores: 'drop', once: [] },
    path_policy: defaultPathPolicy,
    timeouts: { headers: 10000, keep_alive: 65000, body_min_rate: 1024, body_grace: 10000, send: 60000, send_min_rate: 240, setup: 10000 },
    overload: { event_loop_delay: 0, heap_used: 0, rss: 0, in_flight: 0, retry_after: 2 },
    shutdown: { delay: 0, timeout: 30000 },
    log: { level: 'info', access: true, redact: [] },
    headers: { names: 'sallyport', server_tokens: true, latency_tokens: true, request_id: true, upstream_status: false },
    audit: { ignore: [] },
    modules: []
  })
})

t.test('a listener that could never finish a handshake is refused', async t => {
  const causes = async (listen: string) => (await loadText(`${HEAD}gateway: {listen: [{port: 1, tls: true, ${listen}}]}\n`)).diagnostics.map(({ cause }) => cause)
  const none = 'there is no certificate that could be shown here'
  t.same(await causes('min_version: TLSv1.3, ciphers: [ECDHE-RSA-AES128-GCM-SHA256]'), [none, 'none of these is a cipher suite of TLS 1.3, and nothing older may be spoken'])
  t.same(await causes('min_version: TLSv1.3, ciphers: [ECDHE-RSA-AES128-GCM-SHA256, TLS_AES_128_GCM_SHA256]'), [none])
  t.same(await causes('client_certificate: require'), [none, 'no authority may vouch for clients: nobody could connect'])
  t.same(await causes('client_certificate: request, ciphers: null'), [none])
})

t.test('the admin listener can be moved and switched off', async t => {
  const admin = async (value: string) => (await loadText(`${HEAD}gateway: {admin: ${value}}\n`)).config?.gateway.admin
  for (const off of ['off', 'false', 'null', '"off"']) t.equal(await admin(off), null, off)
  const rest = { token: null, write: false, metrics_open: false }
  t.strictSame(await admin('{port: 9}'), { host: '127.0.0.1', port: 9, ...rest })
  t.strictSame(await admin('{host: 0.0.0.0, token: 0123456789abcdef, write: true}'), { host: '0.0.0.0', port: 8001, ...rest, token: '0123456789abcdef', write: true })
  t.equal(await admin('{host: 0.0.0.0}'), undefined, 'others reach it: it needs a token')
  t.equal(await admin('{host: 10.0.0.1, token: short}'), undefined)
})

t.test('flags win over the file', async t => {
  const text = `${HEAD}gateway: {listen: [{host: 10.0.0.1, port: 80}, {port: 81}], admin: {host: 127.0.0.2}}\n`
  const settings = async (overrides: Overrides, yaml = text) => (await loadText(yaml, { overrides })).config?.gateway
  t.match(await settings({}), { listen: [{ port: 80 }, { port: 81 }] })
  t.strictSame((await settings({ port: 9 }))?.listen, [{ ...listenDefaults, host: '10.0.0.1', port: 9 }])
  t.strictSame((await settings({ host: '::1' }))?.listen, [{ ...listenDefaults, host: '::1', port: 80 }])
  t.strictSame((await settings({ adminPort: 9 }))?.admin, { host: '127.0.0.2', port: 9, token: null, write: false, metrics_open: false })
  t.strictSame((await settings({ adminPort: 9 }, `${HEAD}gateway: {admin: off}\n`))?.admin, { host: '127.0.0.1', port: 9, token: null, write: false, metrics_open: false })
  t.equal((await settings({ adminPort: 'off' }))?.admin, null)
})

t.test('a configuration is frozen, the options of plugins included', async t => {
  const { config } = await loadText(`${HEAD}plugins: [{name: fixture, config: {free: {a: [1]}}}]\n`)
  const thaw = (value: unknown): string[] => typeof value !== 'object' || value === null
    ? []
    : [...Object.isFrozen(value) ? [] : [JSON.stringify(value)], ...Object.values(value).flatMap(thaw)]
  t.strictSame(thaw(config), [])
  t.ok(config?.plugins[0]?.config)
})

t.test('null means "not set", everywhere but where a plugin takes it', async t => {
  const nullable = definePlugin({
    ...fixture,
    name: 'nullable',
    schema: Type.Object({
      either: Type.Optional(Type.Union([Type.String(), Type.Null()], { default: 'x' })),
      text: Type.Optional(Type.String({ default: 'y' })),
      map: Type.Optional(Type.Record(Type.String(), Type.String())),
      list: Type.Optional(Type.Array(Type.Object({ a: Type.Optional(Type.Integer()) }, { additionalProperties: false }))),
      free: Type.Optional(Type.Unknown())
    }, { additionalProperties: false })
  })
  const { config, diagnostics } = await loadText(`${HEAD}services: ~
gateway: {limits: ~, log: {level: null}}
routes: [{name: r, paths: [/], strip_path: null, service: null, headers: {a: null, b: [c]}, tags: }]
plugins: [{name: nullable, config: {either: null, text: null, map: {a: null, b: c}, list: [{a: null}], free: {x: null}}}]
`, { plugins: [nullable] })
  t.strictSame(diagnostics, [])
  t.equal(config?.gateway.limits.headers, 100)
  t.equal(config?.gateway.log.level, 'info')
  t.match(config?.routes[0], { strip_path: true, service: null, headers: { b: ['c'] }, tags: [] })
  t.notOk(Object.hasOwn(config?.routes[0]?.headers ?? {}, 'a'))
  t.strictSame(config?.plugins[0]?.config, { either: null, text: 'y', map: { b: 'c' }, list: [{}], free: { x: null } })
})

t.test('a reference is a name, an id, or an object with one of them', async t => {
  const id = '7c8ae39f-2bb5-4b4f-a1a5-6f0ab0a2fd0b'
  for (const reference of ['users', id, id.toUpperCase(), '{name: users}', `{id: ${id}}`]) {
    const { config, diagnostics } = await loadText(`${HEAD}routes: [{paths: [/], service: ${reference}}]\nservices: [{id: ${id}, name: users, host: x}]\n`)
    t.strictSame(diagnostics, [], reference)
    t.equal(config?.routes[0]?.service, id, reference)
  }
})

t.test('nested and flat spellings mean the same', async t => {
  const shape = async (yaml: string) => {
    const { config, diagnostics } = await loadText(HEAD + yaml)
    t.strictSame(diagnostics, [])
    return JSON.parse(JSON.stringify(config), (key, value: unknown) => key === 'pointer' ? undefined : value) as unknown
  }
  const nested = await shape('services: [{name: s, host: x, plugins: [{name: fixture}], routes: [{name: q, paths: [/q]}, {name: r, paths: [/], plugins: [{name: fixture}]}]}]\n')
  const flat = await shape('services: [{name: s, host: x}]\nroutes: [{name: q, service: s, paths: [/q]}, {name: r, service: s, paths: [/]}]\nplugins: [{name: fixture, service: s}, {name: fixture, route: {name: r}}]\n')
  t.strictSame(nested, flat)
})

t.test('ids are those that Kong derives, and stay the same when the file moves around them', async t => {
  const ids = async (yaml: string) => {
    const { config } = await loadText(HEAD + yaml)
    return Object.fromEntries([...config?.services ?? [], ...config?.routes ?? [], ...config?.plugins ?? [], ...config?.consumers ?? []].map(entity => [entity.pointer, entity.id]))
  }
  const before = await ids('services: [{name: s, host: x, routes: [{paths: [/a]}, {paths: [/b]}], plugins: [{name: fixture}]}, {host: y, routes: [{paths: [/c]}]}]\nconsumers: [{custom_id: c}]\n')
  const after = await ids('consumers: [{custom_id: c}]\nservices: [{host: z, routes: [{paths: [/d]}]}, {host: y, routes: [{paths: [/c]}]}, {name: s, host: other, routes: [{paths: [/b]}, {paths: [/a]}], plugins: [{name: fixture, config: {count: 2}}]}]\n')
  t.equal(new Set(Object.values(before)).size, Object.keys(before).length)
  t.equal(before['/services/0'], after['/services/2'])
  t.equal(before['/services/1'], after['/services/1'])
  t.equal(before['/services/0/routes/0'], after['/services/2/routes/1'])
  t.equal(before['/services/0/routes/1'], after['/services/2/routes/0'])
  t.equal(before['/services/1/routes/0'], after['/services/1/routes/0'])
  t.equal(before['/services/0/plugins/0'], after['/services/2/plugins/0'])
  t.equal(before['/consumers/0'], after['/consumers/0'])
})

t.test('unnamed entities that are equal still have ids of their own', async t => {
  const { config } = await loadText(`${HEAD}services: [{name: s, host: x, routes: [{paths: [/a]}, {paths: [/a]}]}]\n`)
  t.not(config?.routes[0]?.id, config?.routes[1]?.id)
})

t.test('a service that is off keeps its place and loses its routes, with their plugins', async t => {
  const { config } = await loadText(`${HEAD}services:
- {name: off, host: x, enabled: false, routes: [{name: a, paths: [/a], plugins: [{name: fixture}]}], plugins: [{name: fixture}]}
- {name: on, host: y, routes: [{name: b, paths: [/b]}]}
plugins: [{name: fixture}]
`)
  t.strictSame(config?.services.map(({ name, enabled }) => [name, enabled]), [['off', false], ['on', true]])
  t.strictSame(config?.routes.map(({ name }) => name), ['b'])
  t.strictSame(config?.plugins.map(({ service, route }) => [service === config?.services[0]?.id, route]), [[true, null], [false, null]])
})

t.test('url says protocol, host, port and path at once', async t => {
  const forms: ReadonlyArray<readonly [string, string, string, number, string | null]> = [
    ['http://x', 'http', 'x', 80, null],
    ['https://x', 'https', 'x', 443, null],
    ['HTTPS://x/', 'https', 'x', 443, '/'],
    ['http://x:8080/a/b', 'http', 'x', 8080, '/a/b'],
    ['//x:443/a', 'https', 'x', 443, '/a'],
    ['x:80', 'http', 'x', 80, null],
    ['x:8080/a', 'http', 'x', 8080, '/a'],
    ['x', 'http', 'x', 80, null],
    ['http://[::1]:8080/a', 'http', '[::1]', 8080, '/a'],
    ['http://x:443', 'http', 'x', 443, null],
    ['http://x:0', 'http', 'x', 0, null]
  ]
  for (const [url, protocol, host, port, path] of forms) {
    const { config, diagnostics } = await loadText(`${HEAD}services: [{url: "${url}", routes: [{paths: [/]}]}]\n`)
    t.strictSame(diagnostics, [], url)
    t.match(config?.services[0], { protocol, host, port, path }, url)
  }
  const { config } = await loadText(`${HEAD}services: [{url: "http://x", host: y, port: 1, path: /p, protocol: https}]\n`)
  t.match(config?.services[0], { protocol: 'http', host: 'x', port: 80, path: null }, 'url wins, and resets the path')
})

t.test('hosts are names, IPv4 and IPv6 addresses; IPv6 as in a URL', async t => {
  for (const [host, expected] of [['a.internal', 'a.internal'], ['a_b', 'a_b'], ['10.0.0.1', '10.0.0.1'], ['"::1"', '[::1]'], ['"[::1]"', '[::1]']] as const) {
    const { config, diagnostics } = await loadText(`${HEAD}services: [{host: ${host}, routes: [{hosts: [a.b, '*.b', 'a.*', 'a:8000', '[::1]:80', 1.2.3.4]}]}]\n`)
    t.strictSame(diagnostics, [], host)
    t.equal(config?.services[0]?.host, expected)
  }
})

t.test('fixed paths stand as requests are matched: decoded, with letters of any script', async t => {
  const paths = ['/', '/a', '/a/', '/a-b.c~d', '/a%2Fb', '/café', '/a b', '/a(b)*', '/a:b@c', '~/a/(?<id>\\d+)$', '~/']
  const { config, diagnostics } = await loadText(`${HEAD}routes: [{paths: ${JSON.stringify(paths)}}]\n`)
  t.strictSame(diagnostics.filter(({ severity }) => severity === 'error'), [])
  t.strictSame(config?.routes[0]?.paths, paths)
})

t.test('a file that can\'t be read is an error of its own', async t => {
  const path = await folder(t)
  await t.rejects(loadConfig({ file: join(path, 'none.yaml') }), { code: 'SP_CONFIG_FILE', message: `${join(path, 'none.yaml')}: no such file` })
  await t.rejects(loadConfig({ file: path }), { code: 'SP_CONFIG_FILE', message: `${path}: is a directory` })
  await t.rejects(loadConfig({ file: join(path, 'x\0') }), ConfigFileError)
  await writeFile(join(path, 'latin1.yaml'), Buffer.from('a: \xe9', 'latin1'))
  await t.rejects(loadConfig({ file: join(path, 'latin1.yaml') }), { code: 'SP_CONFIG_FILE', message: /not UTF-8/ })
})

t.test('modules are loaded from the folder of the file, and one that fails is named', async t => {
  const calls: unknown[] = []
  const { diagnostics, config } = await loadConfig({
    file: '/somewhere/gateway.yaml',
    text: `${HEAD}gateway: {modules: [./one.js, ./two.js]}\nplugins: [{name: from-two}]\n`,
    env: {},
    loadPlugins: async (modules, directory) => {
      calls.push([modules, directory])
      return { registry: new Map(), problems: [{ index: 1, message: 'module \'./two.js\' fails to load', mend: 'run it' }], modules: [[], []] }
    }
  })
  t.strictSame(calls, [[['./one.js', './two.js'], '/somewhere']])
  t.equal(config, null)
  t.equal(diagnostics.length, 1, 'a plugin that the module may bring is not reported')
  t.match(diagnostics[0], { rule: 'bad-module', cause: 'module \'./two.js\' fails to load', mend: 'Run it.', path: 'gateway.modules[1]' })
  t.equal(placeOf(diagnostics[0] as never), '2:31-2:39')
})

t.test('modules with a wrong type are not loaded', async t => {
  const calls: unknown[] = []
  for (const modules of ['[1]', '5', '[""]']) {
    await loadText(`${HEAD}gateway: {modules: ${modules}}\n`, {
      loadPlugins: async list => {
        calls.push(list)
        return { registry: new Map(), problems: [], modules: [] }
      }
    })
  }
  t.strictSame(calls, [[], [], []])
})

t.test('a plugin whose schema or check fails is named, and stops the load', async t => {
  const broken = definePlugin({ ...fixture, name: 'broken', schema: { type: 'object', properties: { a: { type: 'nonsense' } } } as never })
  const throwing = definePlugin({
    ...fixture,
    name: 'throwing',
    * check () { throw new Error('oops') }
  })
  const { diagnostics, config } = await loadText(`${HEAD}services: [{name: s, host: x, plugins: [{name: broken}]}]\nplugins:\n- name: broken\n- name: throwing\n`, { plugins: [broken, throwing] })
  t.equal(config, null)
  t.match(diagnostics.map(({ rule, cause }) => [rule, cause]), [
    ['bad-module', /the schema of the plugin 'broken' doesn't compile/],
    ['bad-module', 'the check of the plugin \'throwing\' failed: oops']
  ])
})

t.test('the environment of the process is the default', async t => {
  process.env['DECK_SALLYPORT_TEST'] = 'from-process'
  t.teardown(() => { delete process.env['DECK_SALLYPORT_TEST'] })
  const { config } = await loadConfig({ file: 'gateway.yaml', text: `${HEAD}consumers: [{username: '{vault://env/DECK_SALLYPORT_TEST}'}]\n` })
  t.equal(config?.consumers[0]?.username, 'from-process')
})

t.test('where requests wait, they have their turn between the parts of a long file', async t => {
  const routes = Array.from({ length: 200 }, (_, index) => `{name: r${index}, paths: [/r${index}], plugins: [{name: correlation-id}]}`)
  let breaths = 0
  const { config } = await loadConfig({ file: 'gateway.yaml', text: `${HEAD}services: [{name: s, host: x, routes: [${routes.join(', ')}]}]\n`, breath: async () => { breaths++ } })
  t.equal(config?.routes.length, 200)
  // each entity, each entry's options, each rule
  t.ok(breaths > 401 + 200 + 30, `${breaths} breaths`)
})
