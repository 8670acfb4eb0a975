import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createProviderClock } from '../../../src/auth/provider/clock.ts'
import { ProviderHttp, type ProviderHttpOptions } from '../../../src/auth/provider/http.ts'
import { ProviderError } from '../../../src/auth/provider/provider-error.ts'
import { shownUrl, urlProblem } from '../../../src/auth/provider/url.ts'
import { jsonServer } from '../../helpers/json-server.ts'
import { packageRoot } from '../../helpers/package-root.ts'

function client (t: Test, options: Partial<ProviderHttpOptions> = {}): ProviderHttp {
  const http = new ProviderHttp({ clock: createProviderClock(Date.now), timeout: 5_000, allowInsecure: true, ...options })
  t.teardown(async () => await http.close())
  return http
}

async function failure (work: Promise<unknown>): Promise<ProviderError> {
  try {
    await work
  } catch (error) {
    if (error instanceof ProviderError) return error
    throw error
  }
  throw new Error('it went well')
}

t.test('an object comes back, with what it says about caching', async t => {
  const server = await jsonServer(t, (_request, response) => {
    response.setHeader('cache-control', 'max-age=60')
    return { keys: [] }
  })
  t.same(await client(t).get(`${server.origin}/jwks?x=1`), { body: { keys: [] }, cacheControl: 'max-age=60' })
  t.match(server.requests, [{ method: 'GET', url: '/jwks?x=1', headers: { accept: 'application/json' } }])
})

t.test('a form is posted', async t => {
  const server = await jsonServer(t, () => ({ active: false }))
  await client(t).post(server.origin, new URLSearchParams({ token: 'a b&c' }), { authorization: 'Basic eDp5' })
  t.match(server.requests, [{ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Basic eDp5' }, body: 'token=a+b%26c' }])
})

t.test('what is not a JSON object is an error, which never says what it was', async t => {
  for (const text of ['', 'null', '[]', '"secret"', '<html>secret</html>', '{"a":']) {
    const server = await jsonServer(t, (_request, response) => { response.end(text) })
    t.equal((await failure(client(t).get(server.origin))).message, 'its answer is not a JSON object', text)
  }
})

t.test('every status but 200 is an error, and redirects are not followed', async t => {
  for (const [status, words] of [[500, /status 500/], [404, /status 404/], [204, /status 204/], [401, /status 401/], [302, /redirect \(302\)/], [307, /redirect \(307\)/]] as const) {
    const server = await jsonServer(t, (_request, response) => {
      response.writeHead(status, { location: '/elsewhere' })
      response.end(status === 204 ? undefined : '{"error":"secret"}')
    })
    const http = client(t)
    const error = await failure(http.get(server.origin))
    t.match(error.message, words)
    t.notMatch(error.message, /secret/)
    t.equal(error.status, status)
    t.equal(server.requests.length, 1)
  }
})

t.test('an answer that does not come in time is given up, at whatever point it stands still', async t => {
  for (const [what, behave] of [
    ['silent', () => {}],
    ['after the head', (response: import('node:http').ServerResponse) => { response.writeHead(200, { 'content-length': '10' }).write('{') }]
  ] as const) {
    const server = await jsonServer(t, (_request, response) => { behave(response) })
    t.equal((await failure(client(t, { timeout: 50 }).get(server.origin))).message, 'it did not answer within 50 ms', what)
  }
})

t.test('an answer that drips is given up as a whole', async t => {
  const server = await jsonServer(t, (_request, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(drip))
  })
  t.match((await failure(client(t, { timeout: 120 }).get(server.origin))).message, /within 120 ms/)
})

t.test('an answer that is too large is not read', async t => {
  const server = await jsonServer(t, () => ({ padding: 'x'.repeat(2_000) }))
  t.equal((await failure(client(t, { limit: 1_000 }).get(server.origin))).message, 'its answer is too large')
  t.ok(await client(t, { limit: 3_000 }).get(server.origin))
})

t.test('an answer in a coding that was not asked for is no JSON', async t => {
  const server = await jsonServer(t, (request, response) => {
    t.equal(request.headers['accept-encoding'], 'identity')
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from('1f8b0800', 'hex'))
  })
  t.match((await failure(client(t).get(server.origin))).message, /not a JSON object/)
})

t.test('a connection that fails is named by its code', async t => {
  t.equal((await failure(client(t).get('http://127.0.0.1:1/'))).message, 'the request failed (ECONNREFUSED)')
})

t.test('certificates are verified', async t => {
  const read = (name: string): string => readFileSync(join(packageRoot, 'test/fixtures/tls', name), 'utf8')
  const server = createServer({ cert: read('upstream.crt'), key: read('upstream.key') }, (_request, response) => { response.end('{}') })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  // `allow_insecure` is about http, not about certificates
  for (const allowInsecure of [true, false]) t.match((await failure(client(t, { allowInsecure }).get(url))).message, /CERT/)
})

t.test('http is refused unless allowed', async t => {
  const server = await jsonServer(t, () => ({}))
  t.match((await failure(client(t, { allowInsecure: false }).get(server.origin))).message, /is not https/)
  t.equal(server.requests.length, 0)
})

t.test('addresses that are none, or say too much', async t => {
  for (const [url, problem] of [
    ['nonsense', /is not a URL/], ['ftp://x/', /not an https URL/], ['file:///etc/passwd', /not an https URL/], ['https://u:p@x/', /password/], ['https://x/#a', /fragment/], ['http://x/', /not https/]
  ] as const) t.match(urlProblem(url, false), problem, url)
  t.equal(urlProblem('http://x/', true), null)
  t.equal(urlProblem('https://x/?y', false), null)
  t.equal(shownUrl('https://x/a?key=secret'), 'https://x/a')
  t.equal(shownUrl('secret'), '(no URL)')
})
