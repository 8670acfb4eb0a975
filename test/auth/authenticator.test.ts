import t, { type Test } from 'tap'
import { createAuthenticator, definePlugin, identityOf, refuse, Type, type AccessHook, type BrandedPlugin, type Identity } from '../../src/plugin.ts'
import { testPlugin, type PluginTest } from '../../src/testing/index.ts'
import { config, consumer, entry, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { value } from '../helpers/http-messages.ts'
import { get } from '../helpers/hop.ts'
import { ask } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

const schema = Type.Object({}, { additionalProperties: false })

interface Method {
  readonly name: string
  readonly priority: number
  readonly anonymous?: string
  readonly preflight?: boolean
  readonly late?: boolean
}

/** Takes the header of its name for the username of the caller; `down` for an outage. */
function method ({ name, priority, anonymous, preflight, late = false }: Method): BrandedPlugin {
  return definePlugin({
    name,
    priority,
    schema,
    scopes: ['global', 'service', 'route'],
    authentication: 'method',
    setup: (_config, gateway) => ({ consumers: gateway.consumers, anonymous: anonymous === undefined ? null : gateway.consumers.find(anonymous) ?? null }),
    register (scope, { state }) {
      scope.addHook('onRequest', createAuthenticator({ plugin: name, anonymous: state.anonymous, ...preflight === undefined ? {} : { preflight } }, request => {
        const value = request.headers[name]
        if (value === 'down') throw refuse(503, 'The provider is down', { retryAfter: 5 })
        if (value === 'bug') throw new TypeError('a bug')
        const outcome = typeof value !== 'string'
          ? refuse(401, `${name}: who?`, { challenge: name, body: { hint: 'none' } })
          : identityOf({ consumer: state.consumers.find(value) ?? null, credential: { id: `${name}-${value}`, identifier: value }, headers: [[`X-From-${name}`, value]] })
        return late ? Promise.resolve(outcome) : outcome
      }))
    }
  })
}

const policy = (decide: AccessHook, priority = 10, name = 'policy'): BrandedPlugin => definePlugin({
  name, priority, schema, scopes: ['global', 'route'], authentication: 'policy', register (scope) { scope.addHook('onRequest', decide) }
})

/** The gateway with these plugins, and what reached the upstream for these headers. */
async function start (t: Test, first: BrandedPlugin, ...others: BrandedPlugin[]): Promise<PluginTest> {
  return await testPlugin(t, { plugin: first, beside: others.map(plugin => ({ plugin })), consumer: { username: 'ada', custom_id: 'Zoë 7' } })
}

const X = ['x-consumer-id', 'x-consumer-username', 'x-consumer-custom-id', 'x-credential-identifier', 'x-anonymous-consumer', 'x-from-one', 'x-from-two']
const seen = (test: PluginTest): Record<string, string> => Object.fromEntries(X.flatMap(name => {
  const value = test.received.at(-1)?.headers[name]
  return value === undefined ? [] : [[name, String(value)]]
}))

for (const late of [false, true]) {
  t.test(`who was verified is told to the upstream, whatever the client says of itself${late ? ', at once or later' : ''}`, async t => {
    const test = await start(t, method({ name: 'one', priority: 20, late }))
    const answer = await test.request({ headers: { one: 'ada', 'X-Consumer-Username': 'root', x_consumer_id: '0', 'X-Anonymous-Consumer': 'true', 'X-Credential-Identifier': 'root' } })
    t.equal(answer.status, 200)
    const { 'x-consumer-id': id, ...rest } = seen(test)
    t.match(id, /^[0-9a-f-]{36}$/)
    t.same(rest, { 'x-consumer-username': 'ada', 'x-consumer-custom-id': Buffer.from('Zoë 7').toString('latin1'), 'x-credential-identifier': 'ada', 'x-from-one': 'ada' })
    t.equal(test.received.at(-1)?.headers['x_consumer_id'], undefined)
  })
}

t.test('a credential without a consumer has no consumer headers', async t => {
  const test = await start(t, method({ name: 'one', priority: 20 }))
  await test.request({ headers: { one: 'stranger\u00e9' } })
  t.same(Object.keys(seen(test)), ['x-credential-identifier', 'x-from-one'])
})

t.test('a refusal answers with its status, challenge and members; nothing reaches the upstream', async t => {
  const test = await start(t, method({ name: 'one', priority: 20 }))
  const answer = await test.request()
  t.equal(answer.status, 401)
  t.equal(answer.headers['www-authenticate'], 'one')
  t.match(JSON.parse(answer.text), { message: 'one: who?', hint: 'none', request_id: /^[0-9a-f]{32}$/ })
  const down = await test.request({ headers: { one: 'down' } })
  t.equal(down.status, 503)
  t.equal(down.headers['retry-after'], '5')
  const bug = await test.request({ headers: { one: 'bug' } })
  t.equal(bug.status, 500)
  t.notMatch(bug.text, 'a bug')
  t.equal(test.received.length, 0)
})

t.test('several without anonymous: all must succeed, the last one counts', async t => {
  const test = await start(t, method({ name: 'one', priority: 20 }), method({ name: 'two', priority: 15, late: true }))
  t.equal((await test.request({ headers: { one: 'ada' } })).status, 401)
  t.equal((await test.request({ headers: { two: 'ada' } })).status, 401)
  t.equal((await test.request({ headers: { one: 'ada', two: 'eve' } })).status, 200)
  t.same(seen(test), { 'x-credential-identifier': 'eve', 'x-from-one': 'ada', 'x-from-two': 'eve' }, 'what one said of the consumer is gone')
})

t.test('several with anonymous: the first success counts, none is the anonymous consumer', async t => {
  const both = [method({ name: 'one', priority: 20, anonymous: 'ada' }), method({ name: 'two', priority: 15, anonymous: 'ada', late: true })] as const
  const test = await start(t, ...both)
  await test.request({ headers: { one: 'eve', two: 'bob' } })
  t.match(seen(test), { 'x-credential-identifier': 'eve', 'x-anonymous-consumer': undefined })
  await test.request({ headers: { two: 'bob' } })
  t.match(seen(test), { 'x-credential-identifier': 'bob', 'x-anonymous-consumer': undefined, 'x-consumer-username': undefined })
  await test.request()
  t.match(seen(test), { 'x-consumer-username': 'ada', 'x-anonymous-consumer': 'true', 'x-credential-identifier': undefined })
  t.equal((await test.request({ headers: { one: 'down' } })).status, 503, 'nobody becomes anonymous by an outage')
})

t.test('a preflight may pass unauthenticated, if told so', async t => {
  const strict = await start(t, method({ name: 'one', priority: 20 }))
  t.equal((await strict.request({ method: 'OPTIONS' })).status, 401)
  const open = await start(t, method({ name: 'one', priority: 20, preflight: false }))
  t.equal((await open.request({ method: 'OPTIONS' })).status, 200)
  t.equal((await open.request({ method: 'GET' })).status, 401)
})

t.test('with a policy on the route nobody is refused before it has decided', async t => {
  const attempts: unknown[] = []
  const test = await start(t, method({ name: 'one', priority: 20 }), method({ name: 'two', priority: 15, late: true }), policy((request, _reply) => {
    attempts.push(request.gateway.attempts?.map(({ plugin, identity, refusal }) => [plugin, identity?.credential?.id ?? refusal?.message]))
    if (request.gateway.attempts?.every(({ identity }: { identity: Identity | null }) => identity === null) === true) throw refuse(403, 'no')
  }))
  t.equal((await test.request({ headers: { two: 'ada' } })).status, 200)
  t.same(seen(test), {}, 'who counts is for the policy to say')
  t.equal((await test.request()).status, 403)
  t.same(attempts, [[['one', 'one: who?'], ['two', 'two-ada']], [['one', 'one: who?'], ['two', 'two: who?']]])
})

t.test('a policy that could not decide in time, or at all, ends the start', async t => {
  await t.rejects(start(t, method({ name: 'late', priority: 5 }), policy(() => {})), /'late' authenticates after 'policy'/)
  const idle = definePlugin({ name: 'idle', priority: 1, schema, scopes: ['route'], authentication: 'policy', register () {} })
  await t.rejects(start(t, method({ name: 'one', priority: 20 }), idle), /'idle' is a policy and adds no onRequest hook/)
})

t.test('header fields that a plugin vouches for are removed from every request of the file', async t => {
  const vouches = definePlugin({ name: 'vouches', priority: 3, schema, scopes: ['consumer'], identityHeaders: () => ['X-Plan', 'Account_Id'], register () {} })
  const test = await testPlugin(t, { plugin: vouches, level: 'consumer', consumer: { username: 'nobody-calls' } })
  await test.request({ headers: { 'x-plan': 'gold', X_Plan: 'gold', 'account-id': '1', 'x-other': 'kept' } })
  const { headers = {} } = test.received.at(-1) ?? {}
  t.same(['x-plan', 'x_plan', 'account-id', 'x-other'].map(name => headers[name]), [undefined, undefined, undefined, 'kept'])
})

t.test('entries of a consumer group run for its consumers, once they are known', async t => {
  const marks = definePlugin({
    name: 'marks',
    priority: 3,
    schema: Type.Object({ mark: Type.String() }, { additionalProperties: false }),
    scopes: ['global', 'consumer'],
    register (scope, { config }) { scope.addHook('onRequest', request => { request.gateway.upstream?.headers.set('X-Mark', config.mark) }) }
  })
  const upstream = await rawUpstream(t)
  const consumers = ['ada', 'bob', 'cy'].map(name => ({ ...consumer(name), groups: name === 'ada' ? ['g-1'] : name === 'bob' ? ['g-1', 'g-2'] : [] }))
  const { port } = await startGateway(t, config({
    services: [service({ port: upstream.port })],
    routes: [route()],
    consumers,
    consumer_groups: [{ id: 'g-1', name: 'gold', tags: [], pointer: '' }, { id: 'g-2', name: 'amber', tags: [], pointer: '' }],
    plugins: [
      entry({ name: 'one' }),
      entry({ name: 'marks', id: 'all', config: { mark: 'all' } }),
      entry({ name: 'marks', id: 'gold', config: { mark: 'gold' }, consumer_group: 'g-1' }),
      entry({ name: 'marks', id: 'amber', config: { mark: 'amber' }, consumer_group: 'g-2' })
    ]
  }), [method({ name: 'one', priority: 20 }), marks])
  for (const [who, mark] of [['ada', 'gold'], ['bob', 'amber'], ['cy', 'all'], ['nobody', 'all']] as const) {
    await ask(t, port, get('/', `one: ${who}`))
    t.equal(value(upstream.requests.at(-1) as never, 'x-mark'), mark, who)
  }
})
