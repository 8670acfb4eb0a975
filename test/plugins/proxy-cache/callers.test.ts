/** Who may share an answer, and what the hooks of others have to say. */
import t from 'tap'
import { definePlugin, Type } from '../../../src/plugin.ts'
import { cached, states } from '../../helpers/cached.ts'
import { fakeAuth } from '../../helpers/fake-auth.ts'

t.test('an identified caller gets only what all may share', async t => {
  const authorization = 'Basic YTpi'
  for (const [said, shared] of [['max-age=60', false], ['max-age=60, public', true], ['s-maxage=60', true], ['max-age=60, must-revalidate', true], ['public, max-age=60, private', false], ['no-store, must-revalidate, max-age=60', false]] as const) {
    const run = await cached(t, { headers: { 'cache-control': said } })
    await run.request({ headers: { authorization } })
    t.equal((await run.request({ headers: { authorization } })).headers['x-cache-status'], shared ? 'Hit' : 'Bypass', said)
    t.equal((await run.request({ headers: { cookie: 'session=1' } })).headers['x-cache-status'], shared ? 'Hit' : 'Bypass', `${said}, with a cookie`)
  }
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60' } })
  await run.request()
  t.match((await run.request({ headers: { authorization } })).headers, { 'x-cache-status': 'Bypass', 'cache-status': 'sallyport; fwd=bypass; detail=identified' }, 'what anybody got is not for them either')
  t.equal((await run.request()).headers['x-cache-status'], 'Hit', 'and it is still there')
})

t.test('what has to be asked about each time is not kept for whom it names nobody else', async t => {
  const run = await cached(t, request => request.headers['if-none-match'] === undefined ? { headers: { 'cache-control': 'public, no-cache, max-age=60', etag: '"e"' } } : { status: 304, body: '' })
  const headers = { authorization: 'Basic YTpi' }
  t.same(states([await run.request({ headers }), await run.request({ headers })]), ['Bypass', 'Bypass'])
  t.same(states([await run.request(), await run.request()]), ['Miss', 'Refresh'])
})

t.test('without cache_control, too, what is private to callers is not shared', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'no-cache, no-store, must-revalidate' } }, { config: { cache_control: false } })
  await run.request()
  t.equal((await run.request()).headers['x-cache-status'], 'Hit', 'Kong\'s way for anybody')
  t.equal((await run.request({ headers: { authorization: 'Basic YTpi' } })).headers['x-cache-status'], 'Bypass')
})

t.test('consumers share nothing, unless each has a cache of their own', async t => {
  const auth = fakeAuth('fake', 1200)
  const consumers = [{ username: 'ada' }, { username: 'bob' }]
  const identify = (subject: string): string => JSON.stringify({ subject, headers: [['X-User-ID', subject]] })
  for (const apart of [false, true]) {
    const run = await cached(t, request => ({ body: `for ${String(request.headers['x-user-id'])}`, headers: { 'cache-control': 'max-age=60' } }), {
      consumers, beside: [{ plugin: auth }], config: { vary_by_consumer: apart }
    })
    const get = async (subject: string, more: Record<string, string> = {}) => await run.request({ headers: { 'x-fake': identify(subject), ...more } })
    const answers = [await get('ada'), await get('bob'), await get('ada'), await get('bob')]
    t.same(answers.map(answer => answer.text), ['for ada', 'for bob', 'for ada', 'for bob'])
    t.same(states(answers), apart ? ['Miss', 'Miss', 'Hit', 'Hit'] : ['Bypass', 'Bypass', 'Bypass', 'Bypass'])
    if (apart) {
      t.equal((await get('ada', { authorization: 'Bearer other' })).headers['x-cache-status'], 'Miss', 'what else they bring tells them apart, too')
      t.equal((await get('ada', { cookie: 'a=b' })).headers['x-cache-status'], 'Miss')
    }
  }
})

t.test('who has to be refused is refused, whatever is stored', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'public, max-age=60' } }, { beside: [{ plugin: fakeAuth('fake', 1200) }] })
  await run.request({ headers: { 'x-fake': '{"subject":"ada"}' } })
  t.equal((await run.request({ headers: { 'x-fake': '{"subject":"ada"}' } })).headers['x-cache-status'], 'Hit')
  t.equal((await run.request()).status, 401)
})

t.test('response hooks see stored answers as if they came from the upstream', async t => {
  const hooked = definePlugin({
    name: 'hooked',
    priority: 801,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('onRequest', function before (_request, reply) { reply.header('x-before', '1').header('vary', 'X-Own') })
      scope.addHook('onSend', function after (request, reply, payload) {
        reply.header('x-after', `${String(reply.getHeader('x-cache-status'))} ${String(reply.getHeader('x-kept'))}`)
        return `${String(payload)} for ${String(request.headers['x-name'])}`
      })
    }
  })
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', 'x-kept': 'k', vary: 'X-Theirs' } }, { beside: [{ plugin: hooked }] })
  const answers = [await run.request({ headers: { 'x-name': 'ada' } }), await run.request({ headers: { 'x-name': 'bob' } })]
  t.same(answers.map(answer => answer.text), ['answer 1 for ada', 'answer 1 for bob'])
  t.match(answers[1]?.headers, { 'x-before': '1', 'x-after': 'Hit k', vary: 'X-Own, X-Theirs', 'content-length': '16' })
})

t.test('a hook that answers goes before the cache', async t => {
  const refusing = definePlugin({
    name: 'refusing',
    priority: 50,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    register (scope) {
      scope.addHook('preHandler', function refusing (request, reply) { if (request.headers['x-refuse'] !== undefined) reply.code(403).send() })
    }
  })
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60' } }, { beside: [{ plugin: refusing }], config: { coalesce_timeout: 60_000 } })
  t.equal((await run.request({ headers: { 'x-refuse': '1' } })).status, 403, 'one that would have led')
  t.equal((await run.request()).headers['x-cache-status'], 'Miss', 'does not keep others waiting')
  t.equal((await run.request({ headers: { 'x-refuse': '1' } })).status, 403)
})
