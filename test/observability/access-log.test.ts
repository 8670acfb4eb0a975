import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from 'node:querystring'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Consumer, Route, Service } from '../../src/config/model.ts'
import type { UpstreamRequest } from '../../src/plugin.ts'
import type { AccessFacts } from '../../src/observability/access-facts.ts'
import { createLineWriter } from '../../src/observability/access-line.ts'
import { createAccessLog } from '../../src/observability/access-log.ts'
import type { Destination } from '../../src/observability/destination.ts'
import { createRedactor } from '../../src/observability/redaction.ts'
import { holds } from '../helpers/holds.ts'

const route = { id: 'r-1', name: 'orders' } as Route
const service = { id: 's-1', name: 'shop', host: 'shop.internal' } as Service

interface Line { readonly [field: string]: unknown }

function memory (): Destination & { readonly lines: string[] } {
  const lines: string[] = []
  return { lines, dropped: 0, stuck: false, write: line => { lines.push(line) }, writeAscii: line => { lines.push(line) }, writeLines () {}, async flush () {}, async close () {} }
}

interface Exchange {
  readonly target?: string
  readonly headers?: Record<string, string | string[]>
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void
  readonly facts?: Partial<AccessFacts>
  readonly redact?: string[]
  readonly secrets?: string[]
}

/** Sends one real request and logs it when its answer has ended. */
async function logged (t: Test, { target = '/orders/42', headers = {}, answer, facts = {}, redact = [], secrets = [] }: Exchange): Promise<Line> {
  const destination = memory()
  const log = createAccessLog(destination, createRedactor(redact, secrets))
  const server = createServer((raw, response) => {
    response.once('close', () => {
      const [path, query] = target.split('?') as [string, string | undefined]
      const upstream = { protocol: 'http', host: '10.1.1.1', port: 9000, method: 'GET', path, query: query ?? null } as UpstreamRequest
      const now = performance.now()
      log.write({
        id: '0123456789abcdef0123456789abcdef',
        route,
        service,
        clientIp: '192.0.2.7',
        trusted: false,
        scheme: 'http',
        host: 'api.example.com',
        port: 8000,
        method: 'GET',
        target,
        path,
        captures: {},
        startedAt: 1700000000000,
        consumer: null,
        credential: null,
        identity: null,
        attempts: null,
        upstream,
        raw,
        response,
        startedTick: now - 20,
        proxiedTick: now - 19.6,
        triedTick: now - 19.6,
        headTick: now - 3,
        upstreamStatus: 200,
        proxied: true,
        tries: null,
        reply: null,
        responseHeaders: null,
        errorCode: null,
        refusal: null,
        plugin: null,
        trace: null,
        ended: null,
        logFields: null,
        ...facts
      })
    })
    if (answer !== undefined) return answer(raw, response)
    response.setHeader('content-type', 'text/plain')
    response.end('hello')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  await new Promise<void>((resolve, reject) => {
    const request = send({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', path: target, headers, agent: false }, response => {
      response.resume().on('end', resolve).on('error', () => resolve())
    })
    request.on('error', error => (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? resolve() : reject(error)).end()
  })
  server.close()
  while (destination.lines.length === 0) await new Promise(resolve => setImmediate(resolve))
  t.equal(destination.lines.length, 1)
  t.match(destination.lines[0], /^[^\n]*\n$/, 'one line')
  return JSON.parse(destination.lines[0] as string) as Line
}

t.test('a proxied request is logged in the shape of Kong\'s record', async t => {
  const line = await logged(t, { target: '/orders?page=2&page=3&q=%C3%A4', headers: { 'x-plain': 'a "quoted" \\ value' } })
  t.match(line, {
    request: {
      id: '0123456789abcdef0123456789abcdef',
      uri: '/orders?page=2&page=3&q=%C3%A4',
      url: 'http://api.example.com:8000/orders?page=2&page=3&q=%C3%A4',
      querystring: { page: ['2', '3'], q: 'ä' },
      method: 'GET',
      headers: { 'x-plain': 'a "quoted" \\ value', connection: 'close' },
      size: Number
    },
    upstream_uri: '/orders?page=2&page=3&q=%C3%A4',
    upstream_status: '200',
    response: { status: 200, headers: { 'content-type': 'text/plain' }, size: Number },
    tries: [{ ip: '10.1.1.1', port: 9000, balancer_start: 1700000000000 }],
    route: { id: 'r-1', name: 'orders' },
    service: { id: 's-1', name: 'shop' },
    client_ip: '192.0.2.7',
    started_at: 1700000000000,
    source: 'upstream'
  })
  t.notHas(line, { error: String })
  t.notHas(line, { consumer: {} })
  const { kong, proxy, request, receive } = line['latencies'] as Record<string, number>
  t.equal(kong, 0.4)
  t.equal(proxy, 16.6)
  t.ok((request as number) >= 20 && (receive as number) >= 3)
})

t.test('sizes are those of the wire, head and body', async t => {
  const head = 'GET /orders/42 HTTP/1.1\r\nHost: 127.0.0.1:00000\r\nConnection: close\r\n\r\n'
  const line = await logged(t, {
    answer: (_, response) => {
      response.sendDate = false
      response.writeHead(200, { 'content-length': 5 })
      response.end('hello')
    }
  }) as { request: { size: number }, response: { size: number } }
  t.equal(line.request.size, head.length)
  t.equal(line.response.size, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: close\r\n\r\nhello'.length)
})

t.test('each request of a kept connection has its own sizes', async t => {
  const sizes: number[] = []
  const destination = memory()
  const log = createAccessLog(destination, createRedactor())
  const { connect } = await import('node:net')
  const server = createServer((raw, response) => {
    response.once('close', () => {
      log.write({ raw, response, target: raw.url, method: 'GET', host: 'a', id: 'x', route: null, service: null, consumer: null, credential: null, upstream: null, tries: null, reply: null, responseHeaders: null, logFields: null, errorCode: null, refusal: null, trace: null, plugin: null, ended: null, proxied: false, upstreamStatus: 0, startedTick: 0, proxiedTick: 0, headTick: 0, startedAt: 0 } as unknown as AccessFacts)
      if (destination.lines.length === 2) socket.end()
      else socket.write(second)
    })
    response.end('ok')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const first = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  const second = 'GET /longer/path HTTP/1.1\r\nHost: a\r\n\r\n'
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(first)
  await new Promise(resolve => socket.resume().on('close', resolve))
  server.close()
  for (const line of destination.lines) sizes.push((JSON.parse(line) as { request: { size: number } }).request.size)
  t.same(sizes, [first.length, second.length])
})

t.test('an answer of the gateway itself names no upstream', async t => {
  const line = await logged(t, {
    answer: (_, response) => { response.writeHead(404, { 'content-type': 'application/json' }).end('{}') },
    facts: { proxied: false, proxiedTick: 0, headTick: 0, upstreamStatus: 0, route: null, service: null, upstream: null, errorCode: 'SP_NO_ROUTE' }
  })
  t.match(line, { response: { status: 404 }, upstream_uri: '', upstream_status: '', tries: [], source: 'kong', error: 'SP_NO_ROUTE', latencies: { proxy: -1, receive: 0 } })
  t.notHas(line, { route: {} })
})

t.test('what a refused client was told is in the line, secrets cut and no longer than it is of use', async t => {
  const told = async (refusal: string): Promise<unknown> => (await logged(t, { facts: { proxied: false, errorCode: 'SP_UNAUTHORIZED', refusal }, secrets: ['hunter2hunter2'] }))['reason']
  t.equal(await told('token expired'), 'token expired')
  t.equal(await told('the user hunter2hunter2 is not known'), 'the user REDACTED is not known')
  t.equal(await told('see https://a.example/?token=abc'), 'see https://a.example/?token=REDACTED')
  t.equal((await told('x'.repeat(5000)) as string).length, 300)
  t.equal((await logged(t, {}))['reason'], undefined)
})

t.test('header fields that the hop wrote itself are logged, repeated ones as arrays', async t => {
  const fields = ['Content-Type', 'text/plain', 'Vary', 'a', 'vary', 'b', 'set-cookie', 'id=1', 'set-cookie', 'id=2']
  const line = await logged(t, {
    answer: (_, response) => { response.writeHead(200, fields as unknown as Record<string, string>).end('x') },
    facts: { responseHeaders: fields }
  })
  t.same((line['response'] as Line)['headers'], { 'content-type': 'text/plain', vary: ['a', 'b'], 'set-cookie': 'REDACTED' })
})

t.test('failed tries come before the one that answered', async t => {
  const line = await logged(t, { facts: { tries: [{ host: '10.1.1.2', port: 9000, startedAt: 1699999999990, error: 'ECONNREFUSED' }] } })
  t.match(line['tries'], [{ ip: '10.1.1.2', state: 'failed', reason: 'ECONNREFUSED' }, { ip: '10.1.1.1' }])
})

t.test('a client that left is told apart', async t => {
  const line = await logged(t, { answer: request => { request.socket.destroy() }, facts: { headTick: 0, upstreamStatus: 0, proxied: false } })
  t.match(line, { response: { status: 499 }, error: 'SP_CLIENT_CLOSED' })
})

t.test('consumer and credential are named, not dumped', async t => {
  const consumer = { id: 'c-1', username: 'ada', custom_id: null, groups: [], tags: ['x'], pointer: '/consumers/0' } as Consumer
  const line = await logged(t, { facts: { consumer, credential: { id: 'k-1', identifier: 'ada-key' } } })
  t.same(line['consumer'], { id: 'c-1', username: 'ada', custom_id: null })
  t.same(line['authenticated_entity'], { id: 'k-1', consumer_id: 'c-1' })
})

t.test('plugins add fields, but replace none', async t => {
  const line = await logged(t, { facts: { logFields: { correlation_id: 'abc#1', client_ip: 'forged', deep: { a: [1] }, none: undefined, api_token: 'x' } } })
  t.match(line, { correlation_id: 'abc#1', client_ip: '192.0.2.7', deep: { a: [1] }, api_token: 'REDACTED' })
})

t.test('a field that JSON can\'t say costs the detail of its line only', async t => {
  const line = await logged(t, { facts: { logFields: { big: 1n } } })
  t.same(line, { request: { id: '0123456789abcdef0123456789abcdef' }, started_at: 1700000000000, error: 'SP_ACCESS_LOG TypeError' })
})

t.test('no secret of a request reaches the log', async t => {
  const canary = 'canary-7d20'
  const fields = ['location', `https://u:${canary}@x/?code=${canary}`, 'set-cookie', canary, 'x-api-key', canary]
  const line = await logged(t, {
    target: `/orders?a=1&access_token=${canary}&tenant=${canary}&next=%2Fx%3Ftoken%3D${canary}`,
    headers: {
      authorization: `Bearer ${canary}`,
      'proxy-authorization': `Basic ${canary}`,
      cookie: `session=${canary}`,
      apikey: canary,
      'X-Api-Key': canary,
      'x-tenant': canary,
      referer: `https://u:${canary}@site/?jwt=${canary}`,
      'x-original-url': `/a?token=${canary}`,
      'sec-websocket-protocol': `bearer, ${canary}`
    },
    answer: (_, response) => { response.writeHead(302, fields as unknown as Record<string, string>).end() },
    facts: {
      responseHeaders: fields,
      upstream: { protocol: 'http', host: 'h', port: 1, path: '/b', query: `k=reference-secret&sig=${canary}` } as UpstreamRequest
    },
    redact: ['tenant', 'x-tenant'],
    secrets: ['reference-secret']
  })
  const text = JSON.stringify(line)
  t.notMatch(text, canary)
  t.notMatch(text, 'reference-secret')
  t.match(line, { upstream_uri: '/b?k=REDACTED&sig=REDACTED', request: { querystring: { a: '1', access_token: 'REDACTED', tenant: 'REDACTED' } } })
})

t.test('what the parser refused is logged without its bytes', async t => {
  const destination = memory()
  createAccessLog(destination, createRedactor()).refused({ id: 'x', status: 400, errorCode: 'HPE_INVALID_METHOD', clientIp: '192.0.2.1', startedAt: 5 })
  t.match(JSON.parse(destination.lines[0] as string), { request: { id: 'x' }, response: { status: 400 }, client_ip: '192.0.2.1', started_at: 5, source: 'kong', error: 'HPE_INVALID_METHOD' })
})

t.test('what a line says does not depend on the lines before', async t => {
  const field = fc.tuple(fc.constantFrom('Host', 'host', 'accept', 'authorization', 'x-token', 'content-type', 'x-long'), fc.constantFrom('a', 'b', '*/*', 'text/html; charset=utf-8', '/x?token=s', '"', 'ä', 'l'.repeat(300), ''))
  const query = fc.oneof(fc.constantFrom('', '?', '?a', '?a=', '?=a', '?a=1&a=2', '?token=s', '?__proto__=1', '?a=%20', '?a=+'), fc.string({ unit: 'grapheme-ascii', maxLength: 8 }).map(text => `?${text}`))
  const request = fc.record({ target: query.map(text => `/${text}`), headers: fc.array(field, { maxLength: 5 }), answer: fc.array(field, { maxLength: 5 }) })
  const known = createLineWriter(createRedactor())
  const facts = ({ target, headers, answer }: { target: string, headers: string[][], answer: string[][] }): AccessFacts => ({
    id: '1',
    target,
    method: 'GET',
    raw: { rawHeaders: headers.flat() },
    responseHeaders: answer.flat(),
    upstream: null,
    tries: null,
    route: null,
    service: null,
    consumer: null,
    credential: null,
    clientIp: '::1',
    scheme: 'http',
    host: 'h',
    port: 80,
    trace: null,
    startedAt: 1,
    headTick: 0,
    logFields: null,
    refusal: null,
    upstreamStatus: 0,
    ended: { status: 200, answered: true, read: 1, written: 1, reason: '-', error: null, plugin: null, gateway: 0, upstream: -1, total: 0, tick: 0 }
  } as unknown as AccessFacts)
  holds(t, fc.property(request, exchange => {
    const line = known(facts(exchange))
    const { request: { querystring, headers } } = JSON.parse(line) as { request: { querystring: unknown, headers: Record<string, unknown> } }
    const redacted = createRedactor().url(exchange.target)
    return line === createLineWriter(createRedactor())(facts(exchange)) &&
      JSON.stringify(querystring) === JSON.stringify(redacted.includes('?') ? parse(redacted.slice(redacted.indexOf('?') + 1)) : {}) &&
      exchange.headers.every(([name = '', value = '']) => /auth|token/.test(name) ? headers[name.toLowerCase()] === 'REDACTED' : [headers[name.toLowerCase()]].flat().includes(createRedactor().url(value)))
  }), { numRuns: 500 })
})
