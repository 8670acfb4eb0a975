import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import plugin from '../../plugins/circuit-breaker/index.ts'
import type { CircuitBreakerOptions } from '../../src/config/entities/circuit-breaker.ts'
import { config as fileOf, entry, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { completeConfig, findings } from '../helpers/plugin-config.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'
import { recordingLog } from '../helpers/recording-log.ts'
import { ask, until, upstream } from '../helpers/running.ts'

/** Long enough that no test outlives it. */
const LONG = 3_600_000

/** The forms of the file: the field of the service, and the plugin. */
const forms = {
  field: (options: object, port: number) => fileOf({
    services: [service({ port, retries: 0, circuit_breaker: completeConfig(plugin, options) as CircuitBreakerOptions })],
    routes: [route()]
  }),
  plugin: (options: object, port: number) => fileOf({
    services: [service({ port, retries: 0 })],
    routes: [route()],
    plugins: [entry({ name: plugin.name, service: 'service-1', config: completeConfig(plugin, options) })]
  })
}

/** A gateway before a service that answers as it is told. */
async function behind (t: Test, options: object, form: keyof typeof forms = 'field') {
  const state = { status: 200, asked: 0, handle: null as ((request: IncomingMessage, response: ServerResponse) => void) | null }
  const port = await upstream(t, (request, response) => {
    state.asked++
    if (state.handle !== null) {
      state.handle(request, response)
      return
    }
    response.statusCode = state.status
    response.end('up')
  })
  const { log, lines } = recordingLog()
  const gateway = await startGateway(t, forms[form](options, port), [plugin], { log })
  const get = async () => await ask(gateway.port, '/')
  return {
    ...gateway,
    state,
    lines,
    get,
    file: (edited: object) => forms[form](edited, port),
    breaker: () => gateway.server.facts().breakers[0],
    fail: async (times: number) => {
      state.status = 500
      for (let count = 0; count < times; count++) t.equal((await get()).status, 500)
      state.status = 200
    }
  }
}

for (const form of ['field', 'plugin'] as const) {
  t.test(`${form}: it opens, answers at once, and heals`, async t => {
    const { state, lines, get, fail, breaker } = await behind(t, { failure_threshold: 3, reset_timeout: 1_000, success_threshold: 2 }, form)
    await fail(3)
    const refused = await get()
    t.equal(refused.status, 503)
    t.equal(refused.headers['retry-after'], '1')
    t.match(JSON.parse(refused.text), { message: 'The service is temporarily unavailable', request_id: /^[0-9a-f]{32}$/ })
    t.equal(state.asked, 3)
    t.match(breaker(), { service: 'service', route: null, target: null, state: 'open' })
    await until('it lets calls through again', async () => (await get()).status === 200)
    t.equal((await get()).status, 200)
    t.equal(breaker()?.state, 'closed')
    t.match(lines.map(({ level, msg, reason, service, to }) => ({ level, msg, reason, service, to })), [
      { level: 'warn', msg: 'a circuit breaker has opened', reason: 'failures in a row', service: 'service', to: 'open' },
      { level: 'info', msg: 'a circuit breaker lets calls through on trial', reason: 'pause is over' },
      { level: 'info', msg: 'a circuit breaker has closed', reason: 'trials succeeded' }
    ])
    t.equal(lines.length, 3)
  })

  t.test(`${form}: a reload keeps it open, and takes edited options over`, async t => {
    const { state, server, get, fail, file, breaker } = await behind(t, { failure_threshold: 2, reset_timeout: LONG }, form)
    await fail(2)
    const same = await server.prepare(file({ failure_threshold: 7, reset_timeout: LONG }), new Map([[plugin.name, plugin]]))
    same.commit()
    t.match(await get(), { status: 503, headers: { 'retry-after': /^3[56]\d\d$/ } })
    t.equal(state.asked, 2)
    const shorter = await server.prepare(file({ failure_threshold: 7, reset_timeout: 1, error_code: 502 }), new Map([[plugin.name, plugin]]))
    shorter.commit()
    await until('the shorter pause is over', async () => (await get()).status === 200)
    const none = await server.prepare(fileOf({ services: [service({ port: 1 })], routes: [route()] }), new Map())
    none.commit()
    await until('nothing of it is kept', () => breaker() === undefined)
  })
}

t.test('the form of the seeds runs', async t => {
  const { fail, get } = await behind(t, { failure_threshold: 5, reset_timeout: 30_000, success_threshold: 2 })
  await fail(5)
  t.match(await get(), { status: 503, headers: { 'retry-after': /^(30|2\d)$/ } })
})

t.test('the answer is what the file says', async t => {
  const { fail, get } = await behind(t, { failure_threshold: 1, reset_timeout: LONG, error_code: 530, body: '{"orders":[]}' })
  await fail(1)
  t.match(await get(), { status: 530, text: '{"orders":[]}', headers: { 'content-type': 'application/json; charset=utf-8', 'retry-after': /^3[56]\d\d$/ } })
  const page = await behind(t, { failure_threshold: 1, reset_timeout: LONG, body: '<p>Later</p>', content_type: 'text/html' })
  await page.fail(1)
  t.match(await page.get(), { status: 503, text: '<p>Later</p>', headers: { 'content-type': 'text/html' } })
  const words = await behind(t, { failure_threshold: 1, reset_timeout: LONG, error_message: 'Back soon' })
  await words.fail(1)
  t.match(JSON.parse((await words.get()).text), { message: 'Back soon' })
})

t.test('an upload is refused before its body is sent', async t => {
  const { port, fail, state } = await behind(t, { failure_threshold: 1, reset_timeout: LONG })
  await fail(1)
  for (const fields of ['Content-Length: 1000\r\n', 'Content-Length: 10000000\r\n', 'Transfer-Encoding: chunked\r\n', 'Content-Length: 5\r\nExpect: 100-continue\r\n']) {
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
    await client.until(({ text }) => text.startsWith('HTTP/1.1 503 '))
  }
  t.equal(state.asked, 1)
})

t.test('what counts as a failure is the file\'s to say', async t => {
  const { state, get, breaker } = await behind(t, { failure_threshold: 2, reset_timeout: LONG, failure_on: [429, '4xx', 503] })
  state.status = 500
  for (let count = 0; count < 4; count++) await get()
  t.equal(breaker()?.state, 'closed')
  state.status = 429
  await get()
  state.status = 404
  await get()
  t.equal(breaker()?.state, 'open')
})

t.test('connections that are refused, broken or too slow count', async t => {
  const options = { failure_threshold: 2, reset_timeout: LONG }
  const broken = await rawUpstream(t, (_request, socket) => {
    socket.destroy()
    return null
  })
  const silent = await rawUpstream(t, () => null)
  const garbage = await rawUpstream(t, 'nonsense\r\n\r\n')
  const cut = await rawUpstream(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => { socket.destroy() })
    return null
  })
  const cases: Array<[string, number, number]> = [['reset', broken.port, 502], ['timeout', silent.port, 504], ['invalid', garbage.port, 502], ['cut', cut.port, 502], ['refused', 1, 502]]
  for (const [name, port, status] of cases) {
    const services = [service({ port, retries: 0, read_timeout: name === 'timeout' ? 50 : 20_000, circuit_breaker: completeConfig(plugin, options) as CircuitBreakerOptions })]
    const gateway = await startGateway(t, fileOf({ services, routes: [route()] }))
    for (let count = 0; count < 2; count++) t.equal((await ask(gateway.port, '/')).status, status, name)
    t.equal((await ask(gateway.port, '/')).status, 503, name)
  }
})

t.test('attempts of one request count each: a service that is down is noticed at once', async t => {
  const services = [service({ port: 1, retries: 5, circuit_breaker: completeConfig(plugin, { failure_threshold: 3, reset_timeout: LONG }) as CircuitBreakerOptions })]
  const { port, server } = await startGateway(t, fileOf({ services, routes: [route()] }))
  t.equal((await ask(port, '/')).status, 503)
  t.equal(server.facts().breakers[0]?.state, 'open')
})

t.test('a client that leaves is nobody\'s failure, and holds no place of a trial', async t => {
  const { port, state, get, fail, breaker, server } = await behind(t, { failure_threshold: 1, reset_timeout: 1, success_threshold: 1, max_reset_timeout: LONG })
  const leave = async () => {
    const asked = state.asked
    const client = await rawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('the service was asked', () => state.asked > asked)
    client.socket.destroy()
    await until('the gateway has noticed', () => server.facts().requests === 0)
  }
  state.handle = () => {}
  await leave()
  await leave()
  t.equal(breaker()?.state, 'closed')
  state.handle = null
  await fail(1)
  state.handle = () => {}
  await until('a trial runs', async () => {
    if (breaker()?.state === 'half-open') return true
    const client = await rawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('it was answered or forwarded', () => client.bytes.length > 0 || breaker()?.state === 'half-open')
    if (breaker()?.state === 'half-open') {
      t.equal((await get()).status, 503, 'one trial at a time')
      client.socket.destroy()
      await until('the gateway has noticed', () => server.facts().requests === 0)
      return true
    }
    return false
  })
  state.handle = null
  t.equal((await get()).status, 200, 'the place is free')
  t.equal(breaker()?.state, 'closed')
})

t.test('an event stream on trial holds nobody up', async t => {
  const { port, state, get, fail, breaker } = await behind(t, { failure_threshold: 1, reset_timeout: 1, success_threshold: 2 })
  await fail(1)
  const streams: ServerResponse[] = []
  state.handle = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    streams.push(response)
  }
  const clients: Socket[] = []
  await until('two streams run', async () => {
    const client = await rawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    clients.push(client.socket)
    await until('it was answered', () => client.bytes.length > 0)
    return streams.length === 2
  })
  t.equal(breaker()?.state, 'closed', 'their heads were good')
  state.handle = null
  t.equal((await get()).status, 200)
  for (const socket of clients) socket.destroy()
})

t.test('refusals, also those with a body of their own, are no lines of the log', async t => {
  for (const body of [{}, { body: 'later', content_type: 'text/plain' }]) {
    const { get, fail, lines } = await behind(t, { failure_threshold: 1, reset_timeout: LONG, ...body })
    await fail(1)
    for (let count = 0; count < 3; count++) t.equal((await get()).status, 503)
    t.match(lines.map(({ msg }) => msg), ['a circuit breaker has opened'])
    t.equal(lines.length, 1)
  }
})

t.test('slow answers open it, good as they are', async t => {
  const { state, get, breaker, lines } = await behind(t, { failure_threshold: 0, slow_call_duration: 20, slow_ratio: 0.5, minimum_calls: 3, window: LONG, reset_timeout: LONG })
  state.handle = (_request, response) => { setTimeout(() => response.end('late'), 60) }
  t.equal((await get()).status, 200)
  t.equal((await get()).status, 200)
  t.equal(breaker()?.state, 'closed', 'too few to say')
  t.equal((await get()).status, 200)
  t.equal((await get()).status, 503)
  t.match(lines, [{ reason: 'slow ratio' }])
})

t.test('a global entry has a breaker for each service, an entry of a route one for itself', async t => {
  const asked = { bad: 0, good: 0 }
  const bad = await upstream(t, (request, response) => {
    asked.bad++
    response.statusCode = request.url === '/slow' ? 500 : 200
    response.end()
  })
  const good = await upstream(t, (_request, response) => { response.end() })
  const options = completeConfig(plugin, { failure_threshold: 2, reset_timeout: LONG })
  const file = (scope: object) => fileOf({
    services: [service({ port: bad }), service({ id: 'service-2', name: 'other', port: good })],
    routes: [
      route({ strip_path: false }),
      route({ id: 'route-2', name: 'slow', paths: ['/slow'], strip_path: false }),
      route({ id: 'route-3', name: 'other', paths: ['/other'], service: 'service-2' })
    ],
    plugins: [entry({ name: plugin.name, config: options, ...scope })]
  })
  const statuses = async (port: number) => {
    const seen = []
    for (const target of ['/slow', '/slow', '/slow', '/', '/other']) seen.push((await ask(port, target)).status)
    return seen
  }
  const everywhere = await startGateway(t, file({}), [plugin])
  t.same(await statuses(everywhere.port), [500, 500, 503, 503, 200])
  t.match(everywhere.server.facts().breakers, [{ service: 'service', route: null, state: 'open' }, { service: 'other', route: null, state: 'closed' }])
  const there = await startGateway(t, file({ route: 'route-2' }), [plugin])
  t.same(await statuses(there.port), [500, 500, 503, 200, 200])
  t.match(there.server.facts().breakers, [{ service: 'service', route: 'slow', state: 'open' }])
})

t.test('options that don\'t fit together are refused', async t => {
  t.same(findings(plugin, {}), [])
  t.same(findings(plugin, { failure_threshold: 0 }), ['error /failure_threshold'])
  t.same(findings(plugin, { failure_threshold: 0, failure_ratio: 0.5 }), [])
  t.same(findings(plugin, { slow_ratio: 0.5 }), ['error /slow_ratio'])
  t.same(findings(plugin, { slow_call_duration: 100 }), ['error /slow_call_duration'])
  t.same(findings(plugin, { slow_call_duration: 100, slow_ratio: 0.5 }), [])
  t.same(findings(plugin, { reset_timeout: 5000, max_reset_timeout: 4000 }), ['error /max_reset_timeout'])
  t.same(findings(plugin, { reset_timeout: 30 }), ['warning /reset_timeout'])
  t.same(findings(plugin, { content_type: 'text/plain' }), ['error /content_type'])
})
