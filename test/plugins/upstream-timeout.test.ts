import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:tls'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import plugin from '../../plugins/upstream-timeout/index.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { entry, route } from '../helpers/config.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually, OK, rawUpstream } from '../helpers/raw-upstream.ts'

const routes = [route({ id: 'other' }), route({ id: 'special', paths: ['/special'] })]

/** An entry of the route `/special`. */
const special = (config: object) => [entry({ name: plugin.name, route: 'special', config: config as Record<string, unknown> })]

t.test('the limits of an entry are those of its requests alone', async t => {
  const upstream = await rawUpstream(t, request => request.line.includes('/slow') ? null : OK)
  const { server, port } = await startHop(t, upstream.port, { plugins: [plugin], routes, entries: special({ read_timeout: 500 }) })
  const patient = await rawClient(t, port)
  patient.send(get('/slow'))
  t.equal(statusOf((await ask(t, port, get('/special/slow'))).answer), 504)
  t.equal(patient.text, '', 'a request of another route still waits')
  await upstream.until(() => upstream.connections.some(({ closed }) => closed))
  upstream.connections.find(({ closed }) => !closed)?.socket.write(OK)
  t.equal(statusOf(await patient.answer()), 200)
  t.equal(statusOf((await ask(t, port, get('/special'))).answer), 200)
  await settled(server)
})

t.test('total_timeout ends all attempts of its requests', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { server, port } = await startHop(t, upstream.port, { plugins: [plugin], routes, entries: special({ total_timeout: 100 }), service: { total_timeout: 60_000 } })
  t.equal(statusOf((await ask(t, port, get('/special'))).answer), 504)
  await settled(server)
})

t.test('connect_timeout may be shorter than that of the service', async t => {
  // it takes connections, but no handshake ever ends
  const upstream = await plainUpstream(t, () => {})
  const { server, port } = await startHop(t, upstream, { plugins: [plugin], routes, entries: special({ connect_timeout: 100 }), service: { protocol: 'https', tls_verify: false, retries: 0 } })
  t.equal(statusOf((await ask(t, port, get('/special'))).answer), 504)
  await settled(server)
})

t.test('connect_timeout may be longer than that of the service, and one connection serves requests of both', async t => {
  const fixtures = join(packageRoot, 'test/fixtures/tls')
  const requests: string[] = []
  const server = createTlsServer({ key: readFileSync(join(fixtures, 'upstream.key')), cert: readFileSync(join(fixtures, 'upstream.crt')) }, socket => {
    socket.on('error', () => {})
    socket.on('data', chunk => {
      requests.push(String(chunk))
      socket.write(OK)
    })
  })
  const sockets: Socket[] = []
  const upstream = await plainUpstream(t, socket => { sockets.push(socket) })
  const hop = await startHop(t, upstream, { plugins: [plugin], routes, entries: special({ connect_timeout: 60_000 }), service: { protocol: 'https', tls_verify: false, connect_timeout: 100, retries: 0 } })
  const patient = await rawClient(t, hop.port)
  patient.send(get('/special'))
  await eventually(() => sockets.length === 1)
  t.equal(statusOf((await ask(t, hop.port, get('/'))).answer), 504, 'one of another route, that began later, has given up')
  t.equal(patient.text, '')
  server.emit('connection', sockets[0] as Socket)
  t.equal(statusOf(await patient.answer()), 200)
  await settled(hop.server)
  t.equal(statusOf((await ask(t, hop.port, get('/'))).answer), 200)
  t.equal(requests.length, 2)
  t.equal(sockets.length, 2)
  await settled(hop.server)
})

t.test('send_timeout is between two writes', async t => {
  const upstream = await plainUpstream(t, socket => { socket.pause() })
  const { server, port } = await startHop(t, upstream, { plugins: [plugin], routes, entries: special({ send_timeout: 300 }) })
  const client = await rawClient(t, port)
  const size = 64 * 1024 * 1024
  client.send(`POST /special HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${size}\r\n\r\n`)
  client.send(Buffer.alloc(size, 'x'))
  const answer = await client.answer()
  t.equal(statusOf(answer), 504)
  t.equal(value(answer, 'connection'), 'close')
  await settled(server)
})

t.test('an entry of everybody leaves what it does not say to each service, and bears routes without one', async t => {
  const upstream = await rawUpstream(t, request => request.line.includes('/slow') ? null : OK)
  const { server, port } = await startHop(t, upstream.port, {
    plugins: [plugin],
    service: { read_timeout: 500 },
    routes: [route(), route({ id: 'nowhere', service: null, paths: ['/nowhere'] })],
    entries: [entry({ name: plugin.name, config: { connect_timeout: 5000 } })]
  })
  t.equal(statusOf((await ask(t, port, get('/slow'))).answer), 504)
  t.equal(statusOf((await ask(t, port, get('/'))).answer), 200)
  t.equal(statusOf((await ask(t, port, get('/nowhere'))).answer), 503)
  await settled(server)
})

t.test('an entry without any limit is refused, and so is 0', async t => {
  for (const config of [{}, { read_timeout: 0 }, { total_timeout: 2147483647 }]) await t.rejects(testPlugin(t, { plugin, config }))
})
