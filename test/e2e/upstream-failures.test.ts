import t from 'tap'
import { freePort } from '../helpers/free-port.ts'
import { hangingUpstream } from '../helpers/hanging-upstream.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually, OK, rawUpstream } from '../helpers/raw-upstream.ts'

const POST = 'POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc'

t.test('an upstream that refuses connections is a 502', async t => {
  const { server, port } = await startHop(t, await freePort())
  for (const request of [get(), POST]) {
    const { answer, client } = await ask(t, port, request)
    t.equal(statusOf(answer), 502)
    t.equal(JSON.parse(answer.body.toString()).message, 'An invalid response was received from the upstream server')
    t.notMatch(client.text, /ECONN|127\.0\.0\.1/)
  }
  await settled(server)
})

t.test('an upstream whose name does not resolve is a 503', async t => {
  const { server, port } = await startHop(t, 80, { service: { host: 'no-such-host.invalid', retries: 0 } })
  const { answer, client } = await ask(t, port, get())
  t.equal(statusOf(answer), 503)
  t.equal(JSON.parse(answer.body.toString()).message, 'name resolution failed')
  t.notMatch(client.text, /ENOTFOUND|EAI_AGAIN|no-such-host/)
  await settled(server)
})

t.test('an upstream that does not accept within connect_timeout is a 504', async t => {
  const { server, port } = await startHop(t, (await hangingUpstream(t)).port, { service: { connect_timeout: 300, retries: 0 } })
  const start = performance.now()
  const { answer, client } = await ask(t, port, get())
  t.equal(statusOf(answer), 504)
  t.equal(JSON.parse(answer.body.toString()).message, 'The upstream server is timing out')
  t.notMatch(client.text, /127\.0\.0\.1/)
  const took = performance.now() - start
  t.ok(took >= 250 && took < 30_000, `took ${took} ms`)
  await settled(server)
})

t.test('an upstream that sends no head within read_timeout is a 504, and is asked once', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { server, port } = await startHop(t, upstream.port, { service: { read_timeout: 200 } })
  for (const request of [get(), POST]) {
    const before = upstream.requests.length
    const start = performance.now()
    const { answer } = await ask(t, port, request)
    t.equal(statusOf(answer), 504)
    t.equal(JSON.parse(answer.body.toString()).message, 'The upstream server is timing out')
    const took = performance.now() - start
    t.ok(took >= 190 && took < 30_000, `took ${took} ms`)
    t.equal(upstream.requests.length, before + 1)
  }
  await upstream.until(() => upstream.connections.every(connection => connection.closed))
  await settled(server)
})

t.test('an upstream that hangs in a short body is a 504', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
  const { server, port } = await startHop(t, upstream.port, { service: { read_timeout: 200 } })
  const { answer } = await ask(t, port, get())
  t.equal(statusOf(answer), 504)
  await settled(server)
  await upstream.until(() => upstream.connections[0]?.closed === true)
})

t.test('an upstream that hangs in a stream cuts the client off, without a last chunk', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  const { server, port } = await startHop(t, upstream.port, { service: { read_timeout: 200 } })
  const client = await rawClient(t, port)
  client.send(get())
  await client.end()
  t.match(client.text, /^HTTP\/1\.1 200 /)
  t.match(client.text, 'abc')
  t.equal(client.answers[0]?.complete, false)
  await settled(server)
})

t.test('read_timeout is between two reads, not for the whole answer', async t => {
  const upstream = await rawUpstream(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    let count = 0
    const timer = setInterval(() => {
      socket.write('1\r\nx\r\n')
      if (++count === 12) {
        clearInterval(timer)
        socket.write('0\r\n\r\n')
      }
    }, 200)
    return null
  })
  const { server, port } = await startHop(t, upstream.port, { service: { read_timeout: 2_000 } })
  const client = await rawClient(t, port)
  client.send(get())
  t.equal((await client.answer()).body.toString(), 'x'.repeat(12))
  await settled(server)
})

t.test('an upstream that takes nothing of an upload within write_timeout is a 504', async t => {
  const upstream = await rawUpstream(t, OK, () => {}, socket => { socket.pause() })
  upstream.server.on('connection', socket => { setImmediate(() => socket.pause()) })
  const { server, port } = await startHop(t, upstream.port, { service: { write_timeout: 300 } })
  const client = await rawClient(t, port)
  const size = 64 * 1024 * 1024
  client.send(`POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${size}\r\n\r\n`)
  client.send(Buffer.alloc(size, 'x'))
  const answer = await client.answer()
  t.equal(statusOf(answer), 504)
  t.equal(value(answer, 'connection'), 'close', 'the rest of the upload is not wanted')
  await settled(server)
})

t.test('an upload that is slow because its client is slow is not the fault of the upstream', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { service: { write_timeout: 200, read_timeout: 200 } })
  const client = await rawClient(t, port)
  client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await new Promise(resolve => { setTimeout(resolve, 2_000) })
  t.equal(client.text, '')
  client.send('0\r\n\r\n')
  t.equal(statusOf(await client.answer()), 200)
  t.equal(upstream.requests[0]?.body.toString(), 'abc')
  await settled(server)
})

t.test('connections that failed are not used again', async t => {
  const upstream = await rawUpstream(t, (_request, socket, index) => {
    if (index > 0) return OK
    socket.resetAndDestroy()
    return null
  })
  const { server, port } = await startHop(t, upstream.port, { service: { retries: 0 } })
  const client = await rawClient(t, port)
  client.send(get())
  t.equal(statusOf(await client.answer()), 502)
  client.send(get())
  t.equal(statusOf(await client.answer(2)), 200)
  t.equal(upstream.connections.length, 2)
  await settled(server)
})

t.test('an idle connection that the upstream closes does not cost the next request', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { service: { retries: 0 } })
  const client = await rawClient(t, port)
  for (let index = 1; index <= 5; index++) {
    client.send(POST)
    t.equal(statusOf(await client.answer(index)), 200)
    upstream.connections.at(-1)?.socket.end()
    await eventually(() => upstream.connections.at(-1)?.closed === true)
  }
  await settled(server)
})
