import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { listenDefaults } from '../../src/config/entities/listen.ts'
import type { Config } from '../../src/config/model.ts'
import { AddressLimit } from '../../src/gateway/listener/address-limit.ts'
import { settings } from '../helpers/config.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, startHop } from '../helpers/hop.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { ask, rawClient, type RawClient } from '../helpers/raw-client.ts'
import { eventually, rawUpstream } from '../helpers/raw-upstream.ts'
import { startTls, tlsClient, tlsConfig } from '../helpers/tls.ts'

const H = 'Host: gateway.test\r\n'
const timeouts = { headers: 400, keep_alive: 500, body_min_rate: 1024, body_grace: 400, send: 60_000, send_min_rate: 240, setup: 10_000 }

t.test('a head that is not complete in time is 408', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  for (const part of ['GET / HTTP', `GET / HTTP/1.1\r\n${H}`, `GET / HTTP/1.1\r\n${H}X-A: 1`]) {
    const client = await rawClient(t, port)
    client.send(part)
    const answer = await client.answer()
    t.equal(statusOf(answer), 408, part)
    t.match(JSON.parse(answer.body.toString()), { message: 'Request timeout', request_id: /^[0-9a-f]{32}$/ })
    t.equal(value(answer, 'connection'), 'close')
    await client.end()
  }
  t.equal(server.facts().total, 0)
})

t.test('a head that comes byte by byte has the same time', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  client.send(`GET / HTTP/1.1\r\n${H}X-A: `)
  const timer = setInterval(() => client.send('a'), 50)
  t.teardown(() => clearInterval(timer))
  t.equal(statusOf(await client.answer()), 408)
  clearInterval(timer)
})

t.test('a connection that says nothing is closed', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  await client.end()
  await upstream.until(() => server.facts().connections === 0)
})

t.test('an idle connection is closed after keep_alive, without a word', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  const start = performance.now()
  client.send(get())
  await client.answer()
  await client.end()
  t.ok(performance.now() - start >= 400)
  t.equal(client.answers.length, 1)
  await upstream.until(() => server.facts().connections === 0)
})

t.test('a second request has the same time for its head as the first', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { timeouts: { ...timeouts, keep_alive: 10_000 } } })
  const client = await rawClient(t, port)
  client.send(get())
  await client.answer()
  client.send('GET /second HTTP/1.1\r\n')
  t.equal(statusOf(await client.answer(2)), 408)
  await client.end()
})

for (const secure of [false, true]) {
  t.test(`an answer that is read too slowly is cut, over ${secure ? 'TLS' : 'TCP'}`, async t => {
    const size = 32 * 1024 * 1024
    const up = await plainUpstream(t, socket => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        socket.write(Buffer.alloc(size))
      })
    })
    // no rate that the buffers of this machine could feign
    const slow = { ...settings().timeouts, send: 1_000, send_min_rate: 100_000_000 }
    const { server, port } = secure ? await startTls(t, tlsConfig(up, {}, {}, { timeouts: slow })) : await startHop(t, up, { gateway: { timeouts: slow } })
    const reader = secure ? await tlsClient(t, port) : await rawClient(t, port)
    reader.socket.removeAllListeners('data').pause()
    reader.send(get())
    // something now and then: it never stands still for a second
    const timer = setInterval(() => { reader.socket.read(65_536) }, 50)
    t.teardown(() => clearInterval(timer))
    await eventually(() => server.facts().requests === 1)
    await eventually(() => server.facts().requests === 0 && server.facts().connections === 0)
    t.ok(reader.socket.bytesRead < size, 'not the whole answer')
  })
}

t.test('an address has so many connections, over all listeners and before a handshake; proxies have no limit', async t => {
  const upstream = await rawUpstream(t)
  const listen = [{ ...listenDefaults, host: '127.0.0.1', port: 0 }, { ...listenDefaults, host: '127.0.0.1', port: 0, tls: true }]
  const file = (trusted: readonly string[], limit = 3): Config => tlsConfig(upstream.port, {}, {}, { listen, trusted_ips: trusted, limits: { ...settings().limits, connections_per_address: limit } })
  const { server } = await startTls(t, file([]))
  const [plain, secure] = server.addresses.map(({ port }) => port) as [number, number]
  const held = [await rawClient(t, plain), await rawClient(t, secure), await tlsClient(t, secure)]
  for (const port of [plain, secure]) await (await rawClient(t, port)).end()
  t.equal(server.facts().refused, 2)
  t.equal(statusOf(await (held[0] as RawClient).send(get()).answer()), 200, 'those that are there are served')
  held[1]?.socket.destroy()
  let next: RawClient
  do {
    next = await rawClient(t, plain)
    next.send(get())
    await next.until(client => client.closed !== null || client.answers.length > 0)
  } while (next.closed !== null)
  t.equal(statusOf(await next.answer()), 200, 'one that went makes room')
  // a reload changes it for what comes
  ;(await server.prepare(file([], 4), new Map())).commit()
  t.equal(statusOf((await ask(t, plain, get())).answer), 200)
  ;(await server.prepare(file(['127.0.0.0/8']), new Map())).commit()
  const clients = await Promise.all(Array.from({ length: 10 }, async () => await rawClient(t, plain)))
  for (const client of clients) t.equal(statusOf(await client.send(get()).answer()), 200, 'a proxy')
})

t.test('IPv6 counts by the /64, and what is written as IPv6 as what it is', async t => {
  const lines: object[] = []
  const limit = new AddressLimit({ log: { warn: (line: object) => { lines.push(line) } } as never, workers: 2 })
  limit.apply(settings({ limits: { ...settings().limits, connections_per_address: 3 } }))
  const socket = (remoteAddress: string | undefined): Socket => Object.assign(new EventEmitter(), { remoteAddress, destroy () {} }) as unknown as Socket
  const first = socket('2001:db8:1:2::1')
  t.same([first, socket('2001:db8:1:2:ffff::2'), socket('2001:db8:1:2::3'), socket('2001:db8:1:3::1')].map(one => limit.admit(one)), [true, true, false, true], 'two for each of two workers')
  t.same(['::ffff:192.0.2.1', '192.0.2.1', '::ffff:192.0.2.1'].map(address => limit.admit(socket(address))), [true, true, false])
  first.emit('close')
  t.equal(limit.admit(socket('2001:db8:1:2::9')), true)
  t.equal(limit.admit(socket(undefined)), true, 'one that has gone is nobody')
  t.same(lines, [{ client: '2001:db8:1:2::/64', limit: 2, refused: 1 }], 'one line, not one for each')
})
