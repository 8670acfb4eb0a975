import t from 'tap'
import { get, settled, startHop } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { rawUpstream, type RawUpstream } from '../helpers/raw-upstream.ts'

/** From the client's leaving to the end of the upstream's connection, in milliseconds. */
const AT_ONCE = 3_000

/** Those that carried bytes. */
function cancelled (upstream: RawUpstream): Promise<void> {
  return upstream.until(() => upstream.connections.every(connection => connection.closed || connection.bytes.length === 0), AT_ONCE)
}

for (const how of ['resets', 'closes'] as const) {
  const leave = (client: { socket: { resetAndDestroy (): unknown, destroy (): unknown } }): unknown => how === 'resets' ? client.socket.resetAndDestroy() : client.socket.destroy()

  t.test(`a client that ${how} before the upstream's head cancels the request`, async t => {
    const upstream = await rawUpstream(t, () => null)
    const { server, port } = await startHop(t, upstream.port)
    for (const request of [get(), 'POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc']) {
      const before = upstream.requests.length
      const client = await rawClient(t, port)
      client.send(request)
      await upstream.until(() => upstream.requests.length === before + 1)
      leave(client)
      await cancelled(upstream)
      await settled(server)
    }
  })

  t.test(`a client that ${how} in a streamed answer cancels it`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    const { server, port } = await startHop(t, upstream.port)
    const client = await rawClient(t, port)
    client.send(get())
    await client.until(() => client.text.includes('abc'))
    leave(client)
    await cancelled(upstream)
    await settled(server)
  })

  t.test(`a client that ${how} in a short answer cancels it`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    const { server, port } = await startHop(t, upstream.port)
    const client = await rawClient(t, port)
    client.send(get())
    await upstream.until(() => upstream.requests.length === 1)
    leave(client)
    await cancelled(upstream)
    await settled(server)
  })

  t.test(`a client that ${how} in its upload cancels the request: the upstream never sees a whole one`, async t => {
    const upstream = await rawUpstream(t)
    const { server, port } = await startHop(t, upstream.port)
    for (const head of ['Content-Length: 1000000', 'Transfer-Encoding: chunked']) {
      const client = await rawClient(t, port)
      client.send(`POST /${head.length} HTTP/1.1\r\nHost: gateway.test\r\n${head}\r\n\r\n3\r\nabc\r\n`)
      await upstream.until(() => upstream.connections.some(({ bytes }) => bytes.includes('abc') && bytes.includes(`/${head.length} `)))
      leave(client)
      await cancelled(upstream)
      await settled(server)
    }
    t.same(upstream.requests, [])
  })

  t.test(`a client that ${how} in the upload of a short body is no request at all`, async t => {
    const upstream = await rawUpstream(t)
    const { server, port } = await startHop(t, upstream.port)
    const client = await rawClient(t, port)
    client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 1000\r\n\r\nabc')
    await upstream.until(() => server.facts().requests === 1)
    leave(client)
    await settled(server)
    t.equal(upstream.connections.length, 0)
  })
}

t.test('a client that leaves during a retry ends the attempts', async t => {
  const upstream = await rawUpstream(t, (_request, socket) => {
    setTimeout(() => socket.resetAndDestroy(), 50)
    return null
  })
  const { server, port } = await startHop(t, upstream.port, { service: { retries: 1_000 } })
  const client = await rawClient(t, port)
  client.send(get())
  await upstream.until(() => upstream.requests.length === 3)
  client.socket.destroy()
  await settled(server)
  // what was under way
  await new Promise(resolve => { setTimeout(resolve, 100) })
  const attempts = upstream.requests.length
  await new Promise(resolve => { setTimeout(resolve, 300) })
  t.equal(upstream.requests.length, attempts)
  await cancelled(upstream)
})

t.test('a client that leaves an answer which it does not read cancels it', async t => {
  const upstream = await rawUpstream(t, (_request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * 1024 * 1024}\r\n\r\n`)
    socket.write(Buffer.alloc(64 * 1024 * 1024, 'x'))
    return null
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.socket.pause()
  client.send(get())
  await upstream.until(() => upstream.requests.length === 1)
  await new Promise(resolve => { setTimeout(resolve, 100) })
  client.socket.resetAndDestroy()
  await cancelled(upstream)
  await settled(server)
})

t.test('a hundred clients that leave at once leave nothing behind', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { server, port } = await startHop(t, upstream.port)
  const clients = await Promise.all(Array.from({ length: 100 }, () => rawClient(t, port)))
  for (const client of clients) client.send(get())
  await upstream.until(() => upstream.requests.length === 100)
  t.equal(server.facts().requests, 100)
  for (const client of clients) client.socket.destroy()
  await cancelled(upstream)
  await settled(server)
  await upstream.until(() => server.facts().connections === 0)
})
