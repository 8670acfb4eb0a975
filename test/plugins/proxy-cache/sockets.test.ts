/** What needs real upstreams that break off, clients that leave, and many of them at once. */
import type { Socket } from 'node:net'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { PluginGateway } from '../../../src/plugin.ts'
import { MemoryCache } from '../../../src/stores/cache/memory-cache.ts'
import plugin from '../../../plugins/proxy-cache/index.ts'
import { config as fileOf, entry, route, service } from '../../helpers/config.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { get, settled } from '../../helpers/hop.ts'
import { completeConfig } from '../../helpers/plugin-config.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import { rawUpstream, reset } from '../../helpers/raw-upstream.ts'
import { ask, until, upstream } from '../../helpers/running.ts'

type Held = readonly [IncomingMessage, ServerResponse]

async function gatewayOn (t: Test, port: number, options: object = {}, of: object = {}) {
  const file = (config: object) => fileOf({ services: [service({ port, retries: 0, ...of })], routes: [route()], plugins: [entry({ name: plugin.name, config: completeConfig(plugin, config) })] })
  const gateway = await startGateway(t, file(options), [plugin])
  return { ...gateway, file, get: async (path = '/', headers: Record<string, string> = {}) => await ask(gateway.port, path, { headers }) }
}

/** A service that answers when it is told. */
async function holding (t: Test): Promise<{ port: number, held: Held[], next: () => Promise<Held> }> {
  const held: Held[] = []
  const server = createServer((request, response) => { held.push([request.on('error', () => {}), response]) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return {
    port: (server.address() as AddressInfo).port,
    held,
    async next () {
      await until('the service was asked', () => held.length > 0)
      return held.shift() as Held
    }
  }
}

const fresh = { 'content-type': 'text/plain', 'cache-control': 'max-age=60' }
const state = (answer: { headers: Record<string, unknown> }): unknown => answer.headers['x-cache-status']

t.test('five hundred who want the same cost one request', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await gatewayOn(t, port)
  const waiting = Array.from({ length: 500 }, () => gateway.get('/same'))
  const [, response] = await next()
  await until('all are there', () => gateway.server.facts().requests === 500)
  response.writeHead(200, fresh).end('once')
  const answers = await Promise.all(waiting)
  t.equal(held.length, 0, 'nobody else asked')
  t.ok(answers.every(answer => answer.status === 200 && answer.text === 'once'))
  t.equal(answers.filter(answer => state(answer) === 'Miss').length, 1)
  t.equal(answers.filter(answer => /^sallyport; fwd=uri-miss; collapsed; ttl=\d\d$/.test(String(answer.headers['cache-status']))).length, 499)
})

t.test('who waits for an answer that can\'t be stored goes on alone as soon as that is known, and nobody waits again', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await gatewayOn(t, port, { coalesce_timeout: 600_000 })
  const first = gateway.get()
  const [, leader] = await next()
  const others = [gateway.get(), gateway.get()]
  await until('they wait', () => gateway.server.facts().requests === 3)
  leader.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'private', 'content-length': '3' }).flushHeaders()
  await until('they have gone on', () => held.length === 2)
  const later = gateway.get()
  await until('and so has one who came later', () => held.length === 3)
  leader.end('one')
  for (const [, response] of held) response.writeHead(200, { 'cache-control': 'private' }).end('own')
  t.equal((await first).text, 'one')
  for (const other of [...others, later]) t.equal((await other).text, 'own')
})

t.test('who waits for one that fails goes on alone', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await gatewayOn(t, port, { coalesce_timeout: 600_000 })
  const first = gateway.get()
  const [request] = await next()
  const second = gateway.get()
  await until('it waits', () => gateway.server.facts().requests === 2)
  request.socket.destroy()
  t.equal((await first).status, 502)
  await until('it has gone on', () => held.length === 1)
  const [, response] = await next()
  response.writeHead(200, fresh).end('ok')
  t.equal((await second).text, 'ok')
  t.equal(state(await gateway.get()), 'Hit')
})

t.test('nobody waits for ever', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await gatewayOn(t, port, { coalesce_timeout: 20 })
  const both = [gateway.get(), gateway.get()]
  const [, first] = await next()
  await until('the other one has lost patience', () => held.length === 1)
  const [, second] = await next()
  for (const response of [first, second]) response.writeHead(200, fresh).end('x')
  await Promise.all(both)
  const apart = await gatewayOn(t, port, { coalesce_timeout: 0 })
  const two = [apart.get('/a'), apart.get('/a')]
  await until('both ask', () => held.length === 2)
  for (const [, response] of held) response.writeHead(200, fresh).end('x')
  await Promise.all(two)
})

t.test('a client that leaves takes nobody with it: another one takes over', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await gatewayOn(t, port, { coalesce_timeout: 600_000 })
  const leader = await rawClient(t, gateway.port)
  leader.send(get('/same'))
  const [request] = await next()
  const gone = await rawClient(t, gateway.port)
  gone.send(get('/same'))
  await until('one waits', () => gateway.server.facts().requests === 2)
  // the Host of the raw clients is another one than that of `ask`
  const others = Array.from({ length: 3 }, () => gateway.get('/same', { host: 'gateway.test' }))
  await until('all wait', () => gateway.server.facts().requests === 5)
  gone.socket.destroy()
  await until('one has left', () => gateway.server.facts().requests === 4)
  leader.socket.destroy()
  await until('the service has seen it leave', () => request.destroyed)
  const [, response] = await next()
  t.equal(held.length, 0, 'one alone')
  response.writeHead(200, fresh).end('taken over')
  for (const other of others) t.equal((await other).text, 'taken over')
  await settled(gateway.server)
})

t.test('an answer that breaks off is never stored', async t => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=60\r\n'
  const cuts: Array<[name: string, bytes: string, cut: (socket: Socket) => void]> = [
    ['in the middle of its length', `${head}Content-Length: 10\r\n\r\n12345`, socket => socket.end()],
    ['between two chunks', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n`, socket => socket.end()],
    ['by a reset', `${head}Content-Length: 10\r\n\r\n12345`, reset],
    ['and nobody can tell', `${head}\r\n12345`, socket => socket.end()]
  ]
  for (const [name, bytes, cut] of cuts) {
    let broken = true
    const raw = await rawUpstream(t, (_request, socket) => {
      if (!broken) return `${head}Content-Length: 5\r\n\r\nwhole`
      socket.write(bytes, () => cut(socket))
      return null
    })
    const gateway = await gatewayOn(t, raw.port)
    await gateway.get().catch(() => {})
    await settled(gateway.server)
    broken = false
    const next = await gateway.get()
    t.equal(next.text, 'whole', name)
    t.not(state(next), 'Hit')
  }
})

t.test('a large answer is stored while it passes, up to a size', async t => {
  const body = Buffer.alloc(300_000, 'large body ')
  const { port, next } = await holding(t)
  const gateway = await gatewayOn(t, port, { max_size: 300_000 })
  const get = async (length: boolean, size: number) => {
    const answer = gateway.get(`/${String(length)}${size}`)
    const [, response] = await next()
    response.writeHead(200, { ...fresh, ...length ? { 'content-length': String(size) } : {} })
    response.write(body.subarray(0, 1000))
    response.end(body.subarray(1000, size))
    return await answer
  }
  for (const length of [true, false]) {
    t.equal((await get(length, 300_000)).text.length, 300_000)
    const hit = await gateway.get(`/${String(length)}300000`)
    t.equal(state(hit), 'Hit')
    t.equal(hit.text, body.toString())
  }
  const small = await gatewayOn(t, port, { max_size: 299_999 })
  for (const length of [true, false]) {
    for (let time = 0; time < 2; time++) {
      const answer = small.get(`/${String(length)}`)
      const [, response] = await next()
      response.writeHead(200, { ...fresh, ...length ? { 'content-length': '300000' } : {} }).end(body)
      t.equal((await answer).text.length, 300_000)
    }
  }
})

t.test('the first bytes of an answer wait for nothing', async t => {
  const { port, next } = await holding(t)
  const gateway = await gatewayOn(t, port)
  const client = await rawClient(t, gateway.port)
  client.send(get('/stream'))
  const [, response] = await next()
  response.writeHead(200, fresh)
  response.write('first')
  await client.until(() => client.text.includes('first'))
  response.end('last')
  await client.answer()
  t.equal(state(await gateway.get('/stream', { host: 'gateway.test' })), 'Hit')
})

t.test('what is invalidated while it is fetched is not stored', async t => {
  const { port, next } = await holding(t)
  const gateway = await gatewayOn(t, port)
  const old = gateway.get('/item')
  const [, slow] = await next()
  const change = ask(gateway.port, '/item', { method: 'DELETE' })
  const [, done] = await next()
  done.writeHead(204).end()
  await change
  slow.writeHead(200, fresh).end('old')
  t.equal((await old).text, 'old')
  const fetched = gateway.get('/item')
  const [, response] = await next()
  response.writeHead(404, fresh).end('gone')
  t.equal((await fetched).text, 'gone')
})

t.test('a stale answer stands in for an upstream that is not there, does not speak HTTP, or breaks off', async t => {
  let breaks = ''
  const raw = await rawUpstream(t, (_request, socket) => {
    if (breaks === '') return 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=0, stale-if-error=60\r\nETag: "a"\r\nContent-Length: 4\r\n\r\nkept'
    socket.end(breaks)
    return null
  })
  const gateway = await gatewayOn(t, raw.port)
  await gateway.get()
  for (const bytes of [' ', 'nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=9\r\nContent-Length: 9\r\n\r\nnew', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n']) {
    breaks = bytes
    const answer = await gateway.get()
    t.match([answer.status, answer.text, state(answer), answer.headers['cache-status']], [200, 'kept', 'Refresh', /^sallyport; fwd=stale; detail=stale-if-error; ttl=/], bytes)
  }
  for (const { socket } of raw.connections) socket.destroy()
  await new Promise<void>(resolve => { raw.server.close(() => resolve()) })
  t.equal((await gateway.get()).text, 'kept')
  t.equal((await gateway.get('/never')).status, 502)
})

t.test('stored answers survive a reload, and take its new options over', async t => {
  const { port, next } = await holding(t)
  const gateway = await gatewayOn(t, port)
  const first = gateway.get()
  const [, response] = await next()
  response.writeHead(200, fresh).end('kept')
  await first
  const reload = async (options: object): Promise<void> => {
    const prepared = await gateway.server.prepare(gateway.file(options), new Map([[plugin.name, plugin]]))
    prepared.commit()
  }
  await reload({ response_headers: { 'X-Cache-Key': false } })
  const hit = await gateway.get()
  t.equal(state(hit), 'Hit')
  t.equal(hit.headers['x-cache-key'], undefined)
})

t.test('an answer that is validated in the background is not cut when its snapshot retires', async t => {
  const { port, next } = await holding(t)
  const gateway = await gatewayOn(t, port)
  const first = gateway.get()
  const [, response] = await next()
  response.writeHead(200, { ...fresh, 'cache-control': 'max-age=0, stale-while-revalidate=60' }).end('old')
  await first
  t.equal((await gateway.get()).text, 'old')
  const [, again] = await next()
  const prepared = await gateway.server.prepare(gateway.file({}), new Map([[plugin.name, plugin]]))
  prepared.commit()
  t.equal(gateway.server.facts().retired, 1, 'it waits')
  again.writeHead(200, fresh).end('new')
  await until('it is stored', async () => (await gateway.get()).text === 'new')
  await until('it has retired', () => gateway.server.facts().retired === 0)
})

t.test('an endless answer to a question in the background is not read', async t => {
  const { port, next } = await holding(t)
  const gateway = await gatewayOn(t, port)
  const first = gateway.get()
  const [, response] = await next()
  response.writeHead(200, { ...fresh, 'cache-control': 'max-age=0, stale-while-revalidate=60' }).end('old')
  await first
  await gateway.get()
  const [request, endless] = await next()
  const closed = once(request.socket, 'close')
  endless.writeHead(200, { 'content-type': 'text/event-stream' })
  endless.write('data: 1\n\n')
  await closed
  await settled(gateway.server)
  t.pass('the connection was cut')
})

t.test('a flood of addresses stays within the bytes of the cache', async t => {
  const port = await upstream(t, (_request, response) => { response.writeHead(200, fresh).end(Buffer.alloc(10_000)) })
  let store: MemoryCache | null = null
  const watched = {
    ...plugin,
    setup (config, gateway) {
      const keep: PluginGateway['keep'] = (key, create, close) => {
        const kept = gateway.keep(key, create, close)
        if (kept instanceof MemoryCache) store = kept
        return kept
      }
      return plugin.setup?.(config, { ...gateway, keep })
    }
  } as typeof plugin
  const { port: own } = await startGateway(t, fileOf({
    services: [service({ port })],
    routes: [route()],
    plugins: [entry({ name: plugin.name, config: completeConfig(plugin, { memory: { size: 100_000 } }) })]
  }), [watched])
  const usage = () => (store as unknown as MemoryCache).usage
  for (let index = 0; index < 100; index++) {
    await ask(own, `/?${index}`)
    t.ok(usage().bytes <= 100_000)
  }
  t.ok(usage().entries > 5)
})
