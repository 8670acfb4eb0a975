import t from 'tap'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, startHop } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const H = 'Host: gateway.test\r\n'
const timeouts = { headers: 400, keep_alive: 500, body_min_rate: 1024, body_grace: 400, setup: 10_000 }

t.test('a head that is not complete in time is 408', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  for (const part of ['GET / HTTP', `GET / HTTP/1.1\r\n${H}`, `GET / HTTP/1.1\r\n${H}X-A: 1`]) {
    const client = await rawClient(t, port)
    client.send(part)
    const answer = await client.answer()
    t.equal(statusOf(answer), 408, part)
    t.match(JSON.parse(answer.body.toString()), { message: 'Request timeout', request_id: /^[0-9a-f]{32}$/ })
    t.equal(value(answer, 'connection'), 'close')
    await client.end()
  }
  t.equal(server.facts().total, 0)
})

t.test('a head that comes byte by byte has the same time', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  client.send(`GET / HTTP/1.1\r\n${H}X-A: `)
  const timer = setInterval(() => client.send('a'), 50)
  t.teardown(() => clearInterval(timer))
  t.equal(statusOf(await client.answer()), 408)
  clearInterval(timer)
})

t.test('a connection that says nothing is closed', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  await client.end()
  await upstream.until(() => server.facts().connections === 0, 8_000)
})

t.test('an idle connection is closed after keep_alive, without a word', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port, { gateway: { timeouts } })
  const client = await rawClient(t, port)
  const start = performance.now()
  client.send(get())
  await client.answer()
  await client.end()
  t.ok(performance.now() - start >= 400)
  t.equal(client.answers.length, 1)
  await upstream.until(() => server.facts().connections === 0)
})

t.test('a second request has the same time for its head as the first', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port, { gateway: { timeouts: { ...timeouts, keep_alive: 10_000 } } })
  const client = await rawClient(t, port)
  client.send(get())
  await client.answer()
  client.send('GET /second HTTP/1.1\r\n')
  t.equal(statusOf(await client.answer(2)), 408)
  await client.end()
})
