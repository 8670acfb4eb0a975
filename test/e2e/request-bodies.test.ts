import { PassThrough, Readable, Transform } from 'node:stream'
import t from 'tap'
import type { BrandedPlugin } from '../../src/plugin.ts'
import { copyBody } from '../../src/proxy/request/copy-body.ts'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { settled, startHop } from '../helpers/hop.ts'
import { refusing, testPlugin } from '../helpers/plugins.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { OK, rawUpstream } from '../helpers/raw-upstream.ts'

const H = 'Host: gateway.test\r\n'

for (const method of ['GET', 'DELETE', 'OPTIONS', 'HEAD', 'POST', 'PUT', 'PATCH', 'PROPFIND', 'QUERY']) {
  t.test(`${method} with a body reaches the upstream with it`, async t => {
    const upstream = await rawUpstream(t, request => request.line.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : OK)
    const { server, port } = await startHop(t, upstream.port)
    const large = 'x'.repeat(100_000)
    const framings: ReadonlyArray<readonly [string, string, string]> = [
      ['Content-Length: 3', 'abc', 'abc'],
      ['Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n', 'abc'],
      [`Content-Length: ${large.length}`, large, large]
    ]
    for (const [framing, bytes, body] of framings) {
      const { answer } = await ask(t, port, `${method} / HTTP/1.1\r\n${H}${framing}\r\n\r\n${bytes}`, method)
      t.equal(statusOf(answer), 200)
      const request = upstream.requests.at(-1)!
      t.equal(request.line, `${method} / HTTP/1.1`)
      t.ok(request.body.toString() === body, framing)
    }
    t.same(upstream.faults, [])
    await settled(server)
  })
}

t.test('a request without a body goes up without one', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const method of ['GET', 'DELETE', 'OPTIONS']) {
    await ask(t, port, `${method} / HTTP/1.1\r\n${H}\r\n`)
    const request = upstream.requests.at(-1)!
    t.same(values(request, 'content-length'), [])
    t.same(values(request, 'transfer-encoding'), [])
  }
  for (const method of ['POST', 'PUT', 'PATCH']) {
    for (const field of ['', 'Content-Length: 0\r\n']) {
      await ask(t, port, `${method} / HTTP/1.1\r\n${H}${field}\r\n`)
      t.same(values(upstream.requests.at(-1)!, 'content-length'), ['0'], `${method} ${field}`)
    }
  }
})

t.test('a chunk reaches the upstream as soon as it has come', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`)
  await upstream.until(() => server.facts().requests === 1)
  t.equal(upstream.connections.length, 0, 'no connection is taken before there is something to send')
  for (const part of ['one', 'two', 'three']) {
    client.send(`${part.length}\r\n${part}\r\n`)
    await upstream.until(() => upstream.connections[0]?.bytes.includes(part) === true)
  }
  client.send('0\r\n\r\n')
  t.equal(statusOf(await client.answer()), 200)
  t.equal(upstream.requests[0]?.body.toString(), 'onetwothree')
  await settled(server)
})

t.test('a Content-Type that nobody understands passes as it came', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const type of ['', 'text', 'text/plain; charset=', '/', 'application/json;;', 'text/plain, text/html', '"', 'a b/c']) {
    const { answer } = await ask(t, port, `POST / HTTP/1.1\r\n${H}Content-Type: ${type}\r\nContent-Length: 3\r\n\r\nabc`)
    t.equal(statusOf(answer), 200, type)
    t.equal(value(upstream.requests.at(-1)!, 'content-type'), type)
  }
})

t.test('text and JSON of 2 MiB pass unread', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const type of ['text/plain', 'application/json']) {
    const body = Buffer.alloc(2 * 1024 * 1024, '{')
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\n${H}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`).send(body)
    t.equal(statusOf(await client.answer()), 200)
    t.ok(upstream.requests.at(-1)?.body.equals(body))
  }
})

t.test('a plugin that wants the whole body gets it, and the upstream after it', async t => {
  const seen: string[] = []
  const reader = testPlugin(scope => {
    scope.addHook('preHandler', async request => { seen.push(String(request.body)) })
  }, { body: 'buffer' })
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { plugins: [reader] })
  await ask(t, port, `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`)
  await ask(t, port, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`)
  t.same(seen, ['abc', 'abcdef'])
  t.same(upstream.requests.map(request => request.body.toString()), ['abc', 'abcdef'])
  t.same(upstream.requests.map(request => value(request, 'content-length')), ['3', '6'])
})

t.test('a plugin may read the body before the chain goes on; those after it and the upstream get it all the same', async t => {
  const seen: string[] = []
  const early = testPlugin(scope => {
    scope.addHook('onRequest', async request => {
      const body = await request.gateway.readBody()
      seen.push(`early ${String(body)}`)
      if (await request.gateway.readBody() !== body) throw new Error('read twice')
    })
  }, { name: 'early' })
  const counting = testPlugin(scope => {
    scope.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new Transform({
      transform (chunk, _encoding, done) { done(null, String(chunk).toUpperCase()) }
    })))
  }, { name: 'counting' })
  const late = testPlugin(scope => {
    scope.addHook('preHandler', async request => { seen.push(`late ${String(request.body)}`) })
  }, { name: 'late', body: 'buffer' })
  const upstream = await rawUpstream(t)
  const send = async (plugins: BrandedPlugin[], framing: string, bytes: string) => {
    const { server, port } = await startHop(t, upstream.port, { plugins })
    const { answer } = await ask(t, port, `POST / HTTP/1.1\r\n${H}${framing}\r\n\r\n${bytes}`)
    t.equal(statusOf(answer), 200)
    await settled(server)
    return upstream.requests.at(-1)!.body.toString()
  }
  t.equal(await send([early], 'Content-Length: 3', 'abc'), 'abc')
  t.equal(value(upstream.requests.at(-1)!, 'content-length'), '3')
  t.equal(await send([early, late], 'Transfer-Encoding: chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'), 'abcdef')
  t.equal(await send([early, counting], 'Content-Length: 3', 'abc'), 'ABC')
  t.equal(await send([early, counting, late], 'Content-Length: 3', 'abc'), 'ABC')
  t.equal(await send([early, late], 'X-No: body', ''), '')
  t.same(seen, ['early abc', 'early abcdef', 'late abcdef', 'early abc', 'early abc', 'late ABC', 'early null', 'late undefined'])
  t.same(upstream.faults, [])
})

t.test('a body that is read before the chain goes on is invited, and is 413 beyond the limit', async t => {
  const early = testPlugin(scope => { scope.addHook('onRequest', async request => { await request.gateway.readBody() }) })
  const upstream = await rawUpstream(t)
  const limits = { request_line: 8192, header_block: 16_384, headers: 100, request_buffer: 1_000, response_buffer: 1_000, connections_per_address: 0 }
  const { server, port } = await startHop(t, upstream.port, { plugins: [early], gateway: { limits } })
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`)
  t.equal(statusOf(await client.answer()), 100)
  client.send('abc')
  t.equal(statusOf(await client.answer(2)), 200)
  const { answer } = await ask(t, port, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n`)
  t.equal(statusOf(answer), 413)
  t.equal(upstream.requests.length, 1)

  const leaver = await rawClient(t, port)
  leaver.send(`POST / HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\na`)
  leaver.socket.destroy()
  await settled(server)
})

t.test('what a plugin makes of the body early is what those after it get', async t => {
  const seen: string[] = []
  const early = testPlugin(scope => {
    scope.addHook('onRequest', async ({ gateway }) => {
      await gateway.readBody()
      if (gateway.upstream !== null) gateway.upstream.body = Buffer.from('changed')
    })
  }, { name: 'early' })
  const counting = testPlugin(scope => { scope.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new PassThrough())) }, { name: 'counting' })
  const late = testPlugin(scope => {
    scope.addHook('preHandler', async request => { seen.push(String(request.body)) })
  }, { name: 'late', body: 'buffer' })
  const upstream = await rawUpstream(t)
  for (const plugins of [[early, late], [early, counting, late], [early, counting]]) {
    const { port } = await startHop(t, upstream.port, { plugins })
    t.equal(statusOf((await ask(t, port, `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`)).answer), 200)
  }
  t.same(seen, ['changed', 'changed'])
  t.same(upstream.requests.map(request => request.body.toString()), ['changed', 'changed', 'changed'])
})

t.test('reading the body early is refused once it is late', async t => {
  const late = testPlugin(scope => { scope.addHook('preHandler', async request => { await request.gateway.readBody() }) }, { body: 'buffer' })
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { plugins: [late] })
  t.equal(statusOf((await ask(t, port, `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`)).answer), 500)
})

t.test('a plugin may put a stream of its own between client and upstream', async t => {
  const upper = testPlugin(scope => {
    scope.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new Transform({
      transform (chunk, _encoding, done) { done(null, String(chunk).toUpperCase()) }
    })))
  })
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { plugins: [upper] })
  for (const [framing, body] of [['Content-Length: 3', 'abc'], ['Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n']] as const) {
    const { answer } = await ask(t, port, `POST / HTTP/1.1\r\n${H}${framing}\r\n\r\n${body}`)
    t.equal(statusOf(answer), 200)
    t.equal(upstream.requests.at(-1)?.body.toString(), 'ABC')
  }
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
  await upstream.until(() => upstream.connections.some(({ bytes }) => bytes.includes('3\r\nABC')))
  client.socket.destroy()
  await settled(server)
  t.equal(upstream.requests.length, 2, 'a cut upload stays cut behind it')
})

t.test('a stream of a plugin that has broken off before anybody reads it is its own answer', async t => {
  const upstream = await rawUpstream(t)
  const refusal = Object.assign(new Error('no'), { statusCode: 422, code: 'REFUSED' })
  const broken = testPlugin(scope => {
    scope.addHook('preParsing', async () => new PassThrough())
    // it breaks off while the next hook takes its time
    scope.addHook('preParsing', async (_request, _reply, payload) => {
      (payload as PassThrough).destroy(refusal)
      await new Promise(resolve => { setImmediate(resolve) })
    })
  })
  for (const body of ['stream', 'buffer'] as const) {
    const { server, port } = await startHop(t, upstream.port, { plugins: [broken, ...body === 'buffer' ? [testPlugin(() => {}, { name: 'holding', body })] : []] })
    for (const framing of ['Content-Length: 3\r\n\r\nabc', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n']) {
      t.equal(statusOf((await ask(t, port, `POST / HTTP/1.1\r\n${H}${framing}`)).answer), 422, `${body} ${framing}`)
    }
    await settled(server)
  }
  t.equal(upstream.requests.length, 0)
})

t.test('text that a plugin hands over in place of bytes is counted in bytes, streamed and held', async t => {
  const texts = testPlugin(scope => { scope.addHook('preParsing', async () => Readable.from(['\xe9', '\u20ac'])) })
  for (const held of [false, true]) {
    const upstream = await rawUpstream(t)
    const limits = { request_line: 8192, header_block: 16_384, headers: 100, request_buffer: 5, response_buffer: 1_000, connections_per_address: 0 }
    const { port } = await startHop(t, upstream.port, { plugins: [texts, ...held ? [testPlugin(() => {}, { name: 'holding', body: 'buffer' })] : []], gateway: { limits } })
    const { answer } = await ask(t, port, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`)
    t.equal(statusOf(answer), 200)
    t.equal(upstream.requests[0]?.body.toString(), '\xe9\u20ac')
    if (!held) continue
    const { port: narrow } = await startHop(t, upstream.port, { plugins: [texts, testPlugin(() => {}, { name: 'holding', body: 'buffer' })], gateway: { limits: { ...limits, request_buffer: 4 } } })
    t.equal(statusOf((await ask(t, narrow, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`)).answer), 413, 'two characters, five bytes')
  }
})

t.test('a copy of a body is counted in bytes, too', async t => {
  const copied = async (limit: number): Promise<unknown> => await new Promise(resolve => {
    const body = Readable.from(['\xe9', '\u20ac'])
    copyBody(body, undefined, limit, resolve)
    body.resume()
    body.on('data', () => {})
  })
  t.equal(String(await copied(5)), '\xe9\u20ac')
  t.equal(await copied(4), 'too_large')
})

t.test('a plugin that counts a body as it streams may break it off with a status of its own', async t => {
  const counting = testPlugin(scope => {
    scope.addHook('preParsing', async (_request, _reply, payload) => {
      let size = 0
      return payload.pipe(new Transform({
        transform (chunk: Buffer, _encoding, done) {
          size += chunk.length
          if (size > 200_000) done(Object.assign(new Error('Request size limit exceeded'), { statusCode: 413, code: 'TOO_LARGE' }))
          else done(null, chunk)
        }
      }))
    })
  })
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { plugins: [counting] })
  const client = await rawClient(t, port)
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 1000000\r\n\r\n${'x'.repeat(300_000)}`)
  const answer = await client.answer()
  t.equal(statusOf(answer), 413)
  t.match(JSON.parse(answer.body.toString()), { message: 'Request size limit exceeded', request_id: /^[0-9a-f]{32}$/ })
  t.equal(value(answer, 'connection'), 'close')
  await client.end()
  await settled(server)
  t.equal(upstream.requests.length, 0)
  t.same(upstream.faults, [])
})

t.test('a body that is larger than a plugin may hold is 413, without reading it', async t => {
  const upstream = await rawUpstream(t)
  const reader = testPlugin(() => {}, { body: 'buffer' })
  const limits = { request_line: 8192, header_block: 16_384, headers: 100, request_buffer: 1_000, response_buffer: 1_000, connections_per_address: 0 }
  const { server, port } = await startHop(t, upstream.port, { plugins: [reader], gateway: { limits } })
  const requests = [
    `POST / HTTP/1.1\r\n${H}Content-Length: 1001\r\n\r\n`,
    `POST / HTTP/1.1\r\n${H}Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n`,
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n`
  ]
  for (const request of requests) {
    const client = await rawClient(t, port)
    client.send(request)
    await client.end()
    t.same(client.answers.map(statusOf), [413])
    t.match(JSON.parse(client.answers[0]!.body.toString()), { message: 'Payload too large', request_id: /^[0-9a-f]{32}$/ })
    t.equal(value(client.answers[0]!, 'connection'), 'close')
  }
  const { answer } = await ask(t, port, `POST / HTTP/1.1\r\n${H}Content-Length: 1000\r\n\r\n${'x'.repeat(1000)}`)
  t.equal(statusOf(answer), 200)
  await settled(server)
})

t.test('an answer that is larger than a plugin may hold is 502, and its connection is given up', async t => {
  const limits = { request_line: 8192, header_block: 16_384, headers: 100, request_buffer: 1_000, response_buffer: 1_000, connections_per_address: 0 }
  const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n`
  const known = `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(70_000)}`
  for (const script of [chunked, known]) {
    const upstream = await rawUpstream(t, script)
    const reader = testPlugin(scope => { scope.addHook('onSend', async (_request, _reply, payload) => payload) }, { response: 'buffer' })
    const { server, port } = await startHop(t, upstream.port, { plugins: [reader], gateway: { limits } })
    const { answer } = await ask(t, port, `GET / HTTP/1.1\r\n${H}\r\n`)
    t.equal(statusOf(answer), 502)
    await upstream.until(() => upstream.connections[0]?.closed === true)
    await settled(server)
  }
})

t.test('Expect: 100-continue is answered when the body is wanted, and not sent up', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  for (const [framing, body] of [['Content-Length: 3', 'abc'], ['Content-Length: 100000', 'x'.repeat(100_000)], ['Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n']] as const) {
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\n${H}${framing}\r\nExpect: 100-Continue\r\n\r\n`)
    t.equal(statusOf(await client.answer()), 100)
    client.send(body)
    t.equal(statusOf(await client.answer(2)), 200)
    t.equal(value(upstream.requests.at(-1)!, 'expect'), undefined)
    t.same(client.answers.map(statusOf), [100, 200])
  }
  await settled(server)
})

t.test('a client that does not wait for its 100 is served, too', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  const { client } = await ask(t, port, `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc`)
  await client.until(() => client.answers.some(answer => statusOf(answer) === 200))
  t.equal(upstream.requests[0]?.body.toString(), 'abc')
})

t.test('Expect without a body is no reason to wait', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  const { client } = await ask(t, port, `GET / HTTP/1.1\r\n${H}Expect: 100-continue\r\n\r\n`)
  await client.until(() => client.answers.some(answer => statusOf(answer) === 200))
})

t.test('HTTP/1.0 knows no 100', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send('POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc')
  await client.end()
  t.same(client.answers.map(statusOf), [200])
})

t.test('100 Continue of the upstream is not the client\'s', async t => {
  const upstream = await rawUpstream(t, `HTTP/1.1 100 Continue\r\n\r\n${OK}`)
  const { port } = await startHop(t, upstream.port)
  const { client } = await ask(t, port, `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`)
  t.same(client.answers.map(statusOf), [200])
})

t.test('an upload that is refused gets its answer instead of 100, and the connection ends', async t => {
  const upstream = await rawUpstream(t)
  const refused = await startHop(t, upstream.port, { plugins: [refusing()] })
  const missed = await startHop(t, upstream.port, { route: { paths: ['/other'] } })
  for (const [{ port, server }, status] of [[refused, 401], [missed, 404]] as const) {
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n`)
    await client.end()
    t.same(client.answers.map(statusOf), [status])
    t.equal(value(client.answers[0]!, 'connection'), 'close')
    await settled(server)
  }
  t.equal(upstream.connections.length, 0)
})
