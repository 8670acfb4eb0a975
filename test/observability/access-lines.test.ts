import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request as send, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { createGateway } from '../../src/index.ts'
import { ask, gatewayYaml, until } from '../helpers/running.ts'

interface Line {
  readonly [field: string]: unknown
  readonly request: { readonly uri: string, readonly size: number, readonly headers: Record<string, string> }
  readonly response: { readonly status: number, readonly size: number, readonly headers: Record<string, string> }
}

/** A gateway in front of an upstream that does what the path says. `line` waits for the line of a target, `reached` for its request upstream. */
async function start (t: Test, rest = '', gateway: Record<string, unknown> = {}): Promise<{ port: number, line (uri: string): Promise<Line>, lines (): Line[], reached (uri: string): Promise<void> }> {
  const seen = new Set<string | undefined>()
  const server = createServer((request, response) => {
    seen.add(request.url)
    request.resume()
    switch (request.url) {
      case '/events':
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: 1\n\n')
        return
      case '/never': return
      case '/cut':
        response.writeHead(200, { 'content-length': 1_000_000 })
        response.write('x', () => request.socket.destroy())
        return
      case '/empty': return response.writeHead(204).end()
      default: response.end('hello')
    }
  })
  const sockets = new WebSocketServer({ server, verifyClient: (info: { req: IncomingMessage }) => info.req.url === '/chat' })
  sockets.on('connection', socket => socket.on('message', data => socket.send(data)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  // a folder that no earlier run has left
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-access-'))
  const accessLog = path.join(folder, 'access.log')
  const running = await createGateway({ file: 'gateway.yaml', text: gatewayYaml((server.address() as AddressInfo).port, gateway, rest), accessLog, log: { write () {} } })
  await running.listen()
  t.teardown(async () => {
    server.close()
    server.closeAllConnections()
    for (const client of sockets.clients) client.terminate()
    await running.close()
    rmSync(folder, { recursive: true })
  })
  const lines = (): Line[] => readFileSync(accessLog, 'utf8').split('\n').filter(text => text !== '').map(text => JSON.parse(text) as Line)
  return {
    port: running.addresses[0]?.port as number,
    lines,
    reached: async uri => await until(`${uri} is upstream`, () => seen.has(uri)),
    async line (uri) {
      await until(`the line of ${uri}`, () => lines().some(line => line.request.uri === uri))
      return lines().find(line => line.request.uri === uri) as Line
    }
  }
}

t.test('the hop, with and without response hooks', async t => {
  const { port, line } = await start(t, `  - name: hooked
    url: http://127.0.0.1:1
    routes:
      - name: hooked
        paths: [/hooked]
        plugins:
          - { name: request-termination, config: { status_code: 418, message: short } }
          - { name: response-transformer, config: { add: { headers: ['x-added:yes'] } } }
plugins:
  - { name: response-transformer, route: all, config: { add: { headers: ['x-added:yes'] }, remove: { headers: [via] } } }
`)
  const plain = await start(t)
  await ask(plain.port, '/plain?a=1')
  t.match(await plain.line('/plain?a=1'), {
    upstream_uri: '/plain?a=1',
    upstream_status: '200',
    response: { status: 200, headers: { 'content-length': '5', via: /sallyport/ } },
    route: { name: 'all' },
    service: { name: 'up' },
    source: 'upstream',
    end_reason: '-',
    tries: [{ ip: '127.0.0.1' }]
  })
  await ask(port, '/changed')
  const changed = await line('/changed')
  t.match(changed, { response: { status: 200, headers: { 'content-length': '5', 'x-added': 'yes' } }, source: 'upstream' })
  t.notHas(changed.response.headers, { via: String }, 'as it was sent, not as it came')
  await ask(port, '/hooked')
  const hooked = await line('/hooked')
  t.match(hooked, { upstream_uri: '', upstream_status: '', response: { status: 418, headers: { 'x-added': 'yes' } }, source: 'kong', end_reason: 'LA', tries: [], latencies: { proxy: -1 } })
  t.notHas(hooked, { error: String })
})

t.test('no route, an upstream that is gone, an answer that is cut', async t => {
  const { port, line } = await start(t, `  - name: gone
    url: http://127.0.0.1:1
    retries: 1
    routes: [{ name: gone, paths: [/gone] }]
  - name: hosted
    url: http://127.0.0.1:1
    routes: [{ name: hosted, hosts: [other.example], paths: [/only] }, { name: moved, paths: [/moved], protocols: [https], https_redirect_status_code: 308 }]
`)
  await ask(port, '/moved')
  t.equal((await line('/moved'))['reason'], undefined, 'a redirect refuses nobody')
  await ask(port, '/gone')
  const gone = await line('/gone')
  t.match(gone, { response: { status: 502 }, upstream_status: '', source: 'kong', end_reason: 'UF', error: /^SP_/, tries: [{ state: 'failed', reason: 'ECONNREFUSED' }, { state: 'failed' }] })
  t.equal(gone['reason'], undefined, 'the attempts say it')
  await ask(port, '/cut').catch(() => {})
  t.match(await line('/cut'), { response: { status: 200 }, upstream_status: '200', end_reason: 'UR', error: /^SP_/ })
})

t.test('a client that leaves, before and after the answer began', async t => {
  const { port, line, reached } = await start(t)
  const early = send({ host: '127.0.0.1', port, path: '/never', agent: false }).on('error', () => {})
  early.end()
  await reached('/never')
  early.destroy()
  t.match(await line('/never'), { response: { status: 499 }, end_reason: 'DC', error: 'SP_CLIENT_CLOSED', upstream_status: '', tries: [{ ip: '127.0.0.1', balancer_start: Number }] }, 'which server it did not wait for is known')
  const late = send({ host: '127.0.0.1', port, path: '/events', agent: false }, response => {
    response.once('data', () => late.destroy())
  }).on('error', () => {})
  late.end()
  t.match(await line('/events'), { response: { status: 200 }, end_reason: 'DC', error: 'SP_CLIENT_CLOSED', upstream_status: '200' })
})

t.test('a client that leaves within its upload has left, one whose upload is broken is refused', async t => {
  const { port, line } = await start(t)
  const head = (target: string, framing: string): string => `POST ${target} HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`
  const gone = connect(port, '127.0.0.1').on('error', () => {})
  gone.end(`${head('/upload', 'Content-Length: 100')}some`)
  t.match(await line('/upload'), { response: { status: 499 }, end_reason: 'DC' })
  let answer = ''
  const broken = connect(port, '127.0.0.1').on('error', () => {}).setEncoding('utf8').on('data', text => { answer += String(text) })
  broken.write(`${head('/broken', 'Transfer-Encoding: chunked')}2\r\nok\r\nzz\r\n`)
  t.match(await line('/broken'), { response: { status: 400 }, end_reason: 'DPE', error: 'HPE_INVALID_CHUNK_SIZE', source: 'kong' })
  await until('the client is told', () => answer.startsWith('HTTP/1.1 400 '))
})

t.test('a tunnel is logged at its end, a refused one at once', async t => {
  const { port, line, lines } = await start(t)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  await once(socket, 'open')
  socket.send('x'.repeat(1000))
  await once(socket, 'message')
  t.equal(lines().length, 0)
  socket.close()
  const tunnel = await line('/chat')
  t.match(tunnel, { response: { status: 101 }, upstream_status: '101', source: 'upstream' })
  t.notHas(tunnel, { error: String })
  t.ok(tunnel.request.size > 1000 && tunnel.response.size > 1000, 'with the bytes of both directions')
  const refused = new WebSocket(`ws://127.0.0.1:${port}/other`)
  await new Promise(resolve => { refused.once('error', resolve) })
  t.match(await line('/other'), { response: { status: 401 }, upstream_status: '401' })
})

t.test('empty answers, HEAD, and what the parser refuses', async t => {
  const { port, line, lines } = await start(t)
  await ask(port, '/empty')
  t.match(await line('/empty'), { response: { status: 204 } })
  await ask(port, '/head', { method: 'HEAD' })
  t.match(await line('/head'), { request: { method: 'HEAD' }, response: { status: 200, headers: { via: /sallyport/ } } })
  const socket = connect(port, '127.0.0.1')
  socket.end('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n')
  await once(socket.resume(), 'close')
  await until('its line', () => lines().some(({ response }) => response.status === 400))
  t.match(lines().find(({ response }) => response.status === 400), { client_ip: '127.0.0.1', source: 'kong', end_reason: 'DPE', error: String })
})

t.test('no log is written when it is off', async t => {
  const { port, lines } = await start(t, '', { log: { access: false } })
  await ask(port, '/plain')
  await new Promise(resolve => setTimeout(resolve, 250))
  t.same(lines(), [])
})
