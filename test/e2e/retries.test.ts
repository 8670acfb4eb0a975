import t from 'tap'
import { statusOf } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { OK, rawUpstream, type Script } from '../helpers/raw-upstream.ts'

const failing = (times: number): Script => (_request, socket, index) => {
  if (index >= times) return OK
  socket.resetAndDestroy()
  return null
}
const withBody = (method: string): string => `${method} / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc`

t.test('`retries` counts the attempts after the first', async t => {
  for (const [retries, times, status, attempts] of [[0, 1, 502, 1], [1, 1, 200, 2], [2, 2, 200, 3], [2, 9, 502, 3], [5, 9, 502, 6]] as const) {
    const upstream = await rawUpstream(t, failing(times))
    const { server, port } = await startHop(t, upstream.port, { service: { retries } })
    const { answer } = await ask(t, port, get())
    t.equal(statusOf(answer), status)
    t.equal(upstream.requests.length, attempts, `retries: ${retries}, ${times} failures`)
    await settled(server)
  }
})

t.test('a request that may be sent twice is retried with its body, byte for byte', async t => {
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'GET']) {
    const upstream = await rawUpstream(t, failing(1))
    const { port } = await startHop(t, upstream.port)
    const { answer } = await ask(t, port, withBody(method))
    t.equal(statusOf(answer), 200, method)
    t.same(upstream.requests.map(request => request.body.toString()), ['abc', 'abc'])
    t.same(upstream.requests[0]?.fields, upstream.requests[1]?.fields, 'the same fields')
  }
})

t.test('a request that must not be sent twice is not, once bytes of it went out', async t => {
  for (const method of ['POST', 'PATCH', 'LOCK']) {
    const upstream = await rawUpstream(t, failing(1))
    const { server, port } = await startHop(t, upstream.port)
    const { answer } = await ask(t, port, withBody(method))
    t.equal(statusOf(answer), 502, method)
    t.equal(upstream.requests.length, 1)
    await settled(server)
  }
})

t.test('a body that streams is not sent twice', async t => {
  const upstream = await rawUpstream(t, failing(1))
  const { server, port } = await startHop(t, upstream.port)
  const { answer } = await ask(t, port, 'PUT / HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
  t.equal(statusOf(answer), 502)
  t.equal(upstream.requests.length, 1)
  await settled(server)
})

t.test('no status of the upstream is a reason to ask again', async t => {
  for (const status of [429, 500, 502, 503, 504]) {
    const upstream = await rawUpstream(t, `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)
    const { port } = await startHop(t, upstream.port)
    const { answer } = await ask(t, port, get())
    t.equal(statusOf(answer), status)
    t.equal(upstream.requests.length, 1)
  }
})

t.test('an answer that has begun is not asked for again', async t => {
  const upstream = await rawUpstream(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', () => socket.resetAndDestroy())
    return null
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(get())
  await client.end()
  await settled(server)
  t.equal(upstream.requests.length, 1)
})

t.test('a timeout is not a reason to ask again: the upstream may be at work', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { port } = await startHop(t, upstream.port, { service: { read_timeout: 100 } })
  const { answer } = await ask(t, port, get())
  t.equal(statusOf(answer), 504)
  t.equal(upstream.requests.length, 1)
})
