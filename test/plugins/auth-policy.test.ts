import t, { type Test } from 'tap'
import plugin from '../../plugins/auth-policy/index.ts'
import forwardAuth from '../../plugins/forward-auth/index.ts'
import { fakeAuth } from '../helpers/fake-auth.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'
import { ask, upstream, type Answer } from '../helpers/running.ts'
import { serveFile } from '../helpers/serve-file.ts'

type Says = Partial<Record<'first' | 'second', object>>

/** One route with two authentication plugins and a policy. What callers say for each is believed. */
async function policed (t: Test, policy: object, plugins = '[{ name: first }, { name: second }]'): Promise<(says?: Says, method?: string) => Promise<Answer & { up: Record<string, string> | null }>> {
  let heard: Record<string, string> | null = null
  const service = await upstream(t, (request, response) => {
    heard = request.headers as Record<string, string>
    response.end('through')
  })
  const { port } = await serveFile(t, `
consumers: [{ username: guest }]
services: [{ name: s, url: "http://127.0.0.1:${service}", routes: [{ name: r, paths: [/] }] }]
plugins: ${plugins.replace(/\]$/, `, { name: auth-policy, config: ${JSON.stringify(policy)} }]`)}
`, { plugins: [fakeAuth('first', 1450), fakeAuth('second', 1250)] })
  return async (says = {}, method = 'GET') => {
    heard = null
    const headers = Object.fromEntries(Object.entries(says).map(([name, said]) => [`x-${name}`, JSON.stringify(said)]))
    const answer = await ask(port, '/', { headers, method })
    return { ...answer, up: heard }
  }
}

const as = (subject: string, more: object = {}): object => ({ subject, credential: { id: subject, identifier: subject }, headers: [['X-User-ID', subject]], ...more })
const message = ({ text }: Answer): unknown => (JSON.parse(text) as { message: unknown }).message

t.test('any_of: one is enough, and the first in the policy\'s order says who calls', async t => {
  const request = await policed(t, { any_of: ['second', 'first'] })
  t.equal((await request({ first: as('ada') })).up?.['x-user-id'], 'ada')
  t.equal((await request({ second: as('bob') })).up?.['x-user-id'], 'bob')
  const both = await request({ first: as('ada', { headers: [['X-User-ID', 'ada'], ['X-User-Tier', 'gold']] }), second: as('bob') })
  t.equal(both.up?.['x-user-id'], 'bob')
  t.equal(both.up?.['x-credential-identifier'], 'bob')
  t.equal(both.up?.['x-user-tier'], undefined, 'nothing is left of the other one')
})

t.test('any_of: nobody known is 401, with what each asks for', async t => {
  const request = await policed(t, { any_of: ['first', 'second'] })
  const answer = await request()
  t.equal(answer.status, 401)
  t.equal(answer.headers['www-authenticate'], 'first realm="test", second realm="test"')
  t.equal(message(answer), 'Unauthorized')
  t.equal(answer.up, null)
})

t.test('any_of: a single plugin answers in its own words', async t => {
  const answer = await (await policed(t, { any_of: ['first'] }))()
  t.equal(answer.status, 401)
  t.equal(answer.headers['www-authenticate'], 'first realm="test"')
  t.equal(message(answer), 'No first found in request')
})

t.test('any_of: who is known by a plugin that isn\'t asked for, is not known', async t => {
  const request = await policed(t, { any_of: ['first'] })
  const answer = await request({ second: as('bob') })
  t.equal(answer.status, 401)
  t.equal(answer.headers['www-authenticate'], 'first realm="test"')
})

const scoped: ReadonlyArray<readonly [string, object, object, number, string]> = [
  ['all scopes', { scopes: ['a', 'b'] }, { scopes: ['b', 'a', 'c'] }, 200, ''],
  ['one scope of two', { scopes: ['a', 'b'] }, { scopes: ['b'] }, 403, 'Missing required scope: a'],
  ['no scope of two', { scopes: ['a', 'b'] }, {}, 403, 'Missing the required scopes: a, b'],
  ['any scope', { scopes: ['a', 'b'], match: 'any' }, { scopes: ['b'] }, 200, ''],
  ['none of any scope', { scopes: ['a', 'b'], match: 'any' }, { scopes: ['c'] }, 403, 'Missing one of the required scopes: a, b'],
  ['a scope that only begins alike', { scopes: ['orders:read'] }, { scopes: ['orders:readwrite', 'orders'] }, 403, 'Missing required scope: orders:read'],
  ['a role in another case', { roles: ['admin'] }, { roles: ['Admin'] }, 403, 'Missing required role: admin'],
  ['a role', { roles: ['admin'] }, { roles: ['admin'] }, 200, ''],
  ['a scope, but not the role', { scopes: ['a'], roles: ['admin'], match: 'any' }, { scopes: ['a'] }, 403, 'Missing required role: admin'],
  ['a role that is a scope elsewhere', { roles: ['admin'] }, { scopes: ['admin'], groups: ['admin'] }, 403, 'Missing required role: admin']
]
for (const [what, wanted, held, status, words] of scoped) {
  t.test(`a caller with ${what} gets ${status}`, async t => {
    const item = { plugin: 'first', ...wanted }
    for (const policy of [{ any_of: [item] }, { all_of: [item] }]) {
      const request = await policed(t, policy)
      const answer = await request({ first: as('ada', held) })
      t.equal(answer.status, status)
      if (status !== 200) t.equal(message(answer), words)
    }
  })
}

t.test('missing scopes are said as RFC 6750 has it, to those who came with a token', async t => {
  const request = await policed(t, { any_of: [{ plugin: 'first', scopes: ['a', 'b"\\'] }, { plugin: 'second', roles: ['admin'] }] })
  t.equal((await request({ first: as('ada', { claims: {} }) })).headers['www-authenticate'], 'Bearer error="insufficient_scope", scope="a"')
  t.equal((await request({ second: as('ada', { claims: {} }) })).headers['www-authenticate'], 'Bearer error="insufficient_scope"')
  t.equal((await request({ first: as('ada') })).headers['www-authenticate'], undefined)
})

t.test('any_of: who lacks something by one way may pass by another', async t => {
  const request = await policed(t, { any_of: [{ plugin: 'first', roles: ['admin'] }, 'second'] })
  t.equal((await request({ first: as('ada'), second: as('bob') })).up?.['x-user-id'], 'bob')
  t.equal((await request({ first: as('ada') })).status, 403)
})

t.test('all_of: each must hold, and the one that runs last says who calls', async t => {
  const request = await policed(t, { all_of: ['second', 'first'] })
  const both = await request({ first: as('ada'), second: as('bob') })
  t.equal(both.status, 200)
  t.equal(both.up?.['x-user-id'], 'bob')
  const one = await request({ first: as('ada') })
  t.equal(one.status, 401)
  t.equal(one.headers['www-authenticate'], 'second realm="test"')
  const none = await request()
  t.equal(none.headers['www-authenticate'], 'second realm="test", first realm="test"')
})

t.test('all_of: who isn\'t known by all is asked to say who they are, before what they lack is said', async t => {
  const request = await policed(t, { all_of: [{ plugin: 'first', roles: ['admin'] }, 'second'] })
  t.equal((await request({ first: as('ada') })).status, 401)
  t.equal((await request({ first: as('ada'), second: as('bob') })).status, 403)
})

t.test('a provider that is down: 503 unless somebody else accepts', async t => {
  const down = { status: 503, message: 'The provider is down' }
  const any = await policed(t, { any_of: ['first', 'second'] })
  t.equal((await any({ first: down })).status, 503)
  t.equal((await any({ first: down, second: as('bob') })).status, 200)
  t.equal((await any({ second: down, first: { status: 403 } })).status, 503)
  const lacking = await policed(t, { any_of: ['first', { plugin: 'second', roles: ['admin'] }] })
  t.equal((await lacking({ first: down, second: as('bob') })).status, 403)
  const all = await policed(t, { all_of: ['first', 'second'] })
  t.equal((await all({ first: down })).status, 503)
  t.equal((await all({ first: down, second: as('bob') })).status, 503)
  t.equal((await (await policed(t, { public: true }))({ first: down })).status, 200)
})

t.test('a refusal that says more than 401 is passed on', async t => {
  const request = await policed(t, { any_of: ['first', 'second'] })
  t.equal((await request({ second: { status: 429, message: 'Slow down' } })).status, 429)
  t.equal((await request({ first: { status: 403, message: 'Missing required scope: a', challenge: 'Bearer error="insufficient_scope"' } })).headers['www-authenticate'], 'Bearer error="insufficient_scope"')
})

t.test('public: everybody passes, who is known is known, and who is wrong is nobody', async t => {
  const request = await policed(t, { public: true })
  t.equal((await request()).status, 200)
  t.equal((await request({ first: as('ada') })).up?.['x-user-id'], 'ada')
  const wrong = await request({ first: { status: 401, message: 'expired' } })
  t.equal(wrong.status, 200)
  t.equal(wrong.up?.['x-user-id'], undefined)
  t.equal(wrong.up?.['x-consumer-username'], undefined)
})

t.test('deny: nobody passes', async t => {
  const request = await policed(t, { default: 'deny' })
  const stranger = await request()
  t.equal(stranger.status, 401)
  t.equal(stranger.headers['www-authenticate'], 'first realm="test", second realm="test"')
  const known = await request({ first: as('ada') })
  t.equal(known.status, 403)
  t.equal(message(known), 'You cannot consume this service')
  t.equal((await request({ first: { status: 503 } })).status, 401, 'nobody has to be asked for that')
})

t.test('deny without any authentication plugin is 401', async t => {
  const { port } = await serveFile(t, 'routes: [{ name: r, paths: [/] }]\nplugins: [{ name: auth-policy, config: { default: deny } }]')
  const answer = await ask(port, '/')
  t.equal(answer.status, 401)
  t.equal(answer.headers['www-authenticate'], undefined)
})

t.test('a closed default, and routes that open up', async t => {
  const service = await upstream(t, (_request, response) => response.end('through'))
  const { port } = await serveFile(t, `
services:
  - name: s
    url: http://127.0.0.1:${service}
    routes:
      - { name: new, paths: [/new] }
      - { name: health, paths: [/health], methods: [GET], plugins: [{ name: auth-policy, config: { public: true } }] }
      - { name: orders, paths: [/orders], plugins: [{ name: auth-policy, config: { any_of: [first] } }] }
plugins: [{ name: first }, { name: auth-policy, config: { default: deny } }]
`, { plugins: [fakeAuth('first', 1450)] })
  const headers = { 'x-first': JSON.stringify(as('ada')) }
  t.equal((await ask(port, '/new', { headers })).status, 403)
  t.equal((await ask(port, '/new')).status, 401)
  t.equal((await ask(port, '/health')).status, 200)
  t.equal((await ask(port, '/orders')).status, 401)
  t.equal((await ask(port, '/orders', { headers })).status, 200)
  t.equal((await ask(port, '/none')).status, 404, 'no route: nothing to protect')
})

t.test('anonymous of an authentication plugin is not needed, and opens nothing', async t => {
  const request = await policed(t, { any_of: ['first', 'second'] }, '[{ name: first, config: { anonymous: guest } }, { name: second, config: { anonymous: guest } }]')
  t.equal((await request()).status, 401)
  const answer = await request({ first: as('ada'), second: as('bob') })
  t.equal(answer.up?.['x-user-id'], 'ada')
  t.equal(answer.up?.['x-anonymous-consumer'], undefined)
})

t.test('an authoriser that names nobody adds to who is known', async t => {
  const service = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const authoriser = await upstream(t, (request, response) => {
    if (request.headers['x-forwarded-uri'] === '/no') response.writeHead(302, { location: '/login' }).end()
    else response.setHeader('X-Tier', 'gold').end()
  })
  const { port } = await serveFile(t, `
services: [{ name: s, url: "http://127.0.0.1:${service}", routes: [{ name: r, paths: [/], strip_path: false }] }]
plugins:
  - { name: first }
  - { name: forward-auth, config: { url: "http://127.0.0.1:${authoriser}/", upstream_headers: [X-Tier] } }
  - { name: auth-policy, config: { all_of: [first, forward-auth] } }
`, { plugins: [fakeAuth('first', 1450)] })
  const headers = { 'x-first': JSON.stringify(as('ada')) }
  t.match(JSON.parse((await ask(port, '/', { headers })).text), { 'x-user-id': 'ada', 'x-credential-identifier': 'ada', 'x-tier': 'gold' })
  const login = await ask(port, '/no', { headers })
  t.equal(login.status, 302)
  t.equal(login.headers.location, '/login')
})

t.test('nobody named at all may pass where the authoriser is the policy', async t => {
  const authoriser = await upstream(t, (_request, response) => response.end())
  const service = await upstream(t, (_request, response) => response.end('through'))
  for (const policy of ['all_of: [forward-auth]', 'any_of: [forward-auth]']) {
    const { port } = await serveFile(t, `
services: [{ name: s, url: "http://127.0.0.1:${service}", routes: [{ name: r, paths: [/] }] }]
plugins: [{ name: forward-auth, config: { url: "http://127.0.0.1:${authoriser}/" } }, { name: auth-policy, config: { ${policy} } }]
`)
    t.equal((await ask(port, '/')).status, 200)
  }
})

t.test('it runs after every authentication plugin and before acl', async t => {
  t.ok(plugin.priority < forwardAuth.priority && plugin.priority > 950)
})

t.test('a policy that says nothing, or two things, is refused', async t => {
  for (const config of [{}, { public: false }, { any_of: [] }, { all_of: [] }, { default: 'allow' }, { any_of: [{}] }, { any_of: [{ plugin: 'jwt', scopes: [] }] }, { any_of: [''] }]) {
    t.notOk(validateConfig(plugin, config).valid, JSON.stringify(config))
  }
  t.same(findings(plugin, { any_of: ['jwt'] }), [])
  t.same(findings(plugin, { public: true, any_of: ['jwt'] }), ['error /any_of'])
  t.same(findings(plugin, { any_of: ['jwt'], all_of: ['jwt'], default: 'deny' }), ['error /all_of'])
})

t.test('with cors in the chain preflights are answered before it; other requests with OPTIONS are not, nor those that go on', async t => {
  for (const [config, status] of [['{}', 200], ['{ preflight_continue: true }', 401]] as const) {
    const { port } = await serveFile(t, `
services: [{ name: s, url: "http://127.0.0.1:1", routes: [{ name: r, paths: [/], plugins: [{ name: auth-policy, config: { any_of: [first] } }] }] }]
plugins: [{ name: cors, config: ${config} }, { name: first }, { name: auth-policy, config: { default: deny } }]
`, { plugins: [fakeAuth('first', 1450)] })
    const preflight = await ask(port, '/', { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'PUT' } })
    t.equal(preflight.status, status)
    if (status === 200) t.equal(preflight.headers['access-control-allow-origin'], '*')
    t.equal((await ask(port, '/', { method: 'OPTIONS', headers: { origin: 'https://app.example' } })).status, 401)
  }
})
