import t from 'tap'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const H = 'Host: gateway.test\r\n'

t.test('a request line of request_line bytes passes, one more is 414', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const target = (length: number): string => `/${'a'.repeat(length - 'GET / HTTP/1.1\r\n'.length)}`
  t.equal(statusOf((await ask(t, port, `GET ${target(8192)} HTTP/1.1\r\n${H}\r\n`)).answer), 200)
  for (const length of [8193, 10_000, 30_000, 200_000]) {
    const client = await rawClient(t, port)
    client.send(`GET ${target(length)} HTTP/1.1\r\n${H}\r\n`)
    const answer = await client.answer()
    t.equal(statusOf(answer), 414, `${length} bytes`)
    t.match(JSON.parse(answer.body.toString()), { message: 'URI too long', request_id: /^[0-9a-f]{32}$/ })
    t.equal(value(answer, 'connection'), 'close')
    await client.end()
  }
  t.equal(upstream.requests.length, 1)
  await settled(server)
})

t.test('a header block of header_block bytes passes, a longer one is 431', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const block = (length: number): string => {
    const rest = length - H.length
    return `${H}X-A: ${'a'.repeat(rest - 'X-A: \r\n'.length)}\r\n`
  }
  t.equal(statusOf((await ask(t, port, `GET / HTTP/1.1\r\n${block(16_384)}\r\n`)).answer), 200)
  for (const length of [16_385, 20_000, 40_000, 200_000]) {
    const client = await rawClient(t, port)
    client.send(`GET / HTTP/1.1\r\n${block(length)}\r\n`)
    const answer = await client.answer()
    t.equal(statusOf(answer), 431, `${length} bytes`)
    t.match(JSON.parse(answer.body.toString()), { message: 'Request header fields too large', request_id: /^[0-9a-f]{32}$/ })
    t.equal(value(answer, 'connection'), 'close')
    await client.end()
  }
  t.equal(upstream.requests.length, 1)
  await settled(server)
})

t.test('as many fields as `headers` allows all reach the upstream, one more is 431', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const fields = (count: number): string => H + Array.from({ length: count - 1 }, (_, index) => `X-${index}: ${index}\r\n`).join('')
  t.equal(statusOf((await ask(t, port, `GET / HTTP/1.1\r\n${fields(100)}\r\n`)).answer), 200)
  t.equal(upstream.requests[0]?.fields.filter(([name]) => /^X-\d+$/.test(name)).length, 99)
  for (const count of [101, 1_000, 3_000]) {
    const client = await rawClient(t, port)
    client.send(`GET / HTTP/1.1\r\n${fields(count)}\r\n`)
    t.equal(statusOf(await client.answer()), 431, `${count} fields`)
    await client.end()
  }
  t.equal(upstream.requests.length, 1)
  await settled(server)
})

t.test('limits of the file are those that hold', async t => {
  const upstream = await rawUpstream(t)
  const limits = { request_line: 100, header_block: 200, headers: 3, request_buffer: 1, response_buffer: 1, connections_per_address: 0 }
  const { port } = await startHop(t, upstream.port, { gateway: { limits } })
  const cases: ReadonlyArray<readonly [number, string]> = [
    [200, get()],
    [414, get(`/${'a'.repeat(100)}`)],
    [431, get('/', `X-A: ${'a'.repeat(200)}`)],
    [431, get('/', 'A: 1', 'B: 2', 'C: 3')]
  ]
  for (const [status, request] of cases) t.equal(statusOf((await ask(t, port, request)).answer), status)
})

t.test('a larger limit of the file lets more through', async t => {
  const upstream = await rawUpstream(t)
  const limits = { request_line: 40_000, header_block: 60_000, headers: 500, request_buffer: 1, response_buffer: 1, connections_per_address: 0 }
  const { port } = await startHop(t, upstream.port, { gateway: { limits } })
  const fields = Array.from({ length: 400 }, (_, index) => `X-${index}: ${'v'.repeat(100)}`)
  t.equal(statusOf((await ask(t, port, get(`/${'a'.repeat(39_000)}`, ...fields))).answer), 200)
  t.ok(upstream.requests[0]?.line.length)
})
