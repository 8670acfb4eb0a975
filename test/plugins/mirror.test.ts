import { createServer, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { connect, createServer as createTcp, type AddressInfo, type Socket } from 'node:net'
import { pino } from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import plugin from '../../plugins/mirror/index.ts'
import { Tally } from '../../plugins/mirror/tally.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Context } from '../../src/gateway/context.ts'
import { definePlugin, type FastifyBaseLogger, GatewayError, Type } from '../../src/plugin.ts'
import { startGateway } from '../helpers/gateway.ts'
import { settled } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { ask, until, upstream } from '../helpers/running.ts'

interface Received {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Refuses where the header `x-refuse` says so, before or after the body. */
const guard = definePlugin({
  name: 'guard',
  priority: 3,
  schema: Type.Object({}, { additionalProperties: false }),
  scopes: ['route'],
  register (scope) {
    const refuse = (phase: string) => async (request: { headers: IncomingMessage['headers'] }): Promise<void> => {
      if (request.headers['x-refuse'] === phase) throw new GatewayError('SP_TEST', 403, 'no')
    }
    scope.addHook('onRequest', refuse('early'))
    scope.addHook('preHandler', refuse('late'))
    scope.addHook('onRequest', async request => { request.gateway.upstream?.headers.set('x-consumer-username', 'ada') })
    scope.addHook('preParsing', async (request, _reply, payload) => {
      if (request.headers['x-text'] === undefined) return payload
      payload.resume()
      return Readable.from(['\xe9', '\u20ac'])
    })
  }
})

const registry = new Map([plugin, guard].map(each => [each.name, each]))

interface Options {
  readonly config?: object
  /** Fields of the service that answers, and of the one that gets the copies. */
  readonly one?: object
  readonly other?: object
}

/** A gateway before two services: `one` answers with its own name, `copies` is what the other got. */
async function start (t: Test, { config = {}, one = {}, other = {} }: Options = {}) {
  const asked: Received[] = []
  const copies: Received[] = []
  const recorder = (list: Received[], name: string) => async (request: IncomingMessage, response: import('node:http').ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    list.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks) })
    response.end(name)
  }
  const host = '127.0.0.1'
  const ports = [await upstream(t, recorder(asked, 'one')), await upstream(t, recorder(copies, 'other'))]
  const { config: loaded, diagnostics } = await loadConfig({
    file: 'gateway.yaml',
    text: JSON.stringify({
      _format_version: '3.0',
      gateway: { listen: [{ host, port: 0 }], admin: 'off' },
      services: [
        { name: 'one', host, port: ports[0], routes: [{ name: 'r', paths: ['/'], strip_path: false, plugins: [{ name: 'guard' }, { name: 'mirror', config: { service: 'other', ...config } }] }], ...one },
        { name: 'other', host, port: ports[1], ...other }
      ]
    }),
    env: {},
    loadPlugins: async () => ({ registry, problems: [], modules: [] })
  })
  if (loaded === null) throw new Error(diagnostics.map(each => each.cause).join('\n'))
  const log: Array<{ msg: string, copies?: Record<string, number> }> = []
  const finished: Context[] = []
  const { server, port } = await startGateway(t, loaded, [...registry.values()], {
    log: pino({ level: 'warn' }, { write: line => { log.push(JSON.parse(line) as typeof log[number]) } }) as unknown as FastifyBaseLogger,
    accessLog: () => context => { finished.push(context) }
  })
  const get = async (path = '/', options: Parameters<typeof ask>[2] = {}) => await ask(port, path, options)
  return {
    port,
    server,
    asked,
    copies,
    log,
    finished,
    get,
    copied: async (count: number) => await until(`${count} copies`, () => copies.length === count),
    lost: async (reason: string) => await until(`the log says ${reason}`, () => log.some(line => (line.copies?.[reason] ?? 0) > 0))
  }
}

/** A server that does with each connection what it is told, for the time of a test. */
async function tcp (t: Test, onConnection: (socket: Socket) => void): Promise<{ port: number, sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createTcp(socket => {
    sockets.push(socket)
    socket.on('error', () => {}).resume()
    onConnection(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

t.test('the other service gets what the one gets, with its own Host and a mark', async t => {
  const { get, asked, copies, copied } = await start(t)
  const answer = await get('/a%20b?x=%20y', { headers: { 'x-team': 'red', authorization: 'Bearer secret', cookie: 'a=1', host: 'example.com' } })
  t.match(answer, { status: 200, text: 'one' })
  await copied(1)
  const [one, copy] = [asked[0] as Received, copies[0] as Received]
  t.same([copy.method, copy.url, copy.body.length], ['GET', '/a%20b?x=%20y', 0])
  const { authorization, cookie, ...rest } = one.headers
  t.same([authorization, cookie], ['Bearer secret', 'a=1'])
  t.same(copy.headers, { ...rest, host: copy.headers.host, 'x-sallyport-mirror': '1' })
  t.not(copy.headers.host, one.headers.host)
  t.match(copy.headers, { 'x-forwarded-host': 'example.com', 'x-team': 'red', 'x-consumer-username': 'ada', 'x-sallyport-request-id': /^[0-9a-f]{32}$/ })
})

t.test('what the copy keeps is to be said', async t => {
  const { get, copies, copied } = await start(t, { config: { preserve_host: true, identity: false, remove_headers: ['X-Team'] } })
  await get('/', { headers: { 'x-team': 'red', authorization: 'Bearer secret', host: 'example.com' } })
  await copied(1)
  t.match(copies[0]?.headers, { host: 'example.com', authorization: 'Bearer secret', 'x-consumer-username': undefined, 'x-team': undefined })
  t.notOk('x-consumer-username' in (copies[0]?.headers ?? {}))
})

t.test('the prefix of the other service takes the place of the one\'s', async t => {
  for (const [one, other, path, copy] of [['/v1', '/v2/', '/x', '/v2/x'], [undefined, '/v2', '/x', '/v2/x'], ['/v1/', undefined, '/', '/'], ['/v1', '/v2', '/', '/v2/']] as const) {
    const { get, copies, copied } = await start(t, { one: one === undefined ? {} : { path: one }, other: other === undefined ? {} : { path: other } })
    await get(path)
    await copied(1)
    t.equal(copies[0]?.url, copy, `${one} ${other}`)
  }
})

t.test('nothing is copied of a request that a plugin refuses, early or late, or of other methods', async t => {
  const { get, copies, copied } = await start(t)
  t.equal((await get('/early', { headers: { 'x-refuse': 'early' } })).status, 403)
  t.equal((await get('/late', { headers: { 'x-refuse': 'late' } })).status, 403)
  t.equal((await get('/post', { method: 'POST', body: 'x' })).status, 200)
  await get('/last')
  await copied(1)
  t.equal(copies[0]?.url, '/last')
})

t.test('bodies arrive byte for byte, short ones and those that stream', async t => {
  const { port, get, asked, copies, copied } = await start(t, { config: { methods: ['POST'], max_body: 4_000_000 } })
  await get('/short', { method: 'POST', body: 'hello' })
  await get('/long', { method: 'POST', body: 'x'.repeat(3_000_000) })
  const client = await rawClient(t, port)
  client.send('POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  client.send('4\r\ndefg\r\n0\r\n\r\n')
  await client.answer()
  await copied(3)
  t.same(copies.map(({ url, body }) => [url, body.length]), [['/short', 5], ['/long', 3_000_000], ['/chunks', 7]])
  for (const [index, copy] of copies.entries()) t.ok(copy.body.equals((asked[index] as Received).body))
  t.equal(copies[2]?.headers['content-length'], '7')
})

t.test('text that a plugin puts in the place of a body is copied as its bytes', async t => {
  const { get, asked, copies, copied } = await start(t, { config: { methods: ['POST'] } })
  await get('/', { method: 'POST', body: 'abc', headers: { 'x-text': 'a', 'transfer-encoding': 'chunked' } })
  await copied(1)
  t.same([asked[0]?.body.toString(), copies[0]?.body.toString()], ['\xe9\u20ac', '\xe9\u20ac'])
})

t.test('a body over the limit is not copied, whether its length is said or found out; that is counted', async t => {
  for (const head of ['Content-Length: 70000', 'Transfer-Encoding: chunked']) {
    const { port, asked, copies, log, lost, server } = await start(t, { config: { methods: ['POST'], max_body: 66_000 } })
    const client = await rawClient(t, port)
    const body = 'x'.repeat(70_000)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${head.startsWith('C') ? body : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`}`)
    t.equal((await client.answer()).body.toString(), 'one')
    await lost('too_large')
    t.equal(asked[0]?.body.length, 70_000)
    t.equal(copies.length, 0)
    t.match(log, [{ msg: 'requests were not mirrored', copies: { too_large: 1 } }])
    await settled(server)
  }
  const { get, lost, copies } = await start(t, { config: { methods: ['POST'], max_body: 4 } })
  t.equal((await get('/', { method: 'POST', body: 'hello' })).text, 'one')
  await lost('too_large')
  t.equal(copies.length, 0)
})

t.test('an upload that breaks off is not copied', async t => {
  const { port, copies, lost, server } = await start(t, { config: { methods: ['POST'] } })
  const client = await rawClient(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await until('it is on its way', () => server.facts().requests === 1)
  await new Promise(resolve => { setTimeout(resolve, 50) })
  client.socket.destroy()
  await lost('cut')
  t.equal(copies.length, 0)
  await settled(server)
})

t.test('a service that takes copies and never answers holds up nobody; after the timeout its place is free', async t => {
  const { port: hanging, sockets } = await tcp(t, () => {})
  const { get, lost, server } = await start(t, { config: { timeout: 100, concurrency: 1 }, other: { port: hanging } })
  t.equal((await get()).text, 'one')
  await until('the copy is there', () => sockets.length === 1)
  await settled(server)
  await lost('timeout')
  await until('its connection is cut', () => sockets[0]?.destroyed === true || sockets[0]?.readableEnded === true)
  t.equal((await get()).text, 'one')
  await until('another copy is there', () => sockets.length === 2)
})

for (const [name, onConnection] of [
  ['resets', socket => { socket.resetAndDestroy() }],
  ['closes', socket => { socket.end() }],
  ['talks garbage', socket => { socket.end('garbage\r\n\r\n') }]
] as Array<[string, (socket: Socket) => void]>) {
  t.test(`a service that ${name} is no trouble for the request`, async t => {
    const { port } = await tcp(t, onConnection)
    const { get, lost, server, finished } = await start(t, { other: { port } })
    t.match(await get(), { status: 200, text: 'one' })
    await lost('failed')
    await settled(server)
    t.match(finished[0], { errorCode: null, tries: null, upstreamStatus: 200 })
  })
}

t.test('a service that is down, and one whose breaker is open', async t => {
  const { get, log, lost } = await start(t, { other: { port: 1, circuit_breaker: { failure_threshold: 1, reset_timeout: 60_000 } } })
  t.equal((await get()).text, 'one')
  await lost('failed')
  t.equal((await get()).text, 'one')
  t.equal(log.filter(({ msg }) => msg === 'requests were not mirrored').length, 1, 'one line a minute')
})

t.test('no more copies are under way than are allowed; those beyond are not made', async t => {
  const held: Array<() => void> = []
  const port = await upstream(t, (_request, response) => { held.push(() => response.end()) })
  const { get, finished, lost } = await start(t, { config: { concurrency: 2, log: true }, other: { port } })
  for (let round = 0; round < 4; round++) t.equal((await get()).text, 'one')
  await until('two are there', () => held.length === 2)
  await lost('busy')
  for (const answer of held.splice(0)) answer()
  await until('there is room again', async () => {
    await get()
    return held.length > 0
  })
  t.same(finished.slice(0, 4).map(context => context.logFields?.['mirror']), ['sent', 'sent', 'busy', 'busy'])
  for (const answer of held) answer()
})

t.test('a copy is not copied again', async t => {
  const { get, copies, copied, finished } = await start(t, { config: { log: true } })
  await get('/copy', { headers: { 'x-sallyport-mirror': '1' } })
  await get('/other')
  await copied(1)
  t.equal(copies[0]?.url, '/other')
  t.equal(finished[0]?.logFields?.['mirror'], 'loop')
})

t.test('a percentage is kept exactly', async t => {
  const { get, copies } = await start(t, { config: { percentage: 25 } })
  for (let round = 0; round < 40; round++) await get()
  await until('they have come', () => copies.length >= 10)
  await get('/flush')
  t.ok(copies.length === 10 || copies.length === 11, String(copies.length))
  const none = await start(t, { config: { percentage: 0 } })
  for (let round = 0; round < 20; round++) await none.get()
  t.equal(none.copies.length, 0)
})

t.test('an endless answer is not read to its end', async t => {
  let sent = 0
  let closed = false
  const endless = createServer((_request, response) => {
    const more = (): void => {
      while (!response.destroyed) {
        sent += 65_536
        if (!response.write(Buffer.alloc(65_536))) break
      }
    }
    response.on('drain', more)
    response.on('close', () => { closed = true })
    more()
  })
  await new Promise<void>(resolve => endless.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    endless.close()
    endless.closeAllConnections()
  })
  const { get } = await start(t, { other: { port: (endless.address() as AddressInfo).port }, config: { timeout: 60_000 } })
  t.equal((await get()).text, 'one')
  await until('it is cut', () => closed)
  t.ok(sent >= 1_048_576)
})

t.test('a WebSocket is not copied', async t => {
  const { port, get, copies, copied } = await start(t)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  socket.on('error', () => {})
  await new Promise(resolve => { socket.once('unexpected-response', resolve) })
  socket.terminate()
  await get('/plain')
  await copied(1)
  t.equal(copies[0]?.url, '/plain')
})

t.test('copies under way end with the gateway', async t => {
  const { port: hanging, sockets } = await tcp(t, () => {})
  const { get, server } = await start(t, { config: { timeout: 600_000 }, other: { port: hanging } })
  await get()
  await until('the copy is there', () => sockets.length === 1)
  await server.drain()
  await server.close()
  await until('it is cut', () => sockets[0]?.destroyed === true || sockets[0]?.readableEnded === true)
})

t.test('a request whose client has gone before it went up is not copied', async t => {
  const { port, get, copies, copied, server } = await start(t, { config: { methods: ['GET', 'POST'] } })
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /gone HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
  await until('it has come', () => server.facts().requests === 1)
  socket.destroy()
  await settled(server)
  await get('/last')
  await copied(1)
  t.equal(copies[0]?.url, '/last')
})

t.test('the log has a line a minute at most, and the rest at the end', async t => {
  const lines: unknown[] = []
  let now = 0
  const tally = new Tally({ warn: (facts: unknown) => { lines.push(facts) } } as unknown as FastifyBaseLogger, () => now)
  tally.count('answered')
  t.same(lines, [], 'nothing was lost')
  tally.count('busy')
  t.same(lines.splice(0), [{ copies: { answered: 1, busy: 1 } }])
  tally.count('busy')
  tally.count('timeout')
  now = 59_999
  tally.count('answered')
  t.same(lines, [])
  now = 60_000
  tally.count('loop')
  t.same(lines.splice(0), [{ copies: { busy: 1, timeout: 1, answered: 1, loop: 1 } }])
  tally.count('answered')
  tally.tell()
  t.same(lines, [])
  tally.count('failed')
  tally.tell()
  t.same(lines, [{ copies: { failed: 1 } }])
})
