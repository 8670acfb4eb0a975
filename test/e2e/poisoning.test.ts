import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { parseMessages, statusOf, type Message } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { rawUpstream, reset as resetSocket } from '../helpers/raw-upstream.ts'

const SEED = 20_260_102
const CASES = 300
const AT_ONCE = 15

const line = fc.constantFrom(
  'HTTP/1.1 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.0 200 OK', 'HTTP/1.1 100 Continue', 'HTTP/1.1 103 Early Hints', 'HTTP/1.1 101 Switching Protocols',
  'HTTP/1.1 500 No', 'HTTP/1.1 200', 'HTTP/1.1  200 OK', 'HTTP/1.1 99 Low', 'HTTP/2 200 OK', 'ICY 200 OK', 'HTTP/1.1 200 OK\r'
)
const field = fc.constantFrom(
  'Content-Length: 0', 'Content-Length: 3', 'Content-Length: 5', 'Content-Length: 100000', 'Content-Length: 3, 3', 'Content-Length : 3', 'Content-Length: +3', 'Content-Length: 3 ', 'Content_Length: 5',
  'Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'transfer-encoding: CHUNKED', 'Transfer-Encoding : chunked', 'Transfer-Encoding: chunked, chunked', 'Transfer-Encoding:\r\n chunked', 'Transfer-Encoding: xchunked',
  'Connection: close', 'Connection: keep-alive', 'Connection: Content-Length', 'Connection: upgrade', 'Upgrade: websocket', 'Keep-Alive: timeout=100', 'X-A: 1\rX-B: 2', 'X-A: 1\nX-B: 2', ' folded', 'X-Ok: fine', 'Link: </a>; rel=preload', 'Set-Cookie: a=b'
)
const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
const body = fc.constantFrom('', 'abc', 'abcde', 'ab', '3\r\nabc\r\n0\r\n\r\n', '3\r\nabc\r\n', '3\r\nab', '0\r\n\r\n', '3;x\r\nabc\r\n0\r\n\r\n', 'zz\r\n', '3\nabc\n0\n\n', '3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n', POISON, `abc${POISON}`, `0\r\n\r\n${POISON}`, `3\r\nabc\r\n0\r\n\r\n${POISON}`)
const answer = fc.tuple(line, fc.array(field, { maxLength: 4 }), body).map(([first, fields, rest]) => `${[first, ...fields].join('\r\n')}\r\n\r\n${rest}`)

interface Case { readonly bytes: string, readonly end: 'end' | 'reset' | 'stay', readonly method: 'GET' | 'HEAD' | 'POST' }
const cases: fc.Arbitrary<Case> = fc.record({
  bytes: fc.array(answer, { minLength: 1, maxLength: 2 }).map(parts => parts.join('')),
  end: fc.constantFrom('end' as const, 'end' as const, 'reset' as const, 'stay' as const),
  method: fc.constantFrom('GET' as const, 'GET' as const, 'HEAD' as const, 'POST' as const)
})

/** The final answer that a strict reader finds in the upstream's bytes; null: none that is canonical. */
function strictly (sample: Case): Message | null {
  try {
    const { messages } = parseMessages(Buffer.from(sample.bytes, 'latin1'), 'answer', { methods: [sample.method], ended: sample.end === 'end' })
    return messages.find(message => statusOf(message) >= 200) ?? null
  } catch {
    return null
  }
}

interface Finding { readonly what: string, readonly facts: object }

async function run (t: Test, port: number, sample: Case, number: number): Promise<Finding | null> {
  const facts = { ...sample, client: '' }
  const client = await rawClient(t, port)
  client.send(`${sample.method} /case/${number} HTTP/1.1\r\nHost: gateway.test\r\n${sample.method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`, sample.method)
  const finals = (): Message[] => client.answers.filter(message => statusOf(message) >= 200)
  await client.until(() => client.closed !== null || finals()[0]?.complete === true)
  await new Promise(resolve => { setTimeout(resolve, 20) })
  facts.client = client.text
  // not canonical for the client: parseMessages throws
  const got = finals()
  const expected = strictly(sample)
  const [seen] = got
  client.socket.destroy()
  if (got.length > 1) return { what: 'two answers to one request', facts }
  if (expected !== null && !expected.complete && seen?.complete === true && statusOf(seen) < 500) return { what: 'a cut answer passed for a whole one', facts }
  if (expected?.complete === true && seen?.complete === true && statusOf(seen) === statusOf(expected) && !seen.body.equals(expected.body)) return { what: 'another body', facts }
  return null
}

t.test(`whatever an upstream sends, no client takes a cut answer for a whole one or sees another's (seed ${SEED})`, async t => {
  const samples = fc.sample(cases, { seed: SEED, numRuns: CASES })
  const upstream = await rawUpstream(t, (request, socket) => {
    const number = /\/case\/(\d+) /.exec(request.line)?.[1]
    if (number === undefined) return 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine'
    const sample = samples[Number(number)] as Case
    socket.write(Buffer.from(sample.bytes, 'latin1'), () => {
      if (sample.end === 'end') socket.end()
      if (sample.end === 'reset') setTimeout(() => resetSocket(socket), 10)
    })
    return null
  })
  const { server, port } = await startHop(t, upstream.port, { service: { retries: 0, read_timeout: 300 } })
  for (let index = 0; index < samples.length; index += AT_ONCE) {
    const findings = await Promise.all(samples.slice(index, index + AT_ONCE).map((sample, offset) => run(t, port, sample, index + offset)))
    for (const finding of findings) {
      if (finding !== null) t.fail(finding.what, finding.facts)
    }
    const { answer } = await ask(t, port, get('/next'))
    t.equal(answer.body.toString(), 'mine', `after case ${index}`)
  }
  await settled(server)
})
