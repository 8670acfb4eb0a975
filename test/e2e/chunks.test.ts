import t from 'tap'
import { statusOf, value, values } from '../helpers/http-messages.ts'
import { startHop, settled } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const HEAD = 'POST /up HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n'

const BROKEN: ReadonlyArray<readonly [name: string, body: string]> = [
  ['a size in C notation', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a size with a plus sign', '+3\r\nabc\r\n0\r\n\r\n'],
  ['a size below zero', '-3\r\nabc\r\n0\r\n\r\n'],
  ['a size with an underscore', '3_0\r\nabc\r\n0\r\n\r\n'],
  ['a size beyond 64 bits', 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n'],
  ['an empty size', '\r\nabc\r\n0\r\n\r\n'],
  ['a size with a blank before it', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['a size that ends in a bare LF', '3\nabc\r\n0\r\n\r\n'],
  ['a size that ends in a bare CR', '3\rabc\r\n0\r\n\r\n'],
  ['a chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
  ['a chunk without its line end', '3\r\nabc0\r\n\r\n'],
  ['a chunk that ends in a bare LF', '3\r\nabc\n0\r\n\r\n'],
  ['a bare LF in an extension', '3;x\ny\r\nabc\r\n0\r\n\r\n'],
  ['an extension that hides a line end', '3;a="\r\nabc\r\n0\r\n\r\n"\r\n'],
  ['a trailer without a colon', '3\r\nabc\r\n0\r\nX-A\r\n\r\n'],
  ['a trailer that frames', '3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n'],
  ['a last chunk that ends in a bare LF', '3\r\nabc\r\n0\n\r\n']
]

t.test('a body that is not canonically chunked is refused, and never reaches the upstream as a whole one', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  for (const [name, body] of BROKEN) {
    await t.test(name, async t => {
      const client = await rawClient(t, port)
      client.send(HEAD + body)
      const answer = await client.answer()
      t.equal(statusOf(answer), 400)
      t.same(values(answer, 'connection'), ['close'])
      t.match(JSON.parse(answer.body.toString()), { message: 'Bad request', request_id: /^[0-9a-f]{32}$/ })
      await client.end()
      t.equal(client.answers.length, 1, 'one answer')
      await settled(server)
      t.same(upstream.requests, [])
      t.same(upstream.faults, [])
    })
  }
})

t.test('a body that breaks after its upload began cuts the upload: the upstream never takes it for whole', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`${HEAD}3\r\nabc\r\n`)
  await upstream.until(() => upstream.connections[0]?.bytes.includes('abc') === true)
  client.send('zz\r\n')
  await client.end()
  await upstream.until(() => upstream.connections[0]?.closed === true)
  t.same(upstream.requests, [])
  t.ok(client.text === '' || client.text.startsWith('HTTP/1.1 400 '))
  await settled(server)
})

const CANONICAL: ReadonlyArray<readonly [name: string, head: string, body: string, expected: string]> = [
  ['extensions are taken off', '', '3;a=b;c="d"\r\nabc\r\n0;z\r\n\r\n', 'abc'],
  ['sizes with leading zeros', '', '00000003\r\nabc\r\n000\r\n\r\n', 'abc'],
  ['sizes in capitals', '', 'A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
  ['trailers are taken off', '', '3\r\nabc\r\n0\r\nX-Secret: 1\r\nHost: other.test\r\n\r\n', 'abc'],
  ['no chunk but the last', '', '0\r\n\r\n', ''],
  ['Transfer-Encoding in capitals', 'caps', '3\r\nabc\r\n0\r\n\r\n', 'abc']
]

t.test('a body that can be read in one way only goes up in one canonical form', async t => {
  const upstream = await rawUpstream(t)
  const { port } = await startHop(t, upstream.port)
  for (const [name, variant, body, expected] of CANONICAL) {
    await t.test(name, async t => {
      const head = variant === 'caps' ? HEAD.replace('Transfer-Encoding: chunked', 'TRANSFER-ENCODING:  CHUNKED ') : HEAD
      const { answer } = await ask(t, port, head + body)
      t.equal(statusOf(answer), 200)
      const request = upstream.requests.at(-1)
      t.equal(request?.body.toString(), expected)
      t.equal(request === undefined ? 'missing' : value(request, 'x-secret'), undefined)
      t.same(request?.trailers, [])
      t.same(upstream.faults, [])
    })
  }
})

t.test('chunk extensions without end are refused', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const client = await rawClient(t, port)
  client.send(`${HEAD}3;${'a'.repeat(64 * 1024)}`)
  await client.end()
  t.ok(client.text === '' || /^HTTP\/1.1 4(?:00|13) /.test(client.text))
  await settled(server)
  t.same(upstream.requests, [])
})
