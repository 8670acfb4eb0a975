import t from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import type { Deadline } from '../../src/config/model.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { OK, rawUpstream } from '../helpers/raw-upstream.ts'

const ENVOY: Deadline = { header: 'x-envoy-expected-rq-timeout-ms', accept: true, send: true }

t.test('total_timeout ends a request that is not answered, and its attempt', async t => {
  const upstream = await rawUpstream(t, () => null)
  const { server, port } = await startHop(t, upstream.port, { service: { total_timeout: 150 } })
  const { answer } = await ask(t, port, get())
  t.equal(statusOf(answer), 504)
  t.equal(JSON.parse(answer.body.toString()).message, 'The upstream server is timing out')
  await upstream.until(() => upstream.connections[0]?.closed === true)
  t.equal(upstream.requests.length, 1)
  await settled(server)
})

t.test('total_timeout is for all attempts together', async t => {
  const upstream = await rawUpstream(t, (_request, _socket, index) => index < 3 ? 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n' : null)
  const { server, port } = await startHop(t, upstream.port, { service: { total_timeout: 1_500, retry: { ...DEFAULT_RETRY, retry_on: [503], backoff: 0 } } })
  t.equal(statusOf((await ask(t, port, get())).answer), 504)
  t.equal(upstream.requests.length, 4)
  await settled(server)
})

t.test('total_timeout cuts an answer that has begun, so that it does not look whole', async t => {
  const upstream = await rawUpstream(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  const { server, port } = await startHop(t, upstream.port, { service: { total_timeout: 1_000 } })
  const client = await rawClient(t, port)
  client.send(get())
  await client.end()
  t.match(client.text, 'abc')
  t.equal(client.answers[0]?.complete, false)
  await settled(server)
})

t.test('a trusted peer\'s deadline counts, and what is left is told to the service', async t => {
  const upstream = await rawUpstream(t, OK)
  const { server, port } = await startHop(t, upstream.port, { service: { total_timeout: 60_000, deadline: ENVOY }, gateway: { trusted_ips: ['127.0.0.1'] } })
  await ask(t, port, get('/', 'X-Envoy-Expected-Rq-Timeout-Ms: 5000'))
  await ask(t, port, get('/', 'X-Envoy-Expected-Rq-Timeout-Ms: 500000'))
  await ask(t, port, get())
  const told = upstream.requests.map(request => Number(value(request, 'x-envoy-expected-rq-timeout-ms')))
  t.ok(told[0] as number > 0 && told[0] as number <= 5000, String(told[0]))
  for (const left of told.slice(1)) t.ok(left > 5000 && left <= 60_000, 'no more than the service allows')
  const { answer } = await ask(t, port, get('/', 'X-Envoy-Expected-Rq-Timeout-Ms: 0'))
  t.equal(statusOf(answer), 504, 'it has passed already')
  t.equal(upstream.requests.length, 3, 'and nobody was asked')
  await settled(server)
})

t.test('a stranger has no say about deadlines', async t => {
  const upstream = await rawUpstream(t, OK)
  for (const [deadline, expected] of [[ENVOY, null], [{ ...ENVOY, send: false }, null], [{ ...ENVOY, accept: false, send: false }, '0'], [null, '0']] as const) {
    const { server, port } = await startHop(t, upstream.port, { service: { deadline } })
    const { answer } = await ask(t, port, get('/', 'X-Envoy-Expected-Rq-Timeout-Ms: 0'))
    t.equal(statusOf(answer), 200)
    t.equal(value(upstream.requests.at(-1) as never, 'x-envoy-expected-rq-timeout-ms') ?? null, expected)
    await settled(server)
  }
})

t.test('each attempt is told what is left for it', async t => {
  const upstream = await rawUpstream(t, (_request, _socket, index) => index === 0 ? null : OK)
  const { port } = await startHop(t, upstream.port, { service: { total_timeout: 10_000, read_timeout: 500, deadline: { ...ENVOY, header: 'grpc-timeout' }, retry: { ...DEFAULT_RETRY, retry_on: ['timeout'], backoff: 0 } } })
  t.equal(statusOf((await ask(t, port, get())).answer), 200)
  const told = upstream.requests.map(request => Number((value(request, 'grpc-timeout') as string).replace('m', '')))
  t.equal(told.length, 2)
  t.ok(told[1] as number <= (told[0] as number) - 150, told.join())
})
