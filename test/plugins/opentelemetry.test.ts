import { connect } from 'node:net'
import t from 'tap'
import opentelemetry from '../../plugins/opentelemetry/index.ts'
import { extract, inject } from '../../plugins/opentelemetry/propagation.ts'
import { definePlugin, HeaderList, Type } from '../../src/plugin.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { otlpHttp, type ReceivedSpan } from '../helpers/otlp-receiver.ts'
import { until, upstream } from '../helpers/running.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const QUEUE = { max_coalescing_delay: 0.05 }

/** Keeps a request waiting, or refuses it. */
const waits = definePlugin({
  name: 'test-waits',
  priority: 500,
  schema: Type.Object({}, { additionalProperties: false }),
  scopes: ['route'],
  register (scope) {
    scope.addHook('onRequest', async function testWaits (request, reply) {
      await new Promise(resolve => setTimeout(resolve, 5))
      if (request.headers['x-refuse'] !== undefined) await reply.code(503).send('no')
    })
  }
})

const byKind = (spans: readonly ReceivedSpan[], kind: number): ReceivedSpan[] => spans.filter(span => span.kind === kind)
/** Value of a field in what the stub upstream received. */
const upstreamField = (received: readonly { readonly headers: Readonly<Record<string, unknown>> }[], name: string): unknown => received.at(-1)?.headers[name]

t.test('a trace goes on: the gateway, the plugin that waited, and the attempt that the upstream was told of', async t => {
  const collector = await otlpHttp(t)
  const run = await testPlugin(t, {
    plugin: opentelemetry,
    beside: [{ plugin: waits }],
    config: { traces_endpoint: `http://127.0.0.1:${collector.port}/v1/traces`, headers: { 'x-api-key': 'k' }, resource_attributes: { 'service.name': 'edge' }, sampling_rate: 0, http_response_header_for_traceid: 'X-Trace-Id', queue: QUEUE },
    upstream: () => ({ status: 201 })
  })
  const before = Date.now()
  const answer = await run.request({ path: '/orders?token=s3cret', headers: { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'a=1', b3: '0' } })
  t.equal(answer.headers['x-trace-id'], TRACE)
  await until('three spans', () => collector.spans.length === 3)
  const [server, plugin, client] = [2, 1, 3].map(kind => byKind(collector.spans, kind)[0] as ReceivedSpan)
  t.match(server, { traceId: TRACE, parentId: PARENT, name: 'GET /', status: 0, attributes: { 'http.request.method': 'GET', 'url.path': '/orders', 'http.response.status_code': '201', 'http.route': '/', 'sallyport.end_reason': '-', 'sallyport.service': 'service', 'client.address': '127.0.0.1' } })
  t.match(plugin, { traceId: TRACE, parentId: server?.spanId, name: 'plugin test-waits' })
  t.match(client, { traceId: TRACE, parentId: server?.spanId, attributes: { 'http.response.status_code': '201', 'server.address': '127.0.0.1' } })
  t.equal(upstreamField(run.received, 'traceparent'), `00-${TRACE}-${client?.spanId}-01`)
  t.equal(upstreamField(run.received, 'tracestate'), 'a=1')
  t.equal(upstreamField(run.received, 'b3'), undefined)
  for (const span of collector.spans) {
    t.ok(span.from >= before - 1 && span.to >= span.from && span.to <= Date.now() + 1, `${span.name} has its time`)
    t.match(span.resource, { 'service.name': 'edge', 'service.version': /\d/ })
    t.notMatch(JSON.stringify(span), /s3cret/)
  }
  t.ok((plugin?.to ?? 0) - (plugin?.from ?? 0) >= 4, 'as long as it waited')
  t.ok((client?.from ?? 0) >= (plugin?.to ?? Infinity), 'the upstream was asked after that')
  t.equal(collector.headers['x-api-key'], 'k')
  t.equal(collector.headers['content-type'], 'application/x-protobuf')
})

t.test('unsampled requests make no spans, unless they fail; and the upstream is told', async t => {
  const collector = await otlpHttp(t)
  const run = await testPlugin(t, {
    plugin: opentelemetry,
    beside: [{ plugin: waits }],
    config: { traces_endpoint: `http://127.0.0.1:${collector.port}/v1/traces`, sampling_rate: 0, queue: QUEUE },
    upstream: request => ({ status: Number(request.path.slice(1)) })
  })
  await run.request('/200')
  t.match(upstreamField(run.received, 'traceparent'), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  await run.request({ path: '/404', headers: { traceparent: `00-${TRACE}-${PARENT}-00` } })
  t.match(upstreamField(run.received, 'traceparent'), new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-00$`))
  await run.request({ path: '/502', headers: { traceparent: `00-${TRACE}-${PARENT}-00` } })
  await until('a failure, though its parent was not sampled', () => byKind(collector.spans, 2).length === 1)
  t.match(collector.spans.splice(0).find(({ kind }) => kind === 2), { traceId: TRACE, parentId: PARENT, attributes: { 'http.response.status_code': '502' } })
  await run.request({ path: '/500', headers: { traceparent: 'nonsense', tracestate: 'a=1' } })
  t.equal(upstreamField(run.received, 'tracestate'), undefined, 'of another trace')
  await run.request({ path: '/200', headers: { 'x-refuse': '1' } })
  await until('two failed ones', () => byKind(collector.spans, 2).length === 2)
  t.same(byKind(collector.spans, 2).map(({ status, parentId, attributes }) => [status, parentId, attributes['http.response.status_code']]), [[2, '', '500'], [2, '', '503']])
  const refused = byKind(collector.spans, 2)[1]
  t.match(refused?.attributes, { 'sallyport.ended_by': 'test-waits' })
  t.equal(byKind(collector.spans, 3).filter(({ traceId }) => traceId === refused?.traceId).length, 0, 'nothing went up')
})

t.test('attempts that failed have spans of their own', async t => {
  const collector = await otlpHttp(t)
  const run = await testPlugin(t, {
    plugin: opentelemetry,
    config: { traces_endpoint: `http://127.0.0.1:${collector.port}/v1/traces`, sampling_rate: 0, queue: QUEUE },
    service: { port: 1, retries: 1 }
  })
  t.equal((await run.request('/x')).status, 502)
  await until('three spans', () => collector.spans.length === 3)
  const clients = byKind(collector.spans, 3)
  t.match(clients.map(({ status, attributes }) => [status, attributes['error.type']]), [[2, 'ECONNREFUSED'], [2, 'ECONNREFUSED']])
  t.equal(new Set(clients.map(({ spanId }) => spanId)).size, 2)
  t.match(byKind(collector.spans, 2)[0]?.attributes, { 'sallyport.end_reason': 'UF', 'error.type': 'SP_UPSTREAM_REFUSED' })
})

t.test('formats of propagation', async t => {
  const list = (fields: Readonly<Record<string, string>>): string[] => Object.entries(fields).flat()
  const w3c = (traceparent: string): unknown => extract(['w3c'], list({ traceparent }))
  t.same(w3c(`00-${TRACE}-${PARENT}-01`), { traceId: TRACE, spanId: PARENT, sampled: true })
  t.same(w3c(`cc-${TRACE}-${PARENT}-02-more`), { traceId: TRACE, spanId: PARENT, sampled: false }, 'a later version')
  for (const bad of ['', `00-${TRACE}-${PARENT}-01-more`, `ff-${TRACE}-${PARENT}-01`, `00-${'0'.repeat(32)}-${PARENT}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`, `00-${TRACE.toUpperCase()}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`]) t.equal(w3c(bad), null, bad)
  t.match(extract(['w3c'], ['Traceparent', `00-${TRACE}-${PARENT}-0b`]), { sampled: true }, 'the last bit of an odd digit')
  t.match(extract(['w3c'], ['Traceparent', `00-${TRACE}-${PARENT}-0e`]), { sampled: false })
  t.equal(extract(['w3c'], ['traceparent', '', 'traceparent', `00-${TRACE}-${PARENT}-01`]), null, 'one that stands there twice is none')
  for (let index = 0; index < 55; index++) {
    const given = `00-${TRACE}-${PARENT}-01`
    t.equal(w3c(`${given.slice(0, index)}x${given.slice(index + 1)}`), null, `an x at ${index}`)
  }
  const b3 = { 'x-b3-traceid': TRACE.slice(16), 'x-b3-spanid': PARENT }
  t.same(extract(['w3c', 'b3'], list(b3)), { traceId: '0'.repeat(16) + TRACE.slice(16), spanId: PARENT, sampled: null })
  t.match(extract(['b3'], list({ ...b3, 'x-b3-sampled': '1' })), { sampled: true })
  t.match(extract(['b3'], list({ ...b3, 'x-b3-sampled': 'false' })), { sampled: false })
  t.match(extract(['b3'], list({ ...b3, 'x-b3-flags': '1' })), { sampled: true })
  t.equal(extract(['b3'], list({ 'x-b3-traceid': 'x' })), null)
  t.same(extract(['b3-single'], list({ b3: `${TRACE}-${PARENT}-d-${PARENT}` })), { traceId: TRACE, spanId: PARENT, sampled: true })
  t.match(extract(['b3-single'], list({ b3: `${TRACE}-${PARENT}-0` })), { sampled: false })
  t.match(extract(['b3-single'], list({ b3: `${TRACE}-${PARENT}` })), { sampled: null })
  t.equal(extract(['b3-single'], list({ b3: '0' })), null)

  const headers = new HeaderList(['traceparent', 'old', 'X-B3-ParentSpanId', 'old', 'tracestate', 'a=1'])
  inject(['b3', 'b3-single'], { traceId: TRACE, spanId: PARENT, sampled: false }, headers.raw, true)
  t.same(headers.raw, ['tracestate', 'a=1', 'x-b3-traceid', TRACE, 'x-b3-spanid', PARENT, 'x-b3-sampled', '0', 'b3', `${TRACE}-${PARENT}-0`])
})

t.test('a trace\'s state goes on if it is one', async t => {
  const passed = (...values: string[]): string[] => {
    const fields = ['traceparent', 'old', ...values.flatMap(value => ['Tracestate', value]), 'accept', '*/*']
    inject([], { traceId: TRACE, spanId: PARENT, sampled: true }, fields, true)
    return fields.filter((_field, index) => fields[index - 1] === 'Tracestate')
  }
  const list = (count: number): string => Array.from({ length: count }, (_each, index) => `k${index}=v`).join()
  for (const good of [['a=1'], ['a=1', 'b=2'], ['a=1,,\t b=2 , '], [list(32)], [list(16), list(16)], [`${'k'.repeat(256)}=${'v'.repeat(256)}`], ['tenant@system=1', '0tenant@system=1'], ['a=x y!~'], ['a/b_c-d*e=1']]) t.same(passed(...good), good)
  for (const bad of [[''], [' , '], [list(33)], [list(16), list(17)], [`${'k'.repeat(257)}=1`], [`a=${'v'.repeat(257)}`], ['A=1'], ['a'], ['a='], ['=1'], ['a=1=2'], ['a b=1'], ['@a=1'], ['a=\u00e9'], ['a=1', 'b'], ['a=\t1']]) t.same(passed(...bad), [], JSON.stringify(bad).slice(0, 40))
})

t.test('names and rules of OpenTelemetry\'s conventions', async t => {
  const collector = await otlpHttp(t)
  const cut = await upstream(t, (request, response) => {
    if (request.url?.startsWith('/cut') !== true) return response.writeHead(404).end()
    // long enough to be streamed
    response.writeHead(200, { 'content-length': '1000000' }).write('x', () => setImmediate(() => response.destroy()))
  })
  const run = await testPlugin(t, {
    plugin: opentelemetry,
    config: { traces_endpoint: `http://127.0.0.1:${collector.port}/v1/traces`, sampling_rate: 1, queue: QUEUE },
    service: { port: cut, retries: 0 }
  })
  const both = async (what: string): Promise<ReceivedSpan[]> => {
    await until(what, () => collector.spans.length >= 2)
    const spans = collector.spans.splice(0)
    return [byKind(spans, 2)[0] as ReceivedSpan, byKind(spans, 3)[0] as ReceivedSpan]
  }
  await run.request({ path: `/${'x'.repeat(3000)}?token=s3cret`, method: 'PROPFIND' })
  const [server, client] = await both('a method beyond the conventions')
  t.match(server, { name: 'HTTP /', status: 0, attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND', 'url.scheme': 'http', 'network.protocol.version': '1.1' } })
  t.equal(String(server?.attributes['url.path']).length, 1024, 'clients choose how long addresses are')
  t.notOk('error.type' in (server?.attributes ?? {}), 'a client\'s mistake is no failure of a server')
  t.match(client, { name: 'HTTP', status: 2, attributes: { 'http.request.method': '_OTHER', 'http.response.status_code': '404', 'error.type': '404' } }, 'but one of who asked')
  t.match(client?.attributes['url.full'], new RegExp(`^http://127\\.0\\.0\\.1:${cut}/xx`))
  t.notMatch(JSON.stringify([server, client]), /s3cret/)

  await run.request('/cut').catch(() => {})
  await until('an answer that breaks off', () => collector.spans.length >= 2)
  t.equal(collector.spans.length, 2, 'one attempt')
  const [begun, broken] = await both('the same')
  t.match(begun, { name: 'GET /', status: 2, attributes: { 'http.response.status_code': '200', 'error.type': 'SP_UPSTREAM_RESET', 'sallyport.end_reason': 'UR' } }, 'whatever its status')
  t.match(broken, { status: 2, attributes: { 'http.response.status_code': '200', 'error.type': /./ } })
})

t.test('a client that leaves before its answer was sent none, and nobody failed', async t => {
  const collector = await otlpHttp(t)
  let asked = false
  const silent = await upstream(t, () => { asked = true })
  const run = await testPlugin(t, { plugin: opentelemetry, config: { traces_endpoint: `http://127.0.0.1:${collector.port}/v1/traces`, sampling_rate: 1, queue: QUEUE }, service: { port: silent } })
  const socket = connect(run.port, '127.0.0.1').on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await until('the upstream is asked', () => asked)
  socket.destroy()
  await until('its span', () => byKind(collector.spans, 2).length === 1)
  const [server] = byKind(collector.spans, 2)
  t.match(server, { status: 0, attributes: { 'sallyport.end_reason': 'DC', 'sallyport.error': 'SP_CLIENT_CLOSED' } })
  t.notOk('http.response.status_code' in (server?.attributes ?? {}))
})
