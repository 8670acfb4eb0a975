import t from 'tap'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { rawUpstream, reset as resetSocket, type Script } from '../helpers/raw-upstream.ts'

const POST = 'POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc'

const hook = testPlugin(scope => { scope.addHook('onSend', async (_request, _reply, payload) => payload) })
const how = (hooked: boolean): string => hooked ? ', through a response hook' : ''

const reset: Script = (_request, socket) => {
  resetSocket(socket)
  return null
}
const then = (bytes: string, end: 'reset' | 'end'): Script => (_request, socket) => {
  socket.write(bytes, 'latin1', () => {
    if (end === 'end') socket.end()
    else setTimeout(() => resetSocket(socket), 20)
  })
  return null
}
/** Bytes and reset are there when the gateway looks: a busy one finds them so, whatever was between them. */
const andReset = (bytes: string): Script => (_request, socket) => {
  socket.write(bytes, 'latin1')
  resetSocket(socket)
  return null
}

/** Answers that nobody can make sense of: 502, without a word about the upstream. */
const BAD: ReadonlyArray<readonly [name: string, script: string | Script]> = [
  ['resets the connection', reset],
  ['closes the connection without a word', then('', 'end')],
  ['resets in the status line', then('HTTP/1.1 20', 'reset')],
  ['closes in the status line', then('HTTP/1.1 20', 'end')],
  ['resets in the head', then('HTTP/1.1 200 OK\r\nContent-Le', 'reset')],
  ['closes in the head', then('HTTP/1.1 200 OK\r\nContent-Le', 'end')],
  ['closes before the end of a short body', then('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345', 'end')],
  ['resets before the end of a short body', then('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345', 'reset')],
  ['closes before the end of a short body, as it announced', then('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n12345', 'end')],
  ['speaks another protocol', '220 mail.test ESMTP ready\r\n'],
  ['sends bytes at random', '\x00\x01\x02\x03\x04\x05\x06\x07\r\n\r\n'],
  ['sends a body without a head', '{"a":1}\r\n\r\n'],
  ['sends two Content-Length that differ', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk'],
  ['sends two Content-Length that agree', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a list as Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok'],
  ['sends a Content-Length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok'],
  ['sends a Content-Length below zero', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'],
  ['sends Content-Length and Transfer-Encoding', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
  ['sends Transfer-Encoding and Content-Length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
  ['sends a transfer coding that we did not ask for', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\nxx'],
  ['sends two transfer codings', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
  ['sends a folded field', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a blank before a colon', 'HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a bare CR in a field', 'HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['sends NUL in a field', 'HTTP/1.1 200 OK\r\nX-A: 1\x002\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a control character in a field', 'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 2\r\n\r\nok'],
  ['sends DEL in a field', 'HTTP/1.1 200 OK\r\nX-A: a\x7fb\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a status of zero', 'HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['switches protocols unasked', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['speaks HTTP/3', 'HTTP/3.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['sends a head without end', `HTTP/1.1 200 OK\r\n${'X-A: 0123456789012345678901234567890123456789\r\n'.repeat(4_000)}`],
  ['sends one endless field', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(200_000)}`]
]

for (const [name, script] of BAD) {
  t.test(`an upstream that ${name} is a 502 that says nothing about it`, async t => {
    const upstream = await rawUpstream(t, script)
    const { server, port } = await startHop(t, upstream.port, { service: { retries: 0, read_timeout: 3_000 } })
    for (const request of [get(), POST]) {
      const client = await rawClient(t, port)
      client.send(request)
      const answer = await client.answer()
      t.equal(statusOf(answer), 502)
      const body = JSON.parse(answer.body.toString())
      t.match(body, { message: 'An invalid response was received from the upstream server', request_id: /^[0-9a-f]{32}$/ })
      t.same(Object.keys(body), ['message', 'request_id'])
      t.notOk(client.text.includes(String(upstream.port)), 'no address')
      t.equal(value(answer, 'connection')?.toLowerCase(), 'keep-alive', "the client's connection is fine")
      t.ok(value(answer, 'x-sallyport-proxy-latency'), 'a failed attempt counts as proxied')
      t.equal(value(answer, 'x-sallyport-response-latency'), undefined)
    }
    await settled(server)
  })
}

/** Answers whose head is out when they break: the client's connection is cut, so that what came can't be taken for whole. */
const CUT: ReadonlyArray<readonly [name: string, script: Script]> = [
  ['closes before the end of a long body', then(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(70_000)}`, 'end')],
  ['resets before the end of a long body', then(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(70_000)}`, 'reset')],
  ['closes between two chunks', then('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'end')],
  ['closes between two chunks, as it announced', then('HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'end')],
  ['closes in a chunk', then('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc', 'end')],
  ['closes before the last empty line', then('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n', 'end')],
  ['sends a chunk size that is none', then('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n', 'reset')],
  ['sends a chunk that is longer than its size', then('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n', 'reset')],
  ['resets a body without a length', then('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc', 'reset')],
  ['resets a body without a length at once', andReset('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc')],
  ['resets a body without a length at once, unannounced', andReset('HTTP/1.1 200 OK\r\n\r\nabc')],
  ['resets a long body at once', andReset(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(50_000)}`)],
  ['resets between two chunks at once', andReset('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')]
]

for (const [name, script] of CUT) {
  for (const hooked of [false, true]) {
    t.test(`an upstream that ${name} never looks like a whole answer${how(hooked)}`, async t => {
      const upstream = await rawUpstream(t, script)
      const { server, port } = await startHop(t, upstream.port, { service: { retries: 0 }, plugins: hooked ? [hook] : [] })
      const client = await rawClient(t, port)
      client.send(get())
      await client.end()
      // a 502 is as right: the head may not have been out yet
      if (client.text.startsWith('HTTP/1.1 502 ')) return
      t.match(client.text, /^HTTP\/1\.1 200 /)
      t.equal(client.answers[0]?.complete, false)
      await settled(server)
    })
  }
}

/** Answers that are right, if unusual. */
const GOOD: ReadonlyArray<readonly [name: string, script: string | Script, request: string, status: number, body: string]> = [
  ['304 with Content-Length', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 1000\r\n\r\n', get(), 304, ''],
  ['304 with Transfer-Encoding', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', get(), 304, ''],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', get(), 204, ''],
  ['204 with Content-Length: 0', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', get(), 204, ''],
  ['205', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n', get(), 205, ''],
  ['100 before the answer', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', POST, 200, 'ok'],
  ['100 twice before the answer', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', POST, 200, 'ok'],
  ['102 before the answer', 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['an unknown 1xx before the answer', 'HTTP/1.1 199 Whatever\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['HTTP/1.0 with a length', then('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'end'), get(), 200, 'ok'],
  ['HTTP/1.0 until its end', then('HTTP/1.0 200 OK\r\n\r\nok', 'end'), get(), 200, 'ok'],
  ['HTTP/1.1 until its end', then('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok', 'end'), get(), 200, 'ok'],
  ['HTTP/1.1 until its end, unannounced', then('HTTP/1.1 200 OK\r\n\r\nok', 'end'), get(), 200, 'ok'],
  ['Connection: close with a length', then('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', 'end'), get(), 200, 'ok'],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['an unusual status', 'HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nok', get(), 799, 'ok'],
  // some servers call HTTP/1.1 so; the client gets HTTP/1.1
  ['HTTP/2.0 as version', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['103 with a Link that is none', 'HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['a control character in the reason', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['bytes above 127 in the reason', 'HTTP/1.1 200 \xe6\x97\xa5\xe6\x9c\xac\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['bytes above 127 in a field', 'HTTP/1.1 200 OK\r\nX-A: \xe6\x97\xa5 \xff\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['two Content-Type', 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['a Content-Type that is none', 'HTTP/1.1 200 OK\r\nContent-Type: ;\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['an empty Content-Type', 'HTTP/1.1 200 OK\r\nContent-Type:\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['Content-Length with leading zeros', 'HTTP/1.1 200 OK\r\nContent-Length: 0002\r\n\r\nok', get(), 200, 'ok'],
  ['fields named like properties', 'HTTP/1.1 200 OK\r\nconstructor: a\r\n__proto__: b\r\nhasOwnProperty: c\r\nContent-Length: 2\r\n\r\nok', get(), 200, 'ok'],
  ['206', 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/5\r\nContent-Length: 2\r\n\r\nok', get(), 206, 'ok'],
  ['chunk extensions', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n', get(), 200, 'ok'],
  ['Content-Length: 0', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', get(), 200, ''],
  ['a chunked body that is empty', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', get(), 200, ''],
  ['a Location to itself', 'HTTP/1.1 302 Found\r\nLocation: http://service.internal/\r\nContent-Length: 0\r\n\r\n', get(), 302, ''],
  ['500 of its own', 'HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops', get(), 500, 'oops'],
  ['503 of its own', 'HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nbusy', get(), 503, 'busy']
]

for (const [name, script, request, status, body] of GOOD) {
  for (const hooked of [false, true]) {
    t.test(`passes ${name}${how(hooked)}`, async t => {
      const upstream = await rawUpstream(t, script)
      const { server, port } = await startHop(t, upstream.port, { service: { retries: 0 }, plugins: hooked ? [hook] : [] })
      const client = await rawClient(t, port)
      client.send(request)
      await client.until(() => client.answers.some(answer => statusOf(answer) >= 200 && answer.complete))
      const answer = client.answers.at(-1)!
      t.equal(statusOf(answer), status)
      t.equal(answer.body.toString(), body)
      await settled(server)
      t.equal(upstream.requests.length, 1, 'one attempt')
      // the client's connection goes on
      client.send(get('/again'))
      await upstream.until(() => upstream.requests.length === 2)
    })
  }
}

t.test('the reason phrase of the upstream reaches the client', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 418 I\'m a little teapot\r\nContent-Length: 0\r\n\r\n')
  const { port } = await startHop(t, upstream.port)
  const { answer } = await ask(t, port, get())
  t.equal(answer.line, "HTTP/1.1 418 I'm a little teapot")
})

for (const hooked of [false, true]) {
  t.test(`HEAD keeps the Content-Length that GET would have, without a body${how(hooked)}`, async t => {
    const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nContent-Type: text/plain\r\n\r\n')
    const { server, port } = await startHop(t, upstream.port, { plugins: hooked ? [hook] : [] })
    const client = await rawClient(t, port)
    client.send('HEAD / HTTP/1.1\r\nHost: gateway.test\r\n\r\n', 'HEAD')
    const answer = await client.answer()
    t.equal(value(answer, 'content-length'), '1000000')
    client.send('HEAD /2 HTTP/1.1\r\nHost: gateway.test\r\n\r\n', 'HEAD')
    await client.answer(2)
    t.equal(upstream.requests[1]?.line, 'HEAD /2 HTTP/1.1')
    await settled(server)
  })

  t.test(`304 keeps the Content-Length of the upstream, 204 has none${how(hooked)}`, async t => {
    const upstream = await rawUpstream(t, (_request, _socket, index) => index === 0
      ? 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "a"\r\n\r\n'
      : 'HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n')
    const { port } = await startHop(t, upstream.port, { plugins: hooked ? [hook] : [] })
    const client = await rawClient(t, port)
    client.send(get())
    const first = await client.answer()
    t.equal(value(first, 'content-length'), '1000')
    t.equal(value(first, 'etag'), '"a"')
    client.send(get())
    const second = await client.answer(2)
    t.same(values(second, 'content-length'), [])
    t.same(values(second, 'transfer-encoding'), [])
  })
}

t.test('103 Early Hints reaches the client before the answer', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\nLink: </b.js>; rel=preload; as=script\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(get())
  await client.answer(2)
  t.same(client.answers.map(statusOf), [103, 200])
  t.match(values(client.answers[0]!, 'link').join(', '), '</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script')
})

t.test('an HTTP/1.0 client is sent no 1xx', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send('GET / HTTP/1.0\r\n\r\n')
  await client.end()
  t.same(client.answers.map(statusOf), [200])
})

t.test('bytes behind a complete answer never reach another client', async t => {
  const surplus = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
  const shapes: ReadonlyArray<readonly [string, string]> = [
    ['a second answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a body behind 204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['a body behind 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n'],
    ['bytes behind the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']
  ]
  for (const [name, first] of shapes) {
    for (const late of [false, true]) {
      await t.test(`${name}, ${late ? 'a moment later' : 'in the same packet'}`, async t => {
        const upstream = await rawUpstream(t, (request, socket) => {
          if (request.line.includes('/next')) return 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine'
          if (!late) return first + surplus
          socket.write(first, 'latin1', () => setTimeout(() => { socket.write(surplus) }, 5))
          return null
        })
        const { server, port } = await startHop(t, upstream.port)
        const one = await rawClient(t, port)
        one.send(get('/first'))
        await one.answer()
        if (late) await new Promise(resolve => { setTimeout(resolve, 30) })
        const { answer } = await ask(t, port, get('/next'))
        t.equal(answer.body.toString(), 'mine')
        await settled(server)
        t.equal(one.answers.length, 1)
        t.equal(upstream.connections.length, 2, 'the connection was not used again')
      })
    }
  }
})

t.test('a body behind an answer to HEAD never reaches another client', async t => {
  const upstream = await rawUpstream(t, request => request.line.startsWith('HEAD')
    ? 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
    : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine')
  const { port } = await startHop(t, upstream.port)
  await ask(t, port, 'HEAD / HTTP/1.1\r\nHost: gateway.test\r\n\r\n', 'HEAD')
  const { answer } = await ask(t, port, get('/next'))
  t.equal(answer.body.toString(), 'mine')
})

t.test('204 announces no body to the client, whatever the upstream says', async t => {
  for (const plugins of [[], [hook]]) {
    const upstream = await rawUpstream(t, 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n')
    const { port } = await startHop(t, upstream.port, { plugins })
    const { answer } = await ask(t, port, get())
    t.same([statusOf(answer), values(answer, 'content-length'), values(answer, 'transfer-encoding')], [204, [], []])
    await ask(t, port, get())
    t.equal(upstream.connections.length, 2, 'the body may still come: the connection is not used again')
  }
})

t.test('trailers reach a client that asks for them, and no other', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: late=1\r\nHost: other.test\r\nContent-Length: 9\r\nX-Sum: abc\r\n\r\n')
  const { port } = await startHop(t, upstream.port)
  const asked = await ask(t, port, get('/', 'TE: trailers', 'Connection: TE'))
  t.equal(value(asked.answer, 'trailer'), 'X-Sum')
  t.same(asked.answer.trailers, [['X-Sum', 'abc']])
  t.equal(value(upstream.requests[0]!, 'te'), 'trailers')
  const plain = await ask(t, port, get())
  t.equal(value(plain.answer, 'trailer'), undefined)
  t.same(plain.answer.trailers, [])
  t.equal(plain.answer.body.toString(), 'ok')
  t.equal(value(upstream.requests[1]!, 'te'), undefined)
})
