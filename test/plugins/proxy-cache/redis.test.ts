/** The cache in Redis, behind real gateways. */
import t from 'tap'
import type { Test } from 'tap'
import plugin from '../../../plugins/proxy-cache/index.ts'
import { config as fileOf, entry, route, service } from '../../helpers/config.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { completeConfig } from '../../helpers/plugin-config.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startRedis } from '../../helpers/redis.ts'
import { noRedis } from '../../helpers/redis-server.ts'
import { ask, until, upstream } from '../../helpers/running.ts'

async function gatewayOn (t: Test, port: number, redis: number) {
  const options = completeConfig(plugin, { strategy: 'redis', redis: { host: '127.0.0.1', port: redis, timeout: 2_000 } })
  const { port: own } = await startGateway(t, fileOf({ services: [service({ port })], routes: [route()], plugins: [entry({ name: plugin.name, config: options })] }), [plugin])
  return async (path: string, headers: Record<string, string> = {}, method = 'GET') => await ask(own, path, { method, headers: { host: 'gateway.test', ...headers } })
}

t.test('gateways share what is stored, also what varies, and what is dropped', { skip: noRedis }, async t => {
  const { port: redis } = await startRedis(t)
  let asked = 0
  const port = await upstream(t, (request, response) => {
    asked++
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60', etag: '"e"', vary: 'accept-language' }).end(`in ${String(request.headers['accept-language'])}`)
  })
  const [one, other] = [await gatewayOn(t, port, redis), await gatewayOn(t, port, redis)]
  const state = async (get: typeof one, language: string) => (await get('/a', { 'accept-language': language })).headers['x-cache-status']
  await until('it is stored, and there for the other one', async () => await state(one, 'de') === 'Hit' && await state(other, 'de') === 'Hit')
  const before = asked
  const hit = await other('/a', { 'accept-language': 'de' })
  t.equal(hit.text, 'in de')
  t.equal((await other('/a', { 'accept-language': 'de', 'if-none-match': '"e"' })).status, 304)
  t.equal(asked, before)
  t.equal(await state(other, 'fr'), 'Miss')
  await one('/a', {}, 'DELETE')
  await until('it is dropped for both', async () => (await other('/a', { 'accept-language': 'de', 'cache-control': 'only-if-cached' })).status === 504)
})

t.test('without Redis every request is a miss, and answered', { skip: noRedis }, async t => {
  const port = await upstream(t, (_request, response) => { response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60' }).end('ok') })
  const get = await gatewayOn(t, port, await freePort())
  for (let index = 0; index < 5; index++) {
    const answer = await get('/a')
    t.match([answer.status, answer.text, answer.headers['x-cache-status']], [200, 'ok', 'Miss'])
  }
})
