import t from 'tap'
import type { Test } from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import type { Retry, Service } from '../../src/config/model.ts'
import { startGateway } from '../helpers/gateway.ts'
import { config, route, service } from '../helpers/config.ts'
import { serveFile } from '../helpers/serve-file.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually, OK, rawUpstream, type RawUpstream, type Script } from '../helpers/raw-upstream.ts'

const answer = (status: number, body = 'no', ...fields: string[]): string => `HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n${body}`
const failing = (times: number, bytes: string): Script => (_request, _socket, index) => index < times ? bytes : OK
const withBody = (method: string, body = 'abc'): string => `${method} / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** A gateway before one upstream, without pauses unless told. */
async function start (t: Test, script: string | Script, retry: Partial<Retry> = {}, rest: Partial<Service> = {}): Promise<{ upstream: RawUpstream, port: number, settled (): Promise<void> }> {
  const upstream = await rawUpstream(t, script)
  const { server, port } = await startHop(t, upstream.port, { service: { ...rest, retry: { ...DEFAULT_RETRY, backoff: 0, ...retry } } })
  return { upstream, port, settled: async () => await settled(server) }
}

t.test('a status of the list is asked again, and the last answer goes to the client', async t => {
  for (const [times, status, attempts] of [[1, 200, 2], [2, 200, 3], [9, 503, 3]] as const) {
    const { upstream, port, settled } = await start(t, failing(times, answer(503, 'busy', 'X-From: upstream')), { retry_on: ['connect', 503] }, { retries: 2 })
    const { answer: got } = await ask(t, port, get())
    t.equal(statusOf(got), status)
    if (status === 503) {
      t.equal(got.body.toString(), 'busy', 'as it came')
      t.equal(value(got, 'x-from'), 'upstream')
    }
    t.equal(upstream.requests.length, attempts)
    t.equal(upstream.connections.length <= 2, true, 'what is short is read to its end: the connection serves again')
    t.same(upstream.faults, [])
    await settled()
  }
})

t.test('statuses that are not in the list are passed on', async t => {
  const { upstream, port } = await start(t, answer(502), { retry_on: [503] })
  t.equal(statusOf((await ask(t, port, get())).answer), 502)
  t.equal(upstream.requests.length, 1)
})

t.test('a long answer that is not wanted is cut, whether it says so or not', async t => {
  for (const head of ['HTTP/1.1 503 No\r\nContent-Length: 99999999\r\n\r\n', 'HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n']) {
    const { upstream, port, settled } = await start(t, (_request, socket, index) => {
      if (index > 0) return OK
      socket.write(head)
      const piece = Buffer.alloc(16_384, 'x')
      const bytes = head.includes('chunked') ? Buffer.concat([Buffer.from('4000\r\n'), piece, Buffer.from('\r\n')]) : piece
      const pump = (): void => {
        while (!socket.destroyed) {
          if (socket.write(bytes)) continue
          socket.once('drain', pump)
          return
        }
      }
      pump()
      return null
    }, { retry_on: [503] })
    t.equal(statusOf((await ask(t, port, get())).answer), 200)
    await upstream.until(() => upstream.connections[0]?.closed === true)
    await settled()
  }
})

t.test('a request that must not be sent twice is not, whatever its status says', async t => {
  for (const method of ['POST', 'PATCH', 'LOCK']) {
    const { upstream, port } = await start(t, answer(503), { retry_on: ['connect', 'reset', 'timeout', 503] })
    t.equal(statusOf((await ask(t, port, withBody(method))).answer), 503)
    t.equal(upstream.requests.length, 1, method)
  }
})

t.test('POST is sent twice where the file says so, with its body', async t => {
  const { upstream, port } = await start(t, failing(1, answer(503)), { retry_on: [503], methods: ['POST'] })
  t.equal(statusOf((await ask(t, port, withBody('POST'))).answer), 200)
  t.same(upstream.requests.map(({ body }) => body.toString()), ['abc', 'abc'])
})

t.test('bodies up to body_limit are held and sent again; longer ones and chunked ones stream, once', async t => {
  const long = 'x'.repeat(100_000)
  for (const [request, limit, attempts] of [
    [withBody('PUT', long), 65_536, 1],
    [withBody('PUT', long), 100_000, 2],
    [`PUT / HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`, 1_000_000, 1]
  ] as const) {
    const { upstream, port, settled } = await start(t, failing(1, answer(503)), { retry_on: [503], body_limit: limit })
    t.equal(statusOf((await ask(t, port, request)).answer), attempts === 1 ? 503 : 200)
    t.equal(upstream.requests.length, attempts)
    for (const { body } of upstream.requests) t.equal(body.toString(), long)
    await settled()
  }
})

t.test('a time-out is asked again where the file says so', async t => {
  const { upstream, port, settled } = await start(t, (_request, _socket, index) => index === 0 ? null : OK, { retry_on: ['timeout'] }, { read_timeout: 500 })
  t.equal(statusOf((await ask(t, port, get())).answer), 200)
  t.equal(upstream.requests.length, 2)
  await upstream.until(() => upstream.connections[0]?.closed === true)
  await settled()
})

t.test('connection failures are not asked again where the list leaves them out', async t => {
  const { upstream, port } = await start(t, (_request, socket) => {
    socket.resetAndDestroy()
    return null
  }, { retry_on: [503] })
  t.equal(statusOf((await ask(t, port, get())).answer), 502)
  t.equal(upstream.requests.length, 1)
})

t.test('where no target is left for a retry, the answer says so, unless the upstream has given one', async t => {
  const breaker = { failure_threshold: 1, reset_timeout: 60_000 }
  const reset: Script = (_request, socket) => {
    socket.resetAndDestroy()
    return null
  }
  for (const [script, from] of [[reset, null], [answer(503, 'busy', 'X-From: upstream'), 'upstream']] as const) {
    const upstream = await rawUpstream(t, script)
    const { port } = await serveFile(t, `services: [${JSON.stringify({ name: 's', url: `http://127.0.0.1:${upstream.port}`, retry: { retry_on: ['connect', 'reset', 503], backoff: 0 }, circuit_breaker: breaker, routes: [{ name: 'r', paths: ['/'] }] })}]`)
    const { answer: got } = await ask(t, port, get())
    t.same([statusOf(got), value(got, 'x-from')], [503, from ?? undefined])
    if (from === null) t.match(value(got, 'retry-after'), /^(?:59|60)$/)
    else t.equal(got.body.toString(), 'busy')
    t.equal(upstream.requests.length, 1)
  }
})

t.test('Retry-After is waited for where a deadline leaves the time, else the answer goes to the client', async t => {
  const busy = answer(503, '', 'Retry-After: 1')
  const patient = await start(t, failing(1, busy), { retry_on: [503], max_backoff: 10 }, { total_timeout: 20_000 })
  const begun = performance.now()
  t.equal(statusOf((await ask(t, patient.port, get())).answer), 200)
  t.ok(performance.now() - begun >= 990, 'not before')
  await patient.settled()

  for (const rest of [{}, { total_timeout: 900 }]) {
    const { upstream, port } = await start(t, busy, { retry_on: [503], max_backoff: 10 }, rest)
    const { answer: got } = await ask(t, port, get())
    t.equal(statusOf(got), 503)
    t.equal(value(got, 'retry-after'), '1')
    t.equal(upstream.requests.length, 1)
  }
})

t.test('retries stay within the budget when everything fails, and it lives through a reload', async t => {
  const upstream = await rawUpstream(t, answer(503))
  const file = (retries: number) => config({ services: [service({ port: upstream.port, retries, retry: { ...DEFAULT_RETRY, retry_on: [503], backoff: 0, budget_minimum: 1 } })], routes: [route()] })
  const { server, port } = await startGateway(t, file(5))
  const requests = 60
  const client = await rawClient(t, port)
  for (let index = 1; index <= requests / 2; index++) {
    client.send(get())
    t.equal(statusOf(await client.answer(index)), 503)
  }
  ;(await server.prepare(file(4), new Map())).commit()
  for (let index = requests / 2 + 1; index <= requests; index++) {
    client.send(get())
    t.equal(statusOf(await client.answer(index)), 503)
  }
  const retries = upstream.requests.length - requests
  t.ok(retries <= 0.2 * requests + 10, `${retries} retries`)
  t.ok(retries >= 10, 'the least of ten seconds is spent')
})

t.test('a client that leaves in a pause is the end of the retries', async t => {
  const { upstream, port, settled } = await start(t, answer(503, '', 'Retry-After: 30'), { retry_on: [503], max_backoff: 60_000 })
  const client = await rawClient(t, port)
  client.send(get())
  await upstream.until(() => upstream.requests.length === 1)
  client.socket.destroy()
  await settled()
  t.equal(upstream.requests.length, 1)
})

t.test('the access log tells of answers that were not passed on', async t => {
  const upstream = await rawUpstream(t, failing(1, answer(503)))
  const tries: unknown[] = []
  const { server, port } = await startGateway(t, config({
    services: [service({ port: upstream.port, retry: { ...DEFAULT_RETRY, retry_on: [503], backoff: 0 } })],
    routes: [route()]
  }), [], { accessLog: () => context => { tries.push(context.tries) } })
  await ask(t, port, get())
  await settled(server)
  await eventually(() => tries.length === 1)
  t.match(tries, [[{ host: '127.0.0.1', port: upstream.port, status: 503 }]])
})
