import t from 'tap'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { OK, rawUpstream } from '../helpers/raw-upstream.ts'

const H = 'Host: gateway.test\r\n'

/** Odd, but read in one way by everybody: goes up as one canonical request. */
const CANONICAL: ReadonlyArray<readonly [name: string, bytes: string, line: string]> = [
  ['absolute-form becomes origin-form', `GET http://gateway.test/a?b HTTP/1.1\r\n${H}\r\n`, 'GET /a?b HTTP/1.1'],
  ['absolute-form with the host in capitals', `GET HTTP://GATEWAY.test/a HTTP/1.1\r\n${H}\r\n`, 'GET /a HTTP/1.1'],
  ['absolute-form without a path', `GET http://gateway.test HTTP/1.1\r\n${H}\r\n`, 'GET / HTTP/1.1'],
  ['absolute-form with a query and no path', `GET http://gateway.test?x=1 HTTP/1.1\r\n${H}\r\n`, 'GET /?x=1 HTTP/1.1'],
  ['HTTP/1.0 without Host', 'GET /a HTTP/1.0\r\n\r\n', 'GET /a HTTP/1.1'],
  ['several blanks before the target', `GET   /a HTTP/1.1\r\n${H}\r\n`, 'GET /a HTTP/1.1'],
  ['an empty line before the request', `\r\n\r\nGET /a HTTP/1.1\r\n${H}\r\n`, 'GET /a HTTP/1.1'],
  ['the name of an older relative as protocol', 'GET /a RTSP/1.0\r\n\r\n', 'GET /a HTTP/1.1'],
  ['blanks around a value', 'GET /a HTTP/1.1\r\nHost: \t gateway.test \t\r\nX-A:\t 1 \t\r\n\r\n', 'GET /a HTTP/1.1'],
  ['a Host with its default port', 'GET /a HTTP/1.1\r\nHost: gateway.test:80\r\n\r\n', 'GET /a HTTP/1.1'],
  ['an IPv6 Host', 'GET /a HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n', 'GET /a HTTP/1.1'],
  ['a method of WebDAV', `PROPFIND /a HTTP/1.1\r\n${H}\r\n`, 'PROPFIND /a HTTP/1.1'],
  ['QUERY', `QUERY /a HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n`, 'QUERY /a HTTP/1.1'],
  ['OPTIONS on a path', `OPTIONS /a HTTP/1.1\r\n${H}\r\n`, 'OPTIONS /a HTTP/1.1']
]

t.test('an odd request that can be read in one way only goes up in one canonical form', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  for (const [name, bytes, line] of CANONICAL) {
    await t.test(name, async t => {
      const before = upstream.requests.length
      const { answer } = await ask(t, port, bytes)
      t.equal(statusOf(answer), 200)
      t.equal(answer.body.toString(), 'ok')
      t.equal(upstream.requests.length, before + 1)
      t.equal(upstream.requests.at(-1)?.line, line)
      t.same(upstream.faults, [])
    })
  }
  await settled(server)
})

t.test('a field value reaches the upstream without the blanks around it, bytes above 127 as they came', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  await ask(t, port, `GET / HTTP/1.1\r\n${H}X-A:\t 1 \t\r\nX-B: caf\xc3\xa9 \xff\r\nX-Empty:\r\n\r\n`)
  const [request] = upstream.requests
  t.equal(value(request!, 'x-a'), '1')
  t.equal(value(request!, 'x-b'), 'caf\xc3\xa9 \xff')
  t.equal(value(request!, 'x-empty'), '')
})

t.test('CONNECT and TRACE are refused', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const line of ['CONNECT gateway.test:443', 'CONNECT /', 'TRACE /']) {
    const client = await rawClient(t, port)
    client.send(`${line} HTTP/1.1\r\n${H}\r\n`)
    const answer = await client.answer()
    t.equal(statusOf(answer), 405, line)
    t.equal(JSON.parse(answer.body.toString()).message, 'Method not allowed')
    t.ok(value(answer, 'allow'), 'RFC 9110 section 15.5.6 asks for Allow')
  }
  t.equal(upstream.connections.length, 0)
})

t.test('an HTTP/1.0 client gets an answer that it can read: no chunks, and the end of the connection', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
  const { port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send('GET / HTTP/1.0\r\n\r\n')
  await client.end()
  const [answer] = client.answers
  t.equal(answer?.body.toString(), 'abc')
  t.same(values(answer!, 'transfer-encoding'), [])
})

t.test('pipelined requests are answered in order, one at a time', async t => {
  let first = (): void => {}
  const upstream = await rawUpstream(t, (request, socket, index) => {
    const body = request.line
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    if (index > 0) return answer
    first = () => socket.write(answer)
    return null
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`POST /1 HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n${H}\r\nGET /3 HTTP/1.1\r\n${H}\r\n`)
  await upstream.until(() => upstream.requests.length > 0)
  await new Promise(resolve => { setTimeout(resolve, 50) })
  t.equal(upstream.requests.length, 1, 'what follows an unsafe request waits for its answer')
  first()
  await client.answer(3)
  t.same(client.answers.map(answer => answer.body.toString()), ['POST /1 HTTP/1.1', 'GET /2 HTTP/1.1', 'GET /3 HTTP/1.1'])
  await settled(server)
})

t.test('a pipelined upload waits for its turn, and is whole then', async t => {
  const upstream = await rawUpstream(t, (_request, socket, index) => {
    setTimeout(() => socket.write(OK), index === 0 ? 100 : 0)
    return null
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`GET /1 HTTP/1.1\r\n${H}\r\nPOST /2 HTTP/1.1\r\n${H}Content-Length: 300000\r\n\r\n${'x'.repeat(300_000)}GET /3 HTTP/1.1\r\n${H}\r\n`)
  await client.answer(3)
  t.same(upstream.requests.map(request => request.line), ['GET /1 HTTP/1.1', 'POST /2 HTTP/1.1', 'GET /3 HTTP/1.1'])
  t.equal(upstream.requests[1]?.body.length, 300_000)
  await settled(server)
})

t.test('nothing is served behind a request that ends its connection', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`GET /1 HTTP/1.1\r\n${H}Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n${H}\r\n`)
  await client.end()
  await settled(server)
  t.equal(client.answers.length, 1)
  t.equal(upstream.requests.length, 1)
})

t.test('a hundred pipelined requests are answered in order', async t => {
  const upstream = await rawUpstream(t, request => {
    const path = request.line.split(' ')[1] ?? ''
    return `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  const paths = Array.from({ length: 100 }, (_, index) => `/${index}`)
  client.send(paths.map(path => `GET ${path} HTTP/1.1\r\n${H}\r\n`).join(''))
  await client.answer(100)
  t.same(client.answers.map(answer => answer.body.toString()), paths)
  // the connection is read again afterwards
  client.send(`GET /more HTTP/1.1\r\n${H}\r\n`)
  t.equal((await client.answer(101)).body.toString(), '/more')
  await settled(server)
})

t.test('a client that pipelines and leaves has none of its waiting requests sent', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`GET /1 HTTP/1.1\r\n${H}\r\nGET /2 HTTP/1.1\r\n${H}\r\n`)
  await upstream.until(() => upstream.requests.length === 1)
  client.socket.destroy()
  await settled(server)
  await upstream.until(() => upstream.connections[0]?.closed === true)
  t.equal(upstream.requests.length, 1)
})

t.test('garbage behind a whole request is refused after the answer to that request', async t => {
  const upstream = await rawUpstream(t, (_request, socket) => {
    setTimeout(() => socket.write(OK), 50)
    return null
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`GET /1 HTTP/1.1\r\n${H}\r\nnonsense\r\n\r\n`)
  await client.end()
  t.same(client.answers.map(statusOf), [200, 400])
  t.equal(upstream.requests.length, 1)
  await settled(server)
})

t.test('a WebSocket handshake behind an unanswered request is refused after that answer', async t => {
  const upstream = await rawUpstream(t, (_request, socket) => {
    setTimeout(() => socket.write(OK), 50)
    return null
  })
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`GET /1 HTTP/1.1\r\n${H}\r\nGET /ws HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`)
  await client.end()
  t.same(client.answers.map(statusOf), [200, 400])
  t.equal(upstream.requests.length, 1)
  await settled(server)
})

t.test('a request in the packet of a refused one is not served', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`GET /1 HTTP/1.1\r\n${H}Host: other.test\r\n\r\nGET /2 HTTP/1.1\r\n${H}\r\n`)
  await client.end()
  t.same(client.answers.map(statusOf), [400])
  await settled(server)
  t.equal(upstream.requests.length, 0)
})
