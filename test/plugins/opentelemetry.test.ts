import t from 'tap'
import opentelemetry from '../../plugins/opentelemetry/index.ts'
import { extract, inject } from '../../plugins/opentelemetry/propagation.ts'
import { definePlugin, HeaderList, Type } from '../../src/plugin.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { otlpGrpc, otlpHttp, type ReceivedSpan } from '../helpers/otlp-receiver.ts'
import { until } from '../helpers/running.ts'

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

t.test('over gRPC', async t => {
  const collector = await otlpGrpc(t)
  const run = await testPlugin(t, { plugin: opentelemetry, config: { traces_endpoint: `http://127.0.0.1:${collector.port}`, protocol: 'grpc', sampling_rate: 1, queue: QUEUE } })
  await run.request('/x')
  await until('two spans', () => collector.spans.length === 2)
  t.match(collector.headers, { ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'content-type': /^application\/grpc/ })
  t.match(byKind(collector.spans, 2)[0], { attributes: { 'url.path': '/x' } })
})

t.test('a collector that is gone costs spans, which are counted, and no request', async t => {
  const states: unknown[] = []
  const spied = definePlugin({
    ...opentelemetry,
    async setup (config, gateway) {
      const state = await opentelemetry.setup?.(config as never, gateway)
      states.push(state)
      return state
    }
  })
  const run = await testPlugin(t, { plugin: spied, config: { traces_endpoint: 'http://127.0.0.1:1/v1/traces', sampling_rate: 1, timeout: 100, queue: { max_entries: 2, max_coalescing_delay: 0.01, max_batch_size: 2 } } })
  for (let index = 0; index < 4; index++) t.equal((await run.request('/x')).status, 200)
  const outcome = (name: string): number => [...opentelemetry.metrics?.(states, {} as never) ?? []].flatMap(({ values }) => values as ReadonlyArray<{ value: number, labels: { outcome: string } }>).find(({ labels }) => labels.outcome === name)?.value ?? 0
  await until('all are accounted for', () => outcome('failed') + outcome('dropped') === 8)
  t.equal(outcome('sent'), 0)
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

  await t.rejects(testPlugin({ plugin: opentelemetry, config: { traces_endpoint: 'http://[' } }), /no address/)
  await t.rejects(testPlugin({ plugin: opentelemetry, config: { traces_endpoint: 'http://x', protocol: 'grpc', headers: { a: 'b' } } }), /protocol: http/)
})
