import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import plugin from '../../plugins/forward-auth/index.ts'
import requestTermination from '../../plugins/request-termination/index.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { testPlugin, type PluginTest, type TestPluginOptions } from '../../src/testing/index.ts'
import { fakeAuth } from '../helpers/fake-auth.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { ask as send, until, upstream } from '../helpers/running.ts'
import { serveFile } from '../helpers/serve-file.ts'

interface Setup {
  readonly test: PluginTest
  /** What the authoriser was asked, in order. */
  readonly asked: IncomingMessage[]
  readonly authoriser: number
}

/** A gateway whose authoriser answers as told. */
async function guarded (t: Test, answer: (response: ServerResponse, request: IncomingMessage) => void, config: object = {}, options: Partial<TestPluginOptions> = {}): Promise<Setup> {
  const asked: IncomingMessage[] = []
  const authoriser = await upstream(t, (request, response) => {
    asked.push(request)
    answer(response, request)
  })
  const test = await testPlugin(t, { plugin, config: { url: `http://127.0.0.1:${authoriser}/verify?from=gateway`, ...config }, ...options })
  return { test, asked, authoriser }
}

const allow = (headers: Record<string, string | string[]> = {}) => (response: ServerResponse) => { response.writeHead(200, headers).end('ignored') }

t.test('asks with the request\'s head, and passes what is allowed', async t => {
  const { test, asked, authoriser } = await guarded(t, allow())
  const answer = await test.request({
    method: 'POST',
    path: '/a/./b%2e%2fc?q=1&r=%20',
    headers: { authorization: 'Bearer t', cookie: 'a=1', 'x-team': 'x', host: 'Shop.Example:8080' },
    body: 'secret body'
  })
  t.equal(answer.status, 200)
  t.equal(test.received[0]?.text, 'secret body')
  const [question] = asked
  t.equal(question?.method, 'GET')
  t.equal(question?.url, '/verify?from=gateway')
  t.match(question?.headers, {
    authorization: 'Bearer t',
    cookie: 'a=1',
    'x-team': 'x',
    host: `127.0.0.1:${authoriser}`,
    'x-forwarded-method': 'POST',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'Shop.Example:8080',
    'x-forwarded-for': '127.0.0.1'
  })
  t.equal(question?.headers['x-forwarded-uri'], '/a/b.%2Fc?q=1&r=%20', 'the path that the router matched')
  t.equal(question?.headers['content-length'], undefined)
  t.equal(question?.headers['transfer-encoding'], undefined)
})

t.test('what would make it answer something else than a decision stays away, and what only the gateway may say', async t => {
  const { test, asked } = await guarded(t, allow())
  const sent = {
    'if-none-match': '"a"',
    'if-modified-since': 'x',
    range: 'bytes=0-1',
    'accept-encoding': 'gzip',
    expect: '100-continue',
    'x-forwarded-uri': '/forged',
    x_forwarded_method: 'GET',
    'x-forwarded-user': 'root',
    'x-original-url': '/forged',
    x_original_uri: '/forged',
    'x-rewrite-url': '/forged',
    'x-real-ip': '6.6.6.6',
    'x-consumer-id': 'forged',
    'x-user-id': 'forged'
  }
  await test.request({ headers: sent, path: '/real' })
  const [question] = asked
  for (const name of Object.keys(sent)) {
    if (name === 'x-forwarded-uri') t.equal(question?.headers[name], '/real')
    else t.equal(question?.headers[name], undefined, name)
  }
})

t.test('only the headers that are named, in any case', async t => {
  const { test, asked } = await guarded(t, allow(), { request_headers: ['COOKIE'] })
  await test.request({ headers: { cookie: 'a=1', authorization: 'Bearer t' } })
  t.equal(asked[0]?.headers.cookie, 'a=1')
  t.equal(asked[0]?.headers.authorization, undefined)
  t.equal(asked[0]?.headers['x-forwarded-uri'], '/')
})

t.test('a request of HTTP/1.0 without Host is asked about without one', async t => {
  const { test, asked } = await guarded(t, allow())
  const { answer } = await ask(t, test.port, 'GET /a HTTP/1.0\r\n\r\n')
  t.match(answer.line, /200/)
  t.equal(asked[0]?.headers['x-forwarded-host'], undefined)
})

t.test('chosen headers go to the service and to the client, and nobody else says them', async t => {
  const { test } = await guarded(t, (response, request) => {
    response.setHeader('X-Role', request.headers['x-test'] === 'twice' ? ['a', 'b'] : Buffer.from('ä').toString('latin1'))
    response.setHeader('Set-Cookie', ['a=1', 'b=2'])
    response.setHeader('X-Other', 'no')
    if (request.headers['x-test'] === 'less') response.removeHeader('X-Role')
    response.end()
  }, { upstream_headers: ['X-Role', 'Authorization'], client_headers: ['Set-Cookie'] })
  const answer = await test.request({ headers: { x_role: 'forged', 'X-ROLE': 'forged', authorization: 'Basic eDp5' } })
  t.equal(Buffer.from(String(test.received[0]?.headers['x-role']), 'latin1').toString(), 'ä', 'its bytes stay what they are')
  t.equal(test.received[0]?.headers['x_role'], undefined)
  t.equal(test.received[0]?.headers['x-other'], undefined)
  t.equal(test.received[0]?.headers.authorization, undefined, 'named, and not said by the authoriser')
  t.same(answer.headers['set-cookie'], ['a=1', 'b=2'])
  await test.request({ headers: { 'x-test': 'twice' } })
  t.equal(test.received[1]?.headers['x-role'], 'a, b')
  await test.request({ headers: { 'x-test': 'less', 'x-role': 'forged' } })
  t.equal(test.received[2]?.headers['x-role'], undefined)
})

t.test('a refusal is the client\'s answer: status, chosen headers, body', async t => {
  const { test } = await guarded(t, response => {
    response.writeHead(401, {
      'WWW-Authenticate': 'Bearer realm="shop"',
      'Set-Cookie': ['a=1', 'b=2'],
      'Content-Type': 'text/html; charset=latin1',
      'X-Internal': 'host-7',
      Connection: 'close',
      'Keep-Alive': 'timeout=5',
      Server: 'authoriser'
    }).end('<h1>Who?</h1>')
  }, {}, { upstream: () => { throw new Error('must not be asked') } })
  const answer = await test.request()
  t.equal(answer.status, 401)
  t.equal(answer.text, '<h1>Who?</h1>')
  t.equal(answer.headers['content-type'], 'text/html; charset=latin1')
  t.equal(answer.headers['www-authenticate'], 'Bearer realm="shop"')
  t.same(answer.headers['set-cookie'], ['a=1', 'b=2'])
  t.equal(answer.headers['x-internal'], undefined)
  t.equal(answer.headers['keep-alive'], undefined)
  t.match(answer.headers.server, /^sallyport/)
  t.equal((await test.request({ method: 'HEAD' })).text, '')
})

t.test('a refusal without a body, or with one that is too long, has the gateway\'s', async t => {
  const { test } = await guarded(t, (response, request) => {
    response.writeHead(403, { 'Content-Type': 'text/html' }).end(request.headers['x-test'] === 'long' ? 'x'.repeat(2000) : '')
  }, { max_body_size: 1999 })
  for (const headers of [{}, { 'x-test': 'long' }]) {
    const answer = await test.request({ headers })
    t.equal(answer.status, 403)
    t.match(answer.json(), { message: 'Forbidden', request_id: /^[0-9a-f]{32}$/ })
    t.match(answer.headers['content-type'], /^application\/json/)
  }
})

t.test('a redirect is passed on, never followed', async t => {
  const { test, asked } = await guarded(t, response => { response.writeHead(302, { Location: 'https://login.example/?rd=1', 'Content-Type': 'text/html' }).end('moved') })
  const answer = await test.request()
  t.equal(answer.status, 302)
  t.equal(answer.headers.location, 'https://login.example/?rd=1')
  t.equal(answer.text, '')
  t.equal(asked.length, 1)
})

const broken: ReadonlyArray<readonly [string, RequestListener]> = [
  ['answers with 500', (_request, response) => { response.writeHead(500).end('at db-7:5432') }],
  ['answers with 503', (_request, response) => { response.writeHead(503, { 'Retry-After': '3' }).end() }],
  ['hangs', () => {}],
  ['breaks off', (_request, response) => { response.destroy() }],
  ['cuts its answer', (_request, response) => {
    response.writeHead(200, { 'Content-Length': '10' })
    response.write('abc')
    setTimeout(() => response.destroy(), 10)
  }],
  ['names two subjects', (_request, response) => { response.setHeader('X-Subject', ['a', 'b']).end() }]
]
for (const [what, listener] of broken) {
  t.test(`closed when the authoriser ${what}, for anonymous callers too`, async t => {
    const authoriser = await upstream(t, listener)
    const service = await upstream(t, (_request, response) => response.end('through'))
    const { port } = await serveFile(t, `
consumers: [{ username: guest }]
services:
  - name: s
    url: http://127.0.0.1:${service}
    routes:
      - name: closed
        paths: [/closed]
        plugins: [{ name: forward-auth, config: { url: "http://127.0.0.1:${authoriser}/", timeout: 150, subject_header: X-Subject } }]
      - name: anonymous
        paths: [/anonymous]
        plugins: [{ name: forward-auth, config: { url: "http://127.0.0.1:${authoriser}/", timeout: 150, subject_header: X-Subject, anonymous: guest } }]
`)
    for (const path of ['/closed', '/anonymous']) {
      const answer = await send(port, path)
      t.equal(answer.status, 503, path)
      t.match(JSON.parse(answer.text), { message: 'The authorization service is unavailable' })
    }
  })
}

t.test('closed when nobody is there', async t => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const test = await testPlugin(t, { plugin, config: { url: `http://127.0.0.1:${port}` } })
  t.equal((await test.request()).status, 503)
  t.equal(test.received.length, 0)
})

t.test('a certificate that nobody vouches for is no authoriser', async t => {
  const [key, cert] = ['upstream.key', 'upstream.crt'].map(name => readFileSync(join(packageRoot, 'test/fixtures/tls', name)))
  const server = createSecureServer({ key, cert }, (_request, response) => response.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo
  const strict = await testPlugin(t, { plugin, config: { url: `https://127.0.0.1:${port}` } })
  t.equal((await strict.request()).status, 503)
  const lenient = await testPlugin(t, { plugin, config: { url: `https://127.0.0.1:${port}`, tls_verify: false } })
  t.equal((await lenient.request()).status, 200)
})

t.test('says who calls: groups for acl, the subject for the service', async t => {
  const { test } = await guarded(t, allow({ 'Remote-User': 'ada', 'Remote-Groups': 'staff, admins', 'X-Roles': 'r', 'X-Scopes': 'a b,c' }), {
    subject_header: 'Remote-User', groups_header: 'Remote-Groups', roles_header: 'X-Roles', scopes_header: 'X-Scopes', upstream_headers: ['Remote-User']
  }, { beside: [{ plugin: seeing() }] })
  const answer = await test.request({ headers: { 'remote-user': 'root', 'Remote-Groups': 'admins', 'x-roles': 'root', 'x-scopes': 'all' } })
  t.match(JSON.parse(answer.headers['x-seen'] as string), {
    subject: 'ada', groups: ['staff', 'admins'], roles: ['r'], scopes: ['a', 'b', 'c'], credential: { id: 'ada' }, consumer: null
  })
  t.equal(test.received[0]?.headers['remote-user'], 'ada')
  for (const name of ['remote-groups', 'x-roles', 'x-scopes']) t.notOk(test.received[0]?.headers[name], `a client's ${name} goes no further`)
  t.equal(test.received[0]?.headers['x-credential-identifier'], 'ada')
})

t.test('one that names nobody leaves it at who was known before, and adds what it says', async t => {
  const { test } = await guarded(t, allow({ 'X-Tier': 'gold', 'X-Roles': 'more', 'X-Groups': 'g' }), { upstream_headers: ['X-Tier'], roles_header: 'X-Roles', groups_header: 'X-Groups' }, {
    beside: [{ plugin: fakeAuth('first', 1450) }, { plugin: seeing() }]
  })
  const answer = await test.request({ headers: { 'x-first': JSON.stringify({ subject: 'ada', credential: { id: 'c1' }, roles: ['one'], headers: [['X-User-ID', 'ada']] }) } })
  t.match(JSON.parse(answer.headers['x-seen'] as string), { subject: 'ada', credential: { id: 'c1' }, roles: ['one', 'more'], groups: ['g'] })
  t.equal(test.received[0]?.headers['x-user-id'], 'ada')
  t.equal(test.received[0]?.headers['x-tier'], 'gold')
})

t.test('one that names nobody leaves an anonymous caller anonymous', async t => {
  const service = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const authoriser = await upstream(t, (_request, response) => response.setHeader('X-Tier', 'free').end())
  const { port } = await serveFile(t, `
consumers: [{ username: guest }]
services:
  - name: s
    url: http://127.0.0.1:${service}
    routes: [{ name: r, paths: [/] }]
plugins:
  - { name: first, config: { anonymous: guest } }
  - { name: forward-auth, config: { url: "http://127.0.0.1:${authoriser}/", upstream_headers: [X-Tier] } }
`, { plugins: [fakeAuth('first', 1450)] })
  t.match(JSON.parse((await send(port, '/')).text), { 'x-consumer-username': 'guest', 'x-anonymous-consumer': 'true', 'x-tier': 'free' })
})

t.test('anonymous: who is refused counts as that consumer', async t => {
  const service = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const authoriser = await upstream(t, (_request, response) => response.writeHead(401).end())
  const { port } = await serveFile(t, `
consumers: [{ username: guest }]
services: [{ name: s, url: "http://127.0.0.1:${service}", routes: [{ name: r, paths: [/] }] }]
plugins: [{ name: forward-auth, config: { url: "http://127.0.0.1:${authoriser}/", anonymous: guest } }]
`)
  t.match(JSON.parse((await send(port, '/')).text), { 'x-consumer-username': 'guest', 'x-anonymous-consumer': 'true' })
})

t.test('preflights pass unasked where that is said', async t => {
  const { test, asked } = await guarded(t, response => response.writeHead(401).end(), { run_on_preflight: false })
  t.equal((await test.request({ method: 'OPTIONS' })).status, 200)
  t.equal(asked.length, 0)
  t.equal((await test.request()).status, 401)
})

t.test('a route without a service: credentials are shown, and nothing that a client may not say', async t => {
  const { test, asked } = await guarded(t, allow(), {}, { service: null, beside: [{ plugin: requestTermination, config: { status_code: 200 } }] })
  t.equal((await test.request({ headers: { authorization: 'Bearer t', cookie: 'a=1', 'x-user-id': 'forged' } })).status, 200)
  t.match(asked[0]?.headers, { authorization: 'Bearer t', cookie: 'a=1' })
  t.equal(asked[0]?.headers['x-user-id'], undefined)
})

t.test('permissions are not kept unless asked for', async t => {
  const { test, asked } = await guarded(t, allow())
  await test.request()
  await test.request()
  t.equal(asked.length, 2)
})

t.test('a kept permission counts for the same question only, and for its time', async t => {
  const { test, asked } = await guarded(t, (response, request) => {
    response.statusCode = request.headers.authorization === 'no' ? 403 : 200
    if (request.headers.authorization === 'never') response.setHeader('Cache-Control', 'private, no-store')
    response.setHeader('X-Role', `role-${asked.length}`).end()
  }, { cache_ttl: 5, request_headers: ['Authorization'], upstream_headers: ['X-Role'] })
  const count = async (request: Parameters<PluginTest['request']>[0]) => {
    const before = asked.length
    await test.request(request)
    return asked.length - before
  }
  const ada = { path: '/a', headers: { authorization: 'ada' } }
  t.equal(await count(ada), 1)
  t.equal(await count(ada), 0)
  t.equal(test.received[1]?.headers['x-role'], 'role-1', 'with what it says')
  t.equal(await count({ ...ada, path: '/b' }), 1, 'another path')
  t.equal(await count({ ...ada, path: '/a?x' }), 1, 'another query')
  t.equal(await count({ ...ada, method: 'POST' }), 1, 'another method')
  t.equal(await count({ ...ada, headers: { authorization: 'bob' } }), 1, 'another caller')
  t.equal(await count({ ...ada, headers: { authorization: 'ada', host: 'other' } }), 1, 'another host')
  test.clock.advance(4_999)
  t.equal(await count(ada), 0)
  test.clock.advance(1)
  t.equal(await count(ada), 1, 'later')
  for (const authorization of ['no', 'never']) {
    t.equal(await count({ headers: { authorization } }), 1)
    t.equal(await count({ headers: { authorization } }), 1, `${authorization} is asked again`)
  }
})

t.test('a permission with something for the client is not kept', async t => {
  const { test, asked } = await guarded(t, allow({ 'Set-Cookie': 'a=1' }), { cache_ttl: 5, client_headers: ['Set-Cookie'] })
  await test.request()
  await test.request()
  t.equal(asked.length, 2)
})

t.test('WebSockets are asked about before the upstream hears of them', async t => {
  const service = createServer()
  const sockets = new WebSocketServer({ server: service })
  let opened = 0
  sockets.on('connection', socket => {
    opened++
    socket.on('message', data => socket.send(data))
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    service.close()
  })
  const authoriser = await upstream(t, (request, response) => {
    t.equal(request.headers.upgrade, undefined)
    response.writeHead(request.headers.cookie === 'a=1' ? 200 : 403, { 'Set-Cookie': 'seen=1' }).end('no')
  })
  const { port } = await serveFile(t, `
services: [{ name: s, url: "http://127.0.0.1:${(service.address() as AddressInfo).port}", routes: [{ name: r, paths: [/] }] }]
plugins: [{ name: forward-auth, config: { url: "http://127.0.0.1:${authoriser}/", client_headers: [Set-Cookie] } }]
`)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { cookie: 'a=1' } })
  t.teardown(() => socket.terminate())
  const opening = once(socket, 'open')
  const [response] = await once(socket, 'upgrade') as [IncomingMessage]
  t.same(response.headers['set-cookie'], ['seen=1'])
  await opening
  socket.send('hello')
  const [message] = await once(socket, 'message')
  t.equal(String(message), 'hello')

  const refused = await rawClient(t, port)
  refused.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
  t.match((await refused.answer()).line, /403/)
  t.equal(opened, 1)
})

t.test('what is sent before the answer is there goes up whole', async t => {
  const { test } = await guarded(t, response => { setTimeout(() => response.end(), 50) })
  const body = 'x'.repeat(300_000)
  t.equal((await test.request({ method: 'POST', body })).status, 200)
  t.ok(test.received[0]?.text === body)
})

t.test('options that can\'t work are refused', async t => {
  for (const url of ['ftp://a/', 'https://user:pass@auth/', 'https://auth/#x', 'auth.internal', '']) t.notOk(validateConfig(plugin, { url }).valid, url)
  const url = 'https://auth.internal/verify'
  t.same(findings(plugin, { url }), [])
  t.same(findings(plugin, { url: 'https://[/' }), ['error /url'])
  t.same(findings(plugin, { url, upstream_headers: ['X-A', 'Connection'], client_headers: ['Content-Length'], refusal_headers: ['Transfer-Encoding'] }), [
    'error /upstream_headers/1', 'error /client_headers/0', 'error /refusal_headers/0'
  ])
  t.same(findings(plugin, { url, upstream_headers: ['cookie'] }), ['error /upstream_headers/0'])
  t.same(findings(plugin, { url, tls_verify: false, cache_ttl: 5 }), ['warning /tls_verify', 'warning /cache_ttl'])
  t.same(findings(plugin, { url, cache_ttl: 5, request_headers: ['Cookie'] }), [])
})

/** Shows the client what plugins after the authentication see. */
function seeing () {
  return definePlugin({
    name: 'seeing',
    priority: 900,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onRequest', function seeing (request, reply, done) {
        reply.header('x-seen', JSON.stringify(request.gateway.identity))
        done()
      })
    }
  })
}

t.test('a client that leaves takes its question back', async t => {
  let cut = false
  const { test, asked } = await guarded(t, response => { response.once('close', () => { cut = true }) }, { timeout: 60_000 })
  const client = await rawClient(t, test.port)
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('the authoriser is asked', () => asked.length === 1)
  client.socket.destroy()
  await until('the question is taken back', () => cut)
  await until('the request has ended', () => test.log.length === 1)
  t.equal(test.received.length, 0)
})
