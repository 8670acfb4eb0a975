import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createSecureServer, createServer, type Http2SecureServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { certificatesOf } from '../helpers/tls.ts'
import type { Config, Service } from '../../src/config/model.ts'
import { upstream as balanced } from '../helpers/balancing.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { config, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { healthchecks } from '../helpers/healthchecks.ts'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually } from '../helpers/raw-upstream.ts'

const root = makeCertificate('an authority')
const identity = makeCertificate('upstream.test', { names: ['upstream.test', 'other.test'], issuer: root })

interface Upstream {
  readonly port: number
  readonly sessions: ServerHttp2Session[]
  readonly heads: IncomingHttpHeaders[]
  readonly bodies: string[]
}

type Script = (stream: ServerHttp2Stream, fields: IncomingHttpHeaders, body: Buffer) => void

async function serve (t: Test, server: Http2Server | Http2SecureServer, script: Script, early = false): Promise<Upstream> {
  const upstream: Upstream = { port: 0, sessions: [], heads: [], bodies: [] }
  server.on('session', session => {
    upstream.sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream: ServerHttp2Stream, fields: IncomingHttpHeaders) => {
    upstream.heads.push(fields)
    const chunks: Buffer[] = []
    stream.on('error', () => {})
    if (early) {
      script(stream, fields, Buffer.alloc(0))
      return
    }
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      if (stream.aborted) return
      upstream.bodies.push(Buffer.concat(chunks).toString())
      script(stream, fields, Buffer.concat(chunks))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const session of upstream.sessions) session.destroy()
    server.close()
  })
  return Object.assign(upstream, { port: (server.address() as AddressInfo).port })
}

const plain = async (t: Test, script: Script = stream => { stream.respond({ ':status': 200 }); stream.end('ok') }, early = false): Promise<Upstream> => await serve(t, createServer(), script, early)
const http2 = { http2: true, retries: 0 }

t.test('a request without TLS reaches the upstream as one of HTTP/2', async t => {
  const up = await plain(t)
  const { server, port } = await startHop(t, up.port, { service: { ...http2, path: '/base' } })
  const { answer } = await ask(t, port, get('/a%2Fb?c=%20d', 'Cookie: a=1', 'Cookie: b=2', 'Authorization: Bearer x', 'X-Many: 1', 'X-Many: 2', 'X-Latin: caf\xe9', 'Connection: keep-alive, x-gone', 'X-Gone: 1', 'X-Consumer-Id: forged'))
  t.equal(statusOf(answer), 200)
  t.equal(answer.body.toString(), 'ok')
  t.match(up.heads[0], { ':method': 'GET', ':scheme': 'http', ':authority': `127.0.0.1:${up.port}`, ':path': '/base/a%2Fb?c=%20d', cookie: 'a=1; b=2', authorization: 'Bearer x', 'x-many': '1, 2', 'x-latin': 'caf\xe9', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-path': '/a%2Fb', via: '1.1 sallyport' })
  for (const name of ['host', 'connection', 'x-gone', 'x-consumer-id', 'transfer-encoding', 'content-length']) t.equal(up.heads[0]?.[name], undefined, name)
  await settled(server)
})

t.test('answers: repeated fields, latin1, early hints, HEAD, 204, 304', async t => {
  const up = await plain(t, (stream, fields) => {
    const path = fields[':path'] as string
    if (path === '/many') {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' })
      stream.respond({ ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-latin': 'caf\xe9', 'content-length': '2' })
      stream.end('ok')
    } else if (path === '/head') stream.respond({ ':status': 200, 'content-length': '500' }, { endStream: true })
    else stream.respond({ ':status': Number(path.slice(1)), ...path === '/304' ? { 'content-length': '9' } : {} }, { endStream: true })
  })
  const { port } = await startHop(t, up.port, { service: http2 })
  const { client } = await ask(t, port, get('/many'))
  await client.until(one => one.answers.some(answer => statusOf(answer) === 200 && answer.complete))
  const many = client.answers.find(answer => statusOf(answer) === 200)
  t.same(values(many as never, 'set-cookie'), ['a=1', 'b=2'])
  t.equal(value(many as never, 'x-latin'), 'caf\xe9')
  t.equal(value(many as never, 'content-length'), '2')
  const head = await ask(t, port, get('/head').replace('GET', 'HEAD'), 'HEAD')
  t.equal(value(head.answer, 'content-length'), '500')
  for (const status of [204, 304, 599]) t.equal(statusOf((await ask(t, port, get(`/${status}`))).answer), status)
  t.equal(up.sessions.length, 1)
})

t.test('bodies of every kind arrive: short, long, in chunks, of GET and DELETE, empty ones', async t => {
  const up = await plain(t, (stream, _fields, body) => {
    stream.respond({ ':status': 200 })
    stream.end(createHash('sha256').update(body).digest('hex'))
  })
  const { server, port } = await startHop(t, up.port, { service: http2 })
  const long = Buffer.alloc(3_000_000, 'abcdefg')
  const chunked = (body: Buffer): Buffer => Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
  for (const [method, body, inChunks] of [['POST', Buffer.from('short'), false], ['GET', Buffer.from('short'), false], ['DELETE', Buffer.from('short'), false], ['PUT', long, false], ['POST', long, true], ['POST', Buffer.alloc(0), false]] as const) {
    const client = await rawClient(t, port)
    client.send(`${method} / HTTP/1.1\r\nHost: gateway.test\r\n${inChunks ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`}\r\n\r\n`)
    client.send(inChunks ? chunked(body) : body)
    const answer = await client.answer()
    t.equal(answer.body.toString(), createHash('sha256').update(body).digest('hex'), `${method} ${body.length}`)
    t.equal(up.heads.at(-1)?.['content-length'], inChunks ? undefined : String(body.length))
  }
  await settled(server)
  t.equal(up.sessions.length, 1)
})

t.test('requests share a connection', async t => {
  const waiting: ServerHttp2Stream[] = []
  const up = await plain(t, stream => { waiting.push(stream) })
  const { server, port } = await startHop(t, up.port, { service: http2 })
  const clients = await Promise.all(Array.from({ length: 50 }, async () => (await rawClient(t, port)).send(get())))
  await eventually(() => waiting.length === 50)
  t.equal(up.sessions.length, 1)
  for (const stream of waiting) {
    stream.respond({ ':status': 200 })
    stream.end('ok')
  }
  for (const client of clients) t.equal((await client.answer()).body.toString(), 'ok')
  await settled(server)
})

t.test('a client that leaves ends its stream, and nobody else\'s; an upload that it leaves does not look whole', async t => {
  const streams: ServerHttp2Stream[] = []
  let ended = 0
  const up = await plain(t, stream => {
    streams.push(stream)
    stream.on('data', () => {})
    stream.on('end', () => { if (!stream.aborted) ended++ })
  }, true)
  const { server, port } = await startHop(t, up.port, { service: http2 })
  const stays = (await rawClient(t, port)).send(get())
  const leaves = (await rawClient(t, port)).send(get())
  const uploads = (await rawClient(t, port)).send('POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  await eventually(() => streams.length === 3 && ended === 2)
  leaves.socket.destroy()
  uploads.socket.destroy()
  await eventually(() => streams.filter(stream => stream.closed).length === 2)
  t.same(streams.filter(stream => stream.closed).map(stream => stream.rstCode), [8, 8])
  t.equal(ended, 2, 'of the two without a body alone')
  const last = streams.find(stream => !stream.closed) as ServerHttp2Stream
  last.respond({ ':status': 200 })
  last.end('ok')
  t.equal((await stays.answer()).body.toString(), 'ok')
  t.equal(up.sessions.length, 1)
  await settled(server)
})

t.test('a client that reads slowly holds its upstream back, and others go on', async t => {
  let written = 0
  const up = await plain(t, (stream, fields) => {
    stream.respond({ ':status': 200 })
    if (fields[':path'] !== '/large') {
      stream.end('small')
      return
    }
    const more = (): void => {
      while (written < 100_000_000) {
        written += 65_536
        if (!stream.write(Buffer.alloc(65_536))) {
          stream.once('drain', more)
          return
        }
      }
      stream.end()
    }
    more()
  })
  const { port } = await startHop(t, up.port, { service: http2 })
  const slow = await rawClient(t, port)
  slow.socket.pause()
  slow.send(get('/large'))
  let last = -1
  await eventually(() => {
    const still = written === last && written > 0
    last = written
    return still
  })
  for (let index = 0; index < 3; index++) t.equal((await ask(t, port, get('/small'))).answer.body.toString(), 'small')
  t.ok(written < 30_000_000, String(written))
  t.equal(up.sessions.length, 1)
  slow.socket.destroy()
})

t.test('over TLS: as agreed in the handshake, verified, under the name of the request', async t => {
  const up = await serve(t, createSecureServer({ key: identity.key, cert: identity.cert }), stream => { stream.respond({ ':status': 200 }); stream.end('ok') })
  const file = (overrides: Partial<Service>, preserve = false): ReturnType<typeof config> => config({
    ...certificatesOf(root, [root]),
    services: [service({ ...http2, protocol: 'https', host: '127.0.0.1', ...overrides, port: up.port })],
    routes: [route({ preserve_host: preserve })]
  })
  const named = await startGateway(t, file({ ca_certificates: ['authority-0'] }, true))
  for (const name of ['upstream.test', 'upstream.test', 'other.test']) {
    t.equal(statusOf((await ask(t, named.port, `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`)).answer), 200)
  }
  t.equal(up.sessions.length, 2, 'one for each name')
  t.match(up.heads[0], { ':scheme': 'https', ':authority': 'upstream.test' })
  t.equal(statusOf((await ask(t, named.port, 'GET / HTTP/1.1\r\nHost: stranger.test\r\n\r\n')).answer), 502)
  const unknown = await startGateway(t, file({}, true))
  t.equal(statusOf((await ask(t, unknown.port, 'GET / HTTP/1.1\r\nHost: upstream.test\r\n\r\n')).answer), 502)
  const unverified = await startGateway(t, file({ tls_verify: false }))
  t.equal(statusOf((await ask(t, unverified.port, get())).answer), 200)
})

t.test('an upstream without HTTP/2 is a 502, and no other version is tried', async t => {
  const old = createHttp((_request, response) => { response.end('old') })
  const secure = createHttps({ key: identity.key, cert: identity.cert }, (_request, response) => { response.end('old') })
  for (const server of [old, secure]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => { server.close() })
  }
  for (const overrides of [{ port: (old.address() as AddressInfo).port }, { port: (secure.address() as AddressInfo).port, protocol: 'https' as const, tls_verify: false }, { port: 1 }]) {
    const { server, port } = await startHop(t, overrides.port, { service: { ...http2, ...overrides } })
    const { answer, client } = await ask(t, port, get())
    t.equal(statusOf(answer), 502)
    t.notMatch(client.text, /127\.0\.0\.1|HTTP2|nghttp|SSL/i)
    await settled(server)
  }
})

t.test('WebSockets keep to HTTP/1.1, at the same place', async t => {
  const server = createSecureServer({ key: identity.key, cert: identity.cert, allowHTTP1: true })
  const up = await serve(t, server, stream => { stream.respond({ ':status': 200 }); stream.end('ok') })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => { sockets.handleUpgrade(request, socket, head, one => { one.on('message', data => { one.send(`echo ${String(data)}`) }) }) })
  const { port } = await startHop(t, up.port, { service: { ...http2, protocol: 'https', tls_verify: false } })
  t.equal((await ask(t, port, get())).answer.body.toString(), 'ok')
  const client = new WebSocket(`ws://127.0.0.1:${port}/`)
  t.teardown(() => client.terminate())
  await once(client, 'open')
  client.send('hello')
  t.equal(String((await once(client, 'message'))[0]), 'echo hello')
})

t.test('a WebSocket to an upstream that speaks nothing but HTTP/2 is refused, and requests go on', async t => {
  for (const secure of [false, true]) {
    const up = secure
      ? await serve(t, createSecureServer({ key: identity.key, cert: identity.cert }), stream => { stream.respond({ ':status': 200 }); stream.end('ok') })
      : await plain(t)
    const { port } = await startHop(t, up.port, { service: { ...http2, ...secure ? { protocol: 'https', tls_verify: false } : {} } })
    const client = new WebSocket(`ws://127.0.0.1:${port}/`)
    const [error] = await once(client, 'error') as [Error]
    t.equal(error.message, 'Unexpected server response: 502')
    t.equal((await ask(t, port, get())).answer.body.toString(), 'ok')
  }
})

t.test('active checks speak HTTP/2 where every service of the upstream does, and HTTP/1.1 where one does not', async t => {
  const active = { http_path: '/healthz', healthy: { interval: 0.02, successes: 1 }, unhealthy: { interval: 0.02, tcp_failures: 1 } }
  const file = (port: number, ...services: Array<Partial<Service>>): Config => config({
    upstreams: [balanced({ healthchecks: healthchecks({ active }) })],
    targets: [{ id: 't', tags: [], pointer: '/upstreams/0/targets/0', upstream: 'upstream-1', target: `127.0.0.1:${port}`, weight: 100, failover: false }],
    services: services.map((own, index) => service({ id: `service-${index}`, name: `s${index}`, host: 'users', ...own, port: 80 })),
    routes: [route({ service: 'service-0' })]
  })
  const up = await plain(t)
  const { server, port } = await startGateway(t, file(up.port, http2, http2))
  await eventually(() => up.heads.filter(head => head[':path'] === '/healthz').length > 1)
  const state = () => server.facts().upstreams[0]?.targets[0]?.health
  t.equal(state(), 'healthy')
  t.equal((await ask(t, port, get())).answer.body.toString(), 'ok')
  ;(await server.prepare(file(up.port, http2, { http2: false }), new Map())).commit()
  const checks = (): number => up.heads.filter(head => head[':path'] === '/healthz').length
  const [before, { length }] = [checks(), up.sessions]
  // what it is to HTTP/1.1: a connection without a request
  await eventually(() => up.sessions.length > length + 3)
  t.ok(checks() <= before + 1, 'one was on its way')
})

t.test('a reload keeps the connection; one that no snapshot uses is closed when its requests have ended', async t => {
  const waiting: ServerHttp2Stream[] = []
  const up = await plain(t, (stream, fields) => {
    if (fields[':path'] === '/held') waiting.push(stream)
    else {
      stream.respond({ ':status': 200 })
      stream.end('ok')
    }
  })
  const { server, port } = await startHop(t, up.port, { service: http2 })
  const held = (await rawClient(t, port)).send(get('/held'))
  await eventually(() => waiting.length === 1)
  await ask(t, port, get())
  t.equal(up.sessions.length, 1)
  const { server: other, port: otherPort } = await startHop(t, up.port, { service: http2 })
  await ask(t, otherPort, get())
  await other.close()
  await eventually(() => up.sessions[1]?.closed === true)
  waiting[0]?.respond({ ':status': 200 })
  waiting[0]?.end('late')
  t.equal((await held.answer()).body.toString(), 'late')
  await settled(server)
})
