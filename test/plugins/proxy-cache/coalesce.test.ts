/** Many who want the same at the same time. */
import t from 'tap'
import { cacheGateway, fresh, holding, state } from '../../helpers/cache-gateway.ts'
import { get, settled } from '../../helpers/hop.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import { ask, until } from '../../helpers/running.ts'

t.test('five hundred who want the same cost one request', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await cacheGateway(t, port)
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
  const gateway = await cacheGateway(t, port, { coalesce_timeout: 600_000 })
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
  const gateway = await cacheGateway(t, port, { coalesce_timeout: 600_000 })
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
  const gateway = await cacheGateway(t, port, { coalesce_timeout: 20 })
  const both = [gateway.get(), gateway.get()]
  const [, first] = await next()
  await until('the other one has lost patience', () => held.length === 1)
  const [, second] = await next()
  for (const response of [first, second]) response.writeHead(200, fresh).end('x')
  await Promise.all(both)
  const apart = await cacheGateway(t, port, { coalesce_timeout: 0 })
  const two = [apart.get('/a'), apart.get('/a')]
  await until('both ask', () => held.length === 2)
  for (const [, response] of held) response.writeHead(200, fresh).end('x')
  await Promise.all(two)
})

t.test('a client that leaves takes nobody with it: another one takes over', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await cacheGateway(t, port, { coalesce_timeout: 600_000 })
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

t.test('what is invalidated while it is fetched is not stored', async t => {
  const { port, next } = await holding(t)
  const gateway = await cacheGateway(t, port)
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

t.test('a failure ends no waiting for others, and who is identified none of those who are not', async t => {
  const { port, next, held } = await holding(t)
  const gateway = await cacheGateway(t, port, { coalesce_timeout: 600_000 })
  const own = gateway.get('/', { cookie: 'a=b' })
  const [, one] = await next()
  const failing = gateway.get()
  const [, failed] = await next()
  one.writeHead(200, { ...fresh, 'cache-control': 'max-age=60' }).end('own')
  failed.writeHead(503).end()
  await Promise.all([own, failing])
  const both = [gateway.get(), gateway.get()]
  const [, response] = await next()
  await until('the other one waits', () => gateway.server.facts().requests === 2)
  t.equal(held.length, 0)
  response.writeHead(200, fresh).end('once')
  t.same((await Promise.all(both)).map(answer => answer.text), ['once', 'once'])
})
