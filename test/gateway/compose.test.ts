import { request as httpRequest } from 'node:http'
import t, { type Test as Tap } from 'tap'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { definePlugin, Type, type FastifyInstance } from '../../src/plugin.ts'
import { config, consumer, entry, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'

const schema = Type.Object({}, { additionalProperties: false })
const open = ['global', 'service', 'route', 'consumer'] as const

type Register = (scope: FastifyInstance) => void | Promise<void>

function plugin (name: string, priority: number, register: Register) {
  return definePlugin({ name, priority, schema, scopes: open, register })
}

async function upstream (t: Tap): Promise<{ port: number, hits: () => number }> {
  let hits = 0
  const server = createServer((request, response) => {
    hits++
    request.resume()
    response.end('from upstream')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close(); server.closeAllConnections() })
  return { port: (server.address() as AddressInfo).port, hits: () => hits }
}

async function get (port: number, headers: Record<string, string> = {}): Promise<{ status: number, body: string, headers: Record<string, unknown> }> {
  return await new Promise((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', path: '/', headers, agent: false }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => { body += chunk }).on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    }).on('error', reject).end()
  })
}

async function run (t: Tap, register: Register, later?: Register) {
  const up = await upstream(t)
  const plugins = [plugin('first', 20, register), plugin('later', 10, later ?? (() => {}))]
  const { port } = await startGateway(t, config({
    services: [service({ port: up.port })],
    routes: [route()],
    plugins: [entry({ name: 'first' }), entry({ name: 'later' })]
  }), plugins)
  return { port, hits: up.hits }
}

t.test('a callback hook that calls next late is waited for', async t => {
  const order: string[] = []
  const { port } = await run(t, scope => {
    scope.addHook('onRequest', (_request, _reply, next) => { setTimeout(() => { order.push('first'); next() }, 20) })
  }, scope => {
    scope.addHook('onRequest', async () => { order.push('later') })
  })
  t.equal((await get(port)).status, 200)
  t.strictSame(order, ['first', 'later'])
})

t.test('a callback hook that refuses late keeps the request from the upstream', async t => {
  const { port, hits } = await run(t, scope => {
    scope.addHook('onRequest', (_request, reply, _next) => { setTimeout(() => { reply.code(401).send('no') }, 20) })
  })
  t.equal((await get(port)).status, 401)
  t.equal(hits(), 0)
})

t.test('an answer of an access hook ends the walk although onSend waits', async t => {
  let later = 0
  const { port, hits } = await run(t, scope => {
    scope.addHook('onRequest', async (_request, reply) => { reply.code(403).send('stop') })
    scope.addHook('onSend', async (_request, _reply, payload) => { await new Promise(resolve => setTimeout(resolve, 20)); return payload })
  }, scope => { scope.addHook('onRequest', async () => { later++ }) })
  const answer = await get(port)
  t.equal(answer.status, 403)
  t.equal(answer.body, 'stop')
  t.equal(later, 0)
  t.equal(hits(), 0)
})

t.test('a sync answer ends the walk', async t => {
  const { port, hits } = await run(t, scope => {
    scope.addHook('onRequest', ((_request: unknown, reply: { redirect (url: string): void }) => { reply.redirect('https://example.com/') }) as never)
  })
  t.equal((await get(port)).status, 302)
  t.equal(hits(), 0)
})

const odd: Record<string, () => unknown> = {
  'returns false': () => false,
  'resolves to a value': async () => 'yes',
  throws: () => { throw new Error('boom at 10.0.0.1') },
  // eslint-disable-next-line no-throw-literal -- what a careless plugin does
  'throws nothing': () => { throw undefined },
  // eslint-disable-next-line no-throw-literal -- the same
  'throws a text': () => { throw 'boom at 10.0.0.1' },
  rejects: async () => { throw new Error('boom at 10.0.0.1') },
  // eslint-disable-next-line prefer-promise-reject-errors -- the same
  'rejects with a text': () => Promise.reject('boom at 10.0.0.1'),
  // eslint-disable-next-line prefer-promise-reject-errors -- what a careless plugin does
  'rejects with nothing': () => Promise.reject()
}
for (const [words, hook] of Object.entries(odd)) {
  t.test(`a hook that ${words} is an error, never a pass`, async t => {
    const { port, hits } = await run(t, scope => { scope.addHook('onRequest', hook as never) })
    const answer = await get(port)
    t.equal(answer.status, 500)
    t.equal(JSON.parse(answer.body).message, 'An unexpected error occurred')
    t.equal(hits(), 0)
  })
}

t.test('what the hop throws after a hook that waited is its answer', async t => {
  const slow = plugin('first', 20, scope => { scope.addHook('onRequest', async () => { await new Promise(resolve => setTimeout(resolve, 5)) }) })
  const { port } = await startGateway(t, config({ services: [], routes: [route({ service: null })], plugins: [entry({ name: 'first' })] }), [slow])
  const answer = await get(port)
  t.equal(answer.status, 503)
  t.equal(JSON.parse(answer.body).message, 'no Service found with those values')
})

t.test('response and log hooks of the whole chain run after a short circuit', async t => {
  const seen: string[] = []
  const { port } = await run(t, scope => {
    scope.addHook('onRequest', async (_request, reply) => reply.code(401).send('no'))
  }, scope => {
    scope.addHook('onSend', async (_request, reply) => { reply.header('x-later', 'yes') })
    scope.addHook('onResponse', async () => { seen.push('log') })
  })
  const answer = await get(port)
  t.equal(answer.status, 401)
  t.equal(answer.headers['x-later'], 'yes')
  await new Promise(resolve => setImmediate(resolve))
  t.strictSame(seen, ['log'])
})

t.test('a failing response hook is a 500 on which the other hooks still run', async t => {
  const { port } = await run(t, scope => {
    scope.addHook('onSend', async () => { throw new Error('boom') })
  }, scope => {
    scope.addHook('onSend', async (_request, reply) => { reply.header('x-later', 'yes') })
  })
  const answer = await get(port)
  t.equal(answer.status, 500)
  t.equal(answer.headers['x-later'], 'yes')
  t.notMatch(answer.body, 'from upstream')
})

t.test('a response hook changes the body of a proxied answer, and its length', async t => {
  const { port } = await run(t, scope => {
    scope.addHook('onSend', async (_request, _reply, payload) => `[${String(payload)}]`)
  })
  const answer = await get(port)
  t.equal(answer.body.startsWith('['), true)
})

t.test('the consumer decides which entry runs, from the moment it is known', async t => {
  const up = await upstream(t)
  const tag = definePlugin({
    name: 'tag',
    priority: 10,
    schema: Type.Object({ as: Type.String() }, { additionalProperties: false }),
    scopes: open,
    register (scope, { config }) {
      scope.addHook('onRequest', async (_request, reply) => { reply.header('x-tag', config.as) })
    }
  })
  const people = [consumer('ann'), consumer('bob')]
  const who = plugin('who', 1000, scope => {
    scope.addHook('onRequest', async request => {
      request.gateway.consumer = people.find(person => person.username === request.headers['x-who']) ?? null
    })
  })
  const { port } = await startGateway(t, config({
    services: [service({ port: up.port })],
    routes: [route()],
    consumers: people,
    plugins: [
      entry({ name: 'who' }),
      entry({ id: 'all', name: 'tag', config: { as: 'global' } }),
      entry({ id: 'ann', name: 'tag', consumer: 'consumer-ann', config: { as: 'ann' } }),
      entry({ id: 'ann-route', name: 'tag', consumer: 'consumer-ann', route: 'route-1', config: { as: 'ann on route' } }),
      entry({ id: 'bob-off', name: 'tag', consumer: 'consumer-bob', enabled: false, config: { as: 'bob' } }),
      entry({ id: 'service', name: 'tag', service: 'service-1', config: { as: 'service' } })
    ]
  }), [tag, who])
  t.equal((await get(port, { 'x-who': 'ann' })).headers['x-tag'], 'ann on route')
  t.equal((await get(port, { 'x-who': 'bob' })).headers['x-tag'], 'service')
  t.equal((await get(port)).headers['x-tag'], 'service')
})

t.test('setup runs once for an entry that serves several scopes', async t => {
  const up = await upstream(t)
  let setups = 0
  let registers = 0
  const counter = definePlugin({
    name: 'counter',
    priority: 10,
    schema,
    scopes: open,
    setup () { setups++; return { count: 0 } },
    register (scope, { state }) {
      registers++
      scope.addHook('onRequest', async (_request, reply) => { reply.header('x-count', String(++state.count)) })
    }
  })
  const other = plugin('other', 5, scope => { scope.addHook('onRequest', async () => {}) })
  const { port } = await startGateway(t, config({
    services: [service({ port: up.port })],
    routes: [route(), route({ id: 'route-2', paths: ['/two'] })],
    plugins: [entry({ name: 'counter' }), entry({ name: 'other', route: 'route-2' })]
  }), [counter, other])
  await get(port)
  t.equal((await get(port)).headers['x-count'], '2')
  t.equal(setups, 1)
  t.equal(registers, 3, 'two chains, and the one for requests without a route')
})
