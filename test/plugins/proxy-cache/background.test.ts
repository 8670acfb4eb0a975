/** What goes on beside requests, and over reloads. */
import { once } from 'node:events'
import t from 'tap'
import { cacheGateway, fresh, holding, reload, state } from '../../helpers/cache-gateway.ts'
import { settled } from '../../helpers/hop.ts'
import { ask, until, upstream } from '../../helpers/running.ts'
import { serveFile } from '../../helpers/serve-file.ts'

t.test('stored answers survive a reload, and take its new options over', async t => {
  const { port, next } = await holding(t)
  const gateway = await cacheGateway(t, port)
  const first = gateway.get()
  const [, response] = await next()
  response.writeHead(200, fresh).end('kept')
  await first
  await reload(gateway, { response_headers: { 'X-Cache-Key': false } })
  const hit = await gateway.get()
  t.equal(state(hit), 'Hit')
  t.equal(hit.headers['x-cache-key'], undefined)
})

t.test('what was stored under other rules is not found after a reload', async t => {
  const port = await upstream(t, (_request, response) => { response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'private' }).end('one\'s own') })
  const gateway = await cacheGateway(t, port, { cache_control: false })
  await gateway.get()
  t.equal(state(await gateway.get()), 'Hit')
  await reload(gateway, {})
  t.equal(state(await gateway.get()), 'Bypass')
})

t.test('an answer that is validated in the background is not cut when its snapshot retires', async t => {
  const { port, next } = await holding(t)
  const gateway = await cacheGateway(t, port)
  const first = gateway.get()
  const [, response] = await next()
  response.writeHead(200, { ...fresh, 'cache-control': 'max-age=0, stale-while-revalidate=60' }).end('old')
  await first
  t.equal((await gateway.get()).text, 'old')
  const [, again] = await next()
  await reload(gateway, {})
  t.equal(gateway.server.facts().retired, 1, 'it waits')
  again.writeHead(200, fresh).end('new')
  await until('it is stored', async () => (await gateway.get()).text === 'new')
  await until('it has retired', () => gateway.server.facts().retired === 0)
})

t.test('what is dropped while it is validated does not stand in for a failure', async t => {
  const { port, next } = await holding(t)
  const gateway = await cacheGateway(t, port)
  const first = gateway.get()
  const [, response] = await next()
  response.writeHead(200, { ...fresh, 'cache-control': 'max-age=0, stale-if-error=60' }).end('old')
  await first
  const second = gateway.get()
  const [, validation] = await next()
  const change = ask(gateway.port, '/', { method: 'PUT' })
  const [, changed] = await next()
  changed.writeHead(204).end()
  await change
  validation.writeHead(503).end('down')
  t.equal((await second).status, 503)
})

t.test('a question in the background names the host that the request named, and waits no longer', async t => {
  const { port, next } = await holding(t)
  const gateway = await serveFile(t, `
services: [{ name: s, host: users, routes: [{ name: r, paths: [/] }] }]
upstreams: [{ name: users, targets: [{ target: "localhost:${port}" }] }]
plugins: [{ name: proxy-cache }, { name: upstream-timeout, config: { read_timeout: 500 } }]
`)
  const first = ask(gateway.port, '/')
  const [asked, response] = await next()
  response.writeHead(200, { ...fresh, 'cache-control': 'max-age=0, stale-while-revalidate=60' }).end('old')
  await first
  t.equal((await ask(gateway.port, '/')).text, 'old')
  const [again] = await next()
  t.equal(asked.headers.host, `localhost:${port}`)
  t.equal(again.headers.host, asked.headers.host)
  // a minute later it would be by the time of the service
  await once(again.socket, 'close')
  await settled(gateway.server)
})

t.test('an endless answer to a question in the background is not read', async t => {
  const { port, next } = await holding(t)
  const gateway = await cacheGateway(t, port)
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
  t.ok(request.socket.destroyed, 'the connection was cut')
})
