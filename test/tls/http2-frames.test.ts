import { constants } from 'node:http2'
import t from 'tap'
import { settings } from '../helpers/config.ts'
import { settled } from '../helpers/hop.ts'
import { ACK, block, code, END_HEADERS, END_STREAM, frame, FRAME, frameClient, request, type FrameClient } from '../helpers/http2-frames.ts'
import { until, upstream } from '../helpers/running.ts'
import { recordingUpstream, startTls, tlsConfig } from '../helpers/tls.ts'

const h2 = { http2: true }
const WHOLE = END_HEADERS | END_STREAM

/** Sends until the connection is ended; what it takes at most is far beyond what is borne. */
async function flood (client: FrameClient, piece: (round: number) => Buffer, pieces: number): Promise<number> {
  let sent = 0
  for (; sent < pieces && !client.closed; sent++) {
    client.send(piece(sent))
    // what the client holds counts in the memory of the same process
    do await new Promise(resolve => setImmediate(resolve))
    while (!client.closed && client.socket.writableLength > 1_000_000)
  }
  await client.until(() => client.closed)
  return sent
}

t.test('a client that breaks its upload off breaks it off for the upstream, whatever code it says', async t => {
  const seen: string[] = []
  const port = await upstream(t, (request, response) => {
    request.on('data', () => seen.push('data'))
    request.on('end', () => seen.push(request.complete ? 'whole' : 'end'))
    request.on('error', () => {})
    request.on('close', () => seen.push('close'))
    response.on('error', () => {})
  })
  const { server, port: at } = await startTls(t, tlsConfig(port, h2))
  const client = await frameClient(t, at)
  let stream = 1
  for (const [length, declared] of [[10, '20'], [10, undefined], [60_000, '200000'], [60_000, undefined]] as const) {
    for (const how of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR]) {
      seen.length = 0
      const head = block([[':method', 'POST'], [':scheme', 'https'], [':authority', 'a'], [':path', '/'], ...declared === undefined ? [] : [['content-length', declared] as const]])
      client.send(frame(FRAME.headers, END_HEADERS, stream, head))
      for (let sent = 0; sent < length; sent += 10_000) client.send(frame(FRAME.data, 0, stream, Buffer.alloc(Math.min(10_000, length - sent))))
      const goesUp = declared !== '20'
      await until('the request runs', () => server.facts().requests === 1 && (!goesUp || seen.includes('data')))
      client.send(frame(FRAME.reset, 0, stream, code(how)))
      await settled(server)
      if (goesUp) await until('the upstream has seen it end', () => seen.includes('close'))
      t.notOk(seen.includes('whole'), `${length} bytes of ${declared ?? 'who knows how many'}, code ${how}`)
      stream += 2
    }
  }
  client.send(frame(FRAME.headers, END_HEADERS, stream, block([[':method', 'POST'], [':scheme', 'https'], [':authority', 'a'], [':path', '/']])), frame(FRAME.data, 0, stream, Buffer.alloc(10)))
  await until('the request runs', () => server.facts().requests === 1)
  client.socket.destroy()
  await settled(server)
  await until('it is gone', () => server.facts().connections === 0)
  t.notOk(seen.includes('whole'), 'the connection was lost')
})

t.test('fields that HTTP/2 forbids reach nobody', async t => {
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2))
  const pseudo = { method: [':method', 'GET'], scheme: [':scheme', 'https'], authority: [':authority', 'a'], path: [':path', '/'] } as const
  const all = Object.values(pseudo)
  const without = (name: keyof typeof pseudo): Array<readonly [string, string]> => Object.entries(pseudo).filter(([key]) => key !== name).map(([, field]) => field)
  const heads: Record<string, Array<readonly [string, string]>> = {
    'transfer-encoding': [...all, ['transfer-encoding', 'chunked']],
    connection: [...all, ['connection', 'close']],
    upgrade: [...all, ['upgrade', 'websocket']],
    'te other than trailers': [...all, ['te', 'gzip']],
    'a capital letter': [...all, ['X-A', 'b']],
    'no method': without('method'),
    'no path': without('path'),
    'no scheme': without('scheme'),
    'an empty path': [...without('path'), [':path', '']],
    'two paths': [...all, [':path', '/b']],
    'a pseudo-header behind a field': [...without('path'), ['x-a', 'b'], [':path', '/']],
    'an unknown pseudo-header': [...all, [':other', 'b']],
    'a blank in the path': [...without('path'), [':path', '/a b']],
    'a line break in the path': [...without('path'), [':path', '/a\r\nx: y']],
    'no slash': [...without('path'), [':path', 'a']],
    'two lengths': [...all, ['content-length', '1'], ['content-length', '2']],
    'no length': [...all, ['content-length', 'a']],
    'a body that never comes': [...all, ['content-length', '5']]
  }
  // these fields are left out, the rest of the request is served (nghttp2)
  const dropped: Record<string, Array<readonly [string, string]>> = {
    'a line break': [...all, ['x-a', 'b\r\nx-b: c']],
    NUL: [...all, ['x-a', 'b\0']],
    'a blank in a name': [...all, ['x a', 'b']]
  }
  for (const [what, fields] of Object.entries(dropped)) {
    const client = await frameClient(t, port)
    client.send(frame(FRAME.headers, WHOLE, 1, block(fields)))
    await client.until(() => client.find(FRAME.data, 1) !== undefined)
    t.notMatch(up.requests.pop()?.rawHeaders.join('\n'), /x[- ][ab]/, what)
  }
  for (const [what, fields] of Object.entries(heads)) {
    const client = await frameClient(t, port)
    client.send(frame(FRAME.headers, WHOLE, 1, block(fields)))
    await client.until(() => client.closed || client.find(FRAME.reset, 1) !== undefined || client.find(FRAME.headers, 1) !== undefined)
    const answered = client.find(FRAME.headers, 1)
    // a status that isn't among those of the table stands there in digits
    t.ok(answered === undefined || /400/.test(answered.payload.toString('latin1')) || answered.payload[0] === 0x8c, what)
  }
  t.equal(up.requests.length, 0)
  await settled(server)
})

t.test('a request without authority and Host is refused', async t => {
  const up = await recordingUpstream(t)
  const { port } = await startTls(t, tlsConfig(up.port, h2))
  const client = await frameClient(t, port)
  client.send(frame(FRAME.headers, WHOLE, 1, block([[':method', 'GET'], [':scheme', 'https'], [':path', '/']])))
  await client.until(() => client.find(FRAME.reset, 1) !== undefined)
  t.equal(up.requests.length, 0)
})

t.test('rapid reset: requests that are taken back at once end the connection', async t => {
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2))
  const client = await frameClient(t, port)
  const sent = await flood(client, round => Buffer.concat([
    frame(FRAME.headers, WHOLE, round * 2 + 1, request('/held')),
    frame(FRAME.reset, 0, round * 2 + 1, code(constants.NGHTTP2_CANCEL))
  ]), 20_000)
  t.ok(sent < 20_000, `${sent} were sent`)
  // Node 24's nghttp2 has a limit of its own, and another word for it
  t.ok([constants.NGHTTP2_ENHANCE_YOUR_CALM, constants.NGHTTP2_INTERNAL_ERROR].includes(client.farewell ?? -1), String(client.farewell))
  t.ok(up.requests.length <= 400, `${up.requests.length} of them reached the upstream`)
  await settled(server)
})

t.test('resets that the gateway is made to send count, too', async t => {
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2))
  const client = await frameClient(t, port)
  // a window of nothing is an error of the stream (RFC 9113 section 6.9): the gateway resets it (CVE-2025-8671)
  await flood(client, round => Buffer.concat([
    frame(FRAME.headers, WHOLE, round * 2 + 1, request('/held')),
    frame(FRAME.window, 0, round * 2 + 1, code(0))
  ]), 20_000)
  t.ok(up.requests.length <= 400, `${up.requests.length} of them reached the upstream`)
  await settled(server)
})

t.test('a client that has more than a hundred requests under way, and knows that it may not, is cut off', async t => {
  const up = await recordingUpstream(t)
  const { server, port } = await startTls(t, tlsConfig(up.port, h2))
  const client = await frameClient(t, port)
  for (let index = 0; index < 110; index++) client.send(frame(FRAME.headers, WHOLE, index * 2 + 1, request('/held')))
  await client.until(() => client.closed)
  t.ok(up.requests.length <= 100)
  await settled(server)
})

const floods: Record<string, (round: number) => Buffer> = {
  PING: () => Buffer.concat(Array.from({ length: 10 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))),
  SETTINGS: () => Buffer.concat(Array.from({ length: 10 }, () => frame(FRAME.settings, 0, 0))),
  'empty DATA': round => round === 0
    ? frame(FRAME.headers, END_HEADERS, 1, block([[':method', 'POST'], [':scheme', 'https'], [':authority', 'a'], [':path', '/held']]))
    : Buffer.concat(Array.from({ length: 10 }, () => frame(FRAME.data, 0, 1))),
  PRIORITY: round => Buffer.concat(Array.from({ length: 10 }, () => frame(FRAME.priority, 0, round * 2 + 1, Buffer.from([0, 0, 0, 0, 16])))),
  CONTINUATION: round => round === 0
    ? frame(FRAME.headers, END_STREAM, 1, request('/'))
    : Buffer.concat(Array.from({ length: 10 }, () => frame(FRAME.continuation, 0, 1, block([['x-a', 'b']])))),
  'empty CONTINUATION': round => round === 0 ? frame(FRAME.headers, END_STREAM, 1, request('/')) : frame(FRAME.continuation, 0, 1),
  'HEADERS that are none': round => frame(FRAME.headers, WHOLE, round * 2 + 1, block([['x-a', 'b']])),
  'unknown frames': () => frame(0xbe, 0, 0, Buffer.alloc(16_000)),
  WINDOW_UPDATE: () => Buffer.concat(Array.from({ length: 1_000 }, () => frame(FRAME.window, 0, 0, code(1))))
}

for (const [name, piece] of Object.entries(floods)) {
  t.test(`a flood of ${name} ends the connection, and costs others nothing`, async t => {
    const up = await recordingUpstream(t)
    const { server, port } = await startTls(t, tlsConfig(up.port, h2))
    const client = await frameClient(t, port)
    const before = process.memoryUsage().rss
    const sent = await flood(client, piece, 40_000)
    t.ok(sent < 40_000, `${sent} pieces were sent`)
    t.ok(process.memoryUsage().rss - before < 200_000_000)
    const other = await frameClient(t, port)
    other.send(frame(FRAME.headers, WHOLE, 1, request('/')))
    await other.until(() => other.frames.some(({ type, flags, stream }) => type === FRAME.data && stream === 1 && (flags & END_STREAM) !== 0))
    t.equal(other.closed, false)
    other.socket.destroy()
    await settled(server)
    await until('nobody is left', () => server.facts().connections === 0)
  })
}

t.test('a client that never reads its answers costs what the windows allow', async t => {
  const port = await upstream(t, (_request, response) => { response.end(Buffer.alloc(1_000_000)) })
  const { server, port: at } = await startTls(t, tlsConfig(port, h2))
  // as many bytes as the protocol has: only the connection's window is left
  const client = await frameClient(t, at, Buffer.concat([Buffer.from([0, 4]), code(2 ** 31 - 1)]))
  const before = process.memoryUsage().rss
  for (let index = 0; index < 100; index++) client.send(frame(FRAME.headers, WHOLE, index * 2 + 1, request('/')))
  await client.until(() => client.frames.reduce((sum, { type, payload }) => sum + (type === FRAME.data ? payload.length : 0), 0) >= 65_535)
  t.ok(process.memoryUsage().rss - before < 200_000_000)
  client.socket.destroy()
  await settled(server)
})

t.test('an answer that is read too slowly is cut, in one long piece or many short ones, and nothing else is; who keeps to the rate gets all of it', async t => {
  const port = await upstream(t, (request, response) => {
    if (request.url === '/events') {
      const timer = setInterval(() => { if (response.writableLength === 0) response.write('x'.repeat(100)) }, 5)
      response.on('close', () => clearInterval(timer))
    } else response.end(Buffer.alloc(request.url === '/' ? 5 : 60_000))
  })
  const file = tlsConfig(port, h2)
  const { server, port: at } = await startTls(t, { ...file, gateway: { ...file.gateway, timeouts: { ...settings().timeouts, send: 1_000, send_min_rate: 2_000 } } })
  const read = (client: FrameClient, stream: number): number => client.frames.reduce((sum, { type, stream: of, payload }) => sum + (type === FRAME.data && of === stream ? payload.length : 0), 0)
  /** Asks with windows of no byte, and opens them by so much twenty times a second. */
  const slowly = async (path: string, bytes: number): Promise<FrameClient> => {
    const client = await frameClient(t, at, Buffer.concat([Buffer.from([0, 4]), code(0)]))
    client.send(frame(FRAME.headers, WHOLE, 1, request(path)))
    const drip = setInterval(() => { client.send(frame(FRAME.window, 0, 1, code(bytes))) }, 50)
    t.teardown(() => clearInterval(drip))
    await client.until(() => client.find(FRAME.reset, 1) !== undefined || read(client, 1) === 60_000)
    clearInterval(drip)
    return client
  }
  const [long, events, honest] = await Promise.all([slowly('/long', 10), slowly('/events', 10), slowly('/long', 1_000)])
  t.equal(honest.find(FRAME.reset, 1), undefined)
  for (const client of [long, events]) {
    t.ok(read(client, 1) > 0 && read(client, 1) < 60_000, 'it has moved all the time')
    client.send(frame(FRAME.headers, WHOLE, 3, request('/')), frame(FRAME.window, 0, 3, code(5)))
    await client.until(() => read(client, 3) === 5)
  }
  for (const { socket } of [long, events, honest]) socket.destroy()
  await settled(server)
})

t.test('who asks nothing, or stops asking, is sent away; a ping is no request', async t => {
  const up = await recordingUpstream(t)
  const file = tlsConfig(up.port, h2)
  const { server, port } = await startTls(t, { ...file, gateway: { ...file.gateway, timeouts: { ...settings().timeouts, headers: 1_500, keep_alive: 1_500 } } })
  const silent = await frameClient(t, port)
  const asks = await frameClient(t, port)
  asks.send(frame(FRAME.headers, WHOLE, 1, request('/')))
  const runs = await frameClient(t, port)
  runs.send(frame(FRAME.headers, WHOLE, 1, request('/held')))
  await until('it runs', () => up.held.length === 1)
  const pings = setInterval(() => { for (const client of [silent, asks]) client.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8))) }, 50)
  t.teardown(() => clearInterval(pings))
  await silent.until(() => silent.closed)
  await asks.until(() => asks.closed)
  t.equal(asks.farewell, constants.NGHTTP2_NO_ERROR)
  t.equal(runs.closed, false, 'a request that runs is no idleness')
  up.release()
  await runs.until(() => runs.find(FRAME.data, 1) !== undefined)
  t.ok(runs.frames.some(({ type, flags }) => type === FRAME.ping && flags === ACK) === false)
  await settled(server)
})

t.test('an upload that is too slow gets 408', async t => {
  const up = await recordingUpstream(t)
  const file = tlsConfig(up.port, h2)
  const { server, port } = await startTls(t, { ...file, gateway: { ...file.gateway, timeouts: { ...settings().timeouts, body_grace: 200, body_min_rate: 1_000_000 } } })
  const client = await frameClient(t, port)
  client.send(frame(FRAME.headers, END_HEADERS, 1, block([[':method', 'POST'], [':scheme', 'https'], [':authority', 'a'], [':path', '/'], ['content-length', '1000']])), frame(FRAME.data, 0, 1, Buffer.alloc(10)))
  await client.until(() => client.find(FRAME.headers, 1) !== undefined)
  t.match(client.find(FRAME.headers, 1)?.payload.toString('latin1'), /408/)
  await client.until(() => client.find(FRAME.reset, 1) !== undefined)
  t.equal(client.find(FRAME.reset, 1)?.payload.readUInt32BE(0), constants.NGHTTP2_NO_ERROR)
  t.equal(up.requests.length, 0)
  await settled(server)
})
