/** Requests to upstreams with several targets, on real sockets. */
import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import type { Config, GatewaySettings, Service, Upstream, UpstreamTarget } from '../../src/config/model.ts'
import { cutFacts } from '../../src/gateway/cut-facts.ts'
import type { ProcessFacts } from '../../src/gateway/engine.ts'
import { createLineWriter } from '../../src/observability/access-line.ts'
import { createRedactor } from '../../src/observability/redaction.ts'
import type { AnswerWatcher } from '../../src/plugin.ts'
import { HeaderList } from '../../src/proxy/fields/header-list.ts'
import { config, entry, route, service, settings } from '../helpers/config.ts'
import { dnsServer } from '../helpers/dns-server.ts'
import { startGateway } from '../helpers/gateway.ts'
import { upstream } from '../helpers/balancing.ts'
import { healthchecks } from '../helpers/healthchecks.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { ask, startProcess, until } from '../helpers/running.ts'

interface Backend { readonly port: number, readonly requests: IncomingMessage[], readonly sockets: Set<Socket>, die (): void }

async function backend (t: Test, host = '127.0.0.1', port = 0): Promise<Backend> {
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    requests.push(request)
    response.end(`${host} ${(server.address() as AddressInfo | null)?.port ?? ''}`)
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  const die = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(die)
  return { port: (server.address() as AddressInfo).port, requests, sockets, die }
}

function target (text: string, more: Partial<UpstreamTarget> = {}): UpstreamTarget {
  return { id: text, tags: [], pointer: '', upstream: 'upstream-1', target: text, weight: 100, failover: false, ...more }
}

function balanced (targets: readonly UpstreamTarget[], more: { upstream?: Partial<Upstream>, service?: Partial<Service>, gateway?: Partial<GatewaySettings>, preserve?: boolean } = {}): Config {
  return config({
    gateway: settings(more.gateway),
    services: [service({ port: 1, host: 'users', ...more.service })],
    routes: [route({ preserve_host: more.preserve ?? false })],
    upstreams: [upstream(more.upstream)],
    targets: [...targets]
  })
}

t.test('requests are spread by the weights, and each target hears its own name', async t => {
  const backends = [await backend(t), await backend(t), await backend(t)]
  const weights = [2, 1, 0]
  const { port } = await startGateway(t, balanced(backends.map((one, index) => target(`127.0.0.1:${one.port}`, { weight: weights[index] as number }))))
  for (let nth = 0; nth < 30; nth++) t.equal((await ask(port, '/')).status, 200)
  t.strictSame(backends.map(({ requests }) => requests.length), [20, 10, 0])
  for (const { requests, port } of backends) t.ok(requests.every(({ headers }) => headers.host === `127.0.0.1:${port}`))
})

t.test('host_header, the preserved Host and the service\'s path', async t => {
  const one = await backend(t)
  const targets = [target(`127.0.0.1:${one.port}`)]
  const fixed = await startGateway(t, balanced(targets, { upstream: { host_header: 'api.example.com' }, service: { path: '/v1' } }))
  await ask(fixed.port, '/a')
  const kept = await startGateway(t, balanced(targets, { preserve: true }))
  await ask(kept.port, '/', { headers: { host: 'shop.test' } })
  // the client's, even where it looks like ours
  await ask(kept.port, '/', { headers: { host: 'users:1' } })
  t.strictSame(one.requests.map(({ headers, url }) => [headers.host, url]), [['api.example.com', '/v1/a'], ['shop.test', '/'], ['users:1', '/']])
})

t.test('one of three dies under load: its requests go to another one, and each has its name', async t => {
  const backends = [await backend(t), await backend(t), await backend(t)] as const
  const { port } = await startGateway(t, balanced(backends.map(one => target(`127.0.0.1:${one.port}`))))
  const statuses: number[] = []
  const clients = Array.from({ length: 8 }, async () => {
    for (let nth = 0; nth < 40; nth++) {
      if (nth === 10) backends[1].die()
      statuses.push((await ask(port, `/${nth}`)).status)
    }
  })
  await Promise.all(clients)
  t.equal(statuses.length, 320)
  t.strictSame(statuses.filter(status => status !== 200), [])
  for (const { requests, port } of backends) t.ok(requests.every(({ headers }) => headers.host === `127.0.0.1:${port}`))
})

t.test('no target, or none that can be used: 503 without a name', async t => {
  for (const targets of [[], [target('127.0.0.1:9', { weight: 0 })]]) {
    const { port } = await startGateway(t, balanced(targets))
    const { status, text } = await ask(port, '/')
    t.equal(status, 503)
    t.match(JSON.parse(text), { message: 'failure to get a peer from the ring-balancer' })
  }
})

t.test('the only target, whose failure takes it out, leaves a retry nobody to ask: 503', async t => {
  const gone = await backend(t)
  gone.die()
  const { port } = await startGateway(t, balanced([target(`127.0.0.1:${gone.port}`)], { upstream: { healthchecks: healthchecks({ max_ejection_percent: 100, passive: { unhealthy: { tcp_failures: 1 } } }) } }))
  t.equal((await ask(port, '/')).status, 503)
})

t.test('an answer that stands for the upstream\'s keeps the client with who was asked; a request beside it has the client\'s Host where it is preserved', async t => {
  const one = await backend(t)
  const unheard: AnswerWatcher = { head: () => null, data () {}, satisfied: true, end () {}, failed: () => null, closed () {} }
  const instead = testPlugin(scope => {
    scope.addHook('preHandler', async request => {
      request.gateway.sendBeside(new HeaderList(['X-Beside', '1']), unheard)
      request.gateway.watch({ ...unheard, head: () => ({ status: 299, fields: [], body: Buffer.from('instead') }) })
    })
  })
  for (const preserve of [true, false]) {
    one.requests.length = 0
    const configured = balanced([target(`127.0.0.1:${one.port}`)], { upstream: { algorithm: 'sticky-sessions', sticky_sessions_cookie: 'at' }, preserve })
    const { port } = await startGateway(t, { ...configured, plugins: [entry({ name: 'test' })] }, [instead])
    const answer = await ask(port, '/', { headers: { host: 'client.test' } })
    t.match([answer.status, answer.text, answer.headers['set-cookie']], [299, 'instead', [/^at=/]])
    await until('both were asked', () => one.requests.length === 2)
    for (const { headers } of one.requests) t.equal(headers.host, preserve ? 'client.test' : `127.0.0.1:${one.port}`, `preserve ${preserve}, beside: ${headers['x-beside'] ?? 'no'}`)
  }
})

t.test('failover targets are used when the others refuse', async t => {
  const [main, spare] = [await backend(t), await backend(t)]
  const { port } = await startGateway(t, balanced([target(`127.0.0.1:${main.port}`), target(`127.0.0.1:${spare.port}`, { failover: true })]))
  await ask(port, '/')
  t.strictSame([main.requests.length, spare.requests.length], [1, 0])
  main.die()
  t.equal((await ask(port, '/')).status, 200)
  t.equal(spare.requests.length, 1)
})

t.test('a cookie brings the client back; one of the upstream\'s own passes beside it', async t => {
  const server = createServer((_, response) => { response.setHeader('set-cookie', 'own=1').end('ok') })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close(); server.closeAllConnections() })
  const cookies = await backend(t)
  const { port } = await startGateway(t, balanced([target(`127.0.0.1:${(server.address() as AddressInfo).port}`)], { upstream: { algorithm: 'sticky-sessions', sticky_sessions_cookie: 'at' } }))
  t.match((await ask(port, '/')).headers['set-cookie'], ['own=1', /^at=[\w-]{16}; Path=\/; SameSite=Lax; HttpOnly$/])

  const others = [cookies, await backend(t), await backend(t)]
  const hashed = await startGateway(t, balanced(others.map(one => target(`127.0.0.1:${one.port}`)), { upstream: { algorithm: 'consistent-hashing', hash_on: 'cookie', hash_on_cookie: 'sid' } }))
  const first = await ask(hashed.port, '/')
  const [cookie = ''] = first.headers['set-cookie'] ?? []
  t.match(cookie, /^sid=[0-9a-f-]{36}; Path=\/; SameSite=Lax; HttpOnly$/)
  for (let nth = 0; nth < 10; nth++) {
    const next = await ask(hashed.port, '/', { headers: { cookie: cookie.split(';', 1)[0] as string } })
    t.equal(next.text, first.text)
    t.equal(next.headers['set-cookie'], undefined)
  }
})

t.test('a sticky client stays with who has answered it, also where another one was picked for a retry that no budget paid for', async t => {
  const servers = await Promise.all([0, 1].map(async own => {
    const server = createServer((_request, response) => { response.writeHead(503, { 'content-length': 1 }).end(String(own)) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => { server.close(); server.closeAllConnections() })
    return target(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  }))
  const { port } = await startGateway(t, balanced(servers, {
    upstream: { algorithm: 'sticky-sessions', sticky_sessions_cookie: 'at' },
    service: { retry: { ...DEFAULT_RETRY, retry_on: [503], budget_percent: 0, budget_minimum: 0 } }
  }))
  const first = await ask(port, '/')
  const [cookie = ''] = first.headers['set-cookie'] ?? []
  for (let nth = 0; nth < 3; nth++) {
    const next = await ask(port, '/', { headers: { cookie: cookie.split(';', 1)[0] as string } })
    t.match(next, { status: 503, text: first.text })
    t.equal(next.headers['set-cookie'], undefined)
  }
})

t.test('the address that a target\'s name from a reference leads to is in no line', async t => {
  const dns = await dnsServer(t)
  // for documentation (RFC 5737): nobody answers there
  dns.set('hidden.test', { type: 'A', address: '192.0.2.77', ttl: 60 })
  const redactor = createRedactor([], [], ['hidden.test'])
  const write = createLineWriter(redactor)
  const lines: string[] = []
  const { port, server } = await startGateway(t, balanced([target('hidden.test:81')], { service: { connect_timeout: 50, retries: 1 }, gateway: { dns: { servers: [dns.address], timeout: 500 } } }), [], {
    redactor: () => redactor,
    accessLog: () => context => { lines.push(write(context)) }
  })
  t.match((await ask(port, '/')).status, /^50[24]$/)
  await until('the line is written', () => lines.length > 0)
  const [line = ''] = lines
  t.equal((JSON.parse(line) as { tries: object[] }).tries.length, 2)
  t.match(line, /"ip":"REDACTED","port":81/)
  t.notMatch(line, /192\.0\.2\.77|hidden\.test/)
  const facts = JSON.stringify(cutFacts({ ...server.facts(), circuit_breakers: [] } as unknown as ProcessFacts, createRedactor([], [], ['hidden.test'])))
  t.match(facts, /"pools":\[\{"target":"http:\/\/REDACTED:81"/, 'nor in /status, whose process may never have resolved it')
  t.notMatch(facts, /192\.0\.2\.77|hidden\.test/)
  t.equal(redactor.text('connect ECONNREFUSED 192.0.2.77:81'), 'connect ECONNREFUSED REDACTED:81')
})

t.test('names: all their addresses; what is new is used, what is gone is closed, and a dead name server changes nothing', async t => {
  const dns = await dnsServer(t)
  const first = await backend(t, '127.0.0.2')
  const second = await backend(t, '127.0.0.3', first.port)
  dns.set('users.test', { type: 'A', address: '127.0.0.2', ttl: 1 })
  const { port } = await startGateway(t, balanced([target(`users.test:${first.port}`)], { gateway: { dns: { servers: [dns.address], timeout: 500 } } }))
  t.equal((await ask(port, '/')).text, `127.0.0.2 ${first.port}`)
  t.equal(first.requests[0]?.headers.host, `users.test:${first.port}`, 'the name, not the address')
  dns.set('users.test', { type: 'A', address: '127.0.0.2', ttl: 1 }, { type: 'A', address: '127.0.0.3', ttl: 1 })
  await until('the new address is used', async () => (await ask(port, '/')).text.startsWith('127.0.0.3'))
  dns.set('users.test', { type: 'A', address: '127.0.0.3', ttl: 1 })
  await until('the old address is closed', () => first.sockets.size === 0)
  const before = first.requests.length
  for (let nth = 0; nth < 4; nth++) t.match((await ask(port, '/')).text, /^127\.0\.0\.3 /)
  t.equal(first.requests.length, before)
  dns.mode = 'silent'
  const asked = dns.queries.length
  await until('it was asked again', () => dns.queries.length > asked + 2)
  t.equal((await ask(port, '/')).status, 200)
  dns.mode = 'answers'
  dns.set('users.test')
  await until('the name is gone', async () => (await ask(port, '/')).status === 503)
  t.match(JSON.parse((await ask(port, '/')).text), { message: 'name resolution failed' })
  t.equal(second.requests.length > 0, true)
})

t.test('SRV: ports and weights come from the records; use_srv_name says which Host', async t => {
  const dns = await dnsServer(t)
  const backends = [await backend(t, '127.0.0.2'), await backend(t, '127.0.0.3')] as const
  dns.set('_users._tcp.test',
    { type: 'SRV', name: 'one.test', port: backends[0].port, weight: 3 }, { type: 'SRV', name: 'two.test', port: backends[1].port, weight: 1 })
  dns.set('one.test', { type: 'A', address: '127.0.0.2' })
  dns.set('two.test', { type: 'A', address: '127.0.0.3' })
  for (const [useName, hosts] of [[true, ['one.test', 'two.test']], [false, ['_users._tcp.test', '_users._tcp.test']]] as const) {
    for (const { requests } of backends) requests.length = 0
    const { port } = await startGateway(t, balanced([target('_users._tcp.test:8000')], { upstream: { use_srv_name: useName }, gateway: { dns: { servers: [dns.address], timeout: 500 } } }))
    for (let nth = 0; nth < 8; nth++) await ask(port, '/')
    t.strictSame(backends.map(({ requests }) => requests.length), [6, 2])
    t.strictSame(backends.map(({ requests, port }) => requests.every(({ headers }) => headers.host === `${hosts[backends.findIndex(one => one.port === port)] as string}:${port}`)), [true, true])
  }
})

t.test('a reload keeps the connections of targets that stay, and lets go of those that went', async t => {
  const backends = [await backend(t), await backend(t)] as const
  const [stays, goes] = backends.map(one => target(`127.0.0.1:${one.port}`)) as [UpstreamTarget, UpstreamTarget]
  const { server, port } = await startGateway(t, balanced([stays, goes]))
  for (let nth = 0; nth < 4; nth++) await ask(port, '/')
  const kept = [...backends[0].sockets]
  t.equal(kept.length, 1)
  ;(await server.prepare(balanced([stays]), new Map())).commit()
  await until('the other one is closed', () => backends[1].sockets.size === 0)
  for (let nth = 0; nth < 4; nth++) await ask(port, '/')
  t.equal(backends[0].sockets.size, 1)
  t.ok(backends[0].sockets.has(kept[0] as Socket), 'the same connection')
})

t.test('services that share an upstream share its turn', async t => {
  const backends = [await backend(t), await backend(t)] as const
  const file = balanced(backends.map(one => target(`127.0.0.1:${one.port}`)))
  const { port } = await startGateway(t, {
    ...file,
    services: [...file.services, service({ id: 'service-2', port: 1, host: 'users', path: '/two', connect_timeout: 1000 })],
    routes: [...file.routes, route({ id: 'route-2', service: 'service-2', paths: ['/other'] })]
  })
  for (let nth = 0; nth < 3; nth++) {
    await ask(port, '/')
    await ask(port, '/other')
  }
  t.strictSame(backends.map(({ requests }) => requests.length), [3, 3])
})

t.test('IPv6: of a service in brackets, of a target with and without', async t => {
  const six = await backend(t, '::1')
  const four = await backend(t)
  const single = await startGateway(t, config({ services: [service({ host: '[::1]', port: six.port })], routes: [route()] }))
  t.equal((await ask(single.port, '/')).status, 200)
  t.equal(six.requests[0]?.headers.host, `[::1]:${six.port}`)
  const { port } = await startGateway(t, balanced([target(`[::1]:${six.port}`), target(`127.0.0.1:${four.port}`)]))
  for (let nth = 0; nth < 4; nth++) t.equal((await ask(port, '/')).status, 200)
  t.strictSame([six.requests.length, four.requests.length], [3, 2])
  t.equal(six.requests[2]?.headers.host, `[::1]:${six.port}`)
})

t.test('the access log tells which targets a request was sent to', async t => {
  const [dead, alive] = [await backend(t), await backend(t)]
  dead.die()
  const running = await startProcess(t, `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: { host: 127.0.0.1, port: 0 } }
services: [{ name: users, host: users, routes: [{ name: users, paths: [/users] }] }]
upstreams: [{ name: users, targets: [{ target: "127.0.0.1:${dead.port}" }, { target: "localhost:${alive.port}", failover: true }] }]
`)
  t.equal((await ask(running.port, '/users')).status, 200)
  await until('there is a line', () => running.access().length === 1)
  t.match(running.access()[0], { tries: [{ ip: '127.0.0.1', port: dead.port, state: 'failed', reason: 'ECONNREFUSED' }, { ip: '127.0.0.1', port: alive.port }], upstream_status: '200' })
})

t.test('latency: a target that refuses is no fast one', async t => {
  const [dead, alive] = [await backend(t), await backend(t)]
  dead.die()
  const { port } = await startGateway(t, balanced([target(`127.0.0.1:${dead.port}`), target(`127.0.0.1:${alive.port}`)], { upstream: { algorithm: 'latency' }, service: { retries: 0 } }))
  const statuses: number[] = []
  for (let nth = 0; nth < 20; nth++) statuses.push((await ask(port, '/')).status)
  t.ok(statuses.filter(status => status === 502).length <= 1, statuses.join())
})

t.test('a stored answer has nobody\'s cookie', async t => {
  const server = createServer(({ url, headers }, response) => {
    const stale = url === '/stale'
    response.setHeader('cache-control', stale ? 'max-age=0' : 'max-age=60').setHeader('content-type', 'text/plain').setHeader('etag', '"e"')
    if (stale && headers['if-none-match'] === '"e"') response.writeHead(304)
    response.end('stored')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close(); server.closeAllConnections() })
  const { port } = await startProcess(t, `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: { host: 127.0.0.1, port: 0 } }
services: [{ name: users, host: users, routes: [{ name: users, paths: [/users] }] }]
upstreams: [{ name: users, algorithm: sticky-sessions, sticky_sessions_cookie: at, targets: [{ target: "127.0.0.1:${(server.address() as AddressInfo).port}" }] }]
plugins: [{ name: proxy-cache }]
`)
  const first = await ask(port, '/users')
  t.match(first.headers, { 'x-cache-status': 'Miss', 'set-cookie': [/^at=/] })
  const second = await ask(port, '/users')
  t.match(second.headers, { 'x-cache-status': 'Hit' })
  t.equal(second.headers['set-cookie'], undefined)
  t.equal(second.text, 'stored')

  await ask(port, '/users/stale')
  const validated = await ask(port, '/users/stale')
  t.match(validated.headers, { 'x-cache-status': 'Refresh', 'set-cookie': [/^at=/] }, 'who has it validated is answered by a target, and comes back to it')
})
