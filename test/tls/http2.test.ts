import { once } from 'node:events'
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import t from 'tap'
import type { Test } from 'tap'
import { GatewayError } from '../../src/errors.ts'
import { entry, route, service, settings } from '../helpers/config.ts'
import { settled } from '../helpers/hop.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { until, upstream } from '../helpers/running.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'
import { authority, recordingUpstream, startTls, tlsClient, tlsConfig } from '../helpers/tls.ts'

const h2 = { http2: true }

async function session (t: Test, port: number): Promise<ClientHttp2Session> {
  const client = connect(`https://gateway.test:${port}`, { ca: authority.cert, lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never) })
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  await once(client, 'connect')
  return client
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly trailers: IncomingHttpHeaders | null
  readonly hints: IncomingHttpHeaders[]
  readonly code: number | undefined
}

/** Everything until the stream is closed, however that is. */
async function read (stream: ClientHttp2Stream): Promise<Answer> {
  let text = ''
  let headers: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders | null = null
  const hints: IncomingHttpHeaders[] = []
  stream.on('response', fields => { headers = fields })
  stream.on('headers', fields => hints.push(fields))
  stream.on('trailers', fields => { trailers = fields })
  stream.setEncoding('utf8').on('data', chunk => { text += String(chunk) })
  stream.on('error', () => {})
  await new Promise(resolve => stream.once('close', resolve))
  return { status: Number(headers[':status'] ?? 0), headers, text, trailers, hints, code: stream.rstCode }
}

async function ask (client: ClientHttp2Session, target: string, headers: Record<string, string | string[]> = {}, body?: string | Buffer): Promise<Answer> {
  const stream = client.request({ ':path': target, ...headers }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return await read(stream)
}

t.test('a request over HTTP/2 reaches the upstream as one of HTTP/1.1', async t => {
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2))
  const client = await session(t, port)
  t.equal(client.alpnProtocol, 'h2')
  const answer = await ask(client, '/a//b?c=%2f', { cookie: ['a=1', 'b=2'], 'x-many': ['1', '2'], 'x-consumer-id': 'forged' })
  t.equal(answer.status, 200)
  t.equal(answer.text, 'fine')
  t.equal(answer.headers['x-sallyport-request-id']?.length, 32)
  t.match(answer.headers['via'], /^1\.1 sallyport/)
  t.equal(answer.headers['connection'], undefined)
  t.equal(answer.headers['content-length'], '4')
  const [request] = up.requests
  t.equal(request?.url, '/a/b?c=%2f')
  t.equal(request?.headers['cookie'], 'a=1; b=2', 'one field, as HTTP/1.1 has it')
  t.equal(request?.headers['x-many'], '1, 2')
  t.equal(request?.headers['x-consumer-id'], undefined)
  t.equal(request?.headers['x-forwarded-proto'], 'https')
  t.equal(request?.headers['x-forwarded-host'], 'gateway.test')
  t.match(request?.headers['via'], /^2 sallyport/)
  t.equal(server.facts().connections, 1)
  await settled(server)
})

t.test('HTTP/1.1 is spoken on the same listener', async t => {
  const up = await recordingUpstream(t)
  const { port } = await startTls(t, tlsConfig(up.port, h2))
  for (const ALPNProtocols of [['http/1.1'], []]) {
    const client = await tlsClient(t, port, { ALPNProtocols })
    await client.send('GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n').answer()
  }
  t.equal(up.requests.length, 2)
})

t.test('answers of every kind', async t => {
  const port = await upstream(t, (request, response) => {
    switch (request.url) {
      case '/empty': response.writeHead(204).end(); break
      case '/unchanged': response.writeHead(304, { etag: '"a"' }).end(); break
      case '/long': response.end(Buffer.alloc(3_000_000, 'x')); break
      case '/chunks': response.write('one,'); setImmediate(() => response.end('two')); break
      case '/trailers': response.writeHead(200, { trailer: 'x-sum' }); response.write('body'); response.addTrailers({ 'x-sum': '42' }); response.end(); break
      case '/hints': response.writeEarlyHints({ link: '</a.css>; rel=preload' }); response.end('after'); break
      case '/cookies': response.writeHead(200, ['set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-a', '1', 'x-a', '2', 'keep-alive', 'timeout=5']); response.end('c'); break
      case '/cut-chunks': response.write('half'); setImmediate(() => response.destroy()); break
      case '/cut': response.writeHead(200, { 'content-length': '200000' }); response.write('half'); setImmediate(() => response.destroy()); break
      default: response.writeHead(200, { 'content-length': '5' }); response.end(request.method === 'HEAD' ? undefined : 'hello')
    }
  })
  const { server, port: at } = await startTls(t, tlsConfig(port, h2))
  const client = await session(t, at)
  const empty = await ask(client, '/empty')
  t.equal(empty.status, 204)
  t.equal((await ask(client, '/unchanged')).status, 304)
  const long = await ask(client, '/long')
  t.equal(long.text.length, 3_000_000)
  t.equal((await ask(client, '/chunks')).text, 'one,two')
  const trailers = await ask(client, '/trailers', { te: 'trailers' })
  t.equal(trailers.text, 'body')
  t.match(trailers.trailers, { 'x-sum': '42' })
  t.equal((await ask(client, '/trailers')).trailers, null, 'not for a client that has not asked')
  const hints = await ask(client, '/hints')
  t.match(hints.hints, [{ ':status': 103, link: '</a.css>; rel=preload' }])
  t.equal(hints.text, 'after')
  const cookies = await ask(client, '/cookies')
  t.same(cookies.headers['set-cookie'], ['a=1', 'b=2'])
  t.equal(cookies.headers['x-a'], '1, 2')
  const head = client.request({ ':path': '/head', ':method': 'HEAD' })
  const headAnswer = await read(head)
  t.equal(headAnswer.status, 200)
  t.equal(headAnswer.headers['content-length'], '5')
  t.equal(headAnswer.text, '')
  for (const target of ['/cut', '/cut-chunks']) {
    const cut = await ask(client, target)
    t.equal(cut.status, 200)
    t.equal(cut.code, constants.NGHTTP2_INTERNAL_ERROR, 'a cut answer does not look whole')
  }
  t.equal(client.destroyed, false)
  await settled(server)
})

t.test('errors of the gateway itself', async t => {
  const up = await recordingUpstream(t)
  const file = tlsConfig(up.port, h2, { routes: [route({ paths: ['/known'] })] })
  const { server, port } = await startTls(t, file)
  const client = await session(t, port)
  const miss = await ask(client, '/unknown')
  t.equal(miss.status, 404)
  t.match(JSON.parse(miss.text), { message: 'no Route matched with those values' })
  t.equal((await ask(client, '/known', { authorization: ['Basic a', 'Basic b'] }).catch(() => ({ status: 400 }))).status, 400)
  t.equal((await ask(client, '/known', { ':authority': 'gateway.test', host: 'other.test' })).status, 400, 'two hosts')
  t.equal((await ask(client, '/known', { ':authority': 'gateway.test', host: 'GATEWAY.test' })).status, 200, 'one host, said twice')
  t.equal((await ask(client, `/known?${'x'.repeat(9_000)}`)).status, 414)
  t.equal((await ask(client, '/known', { 'x-big': 'x'.repeat(17_000) })).status, 431)
  t.equal((await ask(client, '/known', Object.fromEntries(Array.from({ length: 110 }, (_, index) => [`x-${index}`, 'y'])))).status, 431)
  const many = await ask(client, '/known', Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, 'y'])))
  t.equal(many.status, 0)
  t.equal(many.code, constants.NGHTTP2_ENHANCE_YOUR_CALM, 'beyond all measure')
  t.equal((await ask(client, '/known', { ':method': 'TRACE' })).status, 405)
  const tunnel = client.request({ ':method': 'CONNECT', ':authority': 'x:1' })
  t.equal((await read(tunnel)).status, 405)
  t.equal((await ask(client, '/known')).status, 200, 'the connection lives on')
  t.equal(up.requests.length, 2)
  await settled(server)
})

t.test('uploads: whole, of any length, with and without one told', async t => {
  const bodies: Array<{ length: number, declared: string | undefined, coding: string | undefined }> = []
  const port = await upstream(t, (request, response) => {
    let length = 0
    request.on('data', (chunk: Buffer) => { length += chunk.length })
    request.on('end', () => {
      bodies.push({ length, declared: request.headers['content-length'], coding: request.headers['transfer-encoding'] })
      response.end(String(length))
    })
  })
  const { server, port: at } = await startTls(t, tlsConfig(port, h2))
  const client = await session(t, at)
  const post = { ':method': 'POST' }
  t.equal((await ask(client, '/', { ...post, 'content-length': '5' }, 'hello')).text, '5')
  t.equal((await ask(client, '/', post, 'hello')).text, '5')
  t.equal((await ask(client, '/', post, Buffer.alloc(2_000_000))).text, '2000000')
  t.equal((await ask(client, '/', { ...post, 'content-length': '2000000' }, Buffer.alloc(2_000_000))).text, '2000000')
  t.equal((await ask(client, '/', { ...post, expect: '100-continue', 'content-length': '5' }, 'hello')).text, '5')
  t.equal((await ask(client, '/', { ...post, 'content-length': '0' }, '')).text, '0')
  t.same(bodies[2], { length: 2_000_000, declared: undefined, coding: 'chunked' })
  t.same(bodies[3], { length: 2_000_000, declared: '2000000', coding: undefined })
  await settled(server)
})

t.test('a length that is not that of the body: the stream is refused, nothing looks whole upstream', async t => {
  let whole = 0
  const port = await upstream(t, (request, response) => {
    request.on('error', () => {})
    request.on('end', () => { if (request.complete) whole++ })
    request.resume()
    response.on('error', () => {})
    request.on('end', () => response.end('fine'))
  })
  const { server, port: at } = await startTls(t, tlsConfig(port, h2))
  const client = await session(t, at)
  for (const [declared, sent] of [[10, 5], [5, 10], [200_000, 100_000], [100_000, 200_000]] as const) {
    const answer = await ask(client, '/', { ':method': 'POST', 'content-length': String(declared) }, Buffer.alloc(sent))
    // Node 20 says the first, Node 24 the second
    t.ok([constants.NGHTTP2_PROTOCOL_ERROR, constants.NGHTTP2_INTERNAL_ERROR].includes(answer.code ?? -1), `${declared} told, ${sent} sent: ${answer.code}`)
    t.equal(answer.status, 0)
  }
  await settled(server)
  t.equal(whole, 0)
})

t.test('a client that takes its request back cancels it upstream', async t => {
  const left: string[] = []
  const came: string[] = []
  const port = await upstream(t, (request, response) => {
    came.push(String(request.url))
    response.on('close', () => { if (!response.writableFinished) left.push(String(request.url)) })
    if (request.url === '/stream') response.write('first')
  })
  const { server, port: at } = await startTls(t, tlsConfig(port, h2))
  const client = await session(t, at)
  for (const target of ['/waiting', '/stream']) {
    const stream = client.request({ ':path': target })
    stream.on('error', () => {})
    stream.resume()
    if (target === '/stream') await once(stream, 'data')
    else await until('it runs', () => came.includes(target))
    stream.close(constants.NGHTTP2_CANCEL)
    await until('the upstream is told', () => left.includes(target))
    await settled(server)
  }
  const last = client.request({ ':path': '/connection' })
  last.on('error', () => {})
  await until('it runs', () => came.includes('/connection'))
  client.destroy()
  await until('the upstream is told', () => left.includes('/connection'))
  await settled(server)
  await until('the connection is gone', () => server.facts().connections === 0)
})

t.test('events come one by one; a client that reads slowly slows the upstream', async t => {
  let sent = 0
  let waiting = false
  const port = await upstream(t, (request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      request.socket.on('data', () => {})
      setTimeout(() => response.end('data: 2\n\n'), 50)
      return
    }
    const chunk = Buffer.alloc(65_536)
    const more = (): void => {
      while (sent < 200_000_000) {
        sent += chunk.length
        if (!response.write(chunk)) {
          waiting = true
          response.once('drain', () => { waiting = false; more() })
          return
        }
      }
      response.end()
    }
    more()
  })
  const { port: at } = await startTls(t, tlsConfig(port, h2))
  const client = await session(t, at)
  const events = client.request({ ':path': '/events' })
  const [first] = await once(events, 'data') as [Buffer]
  t.equal(first.toString(), 'data: 1\n\n')
  t.equal((await once(events, 'data') as [Buffer])[0].toString(), 'data: 2\n\n')

  const slow = client.request({ ':path': '/endless' })
  slow.on('error', () => {})
  slow.pause()
  await until('the upstream waits', () => waiting)
  const before = sent
  t.ok(before < 40_000_000, `${before} bytes are under way`)
  t.equal((await ask(client, '/events')).text, 'data: 1\n\ndata: 2\n\n', 'other requests of the connection go on')
  slow.close()
})

t.test('an upload that the upstream does not read waits at the client', async t => {
  const port = await upstream(t, (request, response) => {
    if (request.url === '/other') { response.end('fine'); return }
    request.pause()
  })
  const { port: at } = await startTls(t, tlsConfig(port, h2))
  const client = await session(t, at)
  const stream = client.request({ ':path': '/', ':method': 'POST' })
  stream.on('error', () => {})
  let taken = 0
  const write = (): void => { stream.write(Buffer.alloc(65_536), error => { if (error == null) { taken += 65_536; if (taken < 100_000_000) write() } }) }
  write()
  let last = -1
  await until('nothing moves any more', async () => {
    const still = taken === last && taken > 0
    last = taken
    await new Promise(resolve => setTimeout(resolve, 100))
    return still
  })
  t.ok(taken < 30_000_000, `${taken} bytes are under way`)
  t.equal((await ask(client, '/other')).text, 'fine', 'other requests of the connection go on')
  stream.close()
})

t.test('uploads that nobody takes yet are no bytes for nothing: their connection stays', async t => {
  let waiting = 0
  const holds = testPlugin(scope => {
    scope.addHook('onRequest', async () => {
      waiting++
      await new Promise(() => {})
    })
  }, { name: 'holds' })
  const up = await recordingUpstream(t)
  const file = tlsConfig(up.port, h2, { plugins: [entry({ name: 'holds' })] })
  const { port } = await startTls(t, { ...file, gateway: { ...file.gateway, timeouts: { ...settings().timeouts, headers: 500 } } }, [holds])
  const client = await session(t, port)
  let closed = false
  client.on('close', () => { closed = true })
  // the sweeper has looked at all by the time that it sends away who asks nothing
  const look = async (): Promise<void> => { await once(await session(t, port), 'close') }
  const uploads = Array.from({ length: 50 }, () => client.request({ ':path': '/', ':method': 'POST' }).on('error', () => {}))
  for (const upload of uploads) upload.write(Buffer.alloc(20_000))
  await until('all are there', () => waiting === 50)
  await look()
  // more than what may come for nothing in a second, all of it in the windows
  for (const upload of uploads) upload.write(Buffer.alloc(45_000))
  await look()
  t.equal(closed, false)
})

t.test('uploads that are refused in their middle give their places back', async t => {
  const refuses = testPlugin(scope => {
    scope.addHook('onRequest', async ({ raw }) => {
      await until('as much has come as is held for a plugin', () => raw.readableLength >= 16_384)
      throw new GatewayError('TOO_MUCH', 413, 'that is enough')
    })
  }, { name: 'refuses' })
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2, { plugins: [entry({ name: 'refuses' })] }), [refuses])
  const client = await session(t, port)
  let closed = false
  client.on('close', () => { closed = true })
  // more than run at once: places that are kept end the connection
  for (let round = 0; round < 15; round++) {
    const uploads = Array.from({ length: 10 }, () => client.request({ ':path': '/', ':method': 'POST' }))
    for (const upload of uploads) upload.write(Buffer.alloc(60_000))
    const answers = await Promise.all(uploads.map(read))
    if (!answers.every(({ status }) => status === 413)) t.fail(`round ${round}: ${answers.map(({ status }) => status).join(' ')}`)
  }
  t.equal(closed, false)
  await settled(server)
})

t.test('a hundred requests at once, and no more', async t => {
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2, { services: [service({ port: up.port })] }))
  const client = await session(t, port)
  await until('the settings are known', () => client.remoteSettings.maxConcurrentStreams === 100)
  const asked = Array.from({ length: 150 }, async () => await ask(client, '/held'))
  await until('a hundred run', () => up.held.length === 100)
  t.equal(server.facts().requests, 100)
  up.release()
  await until('the rest run', () => up.held.length === 50)
  up.release()
  t.ok((await Promise.all(asked)).every(({ status, text }) => status === 200 && text === 'released'))
})

t.test('a drain tells clients to go, and lets requests end', async t => {
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2))
  const idle = await session(t, port)
  const client = await session(t, port)
  const answer = ask(client, '/held')
  await until('it runs', () => up.held.length === 1)
  const told = once(client, 'goaway')
  const drained = server.drain()
  await once(idle, 'close')
  t.equal((await told)[0], constants.NGHTTP2_NO_ERROR)
  up.release()
  t.equal((await answer).text, 'released')
  await drained
})

t.test('a status above 599, which Node refuses to write over HTTP/2, is 502; up to there they pass', async t => {
  const up = await rawUpstream(t, ({ line }) => `HTTP/1.1 ${line.slice(5, 8)} Odd\r\nContent-Length: 2\r\n\r\nok`)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2))
  const client = await session(t, port)
  t.match(await ask(client, '/599'), { status: 599, text: 'ok' })
  for (const status of [600, 799, 999]) {
    const answer = await ask(client, `/${status}`)
    t.equal(answer.status, 502, String(status))
    t.notMatch(answer.text, /RangeError|ERR_/)
  }
  t.equal((await ask(client, '/200')).status, 200, 'the connection is kept')
  await settled(server)
})
