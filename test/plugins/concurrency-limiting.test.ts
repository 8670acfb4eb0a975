import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import type { Test } from 'tap'
import plugin from '../../plugins/concurrency-limiting/index.ts'
import { Turns, type Waiting } from '../../plugins/concurrency-limiting/turns.ts'
import { config as fileOf, entry, route, service, settings } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { settled } from '../helpers/hop.ts'
import { completeConfig, findings } from '../helpers/plugin-config.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { ask, until, upstream } from '../helpers/running.ts'

/** A gateway before a service that answers when it is told. */
async function busy (t: Test, options: object, workers = 1, exempt = { ips: [] as string[], paths: [] as string[] }) {
  const held: Array<[IncomingMessage, ServerResponse]> = []
  const port = await upstream(t, (request, response) => { held.push([request, response]) })
  const file = (config: object) => fileOf({ gateway: settings({ exempt }), services: [service({ port })], routes: [route()], plugins: [entry({ name: plugin.name, config: completeConfig(plugin, config) })] })
  const gateway = await startGateway(t, file(options), [plugin], { workers })
  const finish = async (count = 1): Promise<void> => {
    await until('the service was asked', () => held.length >= count)
    for (const [, response] of held.splice(0, count)) response.end()
  }
  return { ...gateway, held, finish, file, get: async (headers: Record<string, string> = {}) => await ask(gateway.port, '/', { headers }) }
}

t.test('one too many is refused at once, and may come when another has ended', async t => {
  const { held, get, finish, server } = await busy(t, { limit: 2 })
  const running = [get(), get()]
  await until('both run', () => held.length === 2)
  const refused = await get()
  t.equal(refused.status, 429)
  t.equal(refused.headers['retry-after'], '1')
  t.match(JSON.parse(refused.text), { message: 'Too many requests at the same time' })
  await finish(2)
  t.same((await Promise.all(running)).map(answer => answer.status), [200, 200])
  await settled(server)
  const next = get()
  await finish()
  t.equal((await next).status, 200)
})

t.test('others wait for their turn, first come, first served, and not for ever', async t => {
  const { held, get, finish, server } = await busy(t, { limit: 1, queue: 1, queue_timeout: 60_000 })
  const first = get()
  await until('it runs', () => held.length === 1)
  const second = get()
  await until('it waits', () => server.facts().requests === 2)
  t.equal((await get()).status, 429, 'the queue is full')
  t.equal(held.length, 1)
  await finish()
  t.equal((await first).status, 200)
  await finish()
  t.equal((await second).status, 200)

  const short = await busy(t, { limit: 1, queue: 5, queue_timeout: 20 })
  const running = short.get()
  await until('it runs', () => short.held.length === 1)
  t.equal((await short.get()).status, 429)
  await short.finish()
  t.equal((await running).status, 200)
})

t.test('who leaves gives the place up, running or waiting', async t => {
  const { port, held, get, finish, server } = await busy(t, { limit: 1, queue: 1, queue_timeout: 60_000 })
  const running = await rawClient(t, port)
  running.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('it runs', () => held.length === 1)
  const waiting = await rawClient(t, port)
  waiting.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('it waits', () => server.facts().requests === 2)
  waiting.socket.destroy()
  await until('it has left', () => server.facts().requests === 1)
  const third = get()
  await until('another may wait in its place', () => server.facts().requests === 2)
  held.length = 0
  running.socket.destroy()
  await finish()
  t.equal((await third).status, 200, 'there is room')
  await settled(server)
})

t.test('clients have places of their own, workers a share, and edits count at once', async t => {
  const { held, get, finish, server, file } = await busy(t, { limit: 2, limit_by: 'header', header_name: 'x-tenant' }, 2)
  const running = [get({ 'x-tenant': 'a' }), get({ 'x-tenant': 'b' })]
  await until('both run', () => held.length === 2)
  t.equal((await get({ 'x-tenant': 'a' })).status, 429, 'half of 2')
  const next = await server.prepare(file({ limit: 4, limit_by: 'header', header_name: 'x-tenant' }), new Map([[plugin.name, plugin]]))
  next.commit()
  running.push(get({ 'x-tenant': 'a' }))
  await until('half of 4', () => held.length === 3)
  t.equal((await get({ 'x-tenant': 'a' })).status, 429, 'what ran before is still counted')
  await finish(3)
  t.same((await Promise.all(running)).map(answer => answer.status), [200, 200, 200])
})

t.test('the exempt take no place, whether the entry or the gateway says so', async t => {
  const { port, held, get, finish, server } = await busy(t, { limit: 1, exempt: { paths: ['/own'] } }, 1, { ips: [], paths: ['/health'] })
  const running = [ask(port, '/own'), ask(port, '/health'), get()]
  await until('all run', () => held.length === 3)
  t.equal((await get()).status, 429)
  await finish(3)
  t.same((await Promise.all(running)).map(answer => answer.status), [200, 200, 200])
  await settled(server)
})

t.test('nothing of a key stays when its last request has ended', async t => {
  const turns = new Turns()
  const bounds = { limit: 1, queue: 2, patience: 60_000 }
  t.equal(turns.take('a', bounds), true)
  const one = turns.take('a', bounds) as Waiting
  const other = turns.take('a', bounds) as Waiting
  t.equal(turns.take('a', bounds), false)
  other.leave()
  t.equal(await other.turn, false)
  turns.release('a', bounds)
  t.equal(await one.turn, true)
  t.equal(turns.size, 1)
  turns.release('a', bounds)
  t.equal(turns.size, 0)
  turns.release('a', bounds)
  t.equal(turns.size, 0)
})

t.test('where a limit was lowered, nobody follows until there is room', async t => {
  const turns = new Turns()
  const wide = { limit: 2, queue: 2, patience: 60_000 }
  t.same([turns.take('a', wide), turns.take('a', wide)], [true, true])
  const waiting = turns.take('a', wide) as Waiting
  turns.release('a', { limit: 1 })
  let admitted = false
  waiting.turn.then(result => { admitted = result }, () => {})
  await new Promise(resolve => setImmediate(resolve))
  t.equal(admitted, false)
  turns.release('a', { limit: 1 })
  t.equal(await waiting.turn, true)
})

t.test('what limit_by needs must be there', async t => {
  t.same(findings(plugin, { limit: 1, limit_by: 'claim' }), ['error /limit_by'])
  t.same(findings(plugin, { limit: 1 }), [])
  t.same(findings(plugin, { limit: 1, exempt: { ips: ['a'] } }), ['error /exempt/ips/0'])
})
