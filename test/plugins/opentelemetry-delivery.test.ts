import { Metadata, status } from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import opentelemetry from '../../plugins/opentelemetry/index.ts'
import { retryDelay } from '../../plugins/opentelemetry/retry-info.ts'
import { definePlugin } from '../../src/plugin.ts'
import { type PluginTest, testPlugin } from '../../src/testing/index.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { otlpGrpc, otlpHttp, type Receiver } from '../helpers/otlp-receiver.ts'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

const QUEUE = { max_coalescing_delay: 0.01 }
const authority = makeCertificate('an authority')
const tls = makeCertificate('collector.test', { names: ['localhost'], issuer: authority })
const root = { name: 'collectors', cert: authority.cert }

interface Tried extends PluginTest {
  count (outcome: 'sent' | 'dropped' | 'failed'): number
  waiting (): number
}

/** A gateway with this collector, which traces everything. */
async function start (t: Test, config: object, authorities: readonly object[] = []): Promise<Tried> {
  const states: unknown[] = []
  const spied = definePlugin({
    ...opentelemetry,
    async setup (config, gateway) {
      const state = await opentelemetry.setup?.(config as never, gateway)
      states.push(state)
      return state
    }
  })
  const run = await testPlugin(t, { plugin: spied, config: { sampling_rate: 1, queue: QUEUE, ...config }, authorities })
  const families = () => [...opentelemetry.metrics?.(states, {} as never) ?? []]
  const values = (name: string) => families().find(family => family.name === name)?.values as ReadonlyArray<{ value: number, labels: { outcome?: string } }>
  return {
    ...run,
    count: name => values('sallyport_trace_spans_total').find(({ labels }) => labels.outcome === name)?.value ?? NaN,
    waiting: () => values('sallyport_trace_spans_waiting')[0]?.value ?? NaN
  }
}

const http = ({ port }: Receiver): object => ({ traces_endpoint: `http://127.0.0.1:${port}/v1/traces` })
const grpc = ({ port }: Receiver): object => ({ traces_endpoint: `http://127.0.0.1:${port}`, protocol: 'grpc' })
/** OTLP's ExportTraceServiceResponse: one span rejected, "no". */
const PARTLY = Buffer.from([0x0a, 0x06, 0x08, 0x01, 0x12, 0x02, 0x6e, 0x6f])

/** google.rpc.Status with this RetryInfo. */
function retryInfo (duration: Buffer): Metadata {
  const field = (number: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes])
  const any = Buffer.concat([field(1, Buffer.from('type.googleapis.com/google.rpc.RetryInfo')), field(2, field(1, duration))])
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.concat([Buffer.from([8, 8]), field(2, Buffer.from('full')), field(3, any)]))
  return metadata
}

t.test('over gRPC, compressed, with metadata and a trusted authority', async t => {
  const collector = await otlpGrpc(t, { tls })
  const run = await start(t, { traces_endpoint: `https://localhost:${collector.port}`, protocol: 'grpc', compression: 'gzip', ca_certificates: ['collectors'], headers: { 'X-Api-Key': 'k' } }, [root])
  await run.request('/x')
  await until('two spans', () => run.count('sent') === 2)
  t.match(collector.headers, { 'x-api-key': 'k', 'user-agent': /^sallyport\// })
  t.match(collector.spans.find(({ kind }) => kind === 2), { attributes: { 'url.path': '/x' } })
})

t.test('over HTTPS, compressed', async t => {
  const collector = await otlpHttp(t, { tls })
  const run = await start(t, { traces_endpoint: `https://localhost:${collector.port}/v1/traces`, compression: 'gzip', ca_certificates: ['collectors'] }, [root])
  await run.request('/x')
  await until('two spans', () => run.count('sent') === 2)
  t.match(collector.headers, { 'content-encoding': 'gzip', 'content-type': 'application/x-protobuf' })
  t.equal(collector.spans.length, 2)
})

t.test('a certificate that nobody vouches for costs spans, and no request', async t => {
  for (const [collector, config] of [[await otlpHttp(t, { tls }), { protocol: 'http' }], [await otlpGrpc(t, { tls }), { protocol: 'grpc' }]] as const) {
    const run = await start(t, { traces_endpoint: `https://localhost:${collector.port}/${config.protocol === 'http' ? 'v1/traces' : ''}`, ...config, timeout: 100 })
    t.equal((await run.request('/x')).status, 200)
    await until('they are given up', () => run.count('failed') === 2)
    t.equal(collector.spans.length, 0, config.protocol)
  }
})

t.test('a batch is sent again when the collector says later, and not when it says no', async t => {
  const codes = [503, 429, 200, 400]
  const busy = await otlpHttp(t, { answer: (response, batch) => { response.writeHead(codes[batch - 1] as number, codes[batch - 1] === 429 ? { 'retry-after': '0' } : {}).end() } })
  const run = await start(t, http(busy))
  await run.request('/x')
  await until('both are sent', () => run.count('sent') === 2)
  t.equal(busy.batches, 3)
  await run.request('/x')
  await until('both are refused', () => run.count('failed') === 2)
  t.equal(busy.batches, 4, 'once')

  const impatient = await otlpHttp(t, { answer: response => { response.writeHead(429, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }).end() } })
  const other = await start(t, http(impatient))
  await other.request('/x')
  await until('an hour is too long', () => other.count('failed') === 2)
  t.equal(impatient.batches, 1)
})

t.test('over gRPC as well, by status', async t => {
  const said = [{ code: status.UNAVAILABLE }, { code: status.RESOURCE_EXHAUSTED, metadata: retryInfo(Buffer.from([0x10, 0x01])) }, Buffer.alloc(0), { code: status.RESOURCE_EXHAUSTED }, { code: status.UNAUTHENTICATED }]
  const collector = await otlpGrpc(t, { answer: batch => said[batch - 1] as Buffer })
  const run = await start(t, grpc(collector))
  await run.request('/x')
  await until('both are sent', () => run.count('sent') === 2)
  t.equal(collector.batches, 3)
  for (const failed of [2, 4]) {
    await run.request('/x')
    await until('both are refused', () => run.count('failed') === failed)
  }
  t.equal(collector.batches, 5, 'once each')
})

t.test('what a collector rejects of a batch is not sent', async t => {
  for (const config of [http(await otlpHttp(t, { answer: response => { response.writeHead(200).end(PARTLY) } })), grpc(await otlpGrpc(t, { answer: () => PARTLY }))]) {
    const run = await start(t, config)
    await run.request('/x')
    await until('one of two', () => run.count('sent') === 1 && run.count('failed') === 1)
  }
  const proxy = await otlpHttp(t, { answer: response => { response.writeHead(200).end('<html>') } })
  const run = await start(t, http(proxy))
  await run.request('/x')
  await until('no answer of OTLP, but a yes', () => run.count('sent') === 2)
})

t.test('neither silence nor an endless answer keeps spans for ever, and memory is bounded', async t => {
  for (const [slow, config] of [
    [true, http(await otlpHttp(t, { answer () {} }))],
    [true, grpc(await otlpGrpc(t, { answer: () => null }))],
    [true, http(await otlpHttp(t, { answer: response => { response.writeHead(503).write('x') } }))],
    [false, http(await otlpHttp(t, { answer: response => { response.writeHead(503).end(Buffer.alloc(100_000)) } }))],
    [false, { traces_endpoint: 'http://127.0.0.1:1/v1/traces' }]
  ] as const) {
    const run = await start(t, { ...config, timeout: 200, queue: { ...QUEUE, max_entries: 2, max_batch_size: 2 } })
    await run.request('/x')
    for (let index = 0; index < 3; index++) t.equal((await run.request('/x')).status, 200)
    await until('all are accounted for', () => run.count('failed') + run.count('dropped') === 8)
    if (slow) t.ok(run.count('dropped') > 0, 'two at a time')
    t.equal(run.waiting(), 0)
    t.equal(run.count('sent'), 0)
  }
  const dripping = await otlpHttp(t, { answer: response => { response.writeHead(200).write('x') } })
  const run = await start(t, { ...http(dripping), timeout: 100 })
  await run.request('/x')
  await until('it has said yes', () => run.count('sent') === 2)
})

t.test('a reload leaves connection and counts as they are, and the end takes what waits along', async t => {
  const collector = await otlpHttp(t)
  const port = await upstream(t, (_request, response) => response.end('hello'))
  const yaml = (path: string, delay: number): string => gatewayYaml(port, { log: { level: 'info', access: false } }, `plugins:
  - name: opentelemetry
    config: { traces_endpoint: 'http://127.0.0.1:${collector.port}/v1/traces', sampling_rate: 1, queue: { max_coalescing_delay: ${delay} } }
`).replace('paths: [/]', `paths: [${path}]`)
  const gateway = await startProcess(t, yaml('/', 0.01))
  const sent = async (): Promise<string | undefined> => /^sallyport_trace_spans_total\{outcome="sent"\} (\d+)$/m.exec((await ask(gateway.adminPort, '/metrics')).text)?.[1]
  await ask(gateway.port, '/x')
  await until('two spans', async () => await sent() === '2')
  gateway.write(yaml('/v2', 0.01))
  await gateway.logged(/configuration reloaded/)
  await ask(gateway.port, '/v2')
  await until('four spans', async () => await sent() === '4')
  t.equal(collector.connections.size, 1)
  gateway.write(yaml('/v3', 600))
  await until('the second reload', () => gateway.log.filter(({ msg }) => /configuration reloaded/.test(msg)).length === 2)
  await until('the connection of before is gone', () => collector.connections.size === 0)
  await ask(gateway.port, '/v3')
  t.equal(await sent(), '4')
  gateway.child.kill('SIGTERM')
  t.match(await gateway.ended, { code: 0 })
  t.equal(collector.spans.length, 6, 'those that waited for company')
})

t.test('when a gRPC server wants to be asked again', async t => {
  const details = (duration: number[]): Buffer => retryInfo(Buffer.from(duration)).get('grpc-status-details-bin')[0] as Buffer
  t.equal(retryDelay(details([0x08, 0x03, 0x10, 0x80, 0x89, 0x7a])), 3002)
  t.equal(retryDelay(details([])), 0, 'at once')
  t.equal(retryDelay(undefined), null)
  t.equal(retryDelay('text'), null)
  t.equal(retryDelay(Buffer.from([8, 8])), null, 'no details')
  const whole = details([0x08, 0x03])
  for (let length = 0; length < whole.length; length++) t.doesNotThrow(() => retryDelay(whole.subarray(0, length)))
  t.equal(retryDelay(Buffer.alloc(20, 0xff)), null)
  t.equal(retryDelay(Buffer.from([0x0b])), null, 'a type that is none')
  t.equal(retryDelay(Buffer.concat([Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x0d, 1, 2, 3, 4]), whole])), 3000, 'fields of other types')
})

t.test('what can\'t be right is said when the file is loaded', async t => {
  const findings = (config: object): string[] => [...opentelemetry.check?.({ protocol: 'http', headers: {}, ...config } as never, { directory: '/' }) ?? []].map(({ path, severity, message }) => `${severity ?? 'error'} ${path} ${message}`)
  t.same(findings({ traces_endpoint: 'http://collector:4318/v1/traces', headers: { a: 'b' } }), [])
  t.same(findings({ traces_endpoint: 'https://collector:4317', protocol: 'grpc', headers: { 'x-api-key': 'b' }, ca_certificates: ['a'] }), [])
  t.match(findings({ traces_endpoint: 'http://[' }), [/^error \/traces_endpoint That is no address/])
  t.match(findings({ traces_endpoint: 'http://collector:4318' }), [/^warning \/traces_endpoint .*\/v1\/traces/])
  t.match(findings({ traces_endpoint: 'http://collector:4317' }), [/^warning \/protocol Port 4317/])
  t.match(findings({ traces_endpoint: 'http://collector:4317/v1/traces', protocol: 'grpc' }), [/^warning \/traces_endpoint gRPC has a path/])
  t.match(findings({ traces_endpoint: 'http://collector:4318/v1/traces', ca_certificates: ['a'] }), [/^error \/ca_certificates/])
  t.match(findings({ traces_endpoint: 'http://collector:4318/v1/traces', headers: { a: 'b\nc' } }), [/^error \/headers\/a This can't be sent/])
  t.match(findings({ traces_endpoint: 'http://c', protocol: 'grpc', headers: { 'a-bin': 'b', 'grpc-x': 'c', d: 'é' } }), [/\/headers\/a-bin This is no name/, /\/headers\/grpc-x This is no name/, /\/headers\/d This can't be sent/])
})
