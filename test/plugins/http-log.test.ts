import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTls } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import httpLog from '../../plugins/http-log/index.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { completeConfig } from '../helpers/plugin-config.ts'
import { until } from '../helpers/running.ts'

interface Post { readonly method: string, readonly url: string, readonly headers: IncomingMessage['headers'], readonly body: unknown }

/** Takes posts, and answers with the statuses in turn, then with 200; 0: never. */
async function logServer (t: Test, statuses: number[] = [], tls?: { key: string, cert: string }): Promise<{ port: number, posts: Post[] }> {
  const posts: Post[] = []
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    let text = ''
    request.on('data', chunk => { text += String(chunk) }).on('end', () => {
      posts.push({ method: request.method as string, url: request.url as string, headers: request.headers, body: JSON.parse(text) as unknown })
      const status = statuses.shift() ?? 200
      if (status !== 0) response.writeHead(status).end()
    })
  }
  const server = tls === undefined ? createServer(listener) : createTls(tls, listener)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, posts }
}

const FAST = { initial_retry_delay: 0.01, max_retry_delay: 0.02 }

t.test('an object each, tried again, with the options\' method, fields and credentials', async t => {
  const { port, posts } = await logServer(t, [500, 302, 0])
  const run = await testPlugin(t, {
    plugin: httpLog,
    config: { http_endpoint: `http://ann:p%40ss@127.0.0.1:${port}/in?x=1`, method: 'PUT', headers: { 'x-source': 'gw' }, timeout: 200, queue: FAST, custom_fields: { tenant: 'acme' } }
  })
  await run.request('/a')
  await until('the fourth try', () => posts.length === 4)
  t.match(posts[3], { method: 'PUT', url: '/in?x=1', headers: { 'content-type': 'application/json', 'x-source': 'gw', authorization: `Basic ${Buffer.from('ann:p@ss').toString('base64')}` }, body: { request: { uri: '/a' }, tenant: 'acme', end_reason: '-' } })
  t.same(posts[0]?.body, posts[3]?.body)
  await run.request('/b')
  await until('the next one', () => posts.length === 5)
})

t.test('batches are lists, what is hopeless is given up, and no request waits for any of it', async t => {
  const { port, posts } = await logServer(t, [400])
  const run = await testPlugin(t, { plugin: httpLog, config: { http_endpoint: `http://127.0.0.1:${port}/`, queue: { ...FAST, max_batch_size: 2, max_coalescing_delay: 0.05 } } })
  for (const path of ['/a', '/b', '/c']) t.equal((await run.request(path)).status, 200)
  await until('two batches', () => posts.flatMap(({ body }) => body as unknown[]).length === 3)
  t.match(posts.map(({ body }) => (body as Array<{ request: { uri: string } }>).map(({ request }) => request.uri)).flat(), ['/a', '/b', '/c'])
  const gone = await testPlugin(t, { plugin: httpLog, config: { http_endpoint: 'http://127.0.0.1:1/', queue: { max_retry_time: 0 } } })
  t.equal((await gone.request('/x')).status, 200)
})

t.test('a certificate that nobody vouches for gets nothing, unless it shall', async t => {
  const { port, posts } = await logServer(t, [], makeCertificate('logs', { names: ['localhost'] }))
  const strict = await testPlugin(t, { plugin: httpLog, config: { http_endpoint: `https://127.0.0.1:${port}/strict`, queue: { max_retry_time: 0 } } })
  await strict.request('/a')
  const lax = await testPlugin(t, { plugin: httpLog, config: { http_endpoint: `https://127.0.0.1:${port}/lax`, ssl_verify: false } })
  await lax.request('/b')
  await until('a post', () => posts.length > 0)
  t.same(posts.map(({ url }) => url), ['/lax'])
})

t.test('what contradicts itself is an error', async t => {
  const bad = async (config: Record<string, unknown>): Promise<void> => { await t.rejects(testPlugin({ plugin: httpLog, config: { http_endpoint: 'http://a@logs.example', ...config } }), JSON.stringify(config)) }
  await bad({ headers: { Host: 'x' } })
  await bad({ headers: { 'Content-Type': 'x' } })
  await bad({ headers: { Authorization: 'x' } })
  await bad({ http_endpoint: 'http://[' })
  await bad({ retry_count: 3 })
  await bad({ queue: { concurrency_limit: 1 } })
})

t.test('an address whose password can not be read is said at its place', t => {
  const config = completeConfig(httpLog, { http_endpoint: 'https://user:100%@logs.test/' })
  t.match([...httpLog.check?.(config as never) ?? []], [{ path: '/http_endpoint', mend: /%25/ }])
  t.end()
})
