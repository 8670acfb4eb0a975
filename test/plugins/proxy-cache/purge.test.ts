/** Purging through the admin listener: what it takes, and that it reaches every process. */
import t, { type Test } from 'tap'
import { purgeAction } from '../../../src/http-cache/purge.ts'
import { createGateway } from '../../../src/index.ts'
import { fresh, holding } from '../../helpers/cache-gateway.ts'
import { ask, gatewayYaml, startProcess, until, upstream } from '../../helpers/running.ts'

const quiet = { accessLog: '/dev/null', log: { write () {} } }
const CACHE = 'plugins: [{ name: proxy-cache, config: { request_method: [GET, HEAD] } }]\n'

async function tagged (t: Test): Promise<number> {
  return await upstream(t, (request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60', 'cache-tag': `all, ${String(request.url).slice(1)}`, vary: 'accept' }).end('ok')
  })
}

t.test('answers are purged by key, URL, beginning and tag, or all', async t => {
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(await tagged(t), {}, CACHE), ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const port = gateway.addresses[0]?.port as number
  const admin = gateway.adminAddress?.port as number
  const paths = ['/a', '/a?x', '/b', '/c/d']
  const get = async (path: string) => (await ask(port, path, { headers: { host: `api.test:${port}` } })).headers
  const fill = async (): Promise<void> => { for (const path of paths) await get(path) }
  const left = async (): Promise<string[]> => {
    const found = []
    for (const path of paths) if ((await ask(port, path, { headers: { host: 'api.test', 'cache-control': 'only-if-cached' } })).status === 200) found.push(path)
    return found
  }
  const purge = async (order: unknown) => {
    const answer = await ask(admin, '/proxy-cache/purge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) })
    return { status: answer.status, ...JSON.parse(answer.text) as object }
  }
  const key = String((await get('/b'))['x-cache-key'])
  for (const [order, purged, remaining] of [
    [{ key }, 1, ['/a', '/a?x', '/c/d']],
    [{ url: 'http://API.test:1234/a' }, 1, ['/a?x', '/b', '/c/d']],
    [{ prefix: 'http://api.test/a' }, 2, ['/b', '/c/d']],
    [{ prefix: 'http://api.test' }, 4, []],
    [{ prefix: 'http://api.te' }, 0, paths],
    [{ prefix: 'no url' }, 0, paths],
    [{ url: 'no url' }, 0, paths],
    [{ tag: 'b' }, 1, ['/a', '/a?x', '/c/d']],
    [{ tag: 'all' }, 4, []],
    [{ all: true }, 4, []]
  ] as const) {
    await fill()
    t.same(await purge(order), { status: 200, purged }, JSON.stringify(order))
    t.same(await left(), remaining)
  }
  for (const order of [{}, { tag: 'a', all: true }, { all: false }, { tags: 'a' }, 'all']) t.match(await purge(order), { status: 400, message: /^The body does not fit: / })
})

t.test('what is purged while it is fetched is not stored', async t => {
  const { port: service, next } = await holding(t)
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(service, {}, CACHE), ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const port = gateway.addresses[0]?.port as number
  const old = ask(port, '/a')
  const [, slow] = await next()
  await ask(gateway.adminAddress?.port as number, '/proxy-cache/purge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"tag":"a"}' })
  slow.writeHead(200, { ...fresh, 'cache-tag': 'a' }).end('old')
  t.equal((await old).text, 'old')
  const fetched = ask(port, '/a')
  const [, response] = await next()
  response.writeHead(200, fresh).end('new')
  t.equal((await fetched).text, 'new')
})

t.test('addresses with escapes and answers to POST are purged, too', async t => {
  const run = await upstream(t, (_request, response) => { response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60' }).end('ok') })
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(run, {}, CACHE.replace('HEAD', 'POST')), ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const port = gateway.addresses[0]?.port as number
  const fill = async (method: string) => await ask(port, '/a%20b%C3%A9/%2fc?d=\'%20\'', { method, headers: { host: 'api.test' } })
  for (const order of [{ url: 'http://api.test/a b%c3%a9/%2Fc?d=\'%20\'' }, { url: 'http://api.test/%61%20b\u00e9/%2Fc?d=\'%20\'' }, { prefix: 'http://api.test/%61 b\u00e9' }, { prefix: 'http://api.test/a%20b\u00e9/%2fc?d=\'' }]) {
    await fill('POST')
    await fill('GET')
    const answer = await ask(gateway.adminAddress?.port as number, '/proxy-cache/purge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) })
    t.same(JSON.parse(answer.text), { purged: 2 }, JSON.stringify(order))
  }
})

t.test('a store that is down keeps no other one from being purged, and who asked is told', async t => {
  const orders: unknown[] = []
  const down = { purge: async () => await Promise.reject(new Error('it is down')) }
  const good = { purge: async (order: unknown) => orders.push(order) }
  await t.rejects(async () => await purgeAction('proxy-cache').run([down, good], { all: true } as never), { message: 'it is down' })
  t.same(orders, [{ all: true }])
})

t.test('a gateway without the plugin has nothing to purge', async t => {
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(await tagged(t), {}, CACHE.replace('name: proxy-cache,', 'name: proxy-cache, enabled: false,')), ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  t.equal((await ask(gateway.adminAddress?.port as number, '/proxy-cache/purge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"all":true}' })).status, 404)
})

t.test('every worker drops what it has', async t => {
  const gateway = await startProcess(t, gatewayYaml(await tagged(t), { workers: 2, shutdown: { delay: 0, timeout: 10_000 } }, CACHE))
  const state = async () => (await ask(gateway.port, '/x')).headers['x-cache-status']
  let misses = 0
  await until('both have it', async () => {
    if (await state() === 'Miss') misses++
    return misses === 2
  })
  const answer = await ask(gateway.adminPort, '/proxy-cache/purge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"tag":"x"}' })
  t.same(JSON.parse(answer.text), { purged: 2 })
  t.equal(await state(), 'Miss')
  await gateway.logged(/done for the admin listener/)
})
