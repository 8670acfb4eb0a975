import t, { type Test } from 'tap'
import plugin from '../../plugins/oauth2-introspection/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testPlugin, type PluginTest, type TestPluginOptions } from '../../src/testing/index.ts'
import { CLIENT_SECRET, gatewayKey, startOidcProvider, type OidcServer } from '../helpers/oidc-provider.ts'
import { jsonServer } from '../helpers/json-server.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

const CLIENT = { client_id: 'gateway', client_secret: CLIENT_SECRET }
const KEY = gatewayKey.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const URL = { introspection_url: 'https://id.test/introspect' }

/** A gateway that asks a real provider. The clocks are both the machine's, so that tokens hold. */
async function start (t: Test, config: object = {}, rest: Partial<TestPluginOptions> = {}): Promise<{ server: OidcServer, test: PluginTest }> {
  const server = await startOidcProvider(t)
  const test = await testPlugin(t, { plugin, now: Date.now(), ...rest, config: { introspection_url: server.introspectionUrl, allow_insecure: true, ...CLIENT, ...config } })
  return { server, test }
}

/** A gateway that asks whatever the test makes up. */
async function answering (t: Test, answer: object | (() => object | undefined), config: object = {}, rest: Partial<TestPluginOptions> = {}) {
  const server = await jsonServer(t, (_request, response) => {
    const value = typeof answer === 'function' ? answer() : answer
    if (value === undefined) response.writeHead(500).end('secret')
    return value
  })
  const test = await testPlugin(t, { plugin, ...rest, config: { introspection_url: server.origin, allow_insecure: true, ...CLIENT, ...config } })
  return { server, test }
}

const bearer = (token: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${token}` } })

t.test('an active token passes, and the upstream learns whose it is, but not the token', async t => {
  const { server, test } = await start(t)
  const answer = await test.request(bearer(await server.token({ audience: null, scope: 'orders:read orders:write' })))
  t.equal(answer.status, 200)
  const { headers } = test.received[0] as NonNullable<PluginTest['received'][number]>
  t.match(headers, {
    'x-credential-scope': 'orders:read orders:write',
    'x-credential-client-id': 'orders',
    'x-credential-identifier': 'orders',
    'x-credential-token-type': 'Bearer',
    'x-credential-exp': /^\d+$/,
    'x-credential-iat': /^\d+$/,
    'x-credential-iss': server.issuer
  })
  t.notOk(headers['authorization'])
  t.equal(server.counts.introspection, 1)
})

t.test('each way of the client to prove itself is good enough for the provider', async t => {
  const { client_id: id } = CLIENT
  const form = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  for (const [name, client] of Object.entries({
    basic: CLIENT,
    post: { ...CLIENT, client_id: 'gateway-post', client_auth: 'client_secret_post' },
    key: { client_id: 'gateway-key', client_auth: 'private_key_jwt', client_private_key: KEY, client_key_id: 'gateway-key-1' },
    'as it stands': { authorization_value: `Basic ${Buffer.from(`${id}:${form(CLIENT_SECRET)}`).toString('base64')}` }
  })) {
    const server = await startOidcProvider(t)
    const test = await testPlugin(t, { plugin, now: Date.now(), config: { introspection_url: server.introspectionUrl, allow_insecure: true, ...client } })
    t.equal((await test.request(bearer(await server.token({ audience: null })))).status, 200, name)
  }
})

t.test('the endpoint is found from the issuer', async t => {
  const server = await startOidcProvider(t)
  for (const client of [CLIENT, { client_id: 'gateway-key', client_auth: 'private_key_jwt', client_private_key: KEY }]) {
    const test = await testPlugin(t, { plugin, now: Date.now(), config: { issuer: server.issuer, allow_insecure: true, ...client } })
    t.equal((await test.request(bearer(await server.token({ audience: null })))).status, 200)
  }
  t.match(server.counts, { discovery: 2, introspection: 2 })
})

t.test('without a token, or with a wrong one, there is 401 in the words of RFC 6750', async t => {
  const { server, test } = await start(t, { realm: 'orders' })
  for (const [request, message, challenge] of [
    [{}, 'Unauthorized', 'Bearer realm="orders"'],
    [{ headers: { authorization: 'Basic eDp5' } }, 'Unauthorized', 'Bearer realm="orders"'],
    [bearer('made-up'), 'The access token is invalid or has expired', 'Bearer realm="orders", error="invalid_token"'],
    [{ path: '/?access_token=other', ...bearer('made-up') }, 'Multiple tokens provided', 'Bearer realm="orders", error="invalid_token"']
  ] as const) {
    const answer = await test.request(request)
    t.equal(answer.status, 401)
    t.equal((answer.json() as { message: string }).message, message)
    t.equal(answer.headers['www-authenticate'], challenge)
  }
  t.equal(test.received.length, 0)
  t.equal(server.counts.introspection, 1, 'only what may be a token is asked about')
})

t.test('a token in the query is one, and is hidden as well', async t => {
  const { server, test } = await start(t)
  const token = await server.token({ audience: null })
  t.equal((await test.request(`/a?x=1&access_token=${token}&y=2`)).status, 200)
  t.match(test.received, [{ path: '/a', query: 'x=1&y=2' }])
})

t.test('the token stays where it is when the upstream is to have it', async t => {
  const { server, test } = await start(t, { hide_credentials: false })
  const token = await server.token({ audience: null })
  await test.request(bearer(token))
  t.equal(test.received[0]?.headers['authorization'], `Bearer ${token}`)
})

t.test('a token that is revoked ends when the answer about it does', async t => {
  const { server, test } = await start(t)
  const token = await server.token({ audience: null })
  t.equal((await test.request(bearer(token))).status, 200)
  await server.revoke(token)
  t.equal((await test.request(bearer(token))).status, 200)
  test.clock.advance(30_000)
  t.equal((await test.request(bearer(token))).status, 401)
  t.equal(server.counts.introspection, 2)
})

t.test('clocks that differ by 45 s make no difference while the provider calls a token active', async t => {
  const server = await startOidcProvider(t)
  server.lifetime = 20
  for (const drift of [-45_000, 45_000]) {
    const test = await testPlugin(t, { plugin, now: Date.now() + drift, config: { introspection_url: server.introspectionUrl, allow_insecure: true, ...CLIENT } })
    t.equal((await test.request(bearer(await server.token({ audience: null })))).status, 200, `${drift} ms`)
  }
})

t.test('whatever is wrong with the provider, nobody is let in: 503', async t => {
  for (const mode of ['down', 'error', 'garbage', 'slow'] as const) {
    const { server, test } = await start(t, { timeout: 1_000, breaker: { failures: 2, timeout: 5_000 }, anonymous: 'guest' }, { consumers: [{ username: 'guest' }] })
    const token = await server.token({ audience: null })
    server.mode = mode
    for (let count = 0; count < 4; count++) {
      const answer = await test.request(bearer(token))
      t.equal(answer.status, 503, mode)
      t.equal((answer.json() as { message: string }).message, 'The identity provider is unavailable')
      t.match(answer.headers['retry-after'], /^[1-5]$/)
    }
    t.equal(server.counts.introspection, 2, `${mode}: and then it is left alone`)
    t.equal(test.received.length, 0)

    server.mode = 'up'
    // the timer of the request is the machine's, the breaker's time is the gateway's
    test.clock.advance(5_000)
    t.equal((await test.request(bearer(token))).status, 200, `${mode}: until it is up again`)
  }
})

t.test('a provider that refuses the client lets nobody in', async t => {
  const { server, test } = await start(t, { client_secret: 'wrong' })
  t.equal((await test.request(bearer(await server.token({ audience: null })))).status, 503)
  t.equal(test.received.length, 0)
})

t.test('a hundred requests with one token cost one question', async t => {
  const { server, test } = await start(t)
  const token = await server.token({ audience: null })
  const answers = await Promise.all(Array.from({ length: 100 }, async () => await test.request(bearer(token))))
  t.ok(answers.every(answer => answer.status === 200))
  t.equal(server.counts.introspection, 1)
})

t.test('audience, issuer, scopes, roles and claims are held to', async t => {
  const claims = { active: true, iss: 'https://id.test', aud: ['a', 'b'], scope: 'orders:read orders:write', realm_access: { roles: ['clerk', 'admin'] }, sub: 'ann' }
  for (const [config, status, message, challenge] of [
    [{ audience: ['b', 'c'] }, 200],
    [{ audience: ['c'] }, 401, 'Invalid audience', 'Bearer error="invalid_token"'],
    [{ issuer: 'https://id.test' }, 200],
    [{ issuer: 'https://other.test' }, 401, 'Invalid issuer', 'Bearer error="invalid_token"'],
    [{ scopes_required: ['orders:read orders:write'] }, 200],
    [{ scopes_required: ['admin', 'orders:read'] }, 200],
    [{ scopes_required: ['orders:delete'] }, 403, 'Missing required scope: orders:delete', 'Bearer error="insufficient_scope", scope="orders:delete"'],
    [{ roles_claim: ['realm_access', 'roles'], roles_required: ['admin'] }, 200],
    [{ roles_claim: ['realm_access', 'roles'], roles_required: ['owner'] }, 403, 'Missing required role: owner', 'Bearer error="insufficient_scope"'],
    [{ roles_required: ['admin'] }, 403, 'Missing required role: admin', 'Bearer error="insufficient_scope"'],
    [{ required_claims: ['sub', 'realm_access.roles'] }, 200],
    [{ required_claims: ['tenant'] }, 401, 'Missing required claim: tenant', 'Bearer error="invalid_token"']
  ] as const) {
    const { test } = await answering(t, claims, config)
    // twice: from the provider, and from memory
    for (const from of ['provider', 'memory']) {
      const answer = await test.request(bearer('opaque'))
      t.equal(answer.status, status, `${JSON.stringify(config)} from ${from}`)
      if (status === 200) continue
      t.equal((answer.json() as { message: string }).message, message)
      t.equal(answer.headers['www-authenticate'], challenge)
    }
    t.equal(test.received.length, status === 200 ? 2 : 0)
  }
})

t.test('a token without audience or scopes is good for none', async t => {
  for (const config of [{ audience: ['a'] }, { scopes_required: ['a'] }]) {
    const { test } = await answering(t, { active: true, aud: { a: 'a' }, scope: { a: true } }, config)
    t.not((await test.request(bearer('opaque'))).status, 200)
  }
})

t.test('claims go upstream under the names that are wished for, and clients can\'t write there', async t => {
  const { test } = await answering(t, { active: true, sub: 'ann', tenant_id: 'a,b', roles: ['x', 'y'], aud: ['p', 'q'] }, {
    claims_to_headers: { 'X-Shop-User': 'sub', 'X-Shop-Roles': 'roles', 'X-Shop-Missing': 'missing' },
    custom_claims_forward: ['tenant_id']
  })
  await test.request({ headers: { authorization: 'Bearer opaque', 'x-shop-user': 'eve', 'x-shop-missing': 'eve', 'x-credential-tenant-id': 'eve', 'x-credential-jti': 'eve', 'x-credential-sub': 'eve' } })
  const { headers } = test.received[0] as NonNullable<PluginTest['received'][number]>
  t.match(headers, { 'x-shop-user': 'ann', 'x-shop-roles': 'x,y', 'x-credential-tenant-id': 'a,b', 'x-credential-aud': 'p,q', 'x-credential-sub': 'ann' })
  for (const name of ['x-shop-missing', 'x-credential-jti']) t.notOk(headers[name], name)
})

t.test('the answer names the consumer', async t => {
  const consumers = [{ username: 'ann' }, { username: 'app', custom_id: 'client-7' }]
  for (const [answer, config, username] of [
    [{ username: 'ann' }, {}, 'ann'],
    [{ client_id: 'client-7', username: 'ann' }, { consumer_by: 'client_id' }, 'app'],
    [{ ext: { user: 'ann' } }, { consumer_claim: ['ext', 'user'] }, 'ann'],
    [{ username: 'nobody' }, {}, undefined]
  ] as const) {
    const { test } = await answering(t, { active: true, ...answer }, config, { consumers })
    t.equal((await test.request(bearer('opaque'))).status, 200)
    t.equal(test.received[0]?.headers['x-consumer-username'], username)
  }
  const { test } = await answering(t, { active: true, username: 'nobody' }, { consumer_optional: false }, { consumers })
  const answer = await test.request(bearer('opaque'))
  t.equal(answer.status, 403)
  t.match(answer.headers['www-authenticate'], /insufficient_scope/)
})

t.test('without a good token somebody may be anonymous', async t => {
  const { test } = await answering(t, { active: false }, { anonymous: 'guest' }, { consumers: [{ username: 'guest' }] })
  for (const request of [{}, bearer('opaque')]) t.equal((await test.request(request)).status, 200)
  for (const { headers } of test.received) {
    t.match(headers, { 'x-anonymous-consumer': 'true', 'x-consumer-username': 'guest' })
    t.notOk(headers['authorization'], 'without a token that is none of his')
  }
})

t.test('a preflight passes where that is wished for', async t => {
  const open = await answering(t, { active: false }, { run_on_preflight: false })
  t.equal((await open.test.request({ method: 'OPTIONS' })).status, 200)
  t.equal((await open.test.request({ method: 'GET' })).status, 401)
  const closed = await answering(t, { active: false })
  t.equal((await closed.test.request({ method: 'OPTIONS' })).status, 401)
})

t.test('further fields and the hint reach the provider', async t => {
  const { server, test } = await answering(t, { active: true }, { custom_introspection_headers: { 'X-Team': 'edge' }, token_type_hint: 'access_token' })
  await test.request(bearer('opaque'))
  t.match(server.requests, [{ method: 'POST', headers: { 'x-team': 'edge' }, body: 'token=opaque&token_type_hint=access_token' }])
})

t.test('what can\'t be meant is an error when the file is loaded', async t => {
  for (const [config, found] of [
    [{ ...URL, ...CLIENT }, []],
    [{ issuer: 'https://id.test', ...CLIENT }, []],
    [{ introspection_url: 'http://id.test', ...CLIENT }, ['error /introspection_url']],
    [{ introspection_url: 'http://id.test', allow_insecure: true, ...CLIENT }, ['warning /allow_insecure']],
    [{ ...URL, issuer: 'nonsense', ...CLIENT }, ['error /issuer']],
    [{ ...URL, client_id: 'x' }, ['error /client_auth']],
    [{ ...URL, ...CLIENT, client_auth: 'private_key_jwt' }, ['error /client_auth', 'error /client_secret']],
    [{ ...URL, client_id: 'x', client_auth: 'private_key_jwt', client_private_key: 'nonsense' }, ['error /client_private_key']],
    [{ ...URL, client_id: 'x', client_auth: 'private_key_jwt', client_private_key: KEY }, []],
    [{ ...URL, ...CLIENT, client_key_id: 'k', client_private_key: KEY }, ['error /client_private_key', 'error /client_key_id']],
    [{ ...URL, ...CLIENT, authorization_value: 'Bearer x' }, ['error /client_id', 'error /client_secret']],
    [{ ...URL, authorization_value: 'Bearer x' }, []],
    [{ ...URL, ...CLIENT, claims_to_headers: { Connection: 'sub', Host: 'sub' } }, ['error /claims_to_headers/Connection', 'error /claims_to_headers/Host']],
    [{ ...URL, ...CLIENT, custom_introspection_headers: { Authorization: 'x', 'Content-Length': '1' } }, ['error /custom_introspection_headers/Authorization', 'error /custom_introspection_headers/Content-Length']],
    [{ ...URL, ...CLIENT, ttl: 3_600 }, ['warning /ttl']]
  ] as const) t.same(findings(plugin, config), found, JSON.stringify(config))
})

t.test('it has to be said where to ask, and who asks', async t => {
  for (const config of [{}, URL, CLIENT, { issuer: 'https://id.test' }, { ...URL, client_secret: 'x' }]) t.notOk(validateConfig(plugin, config).valid, JSON.stringify(config))
  t.ok(validateConfig(plugin, { ...URL, ...CLIENT }).valid)
  const text = JSON.stringify({ _format_version: '3.0', plugins: [{ name: 'oauth2-introspection', config: URL }] })
  const { diagnostics } = await loadConfig({ file: 'gateway.yaml', text, env: {} })
  t.match(diagnostics.filter(({ severity }) => severity === 'error'), [{ cause: /one of these fields must be non-empty: 'client_id', 'authorization_value'/ }])
})

t.test('an option of Kong\'s that is not here says what to do instead', async t => {
  const text = JSON.stringify({ _format_version: '3.0', plugins: [{ name: 'oauth2-introspection', config: { ...URL, ...CLIENT, introspect_request: true } }] })
  const { diagnostics } = await loadConfig({ file: 'gateway.yaml', text, env: {} })
  t.match(diagnostics.filter(({ severity }) => severity === 'error'), [{ path: /introspect_request/, mend: /remembered by token/ }])
})
