import { request as send } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createAdmin, type AdminSource } from '../../src/admin/server.ts'
import { History } from '../../src/gateway/control/history.ts'
import type { PublishedAction } from '../../src/gateway/control/published.ts'
import { Type } from '../../src/plugin.ts'

function never (): never {
  throw new Error('not asked for here')
}

const idle: AdminSource = {
  notReady: () => null,
  status: async () => ({}),
  metrics: async () => ({ type: 'text/plain', text: [Buffer.from('a 1')] }),
  document: () => undefined,
  action: () => undefined,
  publishedPaths: () => [],
  act: async () => ({}),
  rules: () => ({ token: null, write: true, metrics_open: false }),
  running: never,
  number: 1,
  history: new History(),
  facts: never,
  ask: never,
  tell: never,
  reload: never,
  check: never,
  rollBack: never
}

interface Answer { readonly status: number, readonly headers: NodeJS.Dict<string | string[]>, readonly text: string }

async function start (t: Test, source: Partial<AdminSource> = {}, host = '127.0.0.1'): Promise<(path: string, options?: { method?: string, headers?: Record<string, string>, body?: string }) => Promise<Answer>> {
  const admin = createAdmin({ host, port: 0 }, { ...idle, status: async () => ({ version: '1' }), ...source })
  const { port } = await admin.listen()
  t.teardown(() => admin.close())
  return async (path, { method = 'GET', headers = {}, body } = {}) => await new Promise((resolve, reject) => {
    send({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let text = ''
      response.on('data', chunk => { text += String(chunk) }).on('end', () => {
        resolve({ status: response.statusCode as number, headers: response.headers, text })
      })
    }).on('error', reject).end(body)
  })
}

t.test('a process that runs is live', async t => {
  const get = await start(t)
  const answer = await get('/livez?verbose')
  t.equal(answer.status, 200)
  t.same(JSON.parse(answer.text), { status: 'live' })
  t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
})

t.test('readiness says why not', async t => {
  let reason: string | null = 'draining'
  const get = await start(t, { notReady: () => reason })
  const not = await get('/readyz')
  t.equal(not.status, 503)
  t.same(JSON.parse(not.text), { status: 'not ready', reason: 'draining' })
  reason = null
  t.equal((await get('/readyz')).status, 200)
})

t.test('status is JSON, and a failure of it tells nothing', async t => {
  const get = await start(t)
  t.same(JSON.parse((await get('/status')).text), { version: '1' })
  const failing = await start(t, { status: async () => { throw new Error('secret detail') } })
  const answer = await failing('/status')
  t.equal(answer.status, 500)
  t.notMatch(answer.text, 'secret')
})

t.test('HEAD has the head alone, other methods are refused', async t => {
  const get = await start(t)
  const head = await get('/status', { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.text, '')
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    const answer = await get('/status', { method })
    t.equal(answer.status, 405, method)
    t.equal(answer.headers['allow'], 'GET, HEAD')
  }
})

t.test('anything else is not found', async t => {
  const get = await start(t)
  for (const path of ['/status/', '/metrics/', '//livez', '/STATUS']) t.equal((await get(path)).status, 404, path)
})

t.test('on the loopback, a request for another name is refused', async t => {
  const get = await start(t)
  for (const host of ['evil.example', 'evil.example:8001', '192.0.2.1', 'localhost.evil.example', '127.0.0.1.evil.example', 'a@127.0.0.1', '[::1']) {
    t.equal((await get('/status', { headers: { host } })).status, 403, host)
  }
  for (const host of ['localhost', 'LOCALHOST:8001', '127.0.0.1:8001', '127.9.9.9', '[::1]:8001', 'sallyport.localhost']) {
    t.equal((await get('/status', { headers: { host } })).status, 200, host)
  }
})

const purge: PublishedAction = { plugin: 'cache', path: '/purge', body: Type.Object({ tag: Type.String() }, { additionalProperties: false }) }
const TOKEN = 'a-token-that-nobody-guesses'

t.test('where others reach the listener, its token opens it, and nothing else does', async t => {
  const rules = { token: TOKEN, write: false, metrics_open: false }
  const get = await start(t, { rules: () => rules, document: path => path === '/keys' ? { keys: [] } : undefined }, '0.0.0.0')
  const host = '10.1.2.3:8001'
  for (const path of ['/livez', '/readyz', '/keys']) t.equal((await get(path, { headers: { host } })).status, 200, path)
  for (const path of ['/status', '/metrics', '/services', '/snapshots', '/nothing', '/reload']) {
    const refused = await get(path, { headers: { host } })
    t.equal(refused.status, 401, path)
    t.match(refused.headers['www-authenticate'], /^Bearer /)
    t.notMatch(refused.text, TOKEN)
  }
  for (const authorization of ['', 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, TOKEN, 'Bearer ']) {
    t.equal((await get('/status', { headers: { host, authorization } })).status, 401, authorization)
  }
  for (const authorization of [`Bearer ${TOKEN}`, `bearer  ${TOKEN} `]) t.equal((await get('/status', { headers: { host, authorization } })).status, 200, authorization)
  rules.metrics_open = true
  t.equal((await get('/metrics')).status, 200)
  t.equal((await get('/status')).status, 401)
})

t.test('without a token nothing is told where others reach it, whatever the file says', async t => {
  const get = await start(t, {}, '0.0.0.0')
  t.equal((await get('/livez')).status, 200)
  for (const path of ['/status', '/metrics', '/config']) t.equal((await get(path)).status, 403, path)
})

t.test('a body that is too long is refused, whole or in pieces, and the listener goes on', async t => {
  const ask = await start(t, { action: path => path === '/purge' ? purge : undefined })
  const body = JSON.stringify({ tag: 'x'.repeat(70_000) })
  for (const headers of [{ 'content-type': 'application/json' }, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }] as Array<Record<string, string>>) {
    // the connection may be cut before the answer is read: who sends on is not waited for
    const status = await ask('/purge', { method: 'POST', headers, body }).then(answer => answer.status, () => 413)
    t.equal(status, 413)
  }
  t.equal((await ask('/livez')).status, 200)
})

t.test('a page of another site may not order anything', async t => {
  const ask = await start(t, { action: path => path === '/purge' ? purge : undefined })
  const post = async (site: string) => (await ask('/purge', { method: 'POST', headers: { 'content-type': 'application/json', 'sec-fetch-site': site }, body: '{"tag":"a"}' })).status
  t.equal(await post('cross-site'), 403)
  t.equal(await post('same-site'), 403)
  t.equal(await post('same-origin'), 200)
})

t.test('a page of another site may not have long answers made that it can\'t read; a link may lead here', async t => {
  const get = await start(t)
  const status = async (headers: Record<string, string>) => (await get('/status', { headers })).status
  t.equal(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), 403)
  t.equal(await status({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }), 403)
  t.equal(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), 200)
  t.equal(await status({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }), 200)
  t.equal((await get('/livez', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } })).status, 200)
})

t.test('a request with a body is answered and its connection closed', async t => {
  const get = await start(t)
  const answer = await get('/livez', { headers: { 'content-length': '2' }, body: 'ab' })
  t.equal(answer.status, 200)
  t.equal(answer.headers['connection'], 'close')
})

t.test('closing does not wait for idle connections', async t => {
  const admin = createAdmin({ host: '127.0.0.1', port: 0 }, idle)
  const { port } = await admin.listen()
  const socket = connect(port, '127.0.0.1')
  await new Promise(resolve => socket.once('connect', resolve))
  const closed = new Promise(resolve => socket.once('close', resolve))
  await admin.close()
  await closed
  await t.resolves(admin.close(), 'a second time')
})

t.test('an address that is taken is an error of listen', async t => {
  const first = createAdmin({ host: '127.0.0.1', port: 0 }, idle)
  const { port } = await first.listen()
  t.teardown(() => first.close())
  const second = createAdmin({ host: '127.0.0.1', port }, idle)
  await t.rejects(second.listen(), { code: 'EADDRINUSE' })
  await second.close()
})

t.test('an action is done with a JSON body that fits, and with nothing else', async t => {
  const done: unknown[] = []
  const source: Partial<AdminSource> = {
    action: path => path === '/purge' ? purge : undefined,
    act: async (action, body) => {
      if ((body as { tag: string }).tag === 'bad') throw new Error('secret detail')
      done.push([action.plugin, body])
      return { purged: 2 }
    }
  }
  const ask = await start(t, source)
  const post = async (body: string, type = 'application/json') => await ask('/purge', { method: 'POST', headers: type === '' ? {} : { 'content-type': type }, body })
  const answer = await post('{"tag":"a"}', 'Application/JSON; charset=utf-8')
  t.equal(answer.status, 200)
  t.same(JSON.parse(answer.text), { purged: 2 })
  t.same(done, [['cache', { tag: 'a' }]])

  for (const type of ['', 'text/plain', 'application/x-www-form-urlencoded', 'text/plain; application/json', 'application/jsonx']) t.equal((await post('{"tag":"a"}', type)).status, 415, type)
  for (const body of ['', '{', '[]', '{}', '{"tag":1}', '{"tag":"a","more":1}']) t.equal((await post(body)).status, 400, body)
  t.match(JSON.parse((await post('{"tag":1}')).text), { message: 'The body does not fit: /tag must be string' })
  t.equal((await post(`{"tag":"${'a'.repeat(70_000)}"}`)).status, 413)
  const failed = await post('{"tag":"bad"}')
  t.equal(failed.status, 500)
  t.notMatch(failed.text, 'secret')
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
    const refused = await ask('/purge', { method, headers: { 'content-type': 'application/json' } })
    t.match([refused.status, refused.headers['allow']], [405, 'POST'], method)
  }
  t.equal((await ask('/purge', { method: 'POST', headers: { 'content-type': 'application/json', host: 'evil.test' }, body: '{"tag":"a"}' })).status, 403, 'under another name')
  t.equal(done.length, 1)
})

t.test('nothing is done where the listener is read-only', async t => {
  const ask = await start(t, { action: () => purge, act: never, rules: () => ({ token: null, write: false, metrics_open: false }) })
  const answer = await ask('/purge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"tag":"a"}' })
  t.equal(answer.status, 403)
  t.match(answer.text, 'gateway.admin.write')
  t.equal((await ask('/rollback', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"snapshot":1}' })).status, 403)
})
