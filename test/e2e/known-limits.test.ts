// What docs/limits.md says about the hop, shown. A test that fails here may be good news: then change the page.
import t from 'tap'
import { statusOf } from '../helpers/http-messages.ts'
import type { Config } from '../../src/config/model.ts'
import { config, route, service, settings } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually, OK, rawUpstream } from '../helpers/raw-upstream.ts'

t.test('trailers of an answer do not pass response hooks', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: abc\r\n\r\n')
  const hook = testPlugin(scope => { scope.addHook('onSend', async (_request, _reply, payload) => payload) })
  const { port } = await startHop(t, upstream.port, { plugins: [hook] })
  const { answer } = await ask(t, port, get('/', 'TE: trailers', 'Connection: TE'))
  t.equal(answer.body.toString(), 'ok')
  t.same(answer.trailers, [])
})

t.test('a client that closes its sending side is taken to have left', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port, { allowHalfOpen: true })
  client.send(get())
  await upstream.until(() => upstream.requests.length === 1)
  client.socket.end()
  await client.end()
  await settled(server)
  t.equal(client.text, '')
})

t.test('a client that leaves while its upload waits for the upstream is noticed when write_timeout ends the wait', async t => {
  let reached = false
  const upstreamPort = await plainUpstream(t, socket => {
    reached = true
    setImmediate(() => socket.pause())
  })
  const { server, port } = await startHop(t, upstreamPort, { service: { write_timeout: 3_000 } })
  const client = await rawClient(t, port)
  const part = Buffer.alloc(1024 * 1024, 'x')
  client.send(`POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${64 * part.length}\r\n\r\n`)
  for (let count = 0; count < 64; count++) client.send(part)
  // until nothing has moved for many turns
  let left = Infinity
  let quiet = 0
  await eventually(() => {
    quiet = reached && client.socket.writableLength === left ? quiet + 1 : 0
    left = client.socket.writableLength
    return quiet > 20
  })
  client.socket.resetAndDestroy()
  await new Promise(resolve => { setTimeout(resolve, 200) })
  t.equal(server.facts().requests, 1)
  await settled(server)
})

t.test('a method that Node\'s parser does not know is 400', async t => {
  const upstream = await rawUpstream(t, OK)
  const { port } = await startHop(t, upstream.port)
  t.equal(statusOf((await ask(t, port, 'BREW / HTTP/1.1\r\nHost: gateway.test\r\n\r\n')).answer), 400)
})

t.test('read_timeout also ends an upload that the upstream does not take', async t => {
  const upstreamPort = await plainUpstream(t, socket => { setImmediate(() => socket.pause()) })
  const { server, port } = await startHop(t, upstreamPort, { service: { read_timeout: 500 } })
  const client = await rawClient(t, port)
  const size = 64 * 1024 * 1024
  client.send(`POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${size}\r\n\r\n`).send(Buffer.alloc(size, 'x'))
  t.equal(statusOf(await client.answer()), 504)
  await settled(server)
})

t.test('where a plugin has response hooks, field names of streamed answers are sent in lower case', async t => {
  const hook = testPlugin(scope => { scope.addHook('onSend', async (_request, _reply, payload) => payload) })
  const held = 'HTTP/1.1 200 OK\r\nX-Some-Field: 1\r\nContent-Length: 2\r\n\r\nok'
  const streamed = 'HTTP/1.1 200 OK\r\nX-Some-Field: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
  for (const [answer, plugins, name] of [[held, [], 'X-Some-Field'], [streamed, [], 'X-Some-Field'], [held, [hook], 'X-Some-Field'], [streamed, [hook], 'x-some-field']] as const) {
    const upstream = await rawUpstream(t, answer)
    const { port } = await startHop(t, upstream.port, { plugins })
    const { client } = await ask(t, port, get())
    t.match(client.text, `\r\n${name}: 1\r\n`)
  }
})

t.test('a reload makes limits tighter, and wider up to the size for which the listener was made', async t => {
  const upstream = await rawUpstream(t)
  const target = { services: [service({ port: upstream.port })], routes: [route()] }
  const withLine = (bytes: number): Config => {
    const plain = settings()
    return config({ ...target, gateway: settings({ limits: { ...plain.limits, request_line: bytes } }) })
  }
  const { server, port } = await startGateway(t, withLine(8_192))
  const status = async (bytes: number): Promise<number> => statusOf((await ask(t, port, get(`/${'a'.repeat(bytes)}`))).answer)
  t.equal(await status(8_000), 200)
  for (const [line, sent, expected] of [[1_000, 2_000, 414], [20_000, 19_000, 200], [1_000_000, 200_000, 414]] as const) {
    (await server.prepare(withLine(line), new Map())).commit()
    t.equal(await status(sent), expected, `${sent} bytes with request_line ${line}`)
  }
})

t.test('an over-long head that comes in small packets is 414 or 431', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  const bytes = get(`/${'a'.repeat(60_000)}`)
  for (let index = 0; index < bytes.length && client.closed === null; index += 1_000) {
    client.send(bytes.slice(index, index + 1_000))
    await new Promise(resolve => { setImmediate(resolve) })
  }
  t.ok([414, 431].includes(statusOf(await client.answer())))
  t.equal(upstream.requests.length, 0)
})
