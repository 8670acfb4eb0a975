import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { statusOf } from '../helpers/http-messages.ts'
import { settled, startHop } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { eventually, rawUpstream, type RawUpstream } from '../helpers/raw-upstream.ts'

const SEED = 20_260_101
const CASES = 400
const AT_ONCE = 20

/** `@` stands for the case's own path, so that every request that comes up can be told whose it is. */
const INNER = 'GET @/inner HTTP/1.1\r\nHost: gateway.test\r\n\r\n'

const line = fc.constantFrom(
  'POST @/a HTTP/1.1', 'GET @/b HTTP/1.1', 'PUT @/c HTTP/1.1', 'HEAD @/d HTTP/1.1', 'POST @/e HTTP/1.0', 'OPTIONS @/f HTTP/1.1', 'DELETE @/g HTTP/1.1',
  'POST http://gateway.test@/h HTTP/1.1', 'GET @/i', 'GET @/j HTTP/1.1 ', 'POST  @/k HTTP/1.1'
)
const field = fc.constantFrom(
  'Content-Length: 0', 'Content-Length: 3', 'Content-Length: 5', 'Content-Length: 52', 'Content-Length: 3, 3', 'Content-Length : 3', 'Content-Length: 3 5', 'Content_Length: 3', 'Content-Length:\t3',
  'Transfer-Encoding: chunked', 'transfer-encoding: Chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding : chunked', 'Transfer-Encoding: gzip, chunked', 'Transfer_Encoding: chunked',
  'Transfer-Encoding: chunked\x0b', 'Transfer-Encoding:\r\n chunked', 'X-A: 1\rTransfer-Encoding: chunked', 'X-A: 1\nTransfer-Encoding: chunked', 'X: y\r\n\r\n', ' Transfer-Encoding: chunked',
  'Connection: close', 'Connection: Content-Length', 'Connection: Transfer-Encoding', 'Connection: Host', 'Expect: 100-continue', 'Upgrade: h2c', 'Connection: Upgrade', 'Trailer: Content-Length', 'X-Ok: fine', 'Host: gateway.test'
)
const body = fc.constantFrom(
  '', 'abc', 'abcde', '3\r\nabc\r\n0\r\n\r\n', '0\r\n\r\n', '0\r\n', '3\r\nabc\r\n', '3;x\r\nabc\r\n0\r\nX-T: 1\r\n\r\n', '3\nabc\n0\n\n', '0x3\r\nabc\r\n0\r\n\r\n', '2\r\nabc\r\n0\r\n\r\n',
  INNER, `0\r\n\r\n${INNER}`, `3\r\nabc\r\n0\r\n\r\n${INNER}`, '\r\n', '\n'
)
const message = fc.tuple(line, fc.array(field, { maxLength: 4 }), fc.boolean(), body)
  .map(([first, fields, host, rest]) => `${[first, ...host ? ['Host: gateway.test'] : [], ...fields].join('\r\n')}\r\n\r\n${rest}`)
const stream = fc.array(message, { minLength: 1, maxLength: 3 })
const cut = fc.integer({ min: 1, max: 400 })

interface Case {
  readonly bytes: string
  /** Where the packet is cut in two; beyond its end: not at all. */
  readonly cut: number
}

const cases: fc.Arbitrary<Case> = fc.record({ bytes: stream.map(parts => parts.join('')), cut })

async function run (t: Test, port: number, upstream: RawUpstream, { bytes, cut }: Case, number: number): Promise<void> {
  const path = `/case${number}`
  const text = bytes.replaceAll('@', path)
  const client = await rawClient(t, port)
  client.send(text.slice(0, cut))
  if (cut < text.length) {
    await new Promise(resolve => { setImmediate(resolve) })
    if (client.closed === null) client.send(text.slice(cut))
  }
  const mine = (): string[] => upstream.requests.map(request => request.line).filter(line => line.includes(`${path}/`))
  // settled: closed, or nothing new in many turns (time says nothing about a process that is not let run)
  let last = -1
  let quiet = 0
  await eventually(() => {
    const now = client.bytes.length + mine().length
    quiet = now === last ? quiet + 1 : 0
    last = now
    return client.closed !== null || quiet > 25
  })
  client.socket.destroy()
  // how each answer to HEAD is framed is not this test's subject: status lines are counted
  const finals = client.text.match(/HTTP\/1\.1 [2-5]\d\d /g) ?? []
  if (mine().length > finals.length) {
    t.fail('the upstream saw more requests than the client got answers', { bytes: text, cut, upstream: mine(), client: client.text })
  }
  const fine = finals.filter(final => final.includes(' 200 '))
  if (fine.length > mine().length) t.fail('an answer without a request', { bytes: text, cut, upstream: mine(), client: client.text })
}

t.test(`whatever bytes come, the upstream sees no request that the gateway did not answer (seed ${SEED})`, async t => {
  const upstream = await rawUpstream(t, request => request.line.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { server, port } = await startHop(t, upstream.port)
  const samples = fc.sample(cases, { seed: SEED, numRuns: CASES })
  for (let index = 0; index < samples.length; index += AT_ONCE) {
    await Promise.all(samples.slice(index, index + AT_ONCE).map((sample, offset) => run(t, port, upstream, sample, index + offset)))
  }
  t.same(upstream.faults, [], 'all that came up was canonical')
  t.ok(upstream.requests.length > CASES / 10, `the cases are not all refused: ${upstream.requests.length} requests came up`)
  await settled(server)
})

t.test('the body of a request is never the start of the next one', async t => {
  const upstream = await rawUpstream(t)
  const { server, port } = await startHop(t, upstream.port)
  const inner = INNER.replace('@', '')
  const client = await rawClient(t, port)
  client.send(`POST /outer HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`)
  t.equal(statusOf(await client.answer()), 200)
  client.send('GET /next HTTP/1.1\r\nHost: gateway.test\r\n\r\n')
  t.equal(statusOf(await client.answer(2)), 200)
  t.same(upstream.requests.map(request => request.line), ['POST /outer HTTP/1.1', 'GET /next HTTP/1.1'])
  t.equal(upstream.requests[0]?.body.toString(), inner)
  await settled(server)
})
