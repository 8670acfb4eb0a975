import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants, createSecureServer, createServer, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { probe as check, type Finding } from '../../../src/upstream/health/probe.ts'
import { healthchecks } from '../../helpers/healthchecks.ts'
import { code, frame, FRAME, frameServer } from '../../helpers/http2-frames.ts'
import { packageRoot } from '../../helpers/package-root.ts'
import { OK, rawUpstream } from '../../helpers/raw-upstream.ts'
import { until, upstream } from '../../helpers/running.ts'

const fixtures = join(packageRoot, 'test/fixtures/tls')

async function probe (port: number, options: object = {}, signal = new AbortController().signal, authority = 'users.internal:8000', http2 = false): Promise<Finding> {
  return await check({ host: '127.0.0.1', port, authority, http2 }, healthchecks({ active: options }).active, signal)
}

async function probe2 (port: number, options: object = {}, signal?: AbortSignal): Promise<Finding> {
  return await probe(port, options, signal, undefined, true)
}

t.test('http: one request, on a connection of its own', async t => {
  const { port, requests, connections, until } = await rawUpstream(t, 'HTTP/1.1 204 No Content\r\n\r\n')
  t.equal(await probe(port, { http_path: '/healthz?full=1', headers: { 'X-Check': ['a', 'b'], 'User-Agent': ['mine'] } }), 204)
  const [request] = requests
  t.equal(request?.line, 'GET /healthz?full=1 HTTP/1.1')
  t.same(connections[0]?.bytes.toString('latin1').split('\r\n').sort(), [
    '', '', 'GET /healthz?full=1 HTTP/1.1', 'accept: */*', 'connection: keep-alive', 'host: users.internal:8000', 'user-agent: mine', 'x-check: a', 'x-check: b'
  ])
  await until(() => connections[0]?.closed === true)
})

t.test('any status is found, bodies are not waited for', async t => {
  const port = await upstream(t, (_request, response) => {
    response.writeHead(503)
    response.write('and so on')
  })
  t.equal(await probe(port), 503)
})

t.test('refused, broken and nonsense are failed connections', async t => {
  t.equal(await probe(1), 'tcp')
  const broken = await rawUpstream(t, (_request, socket) => {
    socket.destroy()
    return null
  })
  t.equal(await probe(broken.port), 'tcp')
  const nonsense = await rawUpstream(t, 'nonsense\r\n\r\n')
  t.equal(await probe(nonsense.port), 'tcp')
})

t.test('what Node refuses to send is a failed check, too', async t => {
  const { port, connections } = await rawUpstream(t, OK)
  t.equal(await probe(port, { timeout: 0.01 }, new AbortController().signal, 'users\n.internal'), 'tcp')
  t.equal(connections.length, 0)
})

t.test('a server that hangs or drips is late, and left', async t => {
  const silent = await rawUpstream(t, () => null)
  t.equal(await probe(silent.port, { timeout: 0.05 }), 'timeout')
  await silent.until(() => silent.connections[0]?.closed === true)
  const dripping = await rawUpstream(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const timer = setInterval(() => socket.write('x: y\r\n'), 5)
    socket.on('close', () => clearInterval(timer))
    return null
  })
  t.equal(await probe(dripping.port, { timeout: 0.1 }), 'timeout')
  await dripping.until(() => dripping.connections[0]?.closed === true)
})

t.test('tcp: a connection is enough', async t => {
  const { port, connections, until } = await rawUpstream(t, () => null)
  t.equal(await probe(port, { type: 'tcp' }), 'connected')
  await until(() => connections[0]?.closed === true)
  t.equal(connections[0]?.bytes.length, 0)
  t.equal(await probe(1, { type: 'tcp' }), 'tcp')
})

t.test('a check that is broken off ends at once', async t => {
  const { port, connections, until } = await rawUpstream(t, () => null)
  const abort = new AbortController()
  const found = probe(port, {}, abort.signal)
  await until(() => connections.length === 1)
  abort.abort()
  t.equal(await found, 'tcp')
  await until(() => connections[0]?.closed === true)
  t.equal(await probe(port, {}, abort.signal), 'tcp')
  t.equal(connections.length, 1)
})

t.test('https: certificates are verified unless told, by the name that is asked for', async t => {
  const names: Array<string | false | null> = []
  const server = createTlsServer({ cert: readFileSync(join(fixtures, 'upstream.crt')), key: readFileSync(join(fixtures, 'upstream.key')) }, socket => {
    names.push(socket.servername)
    socket.on('error', () => {})
    socket.on('data', () => { socket.write(OK) })
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo
  t.equal(await probe(port, { type: 'https' }), 'tcp', 'nobody vouches for it')
  const lenient = { type: 'https', https_verify_certificate: false }
  t.equal(await probe(port, lenient), 200)
  t.equal(await probe(port, { ...lenient, https_sni: 'api.example.com' }), 200)
  t.equal(await probe(port, lenient, undefined, '[::1]:443'), 200)
  t.equal(await probe(port, lenient, undefined, '10.0.0.1:443'), 200)
  t.same(names.slice(-4), ['users.internal', 'api.example.com', false, false])
})

t.test('HTTP/2 without TLS: one request, on a connection of its own', async t => {
  const server = createServer()
  const sessions: ServerHttp2Session[] = []
  const heads: IncomingHttpHeaders[] = []
  server.on('session', session => sessions.push(session))
  server.on('stream', (stream, head) => {
    heads.push(head)
    stream.on('error', () => {})
    stream.respond({ ':status': 204 })
    stream.end()
  })
  const port = await listen(t, server)
  t.equal(await probe2(port, { http_path: '/healthz?full=1', headers: { 'X-Check': ['a', 'b'], 'User-Agent': ['mine'], Connection: ['x'] } }), 204)
  t.same(Object.fromEntries(Object.entries(heads[0] ?? {})), { ':method': 'GET', ':scheme': 'http', ':authority': 'users.internal:8000', ':path': '/healthz?full=1', accept: '*/*', 'user-agent': 'mine', 'x-check': 'a, b' })
  await probe2(port, { headers: { host: ['other.internal'] } })
  t.equal(heads[1]?.[':authority'], 'other.internal')
  await until('its connection is closed', () => sessions.length === 2 && sessions.every(session => session.destroyed))
})

t.test('HTTP/2: who speaks another version, breaks off, refuses or hangs has failed', async t => {
  const other = await rawUpstream(t, OK)
  t.equal(await probe2(other.port), 'tcp')
  t.equal(await probe2(1), 'tcp')
  const broken = await rawUpstream(t, (_request, socket) => {
    socket.destroy()
    return null
  })
  t.equal(await probe2(broken.port), 'tcp')
  for (const [kind, answer] of Object.entries({
    reset: frame(FRAME.reset, 0, 1, code(constants.NGHTTP2_REFUSED_STREAM)),
    goaway: frame(FRAME.goaway, 0, 0, Buffer.concat([code(0), code(constants.NGHTTP2_ENHANCE_YOUR_CALM)]))
  })) {
    const server = await frameServer(t, (one, send) => { if (one.type === FRAME.headers) send(answer) })
    t.equal(await probe2(server.port), 'tcp', kind)
  }
  const silent = await frameServer(t, () => {})
  t.equal(await probe2(silent.port, { timeout: 0.2 }), 'timeout')
  const abort = new AbortController()
  const found = probe2(silent.port, {}, abort.signal)
  await until('it is there', () => silent.sockets.length === 2)
  abort.abort()
  t.equal(await found, 'tcp')
  await until('all are closed', () => silent.sockets.every(({ destroyed }) => destroyed))
})

t.test('HTTP/2 with TLS: as agreed in the handshake, or not at all', async t => {
  const identity = { cert: readFileSync(join(fixtures, 'upstream.crt')), key: readFileSync(join(fixtures, 'upstream.key')) }
  const server = createSecureServer(identity)
  server.on('stream', stream => {
    stream.on('error', () => {})
    stream.respond({ ':status': 503 }, { endStream: true })
  })
  server.on('sessionError', () => {})
  const port = await listen(t, server)
  t.equal(await probe2(port, { type: 'https' }), 'tcp', 'nobody vouches for it')
  t.equal(await probe2(port, { type: 'https', https_verify_certificate: false }), 503)
  const old = await listen(t, createTlsServer({ ...identity, ALPNProtocols: ['http/1.1'] }))
  t.equal(await probe2(old, { type: 'https', https_verify_certificate: false }), 'tcp')
  const silent = await listen(t, createTlsServer(identity, socket => { socket.on('error', () => {}) }))
  t.equal(await probe2(silent, { type: 'https', https_verify_certificate: false }), 'tcp', 'nothing was agreed')
})

async function listen (t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return (server.address() as AddressInfo).port
}
