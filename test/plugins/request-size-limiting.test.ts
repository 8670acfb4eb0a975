import t from 'tap'
import plugin from '../../plugins/request-size-limiting/index.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { entry } from '../helpers/config.ts'
import { statusOf, value } from '../helpers/http-messages.ts'
import { settled, startHop } from '../helpers/hop.ts'
import { completeConfig } from '../helpers/plugin-config.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const H = 'Host: gateway.test\r\n'
const chunk = (size: number): string => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`

/** A gateway between raw sockets. */
async function sized (t: Parameters<typeof startHop>[0], config: object) {
  const upstream = await rawUpstream(t)
  const hop = await startHop(t, upstream.port, { plugins: [plugin], entries: [entry({ name: plugin.name, config: completeConfig(plugin, config) })] })
  return { upstream, ...hop, client: await rawClient(t, hop.port) }
}

t.test('a body of the size passes, one byte more is refused, in each unit', async t => {
  for (const [unit, size] of [['bytes', 10], ['kilobytes', 10_240], ['megabytes', 10_485_760]] as const) {
    const test = await testPlugin(t, { plugin, config: { allowed_payload_size: 10, size_unit: unit } })
    const post = async (length: number) => await test.request({ method: 'POST', body: Buffer.alloc(length) })
    t.equal((await post(size)).status, 200, unit)
    if (unit === 'megabytes') continue
    const refused = await post(size + 1)
    t.equal(refused.status, 413, unit)
    t.match(refused.json(), { message: 'Request size limit exceeded', request_id: /^[\da-f]{32}$/ })
    t.equal(test.received.length, 1)
  }
})

t.test('a length that is too large is refused before a byte of the body has come', async t => {
  const { upstream, client, server } = await sized(t, { allowed_payload_size: 1 })
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 1048577\r\n\r\n`)
  const answer = await client.answer()
  t.equal(statusOf(answer), 413)
  t.equal(value(answer, 'connection'), 'close')
  await client.end()
  await settled(server)
  t.equal(upstream.connections.length, 0)
})

t.test('who asks whether to send is told 417, and is never invited', async t => {
  const { client, server } = await sized(t, { allowed_payload_size: 1, size_unit: 'bytes' })
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n`)
  await client.end()
  t.same(client.answers.map(statusOf), [417])
  await settled(server)
})

t.test('a body without a length passes up to the size', async t => {
  const { upstream, client, server } = await sized(t, { allowed_payload_size: 100, size_unit: 'bytes' })
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${chunk(60)}${chunk(40)}0\r\n\r\n`)
  t.equal(statusOf(await client.answer()), 200)
  t.equal(upstream.requests[0]?.body.length, 100)
  t.same(upstream.faults, [])
  await settled(server)
})

t.test('a body without a length is refused at its first byte too many: the upstream sees an aborted request', async t => {
  const { upstream, client, server } = await sized(t, { allowed_payload_size: 100, size_unit: 'kilobytes' })
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${chunk(90_000)}`)
  await upstream.until(() => (upstream.connections[0]?.bytes.length ?? 0) > 90_000)
  client.send(chunk(12_400))
  // the last byte of the limit has come, the upload goes on
  await upstream.until(() => (upstream.connections[0]?.bytes.length ?? 0) > 102_400)
  client.send(chunk(1))
  const answer = await client.answer()
  t.equal(statusOf(answer), 413)
  t.match(JSON.parse(answer.body.toString()), { message: 'Request size limit exceeded' })
  await upstream.until(() => upstream.connections[0]?.closed === true)
  t.equal(upstream.requests.length, 0, 'never whole')
  t.same(upstream.faults, [])
  await client.end()
  await settled(server)
})

t.test('a body whose first piece is too much is refused, before anybody reads it', async t => {
  const { client, server } = await sized(t, { allowed_payload_size: 10, size_unit: 'bytes' })
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${chunk(20)}0\r\n\r\n`)
  t.equal(statusOf(await client.answer()), 413)
  await settled(server)
})

t.test('a client that leaves in the middle leaves nothing behind', async t => {
  const { upstream, client, server } = await sized(t, { allowed_payload_size: 1 })
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${chunk(1000)}`)
  await upstream.until(() => (upstream.connections[0]?.bytes.length ?? 0) > 1000)
  client.socket.destroy()
  await upstream.until(() => upstream.connections[0]?.closed === true)
  await settled(server)
  t.equal(upstream.requests.length, 0)
})

t.test('a size of 0 allows empty bodies alone', async t => {
  const test = await testPlugin(t, { plugin, config: { allowed_payload_size: 0 } })
  t.equal((await test.request()).status, 200)
  t.equal((await test.request({ method: 'POST', body: '' })).status, 200)
  t.equal((await test.request({ method: 'POST', body: 'a' })).status, 413)
})

t.test('where a length is required, a request without one is 411, but for chunked bodies', async t => {
  const { port, server } = await sized(t, { require_content_length: true })
  const { answer } = await ask(t, port, `GET / HTTP/1.1\r\n${H}\r\n`)
  t.equal(statusOf(answer), 411)
  t.match(JSON.parse(answer.body.toString()), { message: 'A valid Content-Length header is required' })
  for (const rest of [`Transfer-Encoding: chunked\r\n\r\n${chunk(3)}0\r\n\r\n`, 'Content-Length: 0\r\n\r\n']) {
    t.equal(statusOf((await ask(t, port, `POST / HTTP/1.1\r\n${H}${rest}`)).answer), 200)
  }
  await settled(server)
})

t.test('the entry of a consumer counts in place of the others, for streamed bodies, too', async t => {
  const test = await testPlugin(t, { plugin, level: 'consumer', config: { allowed_payload_size: 5, size_unit: 'bytes' }, consumer: { username: 'ada' } })
  t.equal((await test.request({ method: 'POST', body: '123456' })).status, 413)
  const strangers = await startHop(t, (await rawUpstream(t)).port, {
    plugins: [plugin],
    entries: [
      entry({ name: plugin.name, id: '1', consumer: 'somebody', config: completeConfig(plugin, { allowed_payload_size: 1, size_unit: 'bytes' }) }),
      entry({ name: plugin.name, id: '2', config: completeConfig(plugin, { allowed_payload_size: 1 }) })
    ]
  })
  const client = await rawClient(t, strangers.port)
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${chunk(100)}0\r\n\r\n`)
  t.equal(statusOf(await client.answer()), 200)
})

t.test('a negative size is refused', async t => {
  t.throws(() => completeConfig(plugin, { allowed_payload_size: -1 }))
})
