/** The Admin API of a gateway that runs: what it answers, and that every answer is what its OpenAPI document says. */
import { createHash, createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Refused } from '../../src/admin/answer.ts'
import { allEndpoints } from '../../src/admin/endpoints/all.ts'
import { dashboardEndpoints } from '../../src/admin/endpoints/dashboard.ts'
import { Turns } from '../../src/admin/turns.ts'
import { createFinder } from '../../src/admin/router.ts'
import { createGateway } from '../../src/index.ts'
import { startRedis } from '../helpers/redis.ts'
import { createSpread } from '../../src/steps.ts'
import { ask, gatewayYaml, until, upstream } from '../helpers/running.ts'

const TOKEN = 'admin-token-0123456789'
const KEY = 'a-key-of-a-customer'
const quiet = { accessLog: '/dev/null', log: { write () {} } }
const find = createFinder(allEndpoints())

/** What is more than one service with one route. */
const REST = `  - name: pool
    host: backends
    routes:
      - { name: pooled, paths: [/pooled], methods: [GET] }
upstreams:
  - name: backends
    healthchecks: { passive: { unhealthy: { http_failures: 1 } } }
    targets: [{ target: "127.0.0.1:PORT", weight: 10 }, { target: "127.0.0.1:1", weight: 0 }]
consumers:
  - username: alice
    keyauth_credentials: [{ key: "{vault://env/alice-key}" }]
    acls: [{ group: staff }]
plugins:
  - { name: key-auth, route: pooled, config: { key_names: [x-key] } }
  - { name: rate-limiting, instance_name: per-minute, config: { minute: 100, limit_by: ip } }
  - { name: response-transformer, config: { add: { headers: ["x-a: b"] } } }
`

interface Api {
  readonly port: number
  readonly file: string
  readonly yaml: string
  /** Sends it with the token, and holds the answer against its schema. */
  readonly call: <Body = any>(method: string, path: string, body?: unknown) => Promise<{ status: number, body: Body }>
}

async function start (t: Test, options: { readonly write?: boolean, readonly yaml?: string } = {}): Promise<Api> {
  const up = await upstream(t, (request, response) => {
    response.statusCode = request.url === '/fails' ? 500 : 200
    response.end('ok')
  })
  const admin = { host: '127.0.0.1', port: 0, token: '{vault://env/admin-token}', write: options.write ?? true }
  const yaml = options.yaml ?? gatewayYaml(up, { admin }, REST.replace('PORT', String(up)))
  const file = path.join(t.testdir({ 'gateway.yaml': yaml }), 'gateway.yaml')
  const gateway = await createGateway({ file, env: { ADMIN_TOKEN: TOKEN, ALICE_KEY: KEY }, ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const adminPort = gateway.adminAddress?.port as number
  const document = JSON.parse((await ask(adminPort, '/openapi.json', { headers: { authorization: `Bearer ${TOKEN}` } })).text)
  const ajv = new Ajv2020({ strict: false }).addSchema(document, 'openapi')
  return {
    port: gateway.addresses[0]?.port as number,
    file,
    yaml,
    async call (method, target, body) {
      const { status, text } = await ask(adminPort, target, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, ...body === undefined ? {} : { 'content-type': 'application/json' } },
        ...body === undefined ? {} : { body: JSON.stringify(body) }
      })
      t.notMatch(text, KEY, 'no secret in any answer')
      t.notMatch(text, TOKEN, 'no secret in any answer')
      const answer = JSON.parse(text)
      const found = find(target.split('?')[0] as string).get(method)?.endpoint
      const responses = found === undefined ? {} : document.paths[found.path][method.toLowerCase()].responses
      if (found === undefined) t.equal(status, 404)
      else if (t.ok(responses[status], `${method} ${target}: ${status} is in the document`)) {
        const validate = ajv.compile({ $ref: `openapi#/paths/${found.path.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema` })
        t.ok(validate(answer), `${method} ${target}: ${JSON.stringify(validate.errors)}`)
      }
      return { status, body: answer }
    }
  }
}

t.test('entities are those of the file, with places and chains, and without secrets', async t => {
  const { call } = await start(t)
  const services = (await call('GET', '/services')).body.data
  t.match(services, [{ name: 'up', upstream: null, routes: 1, circuit_breakers: [] }, { name: 'pool', upstream: { name: 'backends' }, routes: 1 }])
  t.match((await call('GET', '/services/pool')).body, { host: 'backends', place: { line: 9 } })
  t.match((await call('GET', `/services/${services[0].id}`)).body, { name: 'up' })
  t.match((await call('GET', '/services/pool/routes')).body.data, [{ name: 'pooled' }])
  t.match((await call('GET', '/routes')).body, { data: [{ name: 'all', paths: ['/'] }, { name: 'pooled', methods: ['GET'], upstream: { name: 'backends' }, plugins: ['key-auth', 'rate-limiting', 'response-transformer'] }], next: null })
  t.match((await call('GET', '/routes/pooled')).body.chain, [
    { plugin: 'key-auth', priority: 1250, entries: [{ scope: 'route', place: { line: 22 } }] },
    { plugin: 'rate-limiting', entries: [{ scope: 'global', instance_name: 'per-minute' }] },
    { plugin: 'response-transformer' }
  ])
  t.match((await call('GET', '/plugins')).body.data, [{ name: 'key-auth', route: { name: 'pooled' }, config: { key_names: ['x-key'] } }, { name: 'rate-limiting', scope: 'global' }, {}])
  t.match((await call('GET', '/consumers')).body.data, [{ username: 'alice', acls: ['staff'], credentials: { keyauth_credentials: 1 } }])
  t.same((await call('GET', '/certificates')).body, { data: [], next: null })
  t.same((await call('GET', '/ca_certificates')).body, { data: [], next: null })
  for (const target of ['/services/none', '/services/none/routes', '/routes/none', '/upstreams/none', '/upstreams/none/health', '/requests/none']) t.equal((await call('GET', target)).status, 404, target)
  for (const target of ['/services/%ff', '/nothing', '/services/a/b/c']) t.equal((await call('GET', target)).status, 404, target)
})

t.test('upstreams say how their targets fare', async t => {
  const { call, port } = await start(t)
  await ask(port, '/pooled', { headers: { 'x-key': KEY } })
  t.match((await call('GET', '/upstreams')).body.data, [{ name: 'backends', targets: 2, services: [{ name: 'pool' }], health: 'HEALTHY' }])
  t.match((await call('GET', '/upstreams/backends')).body, { name: 'backends' })
  t.match((await call('GET', '/upstreams/backends/targets')).body.data, [{ weight: 10, failover: false }, { target: '127.0.0.1:1', weight: 0 }])
  t.match((await call('GET', '/upstreams/backends/health')).body.data[0], { health: 'HEALTHY', addresses: [{ ip: '127.0.0.1', health: 'HEALTHY', processes: 1, unhealthy_in: 0, circuit_breaker: null, connections: { idle: 1 } }] })
})

t.test('the configuration is shown without secrets, each with a hash that tells of its changes', async t => {
  const { call, file, yaml } = await start(t)
  const { body } = await call('GET', '/config')
  t.match(body, { snapshot: 1, hash_key: 'token', config: { gateway: { admin: { token: '***' } }, keyauth_credentials: [{ key: '***' }] } })
  const hash = (value: string) => createHmac('sha256', createHmac('sha256', TOKEN).update('sallyport config secrets').digest()).update(value).digest('hex')
  t.equal(body.secrets[0].hash, hash(TOKEN), 'who has the token can work it out')
  t.equal(body.secrets[1].hash, hash(createHash('sha256').update(KEY).digest('hex')), 'of an API key the loader keeps the digest alone')
  t.same(body.secrets.map(({ pointer }: { pointer: string }) => pointer), ['/gateway/admin/token', '/keyauth_credentials/0/key'])
  const source = (await call('GET', '/config/source')).body
  t.match(source.text, '{vault://env/alice-key}', 'the name of a variable is none')
  t.equal(source.text.split('\n').length, yaml.split('\n').length)
  writeFileSync(file, yaml.replace('"{vault://env/alice-key}"', 'literal-key-1').replace('minute: 100', 'minute: 50'))
  t.match((await call('POST', '/reload', {})).body, { ok: true, snapshot: 2, changed: true, of: null })
  t.notMatch((await call('GET', '/config/source')).body.text, 'literal-key-1')
  const hashes = async (of: string) => (await call('GET', `/config?snapshot=${of}`)).body.secrets.map(({ hash }: { hash: string }) => hash)
  const [before, after] = [await hashes('1'), await hashes('2')]
  t.equal(before[0], after[0])
  t.not(before[1], after[1])
  t.match(await call('GET', '/config?snapshot=9'), { status: 404, body: { message: 'There never was a snapshot 9: the newest is 2' } })
  t.equal((await call('GET', '/config?snapshot=x')).status, 400)
})

t.test('what was refused is in the history, and what ran can be put back until the file changes again', async t => {
  const { call, file, yaml, port } = await start(t)
  t.match((await call('POST', '/reload', { dry_run: true })).body, { ok: true, dry_run: true, changed: false, snapshot: null })
  writeFileSync(file, yaml.replace('paths: [/pooled]', 'path: [/pooled]'))
  t.match(await call('POST', '/reload', { dry_run: true }), { status: 409, body: { ok: false, changed: true } })
  t.equal((await call('GET', '/snapshots')).body.data.length, 1, 'a dry run leaves nothing')
  t.match(await call('POST', '/reload', {}), { status: 409, body: { ok: false, snapshot: null, error: '1 error in the file' } })
  writeFileSync(file, yaml.replace('paths: [/]', 'paths: [/new]'))
  t.match(await call('POST', '/reload', {}), { status: 200, body: { snapshot: 2 } })
  t.equal((await ask(port, '/a')).status, 404)
  t.match(await call('POST', '/rollback', { snapshot: 1 }), { status: 200, body: { ok: true, snapshot: 3, of: 1, changed: true } })
  t.equal((await ask(port, '/a')).status, 200)
  t.match((await call('GET', '/status')).body.configuration, { snapshot: 3, rolled_back: { snapshot: 1 } })
  t.match((await call('GET', '/snapshots')).body.data, [
    { id: 4, snapshot: 3, state: 'running', trigger: 'rollback', of: 1, can_roll_back: false },
    { id: 3, snapshot: 2, state: 'replaced', trigger: 'call', can_roll_back: true },
    { id: 2, snapshot: null, state: 'refused', diagnostics: [{ rule: 'unknown-key' }], routes: null },
    { id: 1, snapshot: 1, state: 'replaced', trigger: 'start', routes: 2, can_roll_back: true }
  ])
  t.match(await call('POST', '/reload', {}), { body: { snapshot: 4 } })
  t.match((await call('GET', '/status')).body.configuration, { snapshot: 4, rolled_back: null })
  t.equal((await ask(port, '/a')).status, 404, 'the file counts again')
  t.match(await call('POST', '/rollback', { snapshot: 77 }), { status: 404, body: { message: /never was a snapshot 77/ } })
  t.equal((await call('POST', '/rollback', { snapshot: 'x' })).status, 400)
})

t.test('a listener that is read-only does what changes nothing', async t => {
  const { call } = await start(t, { write: false })
  for (const [target, body] of [['/reload', {}], ['/reload', { dry_run: false }], ['/rollback', { snapshot: 1 }], ['/limits/reset', { entry: 'per-minute', identifier: 'ip:1.2.3.4' }]] as const) {
    t.equal((await call('POST', target, body)).status, 403, target)
  }
  t.equal((await call('POST', '/reload', { dry_run: true })).status, 200)
  t.equal((await call('POST', '/limits/look-up', { entry: 'per-minute', identifier: 'ip:1.2.3.4' })).status, 200)
})

t.test('a client\'s count can be looked at, and set back', async t => {
  const { call, port } = await start(t)
  for (let round = 0; round < 3; round++) await ask(port, '/a')
  t.match((await call('GET', '/limits')).body.data, [{ plugin: 'rate-limiting', instance_name: 'per-minute', limit_by: 'ip', windows: [{ period: 'minute', limit: 100 }], policy: 'local', state: 'local', decisions: 3, can_look_up: true }])
  const order = { entry: 'per-minute', identifier: 'ip:127.0.0.1' }
  t.match((await call('POST', '/limits/look-up', order)).body.windows, [{ name: null, period: 'minute', limit: 100, used: 3, remaining: 97 }])
  t.match((await call('POST', '/limits/reset', order)).body, { identifier: 'ip:127.0.0.1', reset: 1 })
  t.match((await call('POST', '/limits/look-up', order)).body.windows, [{ used: 0 }])
  await ask(port, '/a')
  t.match((await call('POST', '/limits/look-up', order)).body.windows, [{ used: 1 }])
  t.equal((await call('POST', '/limits/look-up', { entry: 'none', identifier: 'x' })).status, 404)
})

t.test('traffic and requests are remembered, those that went wrong as well', async t => {
  const { call, port } = await start(t)
  for (const target of ['/a?token=geheim&b=1', '/fails', '/pooled']) await ask(port, target)
  await until('all have ended', async () => (await call('GET', '/traffic')).body.routes.length === 2)
  const { body: traffic } = await call('GET', '/traffic')
  t.match(traffic.routes, [{ route: 'all', requests: 2, errors: 1, refused: 0 }, { route: 'pooled', requests: 1, refused: 1 }])
  const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0)
  t.same([sum(traffic.series.requests), sum(traffic.series.errors), sum(traffic.series.refused)], [3, 1, 1])
  t.ok(traffic.routes.every(({ p50, p99 }: { p50: number, p99: number }) => p50 > 0 && p99 >= p50))
  t.equal(traffic.series.at.length, 361)
  t.equal(sum((await call('GET', '/traffic?route=pooled')).body.series.requests), 1)
  t.equal(sum((await call('GET', '/traffic?route=none')).body.series.requests), 0)

  const { data } = (await call('GET', '/requests')).body
  t.match(data, [
    { method: 'GET', route: 'pooled', status: 401, end: 'UA', plugin: 'key-auth', error: 'SP_UNAUTHORIZED', reason: 'No API key found in request', upstream: null, upstream_status: null, tries: 0 },
    { route: 'all', service: 'up', status: 500, end: '-', upstream: /^127\.0\.0\.1:\d+$/, upstream_status: 500, snapshot: 1 },
    { url: new RegExp(`^http://127\\.0\\.0\\.1:${port}/a\\?token=[A-Z*]+&b=1$`), tries: 1, status: 200, latencies: { total: Number } }
  ])
  const ids = async (query: string) => (await call('GET', `/requests?${query}`)).body.data.map(({ id }: { id: string }) => id)
  t.same(await ids('route=pooled'), [data[0].id])
  t.same(await ids('status=5xx'), [data[1].id])
  t.same(await ids('status=200'), [data[2].id])
  t.same(await ids('end=UA'), [data[0].id])
  t.same(await ids('consumer=alice'), [])
  t.same(await ids('size=1'), [data[0].id])
  for (const target of ['/requests?size=many', '/traffic?since=1', '/status?brief=no']) t.equal((await call('GET', target)).status, 400, target)
  const { body: brief } = await call('GET', '/status?brief=true')
  t.match(brief, { state: 'running', processes: [{ limits: [], pools: [], upstreams: [] }] })
  t.match((await call('GET', `/requests/${data[0].id}`)).body, { id: data[0].id, timeline: null })
})

t.test('the document has everything, once, and nothing in it leads nowhere', async t => {
  const { call } = await start(t)
  const { body } = await call('GET', '/openapi.json')
  const operations = Object.values<Record<string, { operationId: string }>>(body.paths).flatMap(path => Object.values(path))
  t.equal(operations.length, allEndpoints().length)
  t.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  const names = new Set([...JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name))
  t.ok(names.size > 15)
  for (const name of names) t.ok(body.components.schemas[name], name)
  const ajv = new Ajv2020({ strict: false }).addSchema(body, 'openapi')
  for (const name of Object.keys(body.components.schemas)) t.type(ajv.compile({ $ref: `openapi#/components/schemas/${name}` }), 'function', name)
  for (const operation of operations) t.ok(!('parameters' in operation) || (operation.parameters as Array<{ in: string }>).every(({ in: place }) => place === 'path') || '400' in (operation as any).responses, `${operation.operationId}: unknown arguments are refused`)
  t.same(body.paths['/livez'].get.security, [])
  t.same(body.paths['/routes'].get.security, [{ token: [] }])
})

t.test('the dashboard is served as its files are, and nothing beside them', async t => {
  const folder = t.testdir({ 'index.html': '<!doctype html>', 'app.js': 'run()', 'secret.txt': 'no', sub: { 'a.js': '' } })
  const endpoints = dashboardEndpoints(pathToFileURL(`${folder}/`))
  const get = async (target: string, headers: Record<string, string> = {}) => {
    const found = createFinder(endpoints)(target).get('GET')
    if (found === undefined) return { status: 404, headers: {}, page: undefined }
    try {
      return await found.endpoint.run({ source: null as never, params: found.params, query: new URLSearchParams(), body: undefined, headers, spread: createSpread() })
    } catch (error) {
      return { status: (error as Refused).status, headers: {}, page: undefined }
    }
  }
  const index = await get('/dashboard/')
  t.match(index, { status: 200, page: { type: 'text/html; charset=utf-8' }, headers: { 'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/ } })
  t.equal(String(index.page?.text), '<!doctype html>')
  t.match(await get('/dashboard/app.js'), { status: 200, page: { type: 'text/javascript; charset=utf-8' } })
  const { etag = '' } = index.headers as Record<string, string>
  t.match(await get('/dashboard/', { 'if-none-match': `"other", W/${etag}` }), { status: 304, page: { text: '' } })
  for (const target of ['/', '/dashboard']) t.match(await get(target), { status: 307, headers: { location: 'dashboard/' } })
  for (const name of ['secret.txt', 'sub', 'sub%2fa.js', '..%2fpackage.json', '%2e%2e%2f%2e%2e%2fpackage.json', 'none.js', 'app.js%00', '.js', 'APP.js', '%ff']) t.equal((await get(`/dashboard/${name}`)).status, 404, name)
})

t.test('a request that might come is explained by the configuration that runs', async t => {
  const { call } = await start(t, { write: false })
  t.match((await call('POST', '/explain', { url: '/pooled', consumer: 'alice', headers: [['x-key', 'k']] })).body, { outcome: { kind: String }, route: { name: 'pooled' } })
  t.equal((await call('POST', '/explain', { url: '/pooled', consumer: 'nobody' })).status, 400)
  t.equal((await call('POST', '/explain', { url: 7 })).status, 400)
})

t.test('explanations are made one at a time, with pauses in between; those that come too many are refused', async t => {
  let now = 0
  const pauses: number[] = []
  let wake = (): void => {}
  const turns = new Turns({
    now: () => now,
    async pause (milliseconds) {
      pauses.push(milliseconds)
      await new Promise<void>(resolve => { wake = resolve })
    }
  })
  const slow = (): number => { now += 50; return now }
  t.equal(await turns.take(slow), 50)
  t.same(pauses, [200])
  const ran: string[] = []
  const waiting = Array.from({ length: 8 }, async (_, index) => await turns.take(() => {
    ran.push(String(index))
    if (index === 0) throw new Error('no')
  }))
  t.match(await turns.take(slow).catch((error: unknown) => error), { status: 429, headers: { 'retry-after': '1' } })
  t.same(ran, [], 'it is not time yet')
  wake()
  t.match((await Promise.allSettled(waiting)).map(({ status }) => status), ['rejected', ...Array.from({ length: 7 }, () => 'fulfilled')])
  t.same(ran, ['0', '1', '2', '3', '4', '5', '6', '7'])
  t.same(pauses, [200], 'short ones need no pause')
  t.equal(await turns.take(() => 7), 7)
})

t.test('counters in Redis are looked at and set back; while it is down nobody pretends', async t => {
  const redis = await startRedis(t)
  const up = await upstream(t, (_request, response) => { response.end('ok') })
  const options = (name: string, rest: string) => `  - { name: ${name}, instance_name: ${name}, config: { ${rest}, policy: redis, on_store_error: local, redis: { host: 127.0.0.1, port: ${redis.port}, timeout: 2000 } } }\n`
  const { call, port } = await start(t, { yaml: gatewayYaml(up, { admin: { host: '127.0.0.1', port: 0, token: '{vault://env/admin-token}', write: true } }, `plugins:\n${options('rate-limiting', 'year: 100, limit_by: ip')}${options('response-ratelimiting', 'limits: { video: { hour: 10 } }, limit_by: ip')}`) })
  const look = async (entry: string) => await call('POST', '/limits/look-up', { entry, identifier: 'ip:127.0.0.1' })
  await until('Redis counts', async () => {
    await ask(port, '/a')
    // 503 for as long as there is no connection
    return (await look('rate-limiting')).body.windows?.[0].used > 0
  })
  await until('the other entry\'s counters answer', async () => (await look('response-ratelimiting')).status === 200)
  t.match((await look('response-ratelimiting')).body.windows, [{ name: 'video', period: 'hour', limit: 10, used: 0 }])
  t.match((await call('GET', '/limits')).body.data, [{ policy: 'redis', state: 'up' }, { windows: [{ name: 'video', period: 'hour', limit: 10 }] }])
  t.match(await call('POST', '/limits/reset', { entry: 'rate-limiting', identifier: 'ip:127.0.0.1' }), { status: 200, body: { reset: 1 } })
  t.equal((await look('rate-limiting')).body.windows[0].used, 0)
  await redis.stop()
  await until('Redis is missed', async () => (await call('POST', '/limits/reset', { entry: 'rate-limiting', identifier: 'ip:127.0.0.1' })).status === 503)
})

t.test('no form of a secret in the file is shown', async t => {
  const up = await upstream(t, (_request, response) => { response.end('ok') })
  const yaml = gatewayYaml(up, { admin: { host: '127.0.0.1', port: 0, token: TOKEN } }, `_ignore: [&key literal-of-bob]
consumers:
  - { username: bob, keyauth_credentials: [{ key: *key }], hmacauth_credentials: [{ username: bob, secret: 'literal-of-hmac' }] }
  - username: carol
    jwt_secrets:
      - key: carol
        secret: >-
          literal-of-jwt-first
          literal-of-jwt-second
plugins:
  - { name: key-auth }
  # literal-of-hmac was here before
  - { name: request-transformer, config: { add: { headers: ["Authorization: Bearer literal-of-header"] } } }
`)
  const { call } = await start(t, { yaml })
  for (const target of ['/config/source', '/config', '/plugins', '/consumers', '/status', '/snapshots']) {
    t.notMatch(JSON.stringify((await call('GET', target)).body), /literal-of/, target)
  }
  t.match((await call('GET', '/config/source')).body.text, /bob, keyauth_credentials/)
})

t.test('of tiers the limits are shown that whoever is looked up has, and a reset empties their windows', async t => {
  const up = await upstream(t, (_request, response) => { response.end('ok') })
  const yaml = gatewayYaml(up, { admin: { host: '127.0.0.1', port: 0, token: '{vault://env/admin-token}', write: true } }, `consumer_groups: [{ name: free }, { name: pro }]
consumers:
  - { username: alice, groups: [pro], keyauth_credentials: [{ key: "{vault://env/alice-key}" }] }
  - { username: bob, keyauth_credentials: [{ key: "key-of-bob-0123456789" }] }
plugins:
  - { name: key-auth, config: { key_names: [x-key] } }
  - { name: rate-limiting, instance_name: consumer, config: { minute: 5, limit_by: consumer, tiers: { pro: { hour: 30 }, free: { second: 10, minute: 20 } } } }
`)
  const { call, port } = await start(t, { yaml })
  const { body: { data } } = await call('GET', '/consumers')
  const id = (name: string): string => data.find(({ username }: { username: string }) => username === name).id
  const look = async (identifier: string): Promise<unknown> => (await call('POST', '/limits/look-up', { entry: 'consumer', identifier })).body.windows.map(({ period, limit, used }: Record<string, unknown>) => [period, limit, used].join(' '))
  for (const key of [KEY, KEY, 'key-of-bob-0123456789']) t.equal((await ask(port, '/a', { headers: { 'x-key': key } })).status, 200)
  t.same(await look(`consumer:${id('alice')}`), ['hour 30 2'])
  t.same(await look(`consumer:${id('bob')}`), ['minute 5 1'])
  t.same(await look('group:free'), ['second 10 0', 'minute 20 0'])
  t.same(await look('group:none'), ['minute 5 0'])
  t.match((await call('POST', '/limits/reset', { entry: 'consumer', identifier: `consumer:${id('alice')}` })).body, { reset: 1 })
  t.same(await look(`consumer:${id('alice')}`), ['hour 30 0'])
})
