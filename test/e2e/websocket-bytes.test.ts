import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { held } from '../helpers/memory.ts'
import { plainUpstream } from '../helpers/plain-upstream.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually, rawUpstream } from '../helpers/raw-upstream.ts'

const MIB = 1024 * 1024
const HANDSHAKE = get('/ws', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==')
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n'

t.test('the client sees the upstream\'s own 101', async t => {
  const upstream = await rawUpstream(t, SWITCH)
  const { port } = await startHop(t, upstream.port)
  const { answer } = await ask(t, port, HANDSHAKE)
  t.equal(answer.line, 'HTTP/1.1 101 Switching Protocols')
  t.equal(value(answer, 'sec-websocket-accept'), 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=')
  t.same(values(answer, 'upgrade'), ['websocket'])
  t.same(values(answer, 'connection'), ['Upgrade'])
})

for (const hooked of [false, true]) {
  t.test(`the client sees the upstream's refusal and its body${hooked ? ', through a response hook, too' : ''}`, async t => {
    const hook = testPlugin(scope => { scope.addHook('onSend', async (_request, _reply, payload) => payload) })
    for (const body of ['Content-Length: 9\r\n\r\nforbidden', 'Transfer-Encoding: chunked\r\n\r\n9\r\nforbidden\r\n0\r\n\r\n']) {
      const upstream = await rawUpstream(t, `HTTP/1.1 403 Forbidden\r\nX-Why: no\r\n${body}`)
      const { server, port } = await startHop(t, upstream.port, { plugins: hooked ? [hook] : [] })
      const client = await rawClient(t, port)
      client.send(HANDSHAKE)
      await client.end()
      const [answer] = client.answers
      t.equal(statusOf(answer!), 403)
      t.equal(value(answer!, 'x-why'), 'no')
      t.equal(answer?.body.toString(), 'forbidden')
      await settled(server)
    }
  })
}

t.test('an upstream that is down, breaks off or hangs is 502 or 504', async t => {
  const reset = await rawUpstream(t, (_request, socket) => {
    socket.resetAndDestroy()
    return null
  })
  const hang = await rawUpstream(t, () => null)
  for (const [port, status] of [[1, 502], [reset.port, 502], [hang.port, 504]] as const) {
    const hop = await startHop(t, port, { service: { read_timeout: status === 504 ? 200 : 20_000, retries: 0 } })
    const client = await rawClient(t, hop.port)
    client.send(HANDSHAKE)
    const answer = await client.answer()
    t.equal(statusOf(answer), status)
    t.match(JSON.parse(answer.body.toString()), { request_id: /^[0-9a-f]{32}$/ })
    await client.end()
    await settled(hop.server)
  }
})

t.test('a 101 to another protocol, or to none, is 502', async t => {
  for (const fields of ['Connection: Upgrade\r\nUpgrade: h2c\r\n', 'Connection: Upgrade\r\n', '']) {
    const upstream = await rawUpstream(t, `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\nbytes`)
    const { server, port } = await startHop(t, upstream.port)
    const client = await rawClient(t, port)
    client.send(HANDSHAKE)
    t.equal(statusOf(await client.answer()), 502, fields)
    await client.end()
    await settled(server)
  }
})

t.test('no route is 404 to a handshake, too', async t => {
  const { server, port } = await startHop(t, 1, { route: { paths: ['/other'] } })
  const client = await rawClient(t, port)
  client.send(HANDSHAKE)
  t.equal(statusOf(await client.answer()), 404)
  await client.end()
  await settled(server)
})

t.test('bytes right behind the handshake reach the upstream after it', async t => {
  let seen = ''
  const port = await plainUpstream(t, socket => {
    socket.on('data', chunk => {
      seen += chunk.toString('latin1')
      if (seen.includes('\r\n\r\n') && !seen.includes('early')) socket.write(SWITCH)
      if (seen.endsWith('early')) socket.write('late')
    })
  })
  const hop = await startHop(t, port)
  const client = await rawClient(t, hop.port)
  client.send(`${HANDSHAKE}early`)
  await client.until(() => client.text.endsWith('\r\n\r\nlate'))
  t.ok(seen.endsWith('\r\n\r\nearly'))
  client.socket.destroy()
  await settled(hop.server)
})

t.test('bytes right behind the upstream\'s 101 reach the client after it', async t => {
  const upstream = await rawUpstream(t, `${SWITCH}first`)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(HANDSHAKE)
  await client.until(() => client.text.endsWith('\r\n\r\nfirst'))
  client.socket.destroy()
  await settled(server)
})

t.test('what looks like an interim answer is not taken out of the bytes behind the 101', async t => {
  const looksInterim = 'HTTP/1.1 100 Continue\r\n\r\n'
  const port = await plainUpstream(t, socket => {
    socket.once('data', () => {
      socket.write(SWITCH)
      socket.on('data', () => socket.write(`${looksInterim}<end>`))
    })
  })
  const hop = await startHop(t, port)
  const client = await rawClient(t, hop.port)
  client.send(HANDSHAKE)
  await client.until(() => client.text.endsWith('\r\n\r\n'))
  client.send('go')
  await client.until(() => client.text.endsWith('<end>'))
  t.ok(client.text.endsWith(`\r\n\r\n${looksInterim}<end>`))
  client.socket.destroy()
  await settled(hop.server)
})

t.test('a side that has ended may still be sent the rest', async t => {
  for (const first of ['client', 'upstream'] as const) {
    await t.test(`${first} ends first`, async t => {
      let upstreamSocket: Socket | undefined
      let seen = ''
      const port = await plainUpstream(t, socket => {
        socket.allowHalfOpen = true
        upstreamSocket = socket
        socket.once('data', () => {
          socket.write(SWITCH)
          socket.on('data', chunk => { seen += chunk.toString() })
          if (first === 'client') {
            socket.on('end', () => {
              seen += '<end>'
              setTimeout(() => socket.end('the rest'), 50)
            })
          }
        })
      })
      const hop = await startHop(t, port)
      const client = await rawClient(t, hop.port, { allowHalfOpen: true })
      client.send(HANDSHAKE)
      await client.until(() => client.text.includes('\r\n\r\n'))
      if (first === 'client') {
        client.socket.end('last words')
        await client.until(() => client.text.endsWith('the rest'))
        t.equal(seen, 'last words<end>')
      } else {
        upstreamSocket?.end('last words')
        await client.until(() => client.text.endsWith('last words') && client.closed === 'end')
        client.send('the rest')
        client.socket.end()
        await eventually(() => seen === 'the rest')
      }
      await settled(hop.server)
    })
  }
})

t.test('a side that resets takes the other with it', async t => {
  let upstreamSocket: Socket | undefined
  const port = await plainUpstream(t, socket => {
    upstreamSocket = socket
    socket.once('data', () => { socket.write(SWITCH) })
  })
  const hop = await startHop(t, port)
  const one = await rawClient(t, hop.port)
  one.send(HANDSHAKE)
  await one.until(() => one.text.includes('\r\n\r\n'))
  upstreamSocket?.resetAndDestroy()
  await one.end()
  await settled(hop.server)
  const two = await rawClient(t, hop.port)
  two.send(HANDSHAKE)
  await two.until(() => two.text.includes('\r\n\r\n'))
  two.socket.resetAndDestroy()
  await eventually(() => upstreamSocket?.destroyed === true)
  await settled(hop.server)
})

t.test('a client that leaves during the handshake cancels it', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(HANDSHAKE)
  await upstream.until(() => upstream.requests.length === 1)
  client.socket.destroy()
  await upstream.until(() => upstream.connections[0]?.closed === true, 20_000)
  await settled(server)
})

for (const slow of ['client', 'upstream'] as const) {
  t.test(`a ${slow} that never reads stops the other side from sending`, async t => {
    const part = Buffer.alloc(MIB, 'x')
    let sent = 0
    const pour = (socket: Socket): void => {
      while (!socket.destroyed && sent < 200) {
        sent++
        if (!socket.write(part)) {
          socket.once('drain', () => pour(socket))
          return
        }
      }
    }
    const upstreamPort = await plainUpstream(t, socket => {
      socket.once('data', () => {
        socket.write(SWITCH)
        if (slow === 'client') pour(socket)
        else socket.pause()
      })
    })
    const { server, port } = await startHop(t, upstreamPort, { service: { write_timeout: 500 } })
    const client = connect(port, '127.0.0.1')
    client.on('error', () => {})
    await once(client, 'connect')
    client.write(HANDSHAKE)
    await once(client, 'readable')
    const before = await held()
    if (slow === 'upstream') pour(client)
    await new Promise(resolve => { setTimeout(resolve, 700) })
    t.ok(sent < 30, `${sent} MiB sent`)
    const grown = await held() - before
    t.ok(grown < 16 * MIB, `memory grew by ${grown / MIB} MiB`)
    client.destroy()
    await settled(server)
  })
}

t.test('an Upgrade to something else is served as the plain request that it also is', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'X-A: 1', 'X-A: 2']
  const big = 'x'.repeat(200_000)
  const requests: ReadonlyArray<readonly [string, string]> = [
    [get('/1', ...h2c), ''],
    [`POST /2 HTTP/1.1\r\nHost: gateway.test\r\n${h2c.join('\r\n')}\r\nContent-Length: 3\r\n\r\nabc`, 'abc'],
    [`POST /3 HTTP/1.1\r\nHost: gateway.test\r\n${h2c.join('\r\n')}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 'abc'],
    [`POST /4 HTTP/1.1\r\nHost: gateway.test\r\n${h2c.join('\r\n')}\r\nContent-Length: ${big.length}\r\n\r\n${big}`, big],
    [get('/5', 'Connection: Upgrade', 'Upgrade: TLS/1.2, HTTP/1.1'), ''],
    ['POST /6 HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc', 'abc'],
    ['GET /7 HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc', 'abc'],
    [get('/8', 'Connection: Upgrade', 'Upgrade: websocket, h2c'), ''],
    [get('/9', 'Upgrade: websocket'), '']
  ]
  for (const [index, [request, body]] of requests.entries()) {
    client.send(request)
    t.equal(statusOf(await client.answer(index + 1)), 200, `${index + 1}`)
    const seen = upstream.requests[index]!
    t.match(seen.line, ` /${index + 1} HTTP/1.1`)
    t.ok(seen.body.toString() === body)
    for (const name of ['upgrade', 'http2-settings']) t.equal(value(seen, name), undefined, name)
    if (index < 4) t.same(values(seen, 'x-a'), ['1', '2'])
  }
  t.same(upstream.faults, [])
  await settled(server)
})

t.test('any number of ignored Upgrades on one connection costs no more than as many requests', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const warnings: string[] = []
  const onWarning = (warning: Error): void => { warnings.push(warning.message) }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const client = await rawClient(t, port)
  for (let count = 1; count <= 40; count++) {
    client.send(get(`/${count}`, 'Connection: Upgrade', 'Upgrade: h2c'))
    await client.answer(count)
  }
  await settled(server)
  t.same(warnings, [])
})

t.test('a pipelined request behind an ignored Upgrade is served, too', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`${get('/1', 'Connection: Upgrade', 'Upgrade: h2c')}${get('/2')}`)
  await client.answer(2)
  t.same(upstream.requests.map(request => request.line), ['GET /1 HTTP/1.1', 'GET /2 HTTP/1.1'])
  await settled(server)
})

t.test('framing faults are found behind an ignored Upgrade, too', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  for (const fields of ['Content-Length: 3\r\nTransfer-Encoding: chunked', 'Host: other.test', 'Content-Length: 3\r\nContent-Length: 4']) {
    const client = await rawClient(t, port)
    client.send(`POST / HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${fields}\r\n\r\nabcd`)
    t.equal(statusOf(await client.answer()), 400, fields)
    await client.end()
  }
  await settled(server)
  t.equal(upstream.connections.length, 0)
})

t.test('a WebSocket handshake with a body is served as the plain request that it also is', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(HANDSHAKE.replace('GET ', 'POST ').replace(/\r\n\r\n$/, '\r\nContent-Length: 3\r\n\r\nabc'))
  t.equal(statusOf(await client.answer()), 200)
  t.equal(upstream.requests[0]?.body.toString(), 'abc')
  t.equal(upstream.requests[0]?.fields.some(([name]) => /^upgrade$/i.test(name)), false)
  await settled(server)
})

t.test('read_timeout ends with the handshake: a tunnel may be idle', async t => {
  let socket: Socket | undefined
  const upstreamPort = await plainUpstream(t, connection => {
    socket = connection
    connection.once('data', () => { connection.write(SWITCH) })
  })
  const { server, port } = await startHop(t, upstreamPort, { service: { read_timeout: 200, write_timeout: 200 } })
  const client = await rawClient(t, port)
  client.send(HANDSHAKE)
  await client.until(() => client.text.includes('\r\n\r\n'))
  await new Promise(resolve => { setTimeout(resolve, 1_500) })
  socket?.write('still here')
  await client.until(() => client.text.endsWith('still here'))
  client.socket.destroy()
  await settled(server)
})

t.test('write_timeout cuts a tunnel whose upstream takes nothing', async t => {
  const upstreamPort = await plainUpstream(t, socket => {
    socket.once('data', () => {
      socket.write(SWITCH)
      socket.pause()
    })
  })
  const { server, port } = await startHop(t, upstreamPort, { service: { write_timeout: 300 } })
  const client = await rawClient(t, port)
  client.send(HANDSHAKE)
  await client.until(() => client.text.includes('\r\n\r\n'))
  client.send(Buffer.alloc(64 * MIB, 'x'))
  await client.end()
  await settled(server)
})

t.test('when one side of a tunnel has ended, the other has ten seconds to finish', async t => {
  const upstreamPort = await plainUpstream(t, socket => {
    socket.allowHalfOpen = true
    socket.once('data', () => { socket.write(SWITCH) })
  })
  const { server, port } = await startHop(t, upstreamPort)
  const client = await rawClient(t, port, { allowHalfOpen: true })
  client.send(HANDSHAKE)
  await client.until(() => client.text.includes('\r\n\r\n'))
  const start = performance.now()
  client.socket.end()
  await client.end()
  t.ok(performance.now() - start >= 9_000)
  await settled(server)
})
