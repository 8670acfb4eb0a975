import t from 'tap'
import { statusOf } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { eventually, rawUpstream } from '../helpers/raw-upstream.ts'

/** A plugin whose access hook waits until it is let go. */
function waiting (then: 'go on' | 'refuse' | 'throw'): { plugin: ReturnType<typeof testPlugin>, started: () => number, letGo: () => void } {
  let started = 0
  let letGo: () => void = () => {}
  const gate = new Promise<void>(resolve => { letGo = resolve })
  const plugin = testPlugin(scope => {
    scope.addHook('onRequest', async (_request, reply) => {
      started++
      await gate
      if (then === 'throw') throw new Error('late')
      if (then === 'refuse') {
        reply.code(401).send({ message: 'Unauthorized' })
        return await reply
      }
    })
  })
  return { plugin, started: () => started, letGo }
}

const POST = 'POST / HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'
const pause = async (): Promise<void> => { await new Promise(resolve => { setTimeout(resolve, 50) }) }

for (const then of ['go on', 'refuse', 'throw'] as const) {
  t.test(`a client that leaves while a plugin thinks asks nothing of the upstream (then: ${then})`, async t => {
    const upstream = await rawUpstream(t)
    const { plugin, started, letGo } = waiting(then)
    const { server, port } = await startHop(t, upstream.port, { plugins: [plugin] })
    for (const [index, request] of [get(), POST, 'POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc'].entries()) {
      const client = await rawClient(t, port)
      client.send(request)
      await eventually(() => started() === index + 1)
      client.socket.destroy()
      await settled(server)
    }
    letGo()
    await pause()
    t.equal(upstream.connections.length, 0)
    t.equal(server.facts().requests, 0)
  })

  t.test(`a body that breaks while a plugin thinks is one 400 (then: ${then})`, async t => {
    const upstream = await rawUpstream(t)
    const { plugin, started, letGo } = waiting(then)
    const { server, port } = await startHop(t, upstream.port, { plugins: [plugin] })
    const client = await rawClient(t, port)
    client.send(POST)
    await eventually(() => started() === 1)
    client.send('zz\r\n')
    t.equal(statusOf(await client.answer()), 400)
    letGo()
    await client.end()
    await pause()
    t.equal(client.answers.length, 1)
    t.equal(upstream.connections.length, 0)
    await settled(server)
  })
}

t.test('a WebSocket client that leaves while a plugin thinks asks nothing of the upstream', async t => {
  const upstream = await rawUpstream(t)
  const { plugin, started, letGo } = waiting('go on')
  const { server, port } = await startHop(t, upstream.port, { plugins: [plugin] })
  const client = await rawClient(t, port)
  client.send(get('/', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='))
  await eventually(() => started() === 1)
  client.socket.destroy()
  await settled(server)
  letGo()
  await pause()
  t.equal(upstream.connections.length, 0)
})

t.test('a body that comes while a plugin thinks is whole afterwards', async t => {
  const upstream = await rawUpstream(t)
  const { plugin, started, letGo } = waiting('go on')
  const { server, port } = await startHop(t, upstream.port, { plugins: [plugin] })
  const client = await rawClient(t, port)
  client.send(POST)
  await eventually(() => started() === 1)
  client.send(`${'2710\r\n'}${'x'.repeat(10_000)}\r\n0\r\n\r\n`)
  await pause()
  letGo()
  t.equal(statusOf(await client.answer()), 200)
  t.equal(upstream.requests[0]?.body.length, 10_003)
  await settled(server)
})

t.test('pipelined requests wait for a plugin that thinks', async t => {
  const upstream = await rawUpstream(t)
  const { plugin, started, letGo } = waiting('go on')
  const { server, port } = await startHop(t, upstream.port, { plugins: [plugin] })
  const client = await rawClient(t, port)
  client.send(get('/1') + get('/2'))
  await eventually(() => started() === 1)
  await pause()
  t.equal(started(), 1)
  letGo()
  await client.answer(2)
  t.same(upstream.requests.map(request => request.line), ['GET /1 HTTP/1.1', 'GET /2 HTTP/1.1'])
  await settled(server)
})
