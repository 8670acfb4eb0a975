import t from 'tap'
import { settings } from '../helpers/config.ts'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { get, startHop } from '../helpers/hop.ts'
import { refusing, testPlugin } from '../helpers/plugins.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const hook = testPlugin(scope => { scope.addHook('onSend', async (_request, _reply, payload) => payload) })

for (const hooked of [false, true]) {
  const how = hooked ? ', through a response hook' : ''
  const plugins = hooked ? [hook] : []

  t.test(`fields of the upstream's connection stay there${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Named\r\nX-Named: 1\r\nKeep-Alive: timeout=99\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nTE: trailers\r\nTrailer: X-Sum\r\nProxy-Authenticate: Basic\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nok')
    const { port } = await startHop(t, upstream.port, { plugins })
    const { answer } = await ask(t, port, get())
    for (const name of ['x-named', 'proxy-connection', 'upgrade', 'te', 'trailer']) t.equal(value(answer, name), undefined, name)
    t.not(value(answer, 'keep-alive'), 'timeout=99')
    t.equal(value(answer, 'proxy-authenticate'), 'Basic')
    t.equal(value(answer, 'x-kept'), '2')
  })

  t.test(`426 says which protocol is required, to a client of HTTP/1.1${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade, X-Named\r\nX-Named: 1\r\nUpgrade: websocket\r\nUpgrade: HTTP/3.0\r\nContent-Length: 2\r\n\r\nno')
    const { port } = await startHop(t, upstream.port, { plugins })
    const client = await rawClient(t, port)
    for (const [request, connection] of [
      [get(), 'Upgrade'],
      [get('/ws', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='), undefined],
      [get('/', 'Connection: close'), 'Upgrade, close']
    ] as const) {
      const { answer } = await ask(t, port, request)
      t.equal(statusOf(answer), 426)
      t.equal(values(answer, 'upgrade').join(', '), 'websocket, HTTP/3.0')
      t.match(values(answer, 'connection').join(), connection ?? /^Upgrade/)
      t.equal(value(answer, 'x-named'), undefined)
      t.equal(answer.body.toString(), 'no')
    }
    // both on one connection, which ends when the client has asked for it
    client.send(get()).send('GET / HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n')
    await client.end()
    t.equal(client.answers.length, 2)
  })

  t.test(`an offer of another protocol with any other answer goes no further${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nConnection: Upgrade, Keep-Alive\r\nUpgrade: h2,h2c\r\nContent-Length: 2\r\n\r\nok')
    const { port } = await startHop(t, upstream.port, { plugins })
    const { answer } = await ask(t, port, get())
    t.equal(value(answer, 'upgrade'), undefined)
    t.notMatch(value(answer, 'connection') ?? '', /upgrade/i)
  })

  t.test(`Connection of the upstream can not take the framing away${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nConnection: Content-Length, Set-Cookie\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok')
    const { port } = await startHop(t, upstream.port, { plugins })
    const { answer } = await ask(t, port, get())
    t.equal(value(answer, 'content-length'), '2')
    t.equal(value(answer, 'set-cookie'), undefined)
    t.equal(answer.body.toString(), 'ok')
  })

  t.test(`fields come in order, as often as they were sent${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nZebra: 1\r\nSet-Cookie: a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: b=2\r\nVary: Origin\r\nX-Dup: 1\r\nVary: Accept\r\nX-Dup: 2\r\nSet-Cookie: c=3\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\nX-Utf8: caf\xc3\xa9\r\nX-Empty:\r\nContent-Length: 2\r\n\r\nok')
    const { port } = await startHop(t, upstream.port, { plugins })
    const { answer } = await ask(t, port, get())
    t.same(values(answer, 'set-cookie'), ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=2', 'c=3'])
    t.same(values(answer, 'vary').join(', '), 'Origin, Accept')
    t.same(values(answer, 'x-dup').join(', '), '1, 2')
    t.same(values(answer, 'www-authenticate'), ['Basic', 'Bearer'])
    t.equal(value(answer, 'x-utf8'), 'caf\xc3\xa9')
    t.equal(value(answer, 'x-empty'), '')
    t.equal(answer.fields[0]?.[0].toLowerCase(), 'zebra')
  })

  t.test(`a proxied answer has Via, latencies and the request id, and the upstream's Server${how}`, async t => {
    const upstream = await rawUpstream(t, (_request, _socket, index) => index === 0
      ? 'HTTP/1.1 200 OK\r\nServer: theirs\r\nVia: 1.1 inner\r\nX-Sallyport-Request-Id: forged\r\nX-Sallyport-Proxy-Latency: forged\r\nX-Sallyport-Upstream-Latency: forged\r\nContent-Length: 0\r\n\r\n'
      : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    const { port } = await startHop(t, upstream.port, { plugins })
    const first = (await ask(t, port, get())).answer
    t.same(values(first, 'server'), ['theirs'])
    t.same(values(first, 'via'), ['1.1 inner, 1.1 sallyport'])
    t.match(values(first, 'x-sallyport-proxy-latency'), [/^\d+$/])
    t.equal(values(first, 'x-sallyport-proxy-latency').length, 1)
    t.match(values(first, 'x-sallyport-upstream-latency'), [/^\d+$/])
    t.equal(values(first, 'x-sallyport-upstream-latency').length, 1)
    t.match(values(first, 'x-sallyport-request-id'), [/^[0-9a-f]{32}$/])
    t.equal(values(first, 'x-sallyport-request-id').length, 1)
    t.equal(value(first, 'x-sallyport-response-latency'), undefined)
    t.equal(value(first, 'x-sallyport-upstream-status'), undefined)
    const second = (await ask(t, port, get())).answer
    t.match(value(second, 'server'), /^sallyport\/\d/)
    t.ok(value(second, 'date'), 'a Date where the upstream sent none')
  })

  t.test(`a Date of the upstream stays${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n')
    const { port } = await startHop(t, upstream.port, { plugins })
    t.same(values((await ask(t, port, get())).answer, 'date'), ['Thu, 01 Jan 1970 00:00:00 GMT'])
  })

  t.test(`Kong's names, and the upstream's status, on request${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n')
    const { port } = await startHop(t, upstream.port, { plugins, gateway: { headers: { ...settings().headers, names: 'kong', upstream_status: true } } })
    const { answer } = await ask(t, port, get())
    for (const name of ['x-kong-proxy-latency', 'x-kong-upstream-latency']) t.match(value(answer, name), /^\d+$/, name)
    t.match(value(answer, 'x-kong-request-id'), /^[0-9a-f]{32}$/)
    t.equal(value(answer, 'x-kong-upstream-status'), '201')
    t.notMatch(answer.fields.map(([name]) => name.toLowerCase()).join(), 'sallyport')
  })

  t.test(`what is switched off is not sent${how}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nVia: 1.1 inner\r\nContent-Length: 0\r\n\r\n')
    const off = { names: 'sallyport', server_tokens: false, latency_tokens: false, request_id: false, upstream_status: false } as const
    const { port } = await startHop(t, upstream.port, { plugins, gateway: { headers: off } })
    const proxied = (await ask(t, port, get())).answer
    const local = (await ask(t, port, get('/', 'Host: two.test'))).answer
    for (const answer of [proxied, local]) {
      t.notMatch(answer.fields.map(([name]) => name.toLowerCase()).join(), 'sallyport')
      t.equal(value(answer, 'server'), undefined)
    }
    t.equal(value(proxied, 'via'), '1.1 inner')
  })
}

t.test('an answer of the gateway itself has Server, its latency and the request id', async t => {
  const upstream = await rawUpstream(t)
  const missed = await startHop(t, upstream.port, { route: { paths: ['/other'] } })
  const refused = await startHop(t, upstream.port, { plugins: [refusing()] })
  for (const [{ port }, status] of [[missed, 404], [refused, 401]] as const) {
    const { answer } = await ask(t, port, get())
    t.equal(statusOf(answer), status)
    t.match(value(answer, 'server'), /^sallyport\/\d/)
    t.match(value(answer, 'x-sallyport-response-latency'), /^\d+$/)
    t.match(value(answer, 'x-sallyport-request-id'), /^[0-9a-f]{32}$/)
    for (const name of ['via', 'x-sallyport-proxy-latency', 'x-sallyport-upstream-latency']) t.equal(value(answer, name), undefined, name)
  }
})

t.test('a refusal to HEAD has no body', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { paths: ['/other'] } })
  const { client, answer } = await ask(t, port, 'HEAD / HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n', 'HEAD')
  t.equal(statusOf(answer), 404)
  await client.end()
  t.ok(client.text.endsWith('\r\n\r\n'))
})

t.test('a route for https alone answers http before any plugin', async t => {
  const upstream = await rawUpstream(t)
  for (const status of [426, 301, 302, 307, 308] as const) {
    const { port } = await startHop(t, upstream.port, { plugins: [refusing()], route: { protocols: ['https'], https_redirect_status_code: status } })
    const { answer } = await ask(t, port, 'GET /a/../b?c=%2f HTTP/1.1\r\nHost: Gateway.test:8000\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\n\r\n')
    t.equal(statusOf(answer), status)
    if (status === 426) {
      t.match(JSON.parse(answer.body.toString()), { message: 'Please use HTTPS protocol', request_id: /^[0-9a-f]{32}$/ })
      t.match(value(answer, 'connection')?.toLowerCase(), 'upgrade')
      t.equal(value(answer, 'upgrade'), 'TLS/1.2, HTTP/1.1')
      const client = await rawClient(t, port)
      client.send('GET / HTTP/1.0\r\nHost: gateway.test\r\n\r\n')
      await client.until(({ closed }) => closed === 'end', 2_000)
    } else {
      t.equal(value(answer, 'location'), 'https://gateway.test/a/../b?c=%2f', 'the target as it came')
      t.equal(answer.body.length, 0)
      t.equal(value(answer, 'content-length'), '0')
    }
  }
  t.equal(upstream.requests.length, 0)
})

t.test('a client without a Host is sent nowhere', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { protocols: ['https'], https_redirect_status_code: 301 } })
  const { answer } = await ask(t, port, 'GET / HTTP/1.0\r\n\r\n')
  t.equal(statusOf(answer), 426)
  t.equal(value(answer, 'location'), undefined)
})

t.test('a trusted peer that has seen https may pass', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { protocols: ['https'], https_redirect_status_code: 301 }, gateway: { trusted_ips: ['127.0.0.1'] } })
  t.equal(statusOf((await ask(t, port, get('/', 'X-Forwarded-Proto: https'))).answer), 200)
  const { answer } = await ask(t, port, get('/x', 'X-Forwarded-Host: shop.test'))
  t.equal(value(answer, 'location'), 'https://shop.test/x')
})

t.test('a redirect can not be bent to another host by what the client sends', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { route: { protocols: ['https'], https_redirect_status_code: 301 } })
  for (const [target, location] of [['//evil.test/x', 'https://gateway.test//evil.test/x'], ['/%0d%0aX: y', null], ['/\\evil.test', null], ['http://gateway.test/x', 'https://gateway.test/x']] as const) {
    const { answer } = await ask(t, port, get(target))
    if (location !== null) t.equal(value(answer, 'location'), location)
    t.equal(statusOf(answer), location === null ? 400 : 301)
  }
})
