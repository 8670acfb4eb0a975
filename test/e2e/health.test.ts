/** Targets that die, hang and come back, on real sockets. */
import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { Config, Service, UpstreamTarget } from '../../src/config/model.ts'
import type { GatewayServer } from '../../src/gateway/gateway-server.ts'
import { upstream } from '../helpers/balancing.ts'
import { config, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { healthchecks } from '../helpers/healthchecks.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'
import { ask, until } from '../helpers/running.ts'

const LONG = 3600

interface Backend {
  readonly port: number
  asked: number
  /** Paths, in order. */
  readonly paths: string[]
  answer: RequestListener
  die (): Promise<void>
  rise (): Promise<void>
}

async function backend (t: Test): Promise<Backend> {
  const sockets = new Set<Socket>()
  const make = () => createServer((request, response) => {
    self.asked++
    self.paths.push(request.url as string)
    self.answer(request, response)
  }).on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  let server = make()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const self: Backend = {
    port,
    asked: 0,
    paths: [],
    answer: (_request, response) => { response.end() },
    async die () {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    async rise () {
      server = make()
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    }
  }
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return self
}

function file (backends: ReadonlyArray<Pick<Backend, 'port'>>, checks: object, more: Partial<Service> = {}, slowStart = 0): Config {
  return config({
    services: [service({ port: 1, host: 'users', retries: 0, ...more })],
    routes: [route()],
    upstreams: [upstream({ healthchecks: healthchecks(checks), slow_start: slowStart })],
    targets: backends.map(({ port }): UpstreamTarget => ({ id: String(port), tags: [], pointer: '', upstream: 'upstream-1', target: `127.0.0.1:${port}`, weight: 100, failover: false }))
  })
}

function unhealthy (server: GatewayServer): number[] {
  return server.facts().upstreams.flatMap(({ targets }) => targets.filter(({ health }) => health === 'unhealthy').map(({ port }) => port))
}

t.test('a target that dies under load is taken out, comes back, and is used again', async t => {
  const backends = [await backend(t), await backend(t), await backend(t)] as const
  const [dying] = backends
  const { server, port } = await startGateway(t, file(backends, { passive: { unhealthy: { tcp_failures: 3 }, recovery_interval: 0.2, max_recovery_interval: 0.2 } }))
  const load = { on: true }
  let failed = 0
  let served = 0
  const clients = Promise.all(Array.from({ length: 4 }, async () => {
    while (load.on) {
      if ((await ask(port, '/')).status === 200) served++
      else failed++
    }
  }))
  await until('all are used', () => backends.every(({ asked }) => asked > 5))
  await dying.die()
  await until('it is out', () => unhealthy(server).includes(dying.port))
  const before = { failed, served, at: performance.now() }
  await until('a good many requests are served without it', () => served > before.served + 200)
  // those that were under way, and one on trial in each interval, whatever the load is
  const most = 10 + (performance.now() - before.at) / 200
  t.ok(failed - before.failed <= most, `${failed - before.failed} of ${served - before.served}`)
  t.same(unhealthy(server), [dying.port])
  await dying.rise()
  const { asked } = dying
  await until('it is back', () => unhealthy(server).length === 0)
  await until('it is used again', () => dying.asked > asked + 20)
  load.on = false
  await clients
})

t.test('bad statuses take a target out, and a good one on trial brings it back', async t => {
  const backends = [await backend(t), await backend(t)] as const
  const [bad, good] = backends
  bad.answer = (_request, response) => { response.writeHead(503).end() }
  const { server, port } = await startGateway(t, file(backends, { passive: { unhealthy: { http_failures: 2 }, recovery_interval: 0.05 } }))
  await until('it is out', async () => {
    await ask(port, '/')
    return unhealthy(server).includes(bad.port)
  })
  bad.answer = good.answer
  await until('it is back', async () => {
    t.equal((await ask(port, '/')).status, 200)
    return unhealthy(server).length === 0
  })
})

t.test('when all fail, half of them stay; an only one always does', async t => {
  const backends = [await backend(t), await backend(t)] as const
  for (const one of backends) one.answer = (_request, response) => { response.writeHead(500).end() }
  const checks = { passive: { unhealthy: { http_failures: 1 }, recovery_interval: LONG } }
  const two = await startGateway(t, file(backends, checks))
  for (let count = 0; count < 6; count++) t.equal((await ask(two.port, '/')).status, 500)
  t.equal(unhealthy(two.server).length, 1)
  const one = await startGateway(t, file(backends.slice(0, 1), checks))
  for (let count = 0; count < 6; count++) t.equal((await ask(one.port, '/')).status, 500)
  const all = await startGateway(t, file(backends, { ...checks, max_ejection_percent: 100 }))
  const statuses = []
  for (let count = 0; count < 3; count++) statuses.push((await ask(all.port, '/')).status)
  t.same(statuses, [500, 500, 503])
  const refused = await ask(all.port, '/')
  t.match(JSON.parse(refused.text), { message: 'failure to get a peer from the ring-balancer' })
  t.ok(Number(refused.headers['retry-after']) > 3000)
})

t.test('a reload keeps who is out, under load', async t => {
  const backends = [await backend(t), await backend(t), await backend(t)] as const
  const [bad] = backends
  bad.answer = (_request, response) => { response.writeHead(500).end() }
  const checks = { passive: { unhealthy: { http_failures: 1 }, recovery_interval: LONG } }
  const { server, port } = await startGateway(t, file(backends, checks))
  await until('it is out', async () => {
    await ask(port, '/')
    return unhealthy(server).length === 1
  })
  const { asked } = bad
  for (let round = 0; round < 3; round++) {
    const next = await server.prepare(file(backends, { ...checks, threshold: round }), new Map())
    next.commit()
    for (let count = 0; count < 6; count++) t.equal((await ask(port, '/')).status, 200)
  }
  t.equal(bad.asked, asked)
  const without = await server.prepare(file(backends, {}), new Map())
  without.commit()
  await until('it is asked again', async () => (await ask(port, '/')).status === 500)
  t.equal(server.facts().upstreams[0]?.targets[0]?.health, 'unchecked')
})

t.test('active checks find what hangs, refuses and answers badly, without a request of a client', async t => {
  const good = await backend(t)
  const bad = await backend(t)
  const dead = await backend(t)
  await dead.die()
  const hanging = await rawUpstream(t, () => null)
  bad.answer = (_request, response) => { response.writeHead(500).end() }
  const active = {
    http_path: '/healthz',
    timeout: 0.2,
    healthy: { interval: 0.02, successes: 1 },
    unhealthy: { interval: 0.02, http_failures: 1, tcp_failures: 1, timeouts: 1 }
  }
  const { server, port } = await startGateway(t, file([good, bad, dead, hanging], { active }))
  await until('three are out', () => unhealthy(server).length === 3)
  for (let count = 0; count < 8; count++) t.equal((await ask(port, '/')).status, 200)
  t.equal(bad.paths.includes('/'), false)
  bad.answer = good.answer
  await dead.rise()
  await until('two are back', () => unhealthy(server).length === 1)
  await until('both are used', async () => {
    await ask(port, '/')
    return bad.paths.includes('/') && dead.paths.includes('/')
  })
  const none = await server.prepare(config({ services: [service({ port: good.port })], routes: [route()] }), new Map())
  none.commit()
  await until('nobody knows of the upstream any more', () => server.facts().upstreams.length === 0)
  const { asked } = good
  await new Promise(resolve => setTimeout(resolve, 100))
  t.equal(good.asked, asked, 'nothing is checked any more')
})

t.test('tcp checks ask nothing', async t => {
  const up = await rawUpstream(t, () => null)
  const down = await backend(t)
  await down.die()
  const active = { type: 'tcp', healthy: { interval: 0.02, successes: 1 }, unhealthy: { interval: 0.02, tcp_failures: 1 } }
  const { server } = await startGateway(t, file([up, down], { active }))
  await until('it is out', () => unhealthy(server).includes(down.port))
  await until('it is checked', () => up.connections.length > 2)
  t.equal(up.requests.length, 0)
  await down.rise()
  await until('it is back', () => unhealthy(server).length === 0)
})

t.test('closed, the gateway leaves no check and no timer behind', async t => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const hanging = await rawUpstream(t, () => null)
  const before = timers()
  const started = await startGateway(t, file([hanging], { active: { timeout: 100, healthy: { interval: 0.01 }, unhealthy: { interval: 0.01, timeouts: 1 } } }))
  await until('a check runs', () => hanging.connections.length === 1)
  const { server } = started
  await server.drain()
  await server.close()
  await hanging.until(() => hanging.connections[0]?.closed === true)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.equal(hanging.connections.length, 1)
  t.ok(timers() <= before)
})

t.test('a client that leaves a target on trial gives its place back', async t => {
  const backends = [await backend(t), await backend(t)] as const
  const [bad, good] = backends
  bad.answer = (_request, response) => { response.writeHead(500).end() }
  const { server, port } = await startGateway(t, file(backends, { passive: { unhealthy: { http_failures: 1 }, recovery_interval: 0.01, max_recovery_interval: 0.01 } }))
  await until('it is out', async () => {
    await ask(port, '/')
    return unhealthy(server).includes(bad.port)
  })
  bad.answer = () => {}
  const { asked } = bad
  await until('one is on trial', async () => {
    const client = await rawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('it was answered, or is on trial', () => client.bytes.length > 0 || bad.asked > asked)
    if (bad.asked === asked) return false
    client.socket.destroy()
    await until('the gateway has noticed', () => server.facts().requests === 0)
    return true
  })
  t.same(unhealthy(server), [bad.port])
  bad.answer = good.answer
  await until('it is back', async () => {
    t.equal((await ask(port, '/')).status, 200)
    return unhealthy(server).length === 0
  })
})

t.test('a breaker for each target: one that fails is passed over, the others serve', async t => {
  const backends = [await backend(t), await backend(t), await backend(t)] as const
  const [bad] = backends
  bad.answer = (_request, response) => { response.writeHead(500).end() }
  const breaker = { per: 'target' as const, failure_threshold: 2, window: 10_000, minimum_calls: 20, reset_timeout: 1_500, success_threshold: 1, half_open_calls: 1, failure_on: ['5xx' as const], error_code: 503, error_message: 'no' }
  const { server, port } = await startGateway(t, file(backends, {}, { circuit_breaker: breaker }))
  const statuses = []
  for (let count = 0; count < 15; count++) statuses.push((await ask(port, '/')).status)
  t.equal(bad.asked, 2)
  t.equal(statuses.filter(status => status === 200).length, 13)
  t.match(server.facts().breakers.find(({ target }) => target?.endsWith(`:${bad.port}`)), { state: 'open' })
  bad.answer = backends[1].answer
  await until('it serves again', async () => {
    await ask(port, '/')
    return bad.asked > 3
  })
})
