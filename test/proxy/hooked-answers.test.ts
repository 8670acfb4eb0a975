import t from 'tap'
import { definePlugin, type BrandedPlugin, type ResponseMode, Type } from '../../src/plugin.ts'
import { type ClientAnswer, type TestContext, testPlugin, type UpstreamAnswer } from '../../src/testing/index.ts'

/** A plugin that sees answers and may change them. */
function observer (change: (payload: unknown) => unknown = () => undefined, response: ResponseMode = 'stream'): BrandedPlugin {
  return definePlugin({
    name: 'observer',
    priority: 1,
    schema: Type.Object({}, { additionalProperties: false }),
    response,
    scopes: ['route'],
    register (scope) {
      scope.addHook('onSend', function observe (_request, _reply, payload) {
        return change(payload)
      })
    }
  })
}

async function answerOf (t: TestContext, plugin: BrandedPlugin, answer: UpstreamAnswer, method = 'GET'): Promise<ClientAnswer> {
  const test = await testPlugin(t, { plugin, upstream: () => answer })
  return test.request({ method })
}

t.test('an answer that hooks only look at keeps its type, whatever it is, and its lack of one', async t => {
  for (const response of ['stream', 'buffer'] as const) {
    for (const type of ['text/html', 'text/plain, application/json', 'nonsense', 'application/json', undefined]) {
      const headers = type === undefined ? {} : { 'content-type': type }
      for (const body of ['{}', 'x'.repeat(100_000)]) {
        const answer = await answerOf(t, observer(undefined, response), { headers, body: Buffer.from(body) })
        t.equal(answer.headers['content-type'], type, `${response} ${type}`)
        t.equal(answer.text, body)
      }
    }
  }
})

t.test('an answer without content stays without', async t => {
  for (const headers of [{}, { 'content-type': 'application/json' }]) {
    for (const status of [200, 404, 204, 304]) {
      const answer = await answerOf(t, observer(), { status, headers })
      t.equal(answer.text, '', `${status}`)
      t.equal(answer.headers['content-type'], headers['content-type'])
    }
    const head = await answerOf(t, observer(), { headers: { ...headers, 'content-length': '123' } }, 'HEAD')
    t.equal(head.headers['content-length'], '123')
  }
})

t.test('field values beyond ASCII keep their bytes when a hook returns text', async t => {
  const value = Buffer.from('attachment; filename="é"').toString('latin1')
  const answer = await answerOf(t, observer(() => 'changed', 'buffer'), { headers: { 'content-disposition': value }, body: 'x' })
  t.equal(answer.text, 'changed')
  t.equal(answer.headers['content-disposition'], value)
})

t.test('when a response hook fails, the error has what was set before it, and nothing of the upstream', async t => {
  const early = definePlugin({
    name: 'early',
    priority: 2,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onRequest', function early (_request, reply, done) {
        reply.header('x-early', '1').header('set-cookie', ['a=1'])
        done()
      })
      scope.addHook('onSend', function earlyAnswer (_request, reply, _payload, done) {
        reply.header('set-cookie', 'b=2')
        done()
      })
    }
  })
  const test = await testPlugin(t, {
    plugin: early,
    beside: [{ plugin: observer(() => { throw new Error('broken') }) }],
    upstream: () => ({ headers: { 'x-secret': '1', 'set-cookie': 'c=3', 'content-type': 'text/html' }, body: 'x' })
  })
  const answer = await test.request()
  t.equal(answer.status, 500)
  t.equal(answer.headers['x-early'], '1')
  t.notOk(answer.headers['x-secret'])
  t.same(answer.headers['set-cookie'], ['a=1', 'b=2'])
  t.match(answer.json(), { message: 'An unexpected error occurred' })
})

t.test('a response hook that fails on an error is passed over: the client gets the error, not what went wrong in the hook', async t => {
  for (const fail of [
    () => { throw new Error('inner') },
    async () => { throw new Error('inner') }
  ]) {
    const test = await testPlugin(t, { plugin: observer(fail), service: null })
    const answer = await test.request()
    t.equal(answer.status, 503)
    t.match(answer.json(), { message: 'no Service found with those values', request_id: /^[\da-f]{32}$/ })
    t.notMatch(answer.text, 'inner')
  }
})

t.test('two response hooks that fail leave one error', async t => {
  const other = definePlugin({
    name: 'other',
    priority: 2,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onSend', function other (_request, _reply, _payload, done) {
        done(new Error('inner'))
      })
    }
  })
  const test = await testPlugin(t, { plugin: other, beside: [{ plugin: observer(() => { throw new Error('inner') }) }] })
  const answer = await test.request()
  t.equal(answer.status, 500)
  t.match(answer.json(), { message: 'An unexpected error occurred', request_id: /^[\da-f]{32}$/ })
})

t.test('answers are held whole by their type, where a pattern says which', async t => {
  const seen: string[] = []
  const plugin = observer(payload => { seen.push(Buffer.isBuffer(payload) ? 'whole' : 'stream') }, /^text\/html/)
  for (const type of ['text/html; charset=utf-8', 'text/plain', undefined]) {
    await answerOf(t, plugin, { headers: type === undefined ? {} : { 'content-type': type }, body: 'x'.repeat(100_000) })
  }
  t.same(seen, ['whole', 'stream', 'stream'])
})
