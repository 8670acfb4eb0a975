import t from 'tap'
import type { GatewaySettings } from '../../src/config/model.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { entry, route, settings } from '../helpers/config.ts'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { get, startHop } from '../helpers/hop.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { ask } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const OFF: GatewaySettings['headers'] = { names: 'sallyport', server_tokens: false, latency_tokens: false, request_id: false, upstream_status: false }

t.test('fields of the connection stay on the connection', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  await ask(t, port, get('/', 'Connection: keep-alive, X-Named, x-second', 'X-Named: 1', 'X-Second: 2', 'X-Kept: 3', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'Proxy: http://evil.test', 'TE: gzip', 'Trailer: X-Sum', 'HTTP2-Settings: AAMAAABkAAQAAP__'))
  const [request] = upstream.requests
  for (const name of ['x-named', 'x-second', 'keep-alive', 'proxy-connection', 'proxy', 'te', 'upgrade', 'http2-settings']) t.equal(value(request!, name), undefined, name)
  t.equal(value(request!, 'x-kept'), '3')
  t.same(values(request!, 'connection'), ['keep-alive'])
})

t.test('Connection can not take away what frames, routes or identifies a request', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { preserve_host: true } })
  await ask(t, port, 'POST / HTTP/1.1\r\nHost: gateway.test\r\nConnection: Host, Content-Length, X-Forwarded-For, X-Real-IP, Via, X-Forwarded-Host, X-Sallyport-Request-Id\r\nContent-Length: 3\r\n\r\nabc')
  const [request] = upstream.requests
  t.equal(value(request!, 'host'), 'gateway.test')
  t.equal(request!.body.toString(), 'abc')
  for (const name of ['x-forwarded-for', 'x-real-ip', 'x-forwarded-host', 'via', 'x-sallyport-request-id']) t.ok(value(request!, name), name)
})

t.test('the prefix that was taken off is percent-encoded: a field has no place for other characters', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { paths: ['/ü', '/中', '~/any/[^/]+'], strip_path: true } })
  for (const [path, prefix] of [['/%c3%bc/x', '/%C3%BC'], ['/%E4%B8%AD/x', '/%E4%B8%AD'], ['/any/%C4%8AEvil:%201/x', '/any/%C4%8AEvil:%201'], ['/any/%ff/x', '/any/%FF']] as const) {
    t.equal(statusOf((await ask(t, port, get(path))).answer), 200, path)
    t.equal(value(upstream.requests.at(-1)!, 'x-forwarded-prefix'), prefix)
  }
})

t.test('several Connection fields are one list', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  await ask(t, port, get('/', 'Connection: X-A', 'Connection: X-B', 'X-A: 1', 'X-B: 2'))
  t.equal(value(upstream.requests[0]!, 'x-a'), undefined)
  t.equal(value(upstream.requests[0]!, 'x-b'), undefined)
})

t.test('TE is reduced to trailers', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const [te, expected] of [['trailers', 'trailers'], ['gzip, trailers;q=0.5', 'trailers'], ['Trailers', 'trailers'], ['gzip', undefined], ['xtrailers', undefined]] as const) {
    await ask(t, port, get('/', `TE: ${te}`, 'Connection: TE'))
    t.equal(value(upstream.requests.at(-1)!, 'te'), expected, te)
  }
})

t.test('nobody but the gateway speaks about who the caller is', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  const names = ['X-Consumer-ID', 'X-Consumer-Username', 'X-Consumer-Custom-ID', 'X-Consumer-Groups', 'X-Credential-Identifier', 'X-Anonymous-Consumer', 'X-Authenticated-Groups', 'X-Authenticated-Scope', 'X-Authenticated-Userid', 'X-User-ID', 'X-User-Email', 'X-Owner-ID', 'X-Scopes', 'X-Tenant-ID']
  const spellings = names.flatMap(name => [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll('-', '_'), name.replace(/-(?=[^-]*$)/, '_')])
  for (let index = 0; index < spellings.length; index += 20) {
    const some = spellings.slice(index, index + 20)
    await ask(t, port, get('/', ...some.map(name => `${name}: forged`)))
    const [...left] = upstream.requests.at(-1)!.fields.filter(([, text]) => text === 'forged')
    t.same(left, [])
  }
})

t.test('other fields go up in order, as written, as often as they came', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  const fields = [
    'Zebra: 1', 'accept: a/b', 'ACCEPT: c/d', 'X-Dup: 1', 'Cookie: a=1', 'X-Dup: 2', 'Cookie: b=2', 'Authorization: Bearer x', 'Proxy-Authorization: Basic y', 'X-Userland: 1', 'X-Consumers: 1', 'X-Dup: 1', 'Range: bytes=0-1',
    'If-None-Match: "a"', 'User-Agent:', 'X-Forwarded: x', '1: 2', '!#$%&\'*+-.^`|~: odd', 'constructor: 1', 'toString: 3'
  ]
  await ask(t, port, get('/', ...fields))
  const mine = upstream.requests[0]!.fields.slice(0).map(([name, text]) => `${name}:${text === '' ? '' : ` ${text}`}`).filter(line => fields.includes(line))
  t.same(mine, fields)
})

t.test('a name with an underscore is nobody\'s to see, unless the file says otherwise', async t => {
  const seen: unknown[] = []
  const looks = testPlugin(scope => {
    scope.addHook('onRequest', (request, _reply, next) => {
      seen.push(request.headers['x_tenant'], request.raw.rawHeaders.includes('X_Tenant'), request.headers['x-kept'])
      next()
    })
  })
  const upstream = await rawUpstream(t)
  const fields = ['X-Kept: 1', 'X_Tenant: 2', '__proto__: 3', 'Content_Length: 4', 'X-Last: 5']
  const dropping = await startHop(t, upstream.port, { plugins: [looks] })
  t.equal(statusOf((await ask(t, dropping.port, get('/', ...fields))).answer), 200)
  t.same(seen, [undefined, false, '1'])
  t.same(upstream.requests[0]!.fields.filter(([name]) => name.includes('_')), [])
  t.equal(value(upstream.requests[0]!, 'x-last'), '5')

  const keeping = await startHop(t, upstream.port, { gateway: { request_headers: { underscores: 'keep', once: [] } } })
  await ask(t, keeping.port, get('/', ...fields))
  t.same(upstream.requests[1]!.fields.filter(([name]) => name.includes('_')).map(([name]) => name), ['X_Tenant', '__proto__', 'Content_Length'])

  const rejecting = await startHop(t, upstream.port, { gateway: { request_headers: { underscores: 'reject', once: [] } } })
  t.equal(statusOf((await ask(t, rejecting.port, get('/', 'X_Tenant: 2'))).answer), 400)
  t.equal(statusOf((await ask(t, rejecting.port, get('/', 'X-Tenant: 2'))).answer), 200)
})

t.test('what must be there once only is refused when it comes twice, in whatever spelling', async t => {
  const upstream = await rawUpstream(t)
  const reads = definePlugin({ name: 'reads', priority: 1, schema: Type.Object({}, { additionalProperties: false }), scopes: ['route'], credentialHeaders: () => ['X-Token', 'my_key'], register () {} })
  const { port } = await startHop(t, upstream.port, {
    gateway: { request_headers: { underscores: 'drop', once: ['X-Tenant'] } },
    routes: [route(), route({ id: 'other', name: 'other', paths: ['/other'] })],
    plugins: [reads],
    entries: [entry({ name: 'reads', route: 'other' })]
  })
  for (const name of ['Authorization', 'Content-Length', 'Content-Type', 'Host', 'Origin', 'Proxy-Authorization', 'X-Api-Key', 'X-Token', 'X-Tenant', 'my_key']) {
    for (const second of [name, name.toUpperCase()]) {
      const { answer } = await ask(t, port, `POST / HTTP/1.1\r\n${name === 'Host' ? '' : 'Host: gateway.test\r\n'}${name === 'Content-Length' ? '' : 'Content-Length: 0\r\n'}${name}: 0\r\n${second}: 0\r\n\r\n`)
      t.equal(statusOf(answer), 400, `${name} and ${second}`)
    }
  }
  t.equal(upstream.requests.length, 0)
  const once = ['X-Api-Key: 1', 'X-Token: 2', 'X-Tenant: 3', 'my_key: 4', 'X_Token: 5', 'X-Other: 6', 'X-Other: 7']
  t.equal(statusOf((await ask(t, port, get('/', ...once))).answer), 200)
  t.same(upstream.requests[0]!.fields.map(([name, text]) => `${name}: ${text}`).filter(line => once.includes(line)), once.filter(line => line !== 'X_Token: 5'), 'one of each; the look-alike is dropped, the name that a plugin reads is not')
})

t.test('what the gateway alone says and a plugin reads as a credential is refused twice, and never passed on', async t => {
  const upstream = await rawUpstream(t)
  const both = definePlugin({ name: 'both', priority: 1, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global'], credentialHeaders: () => ['X-Cert'], identityHeaders: () => ['X-Cert'], register () {} })
  const { port } = await startHop(t, upstream.port, { plugins: [both] })
  t.equal(statusOf((await ask(t, port, get('/', 'X-Cert: 1', 'x_cert: 2'))).answer), 400)
  t.equal(statusOf((await ask(t, port, get('/', 'X-Cert: 1'))).answer), 200)
  t.equal(value(upstream.requests[0]!, 'x-cert'), undefined)
})

t.test('no field replaces the path behind the back of the router, whoever the peer is', async t => {
  const upstream = await rawUpstream(t)
  const fields = ['X-Original-URL: /admin', 'X-Original-URI: /admin', 'x-rewrite-url: /admin', 'X-Kept: 1']
  const { port } = await startHop(t, upstream.port)
  await ask(t, port, get('/', ...fields))
  t.same(upstream.requests[0]!.fields.filter(([, text]) => text === '/admin'), [])
  t.equal(value(upstream.requests[0]!, 'x-kept'), '1')
  const trusting = await startHop(t, upstream.port, { gateway: { trusted_ips: ['127.0.0.1'] } })
  await ask(t, trusting.port, get('/', ...fields))
  t.same(upstream.requests[1]!.fields.filter(([, text]) => text === '/admin'), [])
})

t.test('X-Forwarded-* that the gateway does not write itself pass from trusted peers only', async t => {
  const upstream = await rawUpstream(t)
  const fields = ['X-Forwarded-User: root', 'x-forwarded-email: root', 'X-FORWARDED-CLIENT-CERT: root', 'X-Forwarded-Ssl: root', 'X-Kept: 1']
  for (const [gateway, left] of [[{}, 0], [{ request_headers: { underscores: 'keep', once: [] } }, 0], [{ trusted_ips: ['127.0.0.1'] }, 4]] as const) {
    const { port } = await startHop(t, upstream.port, { gateway })
    await ask(t, port, get('/', ...fields))
    t.equal(upstream.requests.at(-1)!.fields.filter(([, text]) => text === 'root').length, left)
    t.equal(value(upstream.requests.at(-1)!, 'x-kept'), '1')
  }
})

t.test('a host with the dot of DNS\'s root is the same host', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { routes: [route(), route({ id: 'admin', name: 'admin', paths: ['/'], hosts: ['admin.test'], service: null })] })
  for (const host of ['admin.test', 'admin.test.', 'ADMIN.test.:8000', 'admin.test..', 'admin.test:80']) {
    t.equal(statusOf((await ask(t, port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).answer), 503, host)
  }
  t.equal(upstream.requests.length, 0)
})

t.test('X-Forwarded-* of a client that is not trusted is replaced; X-Forwarded-For is extended', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { paths: ['/api'] } })
  await ask(t, port, 'GET /api/x?y HTTP/1.1\r\nHost: Gateway.TEST:8080\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Path: /evil\r\nX-Forwarded-Prefix: /evil\r\nX-Real-IP: 192.0.2.3\r\nForwarded: for=192.0.2.4\r\n\r\n')
  const [request] = upstream.requests
  t.equal(request?.line, 'GET /x?y HTTP/1.1')
  t.equal(value(request!, 'x-forwarded-for'), '192.0.2.1, 192.0.2.2, 127.0.0.1')
  t.equal(value(request!, 'x-forwarded-proto'), 'http')
  t.equal(value(request!, 'x-forwarded-host'), 'gateway.test')
  t.equal(value(request!, 'x-forwarded-port'), String(port))
  t.equal(value(request!, 'x-forwarded-path'), '/api/x')
  t.equal(value(request!, 'x-forwarded-prefix'), '/api')
  t.equal(value(request!, 'x-real-ip'), '127.0.0.1')
  t.equal(value(request!, 'forwarded'), undefined)
})

t.test('X-Forwarded-* of a trusted peer wins', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { trusted_ips: ['127.0.0.0/8', '10.0.0.0/8'] } })
  await ask(t, port, get('/x', 'X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.1.2.3', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: shop.test', 'X-Forwarded-Port: 443', 'X-Forwarded-Path: /outer/x', 'X-Forwarded-Prefix: /outer', 'Forwarded: for=192.0.2.4'))
  const [request] = upstream.requests
  t.equal(value(request!, 'x-forwarded-for'), '203.0.113.9, 198.51.100.7, 10.1.2.3, 127.0.0.1')
  t.equal(value(request!, 'x-real-ip'), '198.51.100.7', 'the right-most that is not trusted')
  t.equal(value(request!, 'x-forwarded-proto'), 'https')
  t.equal(value(request!, 'x-forwarded-host'), 'shop.test')
  t.equal(value(request!, 'x-forwarded-port'), '443')
  t.equal(value(request!, 'x-forwarded-path'), '/outer/x')
  t.equal(value(request!, 'x-forwarded-prefix'), '/outer')
  t.equal(value(request!, 'forwarded'), 'for=192.0.2.4')
})

t.test('a trusted peer that says nothing, or nonsense, is itself the client', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { trusted_ips: ['127.0.0.1'] } })
  const cases: ReadonlyArray<readonly [string[], string]> = [
    [[], '127.0.0.1'],
    [['X-Forwarded-For: unknown'], '127.0.0.1'],
    [['X-Forwarded-For:'], '127.0.0.1'],
    [['X-Forwarded-For: 203.0.113.9, nonsense'], '127.0.0.1'],
    [['X-Forwarded-For: 203.0.113.9:1234'], '203.0.113.9'],
    [['X-Forwarded-For: [2001:db8::1]:1234'], '2001:db8::1'],
    [['X-Forwarded-For: 2001:db8::1'], '2001:db8::1'],
    [['X-Real-IP: 203.0.113.9'], '203.0.113.9'],
    [['X-Real-IP: nonsense'], '127.0.0.1'],
    [['X-Forwarded-Proto: gopher'], '127.0.0.1']
  ]
  for (const [fields, address] of cases) {
    await ask(t, port, get('/', ...fields))
    t.equal(value(upstream.requests.at(-1)!, 'x-real-ip'), address, fields.join())
    t.equal(value(upstream.requests.at(-1)!, 'x-forwarded-proto'), 'http')
  }
})

t.test('Via says by which protocol and by whom, behind those that came before', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  await ask(t, port, get('/'))
  t.equal(value(upstream.requests[0]!, 'via'), '1.1 sallyport')
  await ask(t, port, get('/', 'Via: 1.0 one', 'Via: 2 two'))
  t.equal(value(upstream.requests[1]!, 'via'), '1.0 one, 2 two, 1.1 sallyport')
  await ask(t, port, 'GET / HTTP/1.0\r\n\r\n')
  t.equal(value(upstream.requests[2]!, 'via'), '1.0 sallyport')
})

t.test('the request id goes up, and a client can not choose it', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  const { answer } = await ask(t, port, get('/', 'X-Sallyport-Request-Id: mine', 'X-Kong-Request-Id: mine'))
  const id = value(upstream.requests[0]!, 'x-sallyport-request-id')
  t.match(id, /^[0-9a-f]{32}$/)
  t.equal(value(answer, 'x-sallyport-request-id'), id)
  t.equal(value(upstream.requests[0]!, 'x-kong-request-id'), undefined)
})

t.test('what is switched off is not sent', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { headers: OFF } })
  await ask(t, port, get('/', 'Via: 1.0 one'))
  t.equal(value(upstream.requests[0]!, 'via'), '1.0 one')
  t.equal(value(upstream.requests[0]!, 'x-sallyport-request-id'), undefined)
})

t.test('Kong\'s names on request', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { headers: { ...settings().headers, names: 'kong' } } })
  await ask(t, port, get())
  t.match(value(upstream.requests[0]!, 'x-kong-request-id'), /^[0-9a-f]{32}$/)
})

t.test('Host is the service\'s, with its port unless that is the default', async t => {
  const upstream = await rawUpstream(t)
  const plain = await startHop(t, upstream.port)
  await ask(t, plain.port, get())
  t.same(values(upstream.requests.at(-1)!, 'host'), [`127.0.0.1:${upstream.port}`])
  const named = await startHop(t, upstream.port, { service: { host: 'localhost' } })
  await ask(t, named.port, get())
  t.same(values(upstream.requests.at(-1)!, 'host'), [`localhost:${upstream.port}`])
})

t.test('preserve_host keeps the client\'s Host as it came', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { preserve_host: true } })
  for (const host of ['gateway.test', 'Gateway.TEST:8080', '[::1]:80']) {
    const { answer } = await ask(t, port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    t.equal(statusOf(answer), 200)
    t.same(values(upstream.requests.at(-1)!, 'host'), [host])
  }
})

t.test('preserve_host without a Host (HTTP/1.0) sends the service\'s', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { preserve_host: true } })
  const { answer } = await ask(t, port, 'GET / HTTP/1.0\r\n\r\n')
  t.equal(statusOf(answer), 200)
  t.same(values(upstream.requests.at(-1)!, 'host'), [`127.0.0.1:${upstream.port}`])
})
