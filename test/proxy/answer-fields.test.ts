import t from 'tap'
import { definePlugin, type BrandedPlugin, type FastifyReply, Type } from '../../src/plugin.ts'
import { type TestContext, testPlugin } from '../../src/testing/index.ts'

/** A plugin with one response hook. */
function withAnswerHook (hook: (reply: FastifyReply) => void): BrandedPlugin {
  return definePlugin({
    name: 'editor',
    priority: 1,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onRequest', function editorEarly (_request, reply, done) {
        reply.header('X-Early', 'yes').header('x-both', 'mine').header('set-cookie', 'early=1')
        done()
      })
      scope.addHook('onSend', function editor (_request, reply, _payload, done) {
        hook(reply)
        done()
      })
    }
  })
}

const HEADERS = { 'content-type': 'text/html', 'set-cookie': ['a=1', 'b=2'], 'X-Both': 'theirs', 'x-list': ['1', '2', '3'], 'X-Gone': '1', date: 'Sun, 22 Nov 2026 11:00:00 GMT' }

/** What a hook sees, and what the client gets, of an answer that is held (short) or streamed (long, Fastify's own way). */
async function outcome (t: TestContext, length: number, edit: (reply: FastifyReply, see: (value: unknown) => void) => void) {
  const seen: unknown[] = []
  const test = await testPlugin(t, { plugin: withAnswerHook(reply => edit(reply, value => { seen.push(value) })), upstream: () => ({ headers: HEADERS, body: 'x'.repeat(length) }) })
  const { status, headers } = await test.request()
  for (const name of Object.keys(headers)) {
    if (/length|encoding|latency|request-id|connection|keep-alive/i.test(name)) delete headers[name]
  }
  // whose cookie comes first says nothing
  const cookies = headers['set-cookie']
  if (Array.isArray(cookies)) cookies.sort()
  return { seen, status, headers: Object.fromEntries(Object.entries(headers).sort(([a], [b]) => a < b ? -1 : 1)) }
}

const EDITS: Array<[string, (reply: FastifyReply, see: (value: unknown) => void) => void]> = [
  ['looks', (reply, see) => {
    see(reply.getHeader('x-early'))
    see(reply.getHeader('X-Both'))
    see(reply.getHeader('X-LIST'))
    see([...reply.getHeader('set-cookie') as string[]].sort())
    see(reply.getHeader('x-none'))
    see(reply.hasHeader('X-Gone'))
  }],
  ['sets', (reply, see) => {
    reply.header('X-New', 'new').header('x-list', 'one').header('x-number', 7 as unknown as string).header('x-several', ['p', 'q'])
    see(reply.getHeader('x-new'))
    see(reply.getHeader('x-list'))
    see(reply.getHeader('x-number'))
    see(reply.getHeader('x-several'))
    reply.header('x-several', 'r')
    reply.header('x-empty', undefined)
    see(reply.getHeader('x-empty'))
  }],
  ['collects cookies', (reply, see) => {
    reply.header('Set-Cookie', 'c=3').header('set-cookie', ['d=4', 'e=5'])
    see([...reply.getHeader('set-cookie') as string[]].sort())
  }],
  ['removes', (reply, see) => {
    reply.removeHeader('x-gone').removeHeader('X-Early').removeHeader('SET-COOKIE').removeHeader('x-none')
    see(reply.hasHeader('x-gone'))
    see(reply.getHeader('set-cookie'))
    reply.header('set-cookie', 'only=1')
  }],
  ['sets many and the type', (reply, see) => {
    reply.headers({ 'x-one': '1', 'X-Two': '2' }).type('text/plain')
    see(reply.getHeader('content-type'))
    see(reply.getHeaders()['x-two'])
    see(Object.keys(reply.getHeaders()).filter(name => name !== name.toLowerCase()))
  }],
  ["writes on Node's response", (reply, see) => {
    reply.raw.setHeader('X-Raw', 'raw')
    see(reply.getHeader('x-raw'))
    see(reply.hasHeader('x-raw'))
    see(reply.getHeaders()['x-raw'])
    reply.raw.setHeader('X-Raw-Gone', 'raw')
    reply.removeHeader('x-raw-gone')
  }]
]

for (const [name, edit] of EDITS) {
  t.test(`a hook that ${name} finds a held answer as it finds one that Fastify sends`, async t => {
    t.strictSame(await outcome(t, 10, edit), await outcome(t, 100_000, edit))
  })
}

t.test('a field that no header may have fails the hook, and the client gets a whole error', async t => {
  for (const [name, value] of [['x-line', 'a\r\nx-injected: 1'], ['x bad', '1'], ['x-list', ['fine', 'a\nb']]] as const) {
    const test = await testPlugin(t, { plugin: withAnswerHook(reply => { reply.header(name, value) }), upstream: () => ({ headers: HEADERS, body: 'x' }) })
    const answer = await test.request()
    t.equal(answer.status, 500, name)
    t.match(answer.json(), { message: 'An unexpected error occurred' })
    t.notOk(answer.headers['x-injected'])
    t.notOk(answer.headers['x-gone'], 'nothing of the upstream')
    t.equal(answer.headers['x-early'], 'yes')
  }
})

t.test('fields stay readable for log hooks, and after a hook has made a stream of the body', async t => {
  const { Readable } = await import('node:stream')
  const logged: unknown[] = []
  const plugin = definePlugin({
    name: 'streamer',
    priority: 1,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onSend', async function streamer (request, reply, payload) {
        reply.header('x-set', '1')
        return request.gateway.path === '/stream' ? Readable.from([Buffer.from('from a '), Buffer.from('stream')]) : payload
      })
      scope.addHook('onResponse', function streamerLog (_request, reply, done) {
        logged.push(reply.getHeader('x-set'), reply.getHeader('x-gone'))
        done()
      })
    }
  })
  const test = await testPlugin(t, { plugin, upstream: () => ({ headers: HEADERS, body: 'x' }) })
  t.equal((await test.request({ path: '/held' })).text, 'x')
  const streamed = await test.request({ path: '/stream' })
  t.equal(streamed.text, 'from a stream')
  t.equal(streamed.headers['x-set'], '1')
  t.strictSame(streamed.headers['set-cookie'], ['a=1', 'b=2'])
  t.strictSame(logged, ['1', '1', '1', '1'])
})
