import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import plugin from '../../plugins/correlation-id/index.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { findings } from '../helpers/plugin-config.ts'

const V7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

t.test('by default a request gets a UUID of version 7, towards the upstream and in the log alone', async t => {
  const test = await testPlugin(t, { plugin })
  const answer = await test.request()
  const id = test.received[0]?.headers['kong-request-id']
  t.match(id, V7)
  t.equal(test.log[0]?.['correlation_id'], id)
  t.notOk(answer.headers['kong-request-id'])
  await test.request()
  t.not(test.received[1]?.headers['kong-request-id'], id)
})

t.test('the header has the name of the file, in its case', async t => {
  const test = await testPlugin(t, { plugin, config: { header_name: 'X-Request-ID', echo_downstream: true } })
  const answer = await test.request()
  t.ok(test.received[0]?.rawHeaders.includes('X-Request-ID'))
  t.equal(answer.headers['x-request-id'], test.received[0]?.headers['x-request-id'])
})

t.test('an incoming id is kept, forwarded, logged and echoed', async t => {
  const test = await testPlugin(t, { plugin, config: { echo_downstream: true } })
  for (const id of ['a', 'client id/1 "x"', 'x'.repeat(255)]) {
    const answer = await test.request({ headers: { 'KONG-REQUEST-ID': id } })
    t.equal(test.received.at(-1)?.headers['kong-request-id'], id)
    t.equal(test.log.at(-1)?.['correlation_id'], id)
    t.equal(answer.headers['kong-request-id'], id)
  }
})

t.test('an incoming id that is empty, too long or could corrupt a log is replaced', async t => {
  const test = await testPlugin(t, { plugin })
  for (const id of ['', ' ', 'x'.repeat(256), 'a\tb', 'caf\xe9', 'a\x9bb']) {
    await test.request({ headers: { 'kong-request-id': id } })
    t.match(test.received.at(-1)?.headers['kong-request-id'], V7, JSON.stringify(id))
    t.equal(test.log.at(-1)?.['correlation_id'], test.received.at(-1)?.headers['kong-request-id'])
  }
})

t.test('of several incoming ids the upstream gets the one that is logged', async t => {
  const test = await testPlugin(t, { plugin })
  await test.request({ headers: { 'kong-request-id': ['first', 'second'] } })
  t.equal(test.received[0]?.headers['kong-request-id'], 'first')
  t.equal(test.log[0]?.['correlation_id'], 'first')
})

t.test('uuid#counter counts from 1 behind one UUID', async t => {
  const test = await testPlugin(t, { plugin, config: { generator: 'uuid#counter' } })
  for (let count = 0; count < 3; count++) await test.request()
  const ids = test.received.map(request => String(request.headers['kong-request-id']).split('#'))
  t.match(ids[0]?.[0], V7)
  t.equal(new Set(ids.map(([uuid]) => uuid)).size, 1)
  t.same(ids.map(([, count]) => count), ['1', '2', '3'])
})

t.test('tracker tells server, process, connection, request and time', async t => {
  const test = await testPlugin(t, { plugin, config: { generator: 'tracker' }, now: 1_700_000_000_042 })
  await test.request()
  test.clock.advance(1000)
  await test.request()
  t.same(test.received.map(request => request.headers['kong-request-id']), [
    `127.0.0.1-${test.port}-${process.pid}-1-1-1700000000.042`,
    `127.0.0.1-${test.port}-${process.pid}-2-1-1700000001.042`
  ])
})

t.test('the id is echoed on errors, of a route without service and where no route matches', async t => {
  const config = { echo_downstream: true }
  const closed = await testPlugin(t, { plugin, config, service: null })
  const unavailable = await closed.request({ headers: { 'kong-request-id': 'mine' } })
  t.equal(unavailable.status, 503)
  t.equal(unavailable.headers['kong-request-id'], 'mine')
  t.equal(closed.log[0]?.['correlation_id'], 'mine')

  const global = await testPlugin(t, { plugin, config, level: 'global', route: { paths: ['/only'] } })
  const missing = await global.request({ path: '/other', headers: { 'kong-request-id': 'mine' } })
  t.equal(missing.status, 404)
  t.equal(missing.headers['kong-request-id'], 'mine')
  t.equal(global.log[0]?.['correlation_id'], 'mine')
  t.match((await global.request('/other')).headers['kong-request-id'], V7)
})

t.test('the id is echoed on the answer to a WebSocket handshake', async t => {
  const upstream = createServer(socket => {
    socket.once('data', () => socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.teardown(() => upstream.close())
  const test = await testPlugin(t, { plugin, config: { echo_downstream: true }, service: { port: (upstream.address() as AddressInfo).port } })
  const client = connect(test.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nKong-Request-ID: mine\r\n\r\n')
  t.match(await text(client), /^HTTP\/1\.1 101 [^]*\r\nkong-request-id: mine\r\n/i)
})

t.test('the id of the gateway wins over one that the upstream sends back', async t => {
  const test = await testPlugin(t, { plugin, config: { echo_downstream: true }, upstream: () => ({ headers: { 'Kong-Request-ID': ['theirs', 'twice'] } }) })
  t.equal((await test.request({ headers: { 'kong-request-id': 'mine' } })).headers['kong-request-id'], 'mine')
})

t.test('a field that belongs to the connection is refused', async t => {
  t.same(findings(plugin, { header_name: 'Content-Length' }), ['error /header_name'])
  t.same(findings(plugin, { header_name: 'host' }), ['error /header_name'])
  t.same(findings(plugin, { header_name: 'X-Request-ID' }), [])
})
