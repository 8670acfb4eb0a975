/** The cache in Redis, behind real gateways. */
import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { Test } from 'tap'
import plugin from '../../../plugins/proxy-cache/index.ts'
import { connectRedis } from '../../../src/stores/redis/connect.ts'
import { fresh } from '../../helpers/cache-gateway.ts'
import { listenDefaults } from '../../../src/config/entities/listen.ts'
import { config as fileOf, entry, route, service, settings } from '../../helpers/config.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { completeConfig } from '../../helpers/plugin-config.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startRedis } from '../../helpers/redis.ts'
import { noRedis } from '../../helpers/redis-server.ts'
import { type Answer, ask, until, upstream } from '../../helpers/running.ts'

/** Two gateways with one port, which is part of the key, at two addresses. */
async function gateways (t: Test, port: number, redis: number) {
  const options = completeConfig(plugin, { strategy: 'redis', redis: { host: '127.0.0.1', port: redis, timeout: 2_000 } })
  const start = async (host: string, own: number) => await startGateway(t, fileOf({
    gateway: settings({ listen: [{ ...listenDefaults, host, port: own }] }),
    services: [service({ port })],
    routes: [route()],
    plugins: [entry({ name: plugin.name, config: options })]
  }), [plugin])
  const { port: own } = await start('127.0.0.1', 0)
  await start('::1', own)
  return ['127.0.0.1', '::1'].map(host => async (path: string, headers: Record<string, string> = {}, method = 'GET') => await ask(own, path, { host, method, headers: { host: 'gateway.test', ...headers } })) as [Get, Get]
}

type Get = (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>

t.test('gateways share what is stored, also what varies, and what is dropped', { skip: noRedis }, async t => {
  const { port: redis } = await startRedis(t)
  let asked = 0
  const port = await upstream(t, (request, response) => {
    asked++
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60', etag: '"e"', vary: 'accept-language' }).end(`in ${String(request.headers['accept-language'])}`)
  })
  const [one, other] = await gateways(t, port, redis)
  const state = async (get: Get, language: string) => (await get('/a', { 'accept-language': language })).headers['x-cache-status']
  await until('it is stored', async () => await state(one, 'de') === 'Hit')
  const before = asked
  await until('the other one reaches Redis', async () => (await other('/a', { 'accept-language': 'de', 'cache-control': 'only-if-cached' })).status === 200)
  const hit = await other('/a', { 'accept-language': 'de' })
  t.equal(hit.text, 'in de')
  t.equal((await other('/a', { 'accept-language': 'de', 'if-none-match': '"e"' })).status, 304)
  t.equal(asked, before)
  t.equal(await state(other, 'fr'), 'Miss')
  await one('/a', {}, 'DELETE')
  await until('it is dropped for both', async () => (await other('/a', { 'accept-language': 'de', 'cache-control': 'only-if-cached' })).status === 504)
})

t.test('what one gateway has changed, another one that was just fetching it does not store', { skip: noRedis }, async t => {
  const { port: redis } = await startRedis(t)
  const client = connectRedis({ host: '127.0.0.1', port: redis, database: 0, timeout: 2_000, ssl: false, ssl_verify: true })
  t.teardown(() => client.disconnect())
  const held: ServerResponse[] = []
  const port = await upstream(t, ({ url }, response) => {
    if (url === '/warm') response.writeHead(200, fresh).end()
    else held.push(response)
  })
  const next = async (): Promise<ServerResponse> => {
    await until('the service was asked', () => held.length > 0)
    return held.shift() as ServerResponse
  }
  const [one, other] = await gateways(t, port, redis)
  for (const get of [one, other]) await until('Redis is there', async () => (await get('/warm')).headers['x-cache-status'] === 'Hit')
  const before = other('/a')
  const old = await next()
  const change = one('/a', {}, 'PUT')
  const changed = await next()
  changed.writeHead(204).end()
  await change
  await until('the drops are in Redis, of answers to GET and to POST', async () => (await client.keys('*:g:*')).length === 2)
  old.writeHead(200, fresh).end('of before')
  t.equal((await before).text, 'of before', 'who asked before the change may get it')
  const after = other('/a')
  const current = await next()
  current.writeHead(200, fresh).end('of now')
  t.equal((await after).text, 'of now')
  await until('it is stored', async () => (await client.keys('*:r:*')).length === 2)
  t.equal((await one('/a')).text, 'of now')
})

t.test('without Redis every request is a miss, and answered', { skip: noRedis }, async t => {
  const port = await upstream(t, (_request, response) => { response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60' }).end('ok') })
  const [get] = await gateways(t, port, await freePort())
  for (let index = 0; index < 5; index++) {
    const answer = await get('/a')
    t.match([answer.status, answer.text, answer.headers['x-cache-status']], [200, 'ok', 'Miss'])
  }
})
