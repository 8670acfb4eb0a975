import { readdirSync } from 'node:fs'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { addressesOf } from '../../src/lab/addresses.ts'
import { Lab } from '../../src/lab/lab.ts'
import { guardNetwork } from '../../src/lab/guard.ts'
import { SigningKeys } from '../../src/lab/identity/signing-keys.ts'
import { outcomesOf } from '../../src/lab/outcome.ts'
import { definePlugin, GatewayError, Type, type BrandedPlugin } from '../../src/plugin.ts'
import { loadPlugins } from '../../src/plugins.ts'
import { makeCertificate } from '../helpers/certificates.ts'

const keys = new SigningKeys()

async function createLab (test: { teardown (close: () => Promise<void>): unknown }, text: string, env: Record<string, string> = {}, own: readonly BrandedPlugin[] = []): Promise<Lab> {
  const { config, diagnostics, plugins } = await loadConfig({
    file: 'gateway.yaml',
    text,
    env,
    async loadPlugins (modules, directory) {
      const loaded = await loadPlugins(modules, directory)
      return { ...loaded, registry: new Map([...loaded.registry, ...own.map(plugin => [plugin.name, plugin] as const)]) }
    }
  })
  if (config === null) throw new Error(JSON.stringify(diagnostics, null, 2))
  const lab = await Lab.create({ config, registry: plugins.registry, directory: process.cwd(), keys })
  test.teardown(async () => { await lab.close() })
  return lab
}

const PLAIN = `
_format_version: "3.0"
gateway:
  admin: "off"
  trusted_ips: [10.0.0.0/8]
services:
  - name: users
    url: https://users.internal:8443/api
    routes:
      - name: users
        paths: [/users]
        plugins:
          - name: correlation-id
            config: { header_name: X-Request-ID, generator: uuid }
          - name: response-transformer
            config: { add: { headers: ["X-Added:yes"] } }
`

t.test('a request goes through the real chain to a stub', async t => {
  const lab = await createLab(t, PLAIN)
  lab.addresses.stub('users.internal:8443', ({ target }) => ({ status: 201, headers: { 'x-up': target }, body: { made: true } }))
  const trial = await lab.request({ method: 'POST', url: 'http://api.example.com/users/7?a=1', headers: [['Content-Type', 'application/json']], body: '{"a":1}' })
  t.equal(trial.answer.status, 201)
  t.equal(trial.answer.headers['x-up'], '/api/7?a=1')
  t.equal(trial.answer.headers['x-added'], 'yes')
  t.same(trial.answer.json(), { made: true })
  t.equal(trial.route?.name, 'users')
  t.equal(trial.service?.name, 'users')
  t.equal(trial.answeredBy, 'upstream')
  const [up] = trial.received
  t.same(up?.to, { purpose: 'upstream', protocol: 'https', host: 'users.internal', port: 8443 })
  t.equal(up?.headers.host, 'users.internal:8443')
  t.equal(up?.headers['x-forwarded-for'], '192.0.2.1')
  t.equal(up?.text, '{"a":1}')
  const step = trial.steps.find(({ plugin }) => plugin === 'correlation-id')
  t.notOk(step?.before.upstream?.headers.includes('X-Request-ID'))
  t.ok(step?.after.upstream?.headers.includes('X-Request-ID'))
  const edit = trial.steps.find(({ plugin, phase }) => plugin === 'response-transformer' && phase === 'onSend')
  t.equal(edit?.before.answer.headers['x-added'], undefined)
  t.equal(edit?.after.answer.headers['x-added'], 'yes')
})

t.test('a request is framed as its client wrote it, and HEAD has the length of what GET would get', async t => {
  const lab = await createLab(t, PLAIN)
  lab.addresses.stub(null, () => ({ headers: { 'content-type': 'text/plain' }, body: 'twelve bytes' }))
  const framing = ({ received: [got] }: Awaited<ReturnType<typeof lab.request>>): unknown[] => [got?.headers['content-length'], got?.headers['transfer-encoding'], got?.text]
  t.same(framing(await lab.request({ method: 'POST', url: '/users' })), ['0', undefined, ''], 'no body at all, as curl sends it')
  t.same(framing(await lab.request({ method: 'PUT', url: '/users', body: 'text' })), ['4', undefined, 'text'])
  t.same(framing(await lab.request({ method: 'PUT', url: '/users', body: 'text', headers: [['Content-Length', '4']] })), ['4', undefined, 'text'])
  t.same(framing(await lab.request({ method: 'PUT', url: '/users', body: 'text', headers: [['Transfer-Encoding', 'chunked']] })), [undefined, 'chunked', 'text'])
  const { answer } = await lab.request({ method: 'HEAD', url: '/users' })
  t.match(answer, { status: 200, headers: { 'content-length': '12' }, text: '' })
})

t.test('a request that no route takes', async t => {
  const lab = await createLab(t, PLAIN)
  const trial = await lab.request({ url: '/nowhere' })
  t.equal(trial.answer.status, 404)
  t.equal(trial.route, null)
  t.equal(trial.answeredBy, 'gateway')
  t.same(trial.received, [])
})

t.test('the address of the peer is the one that is asked for', async t => {
  const lab = await createLab(t, PLAIN)
  const trial = await lab.request({ url: '/users', ip: '10.1.2.3', headers: [['X-Forwarded-For', '203.0.113.9']] })
  t.equal(trial.received[0]?.headers['x-forwarded-for'], '203.0.113.9, 10.1.2.3')
})

t.test('https needs a listener that speaks it', async t => {
  const lab = await createLab(t, PLAIN)
  await t.rejects(lab.request({ url: 'https://api.example.com/users' }), /no listener of the file speaks https/)
})

t.test('servers that fail', async t => {
  const lab = await createLab(t, PLAIN)
  lab.addresses.refuse('users.internal:8443', true)
  t.equal((await lab.request({ url: '/users' })).answer.status, 502)
  lab.addresses.refuse('users.internal:8443', false)
  t.equal((await lab.request({ url: '/users' })).answer.status, 200)
  lab.addresses.stub('users.internal:8443', () => ({ error: 'reset' }))
  const reset = await lab.request({ url: '/users' })
  t.equal(reset.answer.status, 502)
  t.equal(reset.answeredBy, 'gateway')
})

t.test('limits count on the clock of the lab, in this process, whatever the policy', async t => {
  const lab = await createLab(t, `
_format_version: "3.0"
services:
  - name: orders
    url: http://orders.internal
    routes:
      - name: orders
        paths: [/orders]
        plugins:
          - name: rate-limiting
            config: { minute: 2, policy: redis, redis: { host: redis.internal } }
`)
  const statuses = []
  for (let count = 0; count < 3; count++) statuses.push((await lab.request({ url: '/orders' })).answer.status)
  t.same(statuses, [200, 200, 429])
  lab.clock.advance(121_000)
  t.equal((await lab.request({ url: '/orders' })).answer.status, 200)
})

const PROTECTED = `
_format_version: "3.0"
gateway:
  listen: [{ host: 0.0.0.0, port: 8443, tls: true }]
certificates: []
services:
  - name: orders
    host: orders
    routes:
      - name: orders
        paths: [/orders]
        plugins:
          - name: PLUGIN
      - name: admin
        paths: [/admin]
        plugins:
          - name: key-auth
          - name: acl
            config: { allow: [ops] }
upstreams:
  - name: orders
    targets: [{ target: "one.internal:8080" }, { target: "two.internal:8080" }]
consumers:
  - username: ann
    acls: [{ group: ops }]
    keyauth_credentials: [{ key: correct-horse-battery-staple-1 }]
  - username: bob
`.replace('gateway:\n  listen: [{ host: 0.0.0.0, port: 8443, tls: true }]\ncertificates: []\n', '')

t.test('tokens of the lab\'s provider pass for those of any issuer', async t => {
  const lab = await createLab(t, PROTECTED.replace('- name: PLUGIN', '- name: jwt\n            config: { issuer: "https://auth.example.com/", audience: [orders] }'))
  const token = (options: Parameters<typeof lab.provider.mint>[0]): [string, string] => ['Authorization', `Bearer ${lab.provider.mint(options)}`]
  const good = await lab.request({ url: '/orders', headers: [token({ claims: { sub: 'x', aud: 'orders' } })] })
  t.equal(good.answer.status, 200, good.answer.text)
  t.match(good.received[0]?.to.host, /^(one|two)\.internal$/, 'names of targets are all known')
  for (const algorithm of ['ES256', 'EdDSA'] as const) {
    t.equal((await lab.request({ url: '/orders', headers: [token({ algorithm, claims: { aud: 'orders' } })] })).answer.status, 200, algorithm)
  }
  for (const bad of [{ claims: { aud: 'others' } }, { claims: { aud: 'orders' }, forged: true }, { claims: { aud: 'orders' }, lifetime: -600 }, { issuer: 'https://evil.example/', claims: { aud: 'orders' } }]) {
    const trial = await lab.request({ url: '/orders', headers: [token(bad)] })
    t.equal(trial.answer.status, 401, JSON.stringify(bad))
    t.equal(trial.answeredBy, 'jwt')
  }
  const held = token({ claims: { aud: 'orders' }, lifetime: 60 })
  t.equal((await lab.request({ url: '/orders', headers: [held] })).answer.status, 200)
  lab.clock.advance(3_600_000)
  t.equal((await lab.request({ url: '/orders', headers: [held] })).answer.status, 401)
})

t.test('opaque tokens are introspected', async t => {
  const lab = await createLab(t, PROTECTED.replace('- name: PLUGIN', '- name: oauth2-introspection\n            config: { issuer: "https://auth.example.com", client_id: gateway, client_secret: not-so-secret-at-all }'))
  const token = lab.provider.mint({ opaque: true, claims: { sub: 'x' } })
  t.equal((await lab.request({ url: '/orders', headers: [['Authorization', `Bearer ${token}`]] })).answer.status, 200)
  for (const bad of ['made-up', lab.provider.mint({ opaque: true, forged: true }), lab.provider.mint({ forged: true }), lab.provider.mint({ lifetime: -1 })]) {
    t.equal((await lab.request({ url: '/orders', headers: [['Authorization', `Bearer ${bad}`]] })).answer.status, 401, bad)
  }
  const signed = lab.provider.mint({ claims: { sub: 'x' } })
  t.equal((await lab.request({ url: '/orders', headers: [['Authorization', `Bearer ${signed}`]] })).answer.status, 200)
  lab.provider.revoke(signed)
  lab.clock.advance(600_000)
  t.equal((await lab.request({ url: '/orders', headers: [['Authorization', `Bearer ${signed}`]] })).answer.status, 401, 'what was revoked is not active, once the answer is not remembered any more')
})

t.test('a consumer may be taken for granted', async t => {
  const lab = await createLab(t, PROTECTED.replace('- name: PLUGIN', '- name: cors'))
  t.equal((await lab.request({ url: '/admin' })).answeredBy, 'key-auth')
  const ann = await lab.request({ url: '/admin', consumer: 'ann' })
  t.equal(ann.answer.status, 200)
  t.equal(ann.consumer, 'ann')
  t.equal(ann.received[0]?.headers['x-consumer-username'], 'ann')
  const bob = await lab.request({ url: '/admin', consumer: 'bob' })
  t.equal(bob.answer.status, 403)
  t.equal(bob.answeredBy, 'acl')
  t.same(bob.steps.map(({ plugin, outcome }) => [plugin, outcome]).slice(0, 2), [['key-auth', 'assumed'], ['acl', 'threw']])
  t.equal((await lab.request({ url: '/admin', headers: [['apikey', 'correct-horse-battery-staple-1']] })).consumer, 'ann')
  await t.rejects(lab.request({ url: '/admin', consumer: 'nobody' }), /no consumer 'nobody'/)
})

t.test('an authoriser that nobody stands for is not reached', async t => {
  const lab = await createLab(t, PROTECTED.replace('- name: PLUGIN', '- name: forward-auth\n            config: { url: "http://auth.internal:4180/verify" }'))
  const refused = await lab.request({ url: '/orders' })
  t.ok(refused.answer.status >= 500)
  t.same(lab.missing.map(({ host, port }) => `${host}:${port}`), ['auth.internal:4180'])
  lab.addresses.stub('auth.internal:4180', () => ({ status: 401 }))
  const no = await lab.request({ url: '/orders' })
  t.equal(no.answer.status, 401)
  t.equal(no.received[0]?.to.purpose, 'authoriser')
  lab.addresses.stub('auth.internal:4180', () => ({}))
  t.equal((await lab.request({ url: '/orders' })).answer.status, 200)
})

t.test('the clock moves circuit breakers and what is known of targets', async t => {
  const lab = await createLab(t, `
_format_version: "3.0"
services:
  - name: one
    url: http://one.internal
    circuit_breaker: { failure_threshold: 2, reset_timeout: 30000, slow_call_duration: 5000, slow_ratio: 0.5 }
    routes: [{ name: one, paths: [/one] }]
  - name: many
    host: many
    retries: 0
    routes: [{ name: many, paths: [/many] }]
upstreams:
  - name: many
    targets: [{ target: "a.internal:80" }, { target: "b.internal:80" }]
    healthchecks: { passive: { recovery_interval: 60, unhealthy: { http_failures: 1, http_statuses: [500] } }, max_ejection_percent: 50 }
`)
  const status = async (url: string): Promise<number> => (await lab.request({ url })).answer.status
  lab.clock.advance(3_600_000)
  t.equal(await status('/one'), 200)
  lab.addresses.stub('one.internal:80', () => ({ status: 503 }))
  for (let count = 0; count < 4; count++) await status('/one')
  const open = await lab.request({ url: '/one' })
  t.equal(open.answer.status, 503)
  t.same(open.received, [], 'the breaker is open')
  lab.addresses.stub('one.internal:80', () => ({}))
  lab.clock.advance(29_000)
  t.equal(await status('/one'), 503)
  lab.clock.advance(2_000)
  t.equal(await status('/one'), 200)
  t.equal(await status('/one'), 200)

  lab.addresses.stub('a.internal:80', () => ({ status: 500 }))
  const before = [await status('/many'), await status('/many')].sort()
  t.same(before, [200, 500])
  t.same([await status('/many'), await status('/many'), await status('/many')], [200, 200, 200], 'one target is out')
  lab.addresses.stub('a.internal:80', () => ({}))
  lab.clock.advance(121_000)
  const hosts = new Set<string | undefined>()
  for (let count = 0; count < 4; count++) hosts.add((await lab.request({ url: '/many' })).received[0]?.to.host)
  t.same([...hosts].sort(), ['a.internal', 'b.internal'], 'it is back')
})

t.test('hooks of every form are looked at', async t => {
  const trick = definePlugin({
    name: 'trick',
    priority: 100,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onRequest', function callbackHook (request, reply, done) {
        const wish = request.headers['x-wish']
        request.gateway.upstream?.headers.set('X-Seen', 'yes')
        if (wish === 'error') done(new GatewayError('NO', 403, 'no'))
        else if (wish === 'throw') throw new GatewayError('THROWN', 409, 'no')
        else if (wish === 'answer') reply.code(302).header('location', '/').send()
        else setImmediate(done)
      })
      scope.addHook('preHandler', async function promiseHook (request, reply) {
        if (request.headers['x-wish'] === 'reject') throw new Error('unknown')
        if (request.headers['x-wish'] === 'late') return await reply.code(201).send('late')
      })
      scope.addHook('onSend', function callbackSend (request, _reply, payload, done) {
        if (request.headers['x-wish'] === 'send') done(new GatewayError('SEND', 502, 'no') as never, payload)
        else done(null, payload)
      })
      scope.addHook('onSend', function plainSend (request, _reply, payload) {
        if (request.headers['x-wish'] === 'plain') throw new GatewayError('PLAIN', 500, 'no')
        return Promise.resolve(payload)
      })
    }
  })
  const lab = await createLab(t, `
_format_version: "3.0"
services:
  - name: one
    url: http://one.internal
    routes:
      - { name: one, paths: [/], plugins: [{ name: trick }, { name: key-auth }, { name: correlation-id }, { name: request-termination, config: { status_code: 418, trigger: X-Tea } }] }
consumers: [{ username: ann }]
`, {}, [trick])
  const cases: ReadonlyArray<readonly [string, number, string, string]> = [
    ['none', 200, 'upstream', 'allowed'],
    ['error', 403, 'trick', 'refused'],
    ['throw', 409, 'trick', 'refused'],
    ['answer', 302, 'trick', 'answered'],
    ['reject', 500, 'trick', 'failed'],
    ['late', 201, 'trick', 'answered'],
    ['send', 502, 'trick', 'failed'],
    ['plain', 500, 'trick', 'failed']
  ]
  for (const [wish, status, by, outcome] of cases) {
    const trial = await lab.request({ url: '/', consumer: 'ann', headers: [['X-Wish', wish]] })
    t.equal(trial.answer.status, status, wish)
    t.equal(trial.answeredBy, by, wish)
    const outcomes = outcomesOf(trial, lab.chainOf(trial.route), id => lab.guards(id))
    t.equal(outcomes.get('trick'), outcome, wish)
    t.equal(outcomes.get('correlation-id'), 'allowed')
    t.equal(outcomes.get('request-termination'), ['error', 'throw', 'answer'].includes(wish) ? 'skipped' : 'allowed', wish)
  }
  const tea = await lab.request({ url: '/', consumer: 'ann', headers: [['X-Tea', '1']] })
  t.equal(tea.answeredBy, 'request-termination')
})

t.test('answers from the cache are the cache\'s', async t => {
  const lab = await createLab(t, `
_format_version: "3.0"
services:
  - name: one
    url: http://one.internal
    routes: [{ name: one, paths: [/], plugins: [{ name: proxy-cache, config: { strategy: memory, cache_ttl: 60 } }] }]
`)
  lab.addresses.stub(null, () => ({ headers: { 'content-type': 'application/json', 'cache-control': 'max-age=60' }, body: { made: 'once' } }))
  t.equal((await lab.request({ url: '/a' })).answeredBy, 'upstream')
  const hit = await lab.request({ url: '/a' })
  t.equal(hit.answeredBy, 'proxy-cache')
  t.same(hit.received, [])
  // what comes has the time of the test, whatever time it is
  for (const later of [61_000, 12 * 3_600_000, 4 * 365 * 86_400_000]) {
    lab.clock.advance(later)
    t.equal((await lab.request({ url: '/a' })).answeredBy, 'upstream')
    t.equal((await lab.request({ url: '/a' })).answeredBy, 'proxy-cache')
  }
})

t.test('listeners, server names and ports are what the file says', async t => {
  const { cert, key } = makeCertificate('api', { names: ['api.example.com'], bits: 2048 })
  const lab = await createLab(t, `
_format_version: "3.0"
gateway:
  admin: "off"
  listen:
    - { host: 0.0.0.0, port: 8080 }
    - { host: 0.0.0.0, port: 8443, tls: true }
certificates:
  - cert: "{vault://env/CERT}"
    key: "{vault://env/KEY}"
    snis: [{ name: api.example.com }]
services:
  - name: one
    url: http://one.internal
    routes:
      - { name: secure, protocols: [https], https_redirect_status_code: 301, hosts: [api.example.com], paths: [/secure] }
      - { name: named, snis: [api.example.com], paths: [/named] }
      - { name: any, paths: [/any] }
`, { CERT: cert, KEY: key })
  const redirect = await lab.request({ url: 'http://api.example.com/secure' })
  t.equal(redirect.answer.status, 301)
  t.equal(redirect.failure, true)
  t.equal(redirect.answeredBy, 'gateway')
  t.equal((await lab.request({ url: 'https://api.example.com/secure' })).route?.name, 'secure')
  t.equal((await lab.request({ url: 'https://api.example.com:8443/named' })).route?.name, 'named')
  t.equal((await lab.request({ url: 'https://other.example.com/named' })).route, null)
  const any = await lab.request({ url: 'https://192.0.2.7/any', headers: [['Host', 'given.example']] })
  t.equal(any.received[0]?.headers['x-forwarded-proto'], 'https')
  t.equal(any.received[0]?.headers['x-forwarded-port'], '8443')
  t.equal(any.received[0]?.headers['x-forwarded-host'], 'given.example')
})

t.test('what can\'t be sent, and what stubs throw, is said', async t => {
  const lab = await createLab(t, PLAIN)
  await t.rejects(lab.request({ url: '/users/ü\u0000' }), /got no answer/)
  lab.addresses.stub(null, () => { throw new Error('the stub is wrong') })
  await t.rejects(lab.request({ url: '/users' }), /the stub is wrong/)
  lab.addresses.clear()
  const malformed = await lab.request({ url: '/users', headers: [['Host', 'a b']] })
  t.equal(malformed.answer.status, 400)
  t.same(addressesOf(lab.config, lab.config.services[0] as never), ['users.internal:8443'])
})

t.test('plugins are set up when the first request of their routes comes', async t => {
  const log: string[] = []
  const watched = definePlugin({
    name: 'watched',
    priority: 10,
    schema: Type.Object({ name: Type.String(), fails: Type.Boolean({ default: false }) }, { additionalProperties: false }),
    scopes: ['global', 'service', 'route'],
    identityHeaders: ({ name }) => [`x-from-${name}`],
    setup ({ name, fails }, gateway) {
      if (fails) throw new Error(`no ${name} today`)
      log.push(`set up ${name}`)
      gateway.serving(() => { log.push(`serving ${name}`) })
      return name
    },
    close: name => { log.push(`closed ${name}`) },
    register (scope, { state }) {
      scope.addHook('onRequest', async request => { log.push(`${state} sees ${request.gateway.route?.name}`) })
    }
  })
  const lab = await createLab(t, `
_format_version: "3.0"
gateway: { admin: "off" }
services:
  - name: users
    url: http://users.internal
    plugins: [{ name: watched, config: { name: users } }]
    routes: [{ name: one, paths: [/one] }, { name: two, paths: [/two] }]
  - name: orders
    url: http://orders.internal
    plugins: [{ name: watched, config: { name: orders } }]
    routes: [{ name: orders, paths: [/orders] }]
  - name: broken
    url: http://broken.internal
    plugins: [{ name: watched, config: { name: broken, fails: true } }]
    routes: [{ name: broken, paths: [/broken] }]
plugins: [{ name: watched, config: { name: all } }]
`, {}, [watched as BrandedPlugin])
  t.same(log.splice(0), ['set up all', 'serving all'])
  const [first] = await Promise.all([
    lab.request({ url: '/one', headers: [['X-From-Orders', 'nobody']] }),
    lab.request({ url: '/two' })
  ])
  t.same(log.splice(0).sort(), ['serving users', 'set up users', 'users sees one', 'users sees two'], 'both of the service share its entry')
  t.equal(first.received[0]?.headers['x-from-orders'], undefined, 'what plugins of other routes vouch for is nobody\'s to say here either')
  await t.rejects(lab.request({ url: '/broken' }), { code: 'SP_PLUGIN_SETUP', message: /plugin 'watched' \(\/services\/2\/plugins\/0\) failed to set up: no broken today/ })
  t.equal((await lab.request({ url: '/one' })).answer.status, 200, 'the others go on')
  log.length = 0
  await lab.close()
  t.same(log.sort(), ['closed all', 'closed users'], 'and what nobody asked for is not there to be closed')
})

t.test('log plugins write and send nothing', async t => {
  const folder = t.testdir({})
  const lab = await createLab(t, `
_format_version: "3.0"
services: [{ name: one, url: http://one.internal, routes: [{ name: one, paths: [/] }] }]
plugins:
  - { name: file-log, config: { path: ${folder}/access.log } }
  - { name: audit-log, config: { path: ${folder}/audit.log } }
  - { name: http-log, config: { http_endpoint: "http://127.0.0.1:9/" } }
  - { name: tcp-log, config: { host: 127.0.0.1, port: 9 } }
  - { name: udp-log, config: { host: 127.0.0.1, port: 9 } }
  - { name: syslog, config: { host: 127.0.0.1 } }
  - { name: statsd, config: { host: 127.0.0.1 } }
  - { name: opentelemetry, config: { traces_endpoint: "http://127.0.0.1:9/v1/traces", sampling_rate: 1 } }
  - { name: acme, config: { account_email: a@example.com, domains: [api.example.com], tos_accepted: true, storage: file, folder: ${folder}/acme } }
`)
  const trial = await lab.request({ url: '/' })
  t.equal(trial.answer.status, 200)
  t.match(trial.received[0]?.headers['traceparent'], /^00-/)
  await lab.close().catch(() => {})
  t.same(readdirSync(folder), [])
  t.same(lab.log, [])
})

t.test('services are asked over TLS, by HTTP/1.1 and HTTP/2, and what they show is verified as the file says', async t => {
  const { cert, key } = makeCertificate('gateway', { bits: 2048 })
  const lab = await createLab(t, `
_format_version: "3.0"
certificates: [{ name: own, cert: ${JSON.stringify(cert)}, key: ${JSON.stringify(key)} }]
upstreams: [{ name: pool, targets: [{ target: "one.internal:8443" }] }]
services:
  - { name: strict, url: https://strict.internal, client_certificate: own, routes: [{ name: strict, paths: [/strict] }] }
  - { name: lenient, url: https://lenient.internal, tls_verify: false, routes: [{ name: lenient, paths: [/lenient] }] }
  - { name: two, url: https://two.internal, http2: true, routes: [{ name: two, paths: [/two] }] }
  - { name: clear, url: http://clear.internal, http2: true, routes: [{ name: clear, paths: [/clear] }] }
  - { name: pooled, url: https://pool, routes: [{ name: pooled, paths: [/pooled], preserve_host: true }] }
  - { name: numbered, url: https://192.0.2.7, routes: [{ name: numbered, paths: [/numbered] }] }
`)
  lab.addresses.stub(null, ({ version, headers }) => ({ body: { version, host: headers.host } }))
  for (const [name, version, host] of [
    ['strict', '1.1', 'strict.internal'], ['lenient', '1.1', 'lenient.internal'], ['two', '2', 'two.internal'], ['clear', '2', 'clear.internal'], ['pooled', '1.1', 'api.example.com'], ['numbered', '1.1', '192.0.2.7']
  ] as const) {
    const { answer, received: [got] } = await lab.request({ method: 'POST', url: `http://api.example.com/${name}/x?y`, body: 'text' })
    t.equal(answer.status, 200, `${name}: ${answer.text}`)
    t.same(answer.json(), { version, host })
    t.match(got, { method: 'POST', path: '/x', query: 'y', text: 'text', version, to: { host: name === 'pooled' ? 'one.internal' : host }, clientCertificate: name === 'strict' ? 'CN=gateway' : null }, name)
    t.notOk(got?.rawHeaders.some(field => field.startsWith(':')), 'fields alone')
  }
  for (const [name, address] of [['strict', 'strict.internal:443'], ['two', 'two.internal:443'], ['pooled', 'one.internal:8443'], ['lenient', 'lenient.internal:443']] as const) {
    for (const certificate of ['expired', 'untrusted', 'other-name', 'good'] as const) {
      lab.addresses.stub(address, () => ({}), { certificate })
      lab.clock.advance(600_000)
      const { answer, ended } = await lab.request({ url: `http://api.example.com/${name}` })
      t.match([answer.status, ended?.error ?? null], certificate === 'good' || name === 'lenient' ? [200, null] : [502, 'SP_UPSTREAM_CERTIFICATE'], `${name}, ${certificate}`)
    }
  }
  for (const name of ['strict', 'two', 'clear']) {
    lab.addresses.stub(null, () => ({ error: 'reset' }))
    lab.addresses.clear()
    lab.addresses.refuse(`${name}.internal:${name === 'clear' ? 80 : 443}`, true)
    t.match((await lab.request({ url: `/${name}` })).ended, { error: 'SP_UPSTREAM_REFUSED' }, name)
    lab.addresses.stub(`${name}.internal:${name === 'clear' ? 80 : 443}`, () => ({ error: 'reset' }))
    t.equal((await lab.request({ url: `/${name}` })).answer.status, 502, name)
  }
})

t.test('no plugin and no service connects to anybody', async t => {
  const refused: string[] = []
  const free = guardNetwork(({ message }) => { refused.push(message) })
  t.teardown(free)
  const lab = await createLab(t, `
_format_version: "3.0"
upstreams:
  - name: pool
    targets: [{ target: "127.0.0.1:9" }, { target: "srv.internal" }]
    healthchecks: { active: { healthy: { interval: 0.05, successes: 1 }, unhealthy: { interval: 0.05, tcp_failures: 1 } } }
services:
  - { name: one, url: http://127.0.0.1:9, http2: true, routes: [{ name: one, paths: [/one] }] }
  - { name: two, url: https://127.0.0.1:9, http2: true, routes: [{ name: two, paths: [/two] }] }
  - { name: pool, url: https://pool, routes: [{ name: pool, paths: [/pool] }] }
  - name: plugins
    url: http://plugins.internal
    routes:
      - { name: introspected, paths: [/introspected], plugins: [{ name: oauth2-introspection, config: { introspection_url: "https://127.0.0.1:9/", client_id: a, client_secret: not-so-secret-at-all } }] }
      - { name: openid, paths: [/openid], plugins: [{ name: openid-connect, config: { issuer: "https://127.0.0.1:9/", client_id: [a] } }] }
      - { name: jwt, paths: [/jwt], plugins: [{ name: jwt, config: { issuer: "https://127.0.0.1:9/", audience: [a] } }] }
      - { name: forward, paths: [/forward], plugins: [{ name: forward-auth, config: { url: "https://127.0.0.1:9/" } }] }
      - { name: mirror, paths: [/mirror], plugins: [{ name: mirror, config: { service: one } }] }
      - { name: limited, paths: [/limited], plugins: [{ name: rate-limiting, config: { minute: 5, policy: redis, redis: { host: 127.0.0.1, port: 9 } } }, { name: proxy-cache, config: { strategy: redis, redis: { host: 127.0.0.1, port: 9 } } }] }
plugins:
  - { name: http-log, config: { http_endpoint: "http://127.0.0.1:9/" } }
  - { name: tcp-log, config: { host: 127.0.0.1, port: 9 } }
  - { name: udp-log, config: { host: 127.0.0.1, port: 9 } }
  - { name: syslog, config: { host: 127.0.0.1 } }
  - { name: statsd, config: { host: 127.0.0.1 } }
  - { name: opentelemetry, config: { traces_endpoint: "http://127.0.0.1:9/v1/traces", sampling_rate: 1 } }
`)
  const token: [string, string] = ['Authorization', `Bearer ${lab.provider.mint({ claims: { aud: 'a', sub: 'x' } })}`]
  for (const path of ['one', 'two', 'pool', 'introspected', 'openid', 'jwt', 'mirror', 'limited']) {
    const { answer } = await lab.request({ url: `/${path}`, headers: [token] })
    t.equal(answer.status, 200, `${path}: ${answer.text}`)
  }
  t.ok((await lab.request({ url: '/forward' })).answer.status >= 500)
  await lab.close()
  t.same(refused, [])
})
