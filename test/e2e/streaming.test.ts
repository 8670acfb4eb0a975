import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { held } from '../helpers/memory.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { eventually, OK, rawUpstream } from '../helpers/raw-upstream.ts'

const MIB = 1024 * 1024
const SIZE = 100 * MIB
/** Well below a body that is held: buffers are given back some time after they were collected. */
const FLAT = 64 * MIB
/** What may be under way in kernel buffers and streams of both connections. */
const IN_FLIGHT = 24 * MIB

/** Most memory held while something runs, above what was held before, in bytes. */
async function memoryOf (run: () => Promise<void>): Promise<number> {
  const before = await held()
  let most = before
  const over = new AbortController()
  const watching = (async () => {
    while (!over.signal.aborted) {
      most = Math.max(most, await held())
      await new Promise(resolve => { setTimeout(resolve, 300) })
    }
  })()
  await run()
  over.abort()
  await watching
  return most - before
}

/** Writes `size` bytes, as fast as they are taken. */
function write (socket: Socket, size: number): { sent: () => number } {
  const part = Buffer.alloc(64 * 1024, 'x')
  let sent = 0
  const more = (): void => {
    while (sent < size && !socket.destroyed) {
      sent += part.length
      if (!socket.write(part)) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
  return { sent: () => sent - socket.writableLength }
}

for (const framing of ['Content-Length', 'chunked'] as const) {
  t.test(`a download of 100 MB (${framing}) waits for a slow reader, in flat memory`, async t => {
    let progress = { sent: () => 0 }
    const upstreamPort = await plainUpstream(t, socket => {
      socket.once('data', () => {
        if (framing === 'chunked') socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${SIZE.toString(16)}\r\n`)
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
        progress = write(socket, SIZE)
        if (framing === 'chunked') {
          const timer = setInterval(() => {
            if (progress.sent() < SIZE) return
            clearInterval(timer)
            socket.write('\r\n0\r\n\r\n')
          }, 10)
        }
      })
    })
    const { server, port } = await startHop(t, upstreamPort)
    const grown = await memoryOf(async () => {
      const client = connect(port, '127.0.0.1')
      await once(client, 'connect')
      client.write(get('/', 'Connection: close'))
      await once(client, 'readable')
      await new Promise(resolve => { setTimeout(resolve, 500) })
      const sent = progress.sent()
      t.ok(sent < IN_FLIGHT, `upstream got rid of ${sent / MIB} MiB while nobody read`)
      let received = 0
      client.on('data', chunk => { received += chunk.length })
      await once(client, 'end')
      t.ok(received >= SIZE, `${received}`)
      client.destroy()
    })
    t.ok(grown < FLAT, `memory grew by ${Math.round(grown / MIB)} MiB`)
    await settled(server)
  })

  t.test(`an upload of 100 MB (${framing}) waits for a slow upstream, in flat memory`, async t => {
    let received = 0
    let upstreamSocket: Socket | undefined
    const upstreamPort = await plainUpstream(t, socket => {
      upstreamSocket = socket
      socket.on('data', chunk => {
        received += chunk.length
        if (received >= SIZE && !socket.writableEnded) setTimeout(() => { if (!socket.writableEnded) socket.end(OK) }, 50)
      })
      setImmediate(() => socket.pause())
    })
    const { server, port } = await startHop(t, upstreamPort)
    const grown = await memoryOf(async () => {
      const client = connect(port, '127.0.0.1')
      await once(client, 'connect')
      client.write(`POST / HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n${framing === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${SIZE}`}\r\n\r\n`)
      if (framing === 'chunked') client.write(`${SIZE.toString(16)}\r\n`)
      const progress = write(client, SIZE)
      await eventually(() => upstreamSocket !== undefined)
      await new Promise(resolve => { setTimeout(resolve, 500) })
      const sent = progress.sent()
      t.ok(sent < IN_FLIGHT, `client got rid of ${sent / MIB} MiB while nobody read`)
      upstreamSocket?.resume()
      await eventually(() => progress.sent() >= SIZE)
      if (framing === 'chunked') client.write('\r\n0\r\n\r\n')
      const [answer] = await once(client, 'data') as [Buffer]
      t.match(answer.toString(), /^HTTP\/1\.1 200 /)
      client.destroy()
    })
    t.ok(grown < FLAT, `memory grew by ${Math.round(grown / MIB)} MiB`)
    await settled(server)
  })
}

for (const hooked of [false, true]) {
  t.test(`server-sent events arrive one by one${hooked ? ', through a response hook, too' : ''}`, async t => {
    let socket: Socket | undefined
    const upstream = await rawUpstream(t, (_request, connection) => {
      socket = connection
      return 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
    })
    const hook = testPlugin(scope => { scope.addHook('onSend', async (_request, reply, payload) => { reply.header('x-hooked', '1'); return payload }) })
    const { server, port } = await startHop(t, upstream.port, hooked ? { plugins: [hook] } : {})
    const client = await rawClient(t, port)
    client.send(get())
    await client.until(() => client.text.includes('\r\n\r\n'))
    t.match(client.text, 'text/event-stream', 'the head comes before the first event')
    for (let count = 1; count <= 5; count++) {
      const event = `data: ${count}\n\n`
      socket?.write(`${event.length.toString(16)}\r\n${event}\r\n`)
      await client.until(() => client.text.includes(event))
    }
    socket?.write('0\r\n\r\n')
    const answer = await client.answer()
    t.equal(answer.body.toString(), [1, 2, 3, 4, 5].map(count => `data: ${count}\n\n`).join(''))
    t.equal(value(answer, 'x-hooked'), hooked ? '1' : undefined)
    await settled(server)
  })
}

t.test('a chunked answer of many chunks is the same at the other end', async t => {
  const parts = Array.from({ length: 2_000 }, (_, index) => `${index}-${'x'.repeat(index % 300)}`)
  const upstream = await rawUpstream(t, `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${parts.map(part => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(get())
  const answer = await client.answer()
  t.ok(answer.body.toString() === parts.join(''))
  // the connection goes on
  client.send(get())
  t.ok((await client.answer(2)).body.toString() === parts.join(''))
  await settled(server)
})
