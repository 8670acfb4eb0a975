import t from 'tap'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { refusing } from '../helpers/plugins.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { rawClient, type RawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const MIB = 1024 * 1024
const UPLOAD = 100 * MIB

/** Sends until it is told to stop or the gateway takes no more; how much it got rid of. */
async function pour (client: RawClient, size: number): Promise<number> {
  const part = Buffer.alloc(MIB, 'x')
  let sent = 0
  while (sent < size && client.closed === null && client.answers.length === 0) {
    if (!client.socket.write(part)) {
      await Promise.race([
        new Promise(resolve => { client.socket.once('drain', resolve) }),
        client.until(() => client.closed !== null || client.answers.length > 0)
      ])
    }
    sent += part.length
  }
  return sent
}

t.test('a client whose upload of 100 MB is refused reads the answer, and stops', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { plugins: [refusing()] })
  for (const framing of [`Content-Length: ${UPLOAD}`, 'Transfer-Encoding: chunked']) {
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\nHost: gateway.test\r\n${framing}\r\n\r\n`)
    if (framing.startsWith('Transfer')) client.send(`${UPLOAD.toString(16)}\r\n`)
    const sent = await pour(client, UPLOAD)
    const answer = await client.answer()
    t.equal(statusOf(answer), 401)
    t.equal(value(answer, 'connection'), 'close')
    t.ok(sent < UPLOAD / 2, `sent ${sent / MIB} MiB`)
    await client.end()
    await settled(server)
  }
  t.equal(upstream.connections.length, 0)
})

t.test('a client that goes on sending after a refusal still reads it, and is cut in bounded time', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { plugins: [refusing()] })
  const client = await rawClient(t, port, { allowHalfOpen: true })
  client.send(`POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${UPLOAD}\r\n\r\n`)
  const start = performance.now()
  const timer = setInterval(() => client.socket.write(Buffer.alloc(10_000)), 20)
  t.teardown(() => clearInterval(timer))
  t.equal(statusOf(await client.answer()), 401)
  await new Promise(resolve => { client.socket.once('close', resolve) })
  clearInterval(timer)
  t.ok(performance.now() - start < 20_000)
  await settled(server)
  t.equal(server.facts().connections, 0)
})

t.test('a refused upload that is short keeps its connection', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { plugins: [refusing()] })
  const client = await rawClient(t, port)
  client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 1000\r\n\r\n')
  t.equal(statusOf(await client.answer()), 401)
  client.send('x'.repeat(1000) + get())
  t.equal(statusOf(await client.answer(2)), 401)
  await settled(server)
})

t.test('an answer that comes before the upload has ended reaches the client', async t => {
  for (const end of [true, false]) {
    await t.test(end ? 'and the upstream closes' : 'and the upstream waits', async t => {
      const upstream = await rawUpstream(t, () => null, (socket, _chunk, heard) => {
        if (heard.bytes.length < 200_000 || socket.writableLength > 0 || socket.writableEnded) return
        socket.pause()
        const answer = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge'
        if (end) socket.end(answer)
        else socket.write(answer)
      })
      const { server, port } = await startHop(t, upstream.port)
      const client = await rawClient(t, port)
      client.send(`PUT / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${UPLOAD}\r\n\r\n`)
      const sent = await pour(client, UPLOAD)
      const answer = await client.answer()
      t.equal(statusOf(answer), 413)
      t.equal(answer.body.toString(), 'large')
      t.equal(value(answer, 'connection'), 'close')
      t.ok(sent < UPLOAD / 2, `sent ${sent / MIB} MiB`)
      await client.end()
      await settled(server)
    })
  }
})

t.test('an upstream that answers, closes, and resets whoever goes on sending is heard', async t => {
  const port = await plainUpstream(t, socket => {
    let size = 0
    socket.on('data', function count (chunk) {
      size += chunk.length
      if (size < 200_000) return
      socket.off('data', count).pause()
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge')
      // what it has not read makes the kernel reset the connection
      setImmediate(() => socket.destroy())
    })
  })
  const { server, port: gateway } = await startHop(t, port)
  for (const framing of [`Content-Length: ${UPLOAD}`, 'Transfer-Encoding: chunked']) {
    const client = await rawClient(t, gateway)
    client.send(`PUT / HTTP/1.1\r\nHost: gateway.test\r\n${framing}\r\n\r\n`)
    if (framing.startsWith('Transfer')) client.send(`${UPLOAD.toString(16)}\r\n`)
    await pour(client, UPLOAD)
    const answer = await client.answer()
    t.equal(statusOf(answer), 413, framing)
    t.equal(answer.body.toString(), 'large', framing)
    await client.end()
    await settled(server)
  }
})

t.test('an upstream that fails during an upload is a 502 that the client can read', async t => {
  const upstream = await rawUpstream(t, () => null, (socket, _chunk, heard) => { if (heard.bytes.length > 200_000) socket.resetAndDestroy() })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`PUT / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${UPLOAD}\r\n\r\n`)
  await pour(client, UPLOAD)
  t.equal(statusOf(await client.answer()), 502)
  await client.end()
  await settled(server)
})

t.test('an upstream that refuses connections is a 502 that a client in its upload can read', async t => {
  const { server, port } = await startHop(t, 1)
  for (const [framing, bytes] of [['Content-Length: 50000000', 'x'.repeat(5_000_000)], ['Transfer-Encoding: chunked', '3\r\nabc\r\n']] as const) {
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\nHost: gateway.test\r\n${framing}\r\n\r\n${bytes}`)
    t.equal(statusOf(await client.answer()), 502)
    await client.end()
    await settled(server)
  }
})

t.test('an answer may stream while the upload still runs', async t => {
  const upstream = await rawUpstream(t, () => null, (socket, chunk, heard) => {
    if (heard.bytes.length === chunk.length) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    if (chunk.includes('ping')) socket.write('4\r\npong\r\n')
    if (chunk.includes('0\r\n\r\n')) socket.write('0\r\n\r\n')
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (let count = 1; count <= 3; count++) {
    client.send('4\r\nping\r\n')
    await client.until(() => client.text.split('pong').length === count + 1)
  }
  client.send('0\r\n\r\n')
  t.equal((await client.answer()).body.toString(), 'pongpongpong')
  await settled(server)
})
