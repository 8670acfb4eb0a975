/** Whatever bytes a client sends: the upstream sees exactly the requests that the gateway logs, and the gateway goes on. */
import fc from 'fast-check'
import t from 'tap'
import type { Context } from '../../src/gateway/context.ts'
import { config, entry, route, service } from '../helpers/config.ts'
import { keptCases, mutated, runsOf, seed } from '../helpers/fuzz.ts'
import { startGateway } from '../helpers/gateway.ts'
import { statusOf } from '../helpers/http-messages.ts'
import { get, settled } from '../helpers/hop.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually, rawUpstream } from '../helpers/raw-upstream.ts'
import type { Test } from 'tap'

const RUNS = runsOf(160)
const AT_ONCE = 20

/** `@` stands for the case's own first segment, by which what comes up is told apart. */
/** Mostly what is fine, so that what is not meets a request that is otherwise right. */
const mostly = <T>(fine: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> => fc.oneof({ weight: 8, arbitrary: fine }, { weight: 1, arbitrary: odd })

const method = mostly(fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE'), fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'QUERY', 'get', 'CONNECT', 'TRACE', 'PRI', 'M-SEARCH'))
const piece = mostly(fc.constantFrom('/', 'x', '/a', '.', '..', 'admin', '%2f', '%61', '//', ';a=b', '%20'), fc.constantFrom('/', '//', '.', '..', 'admin', 'x', '%2f', '%2e', '%5c', '\\', ';', ';a=b', '%3b', '%00', '%0a', '%25', '%2561', '%c0%ae', '%ff', '%', '%zz', '?', '&', '#', ' ', '\t', '%20', '\x80', '|', '*', '@', ':', '%e2%82%ac'))
const target = fc.tuple(mostly(fc.constant('/@/'), fc.constantFrom('/@', 'http://gateway.test/@/', '//@/', '/x/../@/', '@/', '*')), fc.array(piece, { maxLength: 6 })).map(([start, rest]) => start + rest.join(''))
const version = mostly(fc.constant(' HTTP/1.1'), fc.constantFrom(' HTTP/1.0', ' HTTP/2.0', '', ' HTTP/1.1 ', ' http/1.1', ' HTTP/1.10'))
const end = fc.oneof({ weight: 40, arbitrary: fc.constant('\r\n') }, { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\r\n') })
const field = mostly(fc.constantFrom('Connection: close', 'X-Ok: fine', 'Cookie: a=1', 'X-Consumer-Id: root', 'X_Consumer_Id: root', 'TE: trailers', 'Content-Length: 3', 'Transfer-Encoding: chunked', 'Authorization: a', 'X-Forwarded-For: 1.2.3.4', 'Range: bytes=0-'), fc.constantFrom(
  'Content-Length: 0', 'Content-Length: 3', 'Content-Length: 3', 'Content-Length: +3', 'Content-Length: 3, 3', 'Content-Length: 0x3', 'Content-Length: 99999999999999999999', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked, chunked', 'Transfer-Encoding: x, chunked',
  'Transfer-Encoding : chunked', 'Transfer_Encoding: chunked', 'Content_Length: 3', 'Connection: close', 'Connection: Host, Content-Length', 'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c', 'Expect: 100-continue', 'Expect: x', 'TE: trailers', 'Trailer: Host',
  'Host: gateway.test', 'Host: other.test', 'Host:', 'Host: a b', 'Authorization: a', 'Authorization: b', 'X-Api-Key: a', 'Cookie: a=1', 'Cookie: b=2', 'X-Forwarded-For: 1.2.3.4', 'X-Consumer-Id: root', 'X_Consumer_Id: root', '__proto__: 1', ': empty', 'no colon', ' folded', 'X-A: \x00', 'X-B: \xff', 'X-C: a\rb', 'Content-Type: a/b', 'Range: bytes=0-', 'X-Long: ' + 'a'.repeat(5_000), 'X-Request-Id: a'
))
const head = fc.tuple(method, target, version, end, fc.array(fc.tuple(field, end), { maxLength: 4 }), mostly(fc.constant(true), fc.constant(false)))
  .map(([word, path, number, first, fields, host]) => `${word} ${path}${number}${first}${host ? 'Host: gateway.test\r\n' : ''}${fields.map(parts => parts.join('')).join('')}\r\n`)
const body = fc.constantFrom('', '', 'abc', '3\r\nabc\r\n0\r\n\r\n', '0\r\n\r\n', '3;a=b\r\nabc\r\n0\r\nX-T: 1\r\n\r\n', '3\r\nabcGET /@/inner HTTP/1.1\r\nHost: gateway.test\r\n\r\n', 'GET /@/inner HTTP/1.1\r\nHost: gateway.test\r\n\r\n', 'ffffffffff\r\n', '-1\r\n', '\r\n\r\n')
const stream = mutated(fc.array(fc.tuple(head, body).map(parts => parts.join('')), { minLength: 1, maxLength: 3 }).map(messages => messages.join('')))

/** Request lines that went up, by case. */
interface Seen { readonly logged: Map<string, string[]> }

/** What marks a case in a target, whatever became of the rest of it. */
const markOf = (line: string): string | undefined => /case\d+z/.exec(line)?.[0]

t.test(`whatever comes, one request of a client is one request upstream, the one in the log (seed ${seed})`, async t => {
  const upstream = await rawUpstream(t, request => request.line.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const seen: Seen = { logged: new Map() }
  const guard = testPlugin(scope => {
    scope.addHook('onRequest', async (_request, reply) => await reply.code(401).send({ message: 'no' }))
  }, { name: 'guard' })
  const { server, port } = await startGateway(t, config({
    services: [service({ port: upstream.port })],
    routes: [route({ strip_path: false }), route({ id: 'admin', name: 'admin', paths: ['~/[^/]+/admin', '/admin'], strip_path: false })],
    plugins: [entry({ name: 'guard', route: 'admin' })]
  }), [guard], { accessLog: () => context => note(seen, context) })
  const samples = [...keptCases('requests'), ...fc.sample(stream, { seed, numRuns: RUNS })]
  for (let index = 0; index < samples.length; index += AT_ONCE) {
    await Promise.all(samples.slice(index, index + AT_ONCE).map(async (sample, offset) => {
      const mark = `case${index + offset}z`
      await send(t, port, sample.replaceAll('@', mark), () => upstream.requests.length)
    }))
    t.equal(statusOf((await ask(t, port, get('/next'))).answer), 200, `a request after case ${index}`)
  }
  await settled(server)
  const came = new Map<string, string[]>()
  for (const { line } of upstream.requests) {
    const mark = markOf(line)
    if (mark !== undefined) came.set(mark, [...came.get(mark) ?? [], line])
  }
  for (const [index, sample] of samples.entries()) {
    const mark = `case${index}z`
    t.same(came.get(mark) ?? [], seen.logged.get(mark) ?? [], JSON.stringify(sample))
  }
  t.same(upstream.faults, [], 'all that came up was canonical')
  t.same(upstream.requests.filter(({ line }) => /^\w+ (?:\/[^/?]*)?\/admin/.test(line)), [], 'nothing came past the guard')
  t.ok(came.size > samples.length / 10, `not all are refused: ${came.size} of ${samples.length} came up`)
})

/** Only what went up as a whole and came back: a body that never ends is no request yet. */
function note ({ logged }: Seen, { upstream, upstreamStatus }: Context): void {
  if (upstream === null || upstreamStatus === 0) return
  const line = `${upstream.method} ${upstream.path}${upstream.query === null ? '' : `?${upstream.query}`} HTTP/1.1`
  const mark = markOf(line)
  if (mark !== undefined) logged.set(mark, [...logged.get(mark) ?? [], line])
}

/** Sends the bytes in two parts, and waits until nothing more comes of them. */
async function send (t: Test, port: number, text: string, progress: () => number): Promise<void> {
  const client = await rawClient(t, port)
  const cut = text.length >> 1
  client.send(text.slice(0, cut))
  await new Promise(resolve => { setImmediate(resolve) })
  if (client.closed === null) client.send(text.slice(cut))
  let last = -1
  let quiet = 0
  await eventually(() => {
    const now = client.bytes.length + progress()
    quiet = now === last ? quiet + 1 : 0
    last = now
    return client.closed !== null || quiet > 25
  })
  client.socket.destroy()
}
