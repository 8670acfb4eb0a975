import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws'
import { settled, startHop } from '../helpers/hop.ts'
import { refusing } from '../helpers/plugins.ts'
import { eventually } from '../helpers/raw-upstream.ts'

/** A real WebSocket server that sends back what it gets. */
async function echo (t: Test, options: ServerOptions = {}, onSocket: (socket: WebSocket, request: IncomingMessage) => void = () => {}): Promise<{ port: number, requests: IncomingMessage[] }> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, ...options })
  const requests: IncomingMessage[] = []
  sockets.on('connection', (socket, request) => {
    requests.push(request)
    socket.on('error', () => {})
    socket.on('message', (data, binary) => socket.send(data, { binary }))
    onSocket(socket, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

async function open (t: Test, port: number, path = '/', protocols: string[] = [], options: object = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options)
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

t.test('text, binary and empty messages pass both ways', async t => {
  const upstream = await echo(t)
  const { server, port } = await startHop(t, upstream.port)
  const socket = await open(t, port, '/chat?room=1')
  for (const data of ['hello', '', 'ä'.repeat(70_000)]) {
    socket.send(data)
    const [message, binary] = await once(socket, 'message')
    t.ok(String(message) === data)
    t.equal(binary, false)
  }
  const bytes = Buffer.from([0, 1, 2, 255])
  socket.send(bytes)
  const [message, binary] = await once(socket, 'message')
  t.same(message, bytes)
  t.equal(binary, true)
  t.equal(server.facts().requests, 1)
  socket.close()
  await once(socket, 'close')
  await settled(server)
})

t.test('the handshake reaches the upstream with its fields, and those of the gateway', async t => {
  const upstream = await echo(t)
  const { port } = await startHop(t, upstream.port)
  await open(t, port, '/chat?room=1', [], { origin: 'https://shop.test', headers: { Cookie: 'a=1', 'X-Consumer-ID': 'forged' } })
  const [request] = upstream.requests
  t.equal(request?.url, '/chat?room=1')
  t.match(request?.headers, { origin: 'https://shop.test', cookie: 'a=1', upgrade: 'websocket', 'sec-websocket-version': '13', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', via: '1.1 sallyport' })
  t.equal(request?.headers.connection?.toLowerCase(), 'upgrade')
  t.equal(request?.headers['x-consumer-id'], undefined)
  t.match(request?.headers['x-sallyport-request-id'], /^[0-9a-f]{32}$/)
})

t.test('the upstream chooses the subprotocol', async t => {
  const upstream = await echo(t, { handleProtocols: protocols => protocols.has('v2') ? 'v2' : false })
  const { port } = await startHop(t, upstream.port)
  t.equal((await open(t, port, '/', ['v1', 'v2'])).protocol, 'v2')
})

t.test('permessage-deflate is agreed upon end to end', async t => {
  const upstream = await echo(t, { perMessageDeflate: { threshold: 0 } })
  const { port } = await startHop(t, upstream.port)
  const socket = await open(t, port, '/', [], { perMessageDeflate: { threshold: 0 } })
  t.match(socket.extensions, 'permessage-deflate')
  socket.send('x'.repeat(100_000))
  const [message] = await once(socket, 'message')
  t.ok(String(message) === 'x'.repeat(100_000))
})

t.test('a message of 16 MiB passes', async t => {
  const upstream = await echo(t, { perMessageDeflate: false })
  const { port } = await startHop(t, upstream.port)
  const socket = await open(t, port, '/', [], { perMessageDeflate: false })
  const data = Buffer.alloc(16 * 1024 * 1024, 'x')
  socket.send(data)
  const [message] = await once(socket, 'message')
  t.ok(data.equals(message as Buffer))
})

t.test('pings and fragments pass as they are', async t => {
  const upstream = await echo(t)
  const { port } = await startHop(t, upstream.port)
  const socket = await open(t, port)
  socket.ping('are you there')
  const [data] = await once(socket, 'pong')
  t.equal(String(data), 'are you there')
  socket.send('one, ', { fin: false })
  socket.send('two', { fin: true })
  t.equal(String((await once(socket, 'message'))[0]), 'one, two')
})

t.test('close codes pass both ways', async t => {
  const codes: number[] = []
  const upstream = await echo(t, {}, (socket, request) => {
    socket.on('close', code => codes.push(code))
    if (request.url === '/bye') socket.close(4001, 'bye')
  })
  const { server, port } = await startHop(t, upstream.port)
  const first = new WebSocket(`ws://127.0.0.1:${port}/bye`)
  const [code, reason] = await once(first, 'close')
  t.equal(code, 4001)
  t.equal(String(reason), 'bye')
  const second = await open(t, port)
  second.close(4002, 'done')
  t.equal((await once(second, 'close'))[0], 4002)
  await settled(server)
  await eventually(() => codes.length === 2)
  t.same(codes.sort(), [4001, 4002])
})

t.test('a plugin that refuses is heard before the upstream', async t => {
  const upstream = await echo(t)
  const { server, port } = await startHop(t, upstream.port, { plugins: [refusing()] })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response') as [unknown, IncomingMessage]
  t.equal(response.statusCode, 401)
  response.resume()
  await settled(server)
  t.equal(upstream.requests.length, 0)
})

t.test('a side that ends abruptly ends the other', async t => {
  const upstream = await echo(t, {}, (socket, request) => { if (request.url === '/die') setTimeout(() => socket.terminate(), 50) })
  const { server, port } = await startHop(t, upstream.port)
  const first = await open(t, port, '/die')
  t.equal((await once(first, 'close'))[0], 1006)
  const second = await open(t, port)
  const [, at] = upstream.requests
  second.terminate()
  await once(at!.socket, 'close')
  await settled(server)
})

t.test('fifty tunnels at once are counted, and leave nothing behind', async t => {
  const upstream = await echo(t)
  const { server, port } = await startHop(t, upstream.port)
  const sockets = await Promise.all(Array.from({ length: 50 }, () => open(t, port)))
  t.equal(server.facts().requests, 50)
  await Promise.all(sockets.map(async (socket, index) => {
    socket.send(String(index))
    t.equal(String((await once(socket, 'message'))[0]), String(index))
    socket.close()
    await once(socket, 'close')
  }))
  await settled(server)
})
