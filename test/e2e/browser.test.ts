/** What a real browser makes of the gateway's answers. One start of it for all: it takes a second. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { WebSocketServer } from 'ws'
import { chromiumPath, run, startChromium } from '../helpers/chromium.ts'
import { upstream } from '../helpers/running.ts'
import { serveFile } from '../helpers/serve-file.ts'

/** What the service got, in order: method and path. */
type Received = Array<Pick<IncomingMessage, 'method' | 'url' | 'headers'>>

/** A service with an answer for each thing that the pages try. */
async function startService (t: Test): Promise<{ port: number, received: Received }> {
  const received: Received = []
  const answer: RequestListener = (request, response) => {
    received.push(request)
    const { pathname } = new URL(request.url ?? '/', 'http://service')
    if (pathname.endsWith('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
      // the second only once the page has had the first
      service.once('seen', () => response.end('data: second\n\nevent: end\ndata: x\n\n'))
      return
    }
    if (pathname.endsWith('/seen')) service.emit('seen')
    if (pathname.endsWith('/login')) response.setHeader('set-cookie', 'sid=ann; Path=/; HttpOnly')
    if (pathname.endsWith('/cached')) response.setHeader('cache-control', 'max-age=60')
    if (pathname.endsWith('/page')) response.setHeader('content-type', 'text/html')
    else response.setHeader('content-type', 'application/json')
    response.setHeader('x-total', '7')
    response.setHeader('x-internal', '1')
    response.setHeader('access-control-allow-origin', '*')
    response.end(pathname.endsWith('/page') ? '<p id="p">shown</p><script>window.ran = true</script>' : JSON.stringify({ cookie: request.headers.cookie ?? null, count: received.length }))
  }
  const service = createServer(answer)
  const sockets = new WebSocketServer({ server: service })
  sockets.on('connection', (socket, request) => {
    received.push(request)
    socket.on('message', data => socket.send(`echo ${String(data as Buffer)}`))
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    service.close()
    service.closeAllConnections()
  })
  return { port: (service.address() as AddressInfo).port, received }
}

/** An application: pages of an origin of its own. */
async function startPages (t: Test, body = '<!doctype html><title>app</title>'): Promise<number> {
  return await upstream(t, (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(body))
}

const file = (service: number, origins: string): string => `
services:
  - name: api
    host: 127.0.0.1
    port: ${service}
    routes:
      - name: open
        paths: [/open]
        strip_path: false
        plugins:
          - name: cors
      - name: private
        paths: [/private]
        strip_path: false
        plugins:
          - name: cors
            config: { origins: [${origins}], credentials: true, exposed_headers: [X-Total], headers: [apikey, Content-Type], max_age: 60 }
          - name: key-auth
            config: { run_on_preflight: true }
      - name: session
        paths: [/session]
        strip_path: false
        plugins:
          - name: cors
            config: { origins: [${origins}], credentials: true }
          - name: csrf
            config: { origins: [${origins}] }
      - name: web
        paths: [/web]
        strip_path: false
        plugins:
          - name: security-headers
            config: { preset: web }
consumers:
  - username: ann
    keyauth_credentials: [{ key: a-key-of-ann }]
`

t.test('a page calls the API of another origin', { skip: chromiumPath === undefined && 'there is no Chromium here' }, async t => {
  const { port: service, received } = await startService(t)
  const [app, admin] = [await startPages(t), await startPages(t)]
  const { port } = await serveFile(t, file(service, `'http://127.0.0.1:${app}', 'http://127.0.0.1:${admin}'`))
  const api = `http://127.0.0.1:${port}`
  const browser = await startChromium(t)
  const context = await browser.newContext()
  const visit = async (url: string): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(url)
    return page
  }
  const page = await visit(`http://127.0.0.1:${app}/`)
  const sibling = await visit(`http://127.0.0.1:${admin}/`)
  // another origin, and another site for cookies
  const stranger = await visit(`http://localhost:${app}/`)
  /** Status and body, or `refused` where the browser keeps the answer from the page. */
  const call = async (page: Page, path: string, options = '{}'): Promise<{ status: number, json: Record<string, unknown>, total: string | null, internal: string | null } | 'refused'> => await run(page, `
    try {
      const answer = await fetch('${api}${path}', ${options})
      return { status: answer.status, json: await answer.json(), total: answer.headers.get('x-total'), internal: answer.headers.get('x-internal') }
    } catch { return 'refused' }`)
  const urls = (): string[] => received.map(({ method, url }) => `${method} ${url}`)

  await t.test('without credentials, where everybody may', async t => {
    for (const who of [page, stranger]) t.match(await call(who, '/open/a'), { status: 200, json: { cookie: null }, total: null })
    t.match(await call(stranger, '/open/b', "{ method: 'PATCH', headers: { 'x-any': '1' }, body: '{}' }"), { status: 200 })
    t.equal(await call(stranger, '/open/c', "{ credentials: 'include' }"), 'refused')
  })

  await t.test('its preflight passes where authentication would refuse it, and errors can be read', async t => {
    const put = (key: string): string => `{ method: 'PUT', headers: { 'content-type': 'application/json', apikey: '${key}' }, body: '{}' }`
    received.length = 0
    t.match(await call(page, '/private/a', put('a-key-of-ann')), { status: 200, total: '7', internal: null })
    t.match(await call(page, '/private/b', put('wrong')), { status: 401, json: { message: 'Unauthorized' } })
    t.equal(await call(page, '/private/c', "{ method: 'PUT', headers: { 'x-other': '1' } }"), 'refused')
    t.same(urls(), ['PUT /private/a'])
  })

  await t.test('an origin that may not is refused, and its unsafe requests never reach the service', async t => {
    received.length = 0
    t.equal(await call(stranger, '/private/a', "{ method: 'DELETE', headers: { apikey: 'a-key-of-ann' } }"), 'refused')
    t.equal(await call(stranger, '/private/b', "{ headers: { apikey: 'a-key-of-ann' } }"), 'refused')
    t.same(urls(), [])
    // without preflight it gets there; the page doesn't see the answer, which the service allowed to everybody
    t.equal(await call(stranger, '/session/a'), 'refused')
    t.same(urls(), ['GET /session/a'])
  })

  await t.test('cookies go along where they are wanted', async t => {
    t.match(await call(page, '/session/login', "{ credentials: 'include' }"), { status: 200 })
    t.match(await call(page, '/session/a', "{ credentials: 'include' }"), { json: { cookie: 'sid=ann' } })
    t.match(await call(page, '/session/a'), { json: { cookie: null } })
  })

  await t.test('requests that another site has it send are refused', async t => {
    received.length = 0
    t.match(await call(page, '/session/a', "{ method: 'POST', credentials: 'include' }"), { status: 200, json: { cookie: 'sid=ann' } })
    await run(stranger, `await fetch('${api}/session/forged', { method: 'POST', mode: 'no-cors', credentials: 'include' })`)
    t.same(urls(), ['POST /session/a'])
  })

  await t.test('an answer that the browser keeps for one origin is not given to another', async t => {
    received.length = 0
    t.match(await call(page, '/session/cached'), { status: 200 })
    t.match(await call(page, '/session/cached'), { status: 200 })
    t.equal(received.length, 1, 'it is kept')
    t.match(await call(sibling, '/session/cached'), { status: 200 })
    t.equal(received.length, 2)
  })

  await t.test('server-sent events arrive one by one', async t => {
    const events = await run(page, `
      const source = new EventSource('${api}/session/events', { withCredentials: true })
      const seen = []
      await new Promise((resolve, reject) => {
        source.onmessage = event => {
          seen.push(event.data)
          if (event.data === 'first') fetch('${api}/open/seen')
        }
        source.addEventListener('end', resolve)
        source.onerror = reject
      })
      source.close()
      return seen`)
    t.same(events, ['first', 'second'])
    t.equal(await run(stranger, `
      const source = new EventSource('${api}/session/events', { withCredentials: true })
      return await new Promise(resolve => { source.onmessage = () => resolve('read'); source.onerror = () => { source.close(); resolve('refused') } })`), 'refused')
  })

  await t.test('WebSockets open for its own pages alone', async t => {
    const talk = `
      const socket = new WebSocket('${api.replace('http', 'ws')}/session/socket')
      return await new Promise(resolve => {
        socket.onopen = () => socket.send('hello')
        socket.onmessage = event => { resolve(event.data); socket.close() }
        socket.onerror = () => resolve('refused')
      })`
    received.length = 0
    t.equal(await run(page, talk), 'echo hello')
    t.equal(await run(stranger, talk), 'refused')
    t.same(urls(), ['GET /session/socket'])
  })

  await t.test('security headers keep scripts out of its pages, and its pages out of frames', async t => {
    const shown = await visit(`${api}/web/page`)
    t.same(await run(shown, "return [document.getElementById('p').textContent, window.ran ?? false]"), ['shown', false])
    const frame = page.waitForEvent('frameattached')
    const failed = page.waitForEvent('requestfailed')
    await run(page, `const frame = document.createElement('iframe'); frame.src = '${api}/web/page'; document.body.append(frame)`)
    await frame
    t.match((await failed).failure()?.errorText, /BLOCKED_BY_RESPONSE|ABORTED/)
  })
})
