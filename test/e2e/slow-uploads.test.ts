import t from 'tap'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { OK, rawUpstream } from '../helpers/raw-upstream.ts'

const H = 'Host: gateway.test\r\n'
const timeouts = { headers: 400, keep_alive: 500, body_min_rate: 1024, body_grace: 400, send: 60_000, send_min_rate: 240, setup: 10_000 }
/** How often slow clients are looked for. */
const SWEEP = 1_000

t.test('a body that stalls is 408, and its upload is cut', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  for (const framing of ['Content-Length: 1000', 'Content-Length: 1000000', 'Transfer-Encoding: chunked']) {
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\n${H}${framing}\r\n\r\n3\r\nabc\r\n`)
    const answer = await client.answer()
    t.equal(statusOf(answer), 408, framing)
    t.match(JSON.parse(answer.body.toString()), { message: 'Request timeout', request_id: /^[0-9a-f]{32}$/ })
    t.equal(value(answer, 'connection'), 'close')
    await client.end()
    await settled(server)
  }
  await upstream.until(() => upstream.connections.every(connection => connection.closed || connection.bytes.length === 0))
  t.same(upstream.requests, [])
})

t.test('a body that trickles below body_min_rate is 408', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 1000000\r\n\r\n`)
  const timer = setInterval(() => client.send('x'), 50)
  t.teardown(() => clearInterval(timer))
  t.equal(statusOf(await client.answer(1, 5 * SWEEP)), 408)
  clearInterval(timer)
  await settled(server)
})

t.test('a body that has come fast may not stall for ever on the strength of that', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 1000000\r\n\r\n${'x'.repeat(900_000)}`)
  t.equal(statusOf(await client.answer()), 408)
  await settled(server)
})

t.test('a slow body that is fast enough passes', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 60000\r\n\r\n`)
  // 30 kB/s
  for (let count = 0; count < 20; count++) {
    await new Promise(resolve => { setTimeout(resolve, 100) })
    client.send('x'.repeat(3_000))
  }
  t.equal(statusOf(await client.answer()), 200)
  await settled(server)
})

t.test('a client that has to wait for a slow upstream is not cut', async t => {
  const size = 20 * 1024 * 1024
  let received = 0
  const upstreamPort = await plainUpstream(t, socket => {
    socket.on('data', chunk => {
      received += chunk.length
      if (received >= size) socket.write(OK)
    })
    setImmediate(() => socket.pause())
    setTimeout(() => socket.resume(), 4 * SWEEP)
  })
  // shorter than the wait, longer than a busy machine keeps the first bytes from being read
  const { server, port } = await startHop(t, upstreamPort, { gateway: { timeouts: { ...timeouts, headers: 2_000, body_grace: 2_000 } } })
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: ${size}\r\n\r\n`).send(Buffer.alloc(size, 'x'))
  t.equal(statusOf(await client.answer()), 200)
  await settled(server)
})

t.test('a client that waits for a slow answer is not cut', async t => {
  const upstream = await rawUpstream(t, (_request, socket) => {
    setTimeout(() => socket.write(OK), 3 * SWEEP)
    return null
  })
  const { port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`)
  t.equal(statusOf(await client.answer()), 200)
})

t.test('300 slow uploads do not shut others out', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts: { ...timeouts, headers: 60_000, body_grace: 60_000 } } })
  const slow = await Promise.all(Array.from({ length: 300 }, () => rawClient(t, port)))
  for (const client of slow) client.send(`POST /slow HTTP/1.1\r\n${H}Content-Length: 1000000\r\n\r\n`)
  await upstream.until(() => server.facts().requests === 300)
  t.equal(upstream.connections.length, 0, 'a client that only thinks takes no connection')
  for (const client of slow) client.send('x')
  await upstream.until(() => upstream.connections.length === 300)
  for (let count = 0; count < 20; count++) {
    const client = await rawClient(t, port)
    client.send(get('/fast'))
    t.equal(statusOf(await client.answer()), 200)
  }
  t.equal(server.facts().requests, 300, 'none of the slow ones had to make room')
  for (const client of slow) client.socket.destroy()
  await settled(server)
})
