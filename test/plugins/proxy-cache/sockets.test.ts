/** What needs real upstreams that break off, and answers that take their time. */
import type { Socket } from 'node:net'
import t from 'tap'
import plugin from '../../../plugins/proxy-cache/index.ts'
import type { PluginGateway } from '../../../src/plugin.ts'
import { MemoryCache } from '../../../src/stores/cache/memory-cache.ts'
import { cacheGateway, fresh, holding, state } from '../../helpers/cache-gateway.ts'
import { config as fileOf, entry, route, service } from '../../helpers/config.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { get, settled } from '../../helpers/hop.ts'
import { completeConfig } from '../../helpers/plugin-config.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import { rawUpstream, reset } from '../../helpers/raw-upstream.ts'
import { ask, upstream } from '../../helpers/running.ts'

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
    const gateway = await cacheGateway(t, raw.port)
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
  const gateway = await cacheGateway(t, port, { max_size: 300_000 })
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
  const small = await cacheGateway(t, port, { max_size: 299_999 })
  for (const length of [true, false]) {
    for (let time = 0; time < 2; time++) {
      const answer = small.get(`/${String(length)}`)
      const [, response] = await next()
      response.writeHead(200, { ...fresh, ...length ? { 'content-length': '300000' } : {} }).end(body)
      t.equal((await answer).text.length, 300_000)
    }
  }
})

t.test('answers that are on their way take no more memory than the cache may', async t => {
  const { port, next } = await holding(t)
  const gateway = await cacheGateway(t, port, { memory: { size: 100_000 } })
  const body = Buffer.alloc(60_000, 'b')
  const slow = await rawClient(t, gateway.port)
  slow.send(get('/slow'))
  const [, endless] = await next()
  endless.writeHead(200, fresh).write(body)
  await slow.until(client => client.bytes.length > 60_000)
  const get1 = async (): Promise<unknown> => {
    const answer = gateway.get('/')
    const [, response] = await next()
    response.writeHead(200, fresh).end(body)
    return state(await answer)
  }
  t.equal(await get1(), 'Miss')
  t.equal(await get1(), 'Miss', 'there was no room to store it')
  slow.socket.destroy()
  await settled(gateway.server)
  t.equal(await get1(), 'Miss')
  t.equal(state(await gateway.get('/')), 'Hit', 'and now there is')
})

t.test('the first bytes of an answer wait for nothing', async t => {
  const { port, next } = await holding(t)
  const gateway = await cacheGateway(t, port)
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

t.test('a stale answer stands in for an upstream that is not there, does not speak HTTP, or breaks off', async t => {
  let breaks = ''
  const raw = await rawUpstream(t, (_request, socket) => {
    if (breaks === '') return 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=0, stale-if-error=60\r\nETag: "a"\r\nContent-Length: 4\r\n\r\nkept'
    socket.end(breaks)
    return null
  })
  const gateway = await cacheGateway(t, raw.port)
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
