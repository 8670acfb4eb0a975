import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import plugin from '../../plugins/openid-connect/index.ts'
import { refused } from '../../plugins/openid-connect/refused.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testPlugin, type PluginTest } from '../../src/testing/index.ts'
import { jsonServer } from '../helpers/json-server.ts'
import { API, CLIENT_SECRET, gatewayKey, startOidcProvider } from '../helpers/oidc-provider.ts'
import { findings } from '../helpers/plugin-config.ts'
import { bearer, front, start } from './openid-connect/gateway.ts'

const CLIENT = { client_id: ['gateway'], client_secret: [CLIENT_SECRET] }
const BOTH = { auth_methods: ['bearer', 'introspection'], ...CLIENT }
const KEY = gatewayKey.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

const message = (answer: { json (): unknown }): string => (answer.json() as { message: string }).message

t.test('signed tokens of the issuer pass, whatever they are signed with', async t => {
  const { server, test } = await start(t, { audience_required: [API], scopes_required: ['orders:read'] })
  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA'] as const) t.equal((await test.request(bearer(await server.token({ alg })))).status, 200, alg)
  t.match(server.counts, { discovery: 1, jwks: 1, introspection: 0 })
  t.notOk(test.received[0]?.headers['authorization'])
  t.equal(test.received[0]?.headers['x-credential-identifier'], 'orders')
})

t.test('answers are Kong\'s: two messages, the host as realm, and the error of RFC 6750', async t => {
  const { server, test } = await start(t, { scopes_required: ['orders:write'] })
  const token = await server.token()
  for (const [request, status, text, challenge] of [
    [{}, 401, 'Unauthorized', 'Bearer realm="127.0.0.1"'],
    [bearer('opaque'), 401, 'Unauthorized', 'Bearer realm="127.0.0.1", error="invalid_token"'],
    [bearer(`${token.slice(0, -4)}AAAA`), 401, 'Unauthorized', 'Bearer realm="127.0.0.1", error="invalid_token"'],
    [bearer(token), 403, 'Forbidden', 'Bearer realm="127.0.0.1", error="insufficient_scope", scope="orders:write"']
  ] as const) {
    const answer = await test.request(request)
    t.equal(answer.status, status)
    t.same(Object.keys(answer.json() as object), ['message', 'request_id'])
    t.equal(message(answer), text)
    t.equal(answer.headers['www-authenticate'], challenge)
  }
  t.equal(test.received.length, 0)
})

t.test('messages and challenges can be others', async t => {
  const server = await startOidcProvider(t)
  const own = await front(t, server, { unauthorized_error_message: 'Sign in', forbidden_error_message: 'Not for you', expose_error_code: false, scopes_required: ['x'] })
  const answer = await own.request(bearer('opaque'))
  t.equal(message(answer), 'Sign in')
  t.equal(answer.headers['www-authenticate'], 'Bearer realm="127.0.0.1"')
  t.equal(message(await own.request(bearer(await server.token()))), 'Not for you')
  const open = await front(t, server, { display_errors: true, scopes_required: ['x'] })
  t.equal(message(await open.request(bearer(await server.token()))), 'Missing required scope: x')
})

t.test('a token that never ends, or is signed with what everybody knows, is none', async t => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' }
  const shared = { kty: 'oct', kid: 'k2', k: Buffer.alloc(32, 1).toString('base64url') }
  const server = await jsonServer(t, request => request.url === '/jwks' ? { keys: [jwk, shared] } : { issuer: server.origin, jwks_uri: `${server.origin}/jwks` })
  const test = await testPlugin(t, { plugin, now: Date.now(), config: { issuer: server.origin, allow_insecure: true } })
  const claims = { iss: server.origin, sub: 'ann' }
  const sound = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).setExpirationTime('5m')
  t.equal((await test.request(bearer(await sound.sign(privateKey)))).status, 200)
  const endless = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1' })
  t.equal((await test.request(bearer(await endless.sign(privateKey)))).status, 401, 'no exp')
  const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))
  for (const [kid, secret] of [['k1', pem], ['k2', Buffer.alloc(32, 1)], ['', pem]] as const) {
    const confused = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...(kid === '' ? {} : { kid }) }).setExpirationTime('5m')
    t.equal((await test.request(bearer(await confused.sign(secret)))).status, 401, `HS256 with ${kid}`)
  }
  const other = new SignJWT({ ...claims, iss: 'https://evil.test' }).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).setExpirationTime('5m')
  t.equal((await test.request(bearer(await other.sign(privateKey)))).status, 401, 'of another issuer')
})

t.test('claims are held to: alternatives, and all words of one', async t => {
  const server = await startOidcProvider(t)
  server.claims = { roles: ['clerk', 'admin'], groups: 'staff night', realm_access: { roles: ['owner'] }, impersonated_by: 'eve' }
  const token = await server.token({ scope: 'orders:read orders:write' })
  for (const [config, status] of [
    [{ audience_required: [API] }, 200],
    [{ audience_required: ['https://other.test'] }, 403],
    [{ audience_required: ['https://other.test', API] }, 200],
    [{ scopes_required: ['orders:read orders:write'] }, 200],
    [{ scopes_required: ['orders:read admin', 'orders:write'] }, 200],
    [{ scopes_required: ['orders:read admin'] }, 403],
    [{ roles_required: ['admin clerk'] }, 200],
    [{ roles_required: ['owner'] }, 403],
    [{ roles_required: ['owner'], roles_claim: ['realm_access', 'roles'] }, 200],
    [{ groups_required: ['night staff'] }, 200],
    [{ groups_required: ['day'] }, 403],
    [{ groups_required: ['day'], groups_claim: ['missing'] }, 403],
    [{ claims_forbidden: ['impersonated_by'] }, 401],
    [{ claims_forbidden: ['other'] }, 200],
    [{ issuers_allowed: [server.issuer, 'https://x.test'] }, 200],
    [{ issuers_allowed: ['https://x.test'] }, 401]
  ] as const) {
    const test = await front(t, server, config)
    t.equal((await test.request(bearer(token))).status, status, JSON.stringify(config))
  }
})

t.test('claims go upstream under the names that are wished for, and clients can\'t write there', async t => {
  const server = await startOidcProvider(t)
  server.claims = { realm_access: { roles: ['a', 'b'] }, 'https://shop.test/plan': 'gold' }
  const test = await front(t, server, {
    upstream_headers_claims: ['sub', 'https://shop.test/plan', 'missing'],
    upstream_headers_names: ['X-Shop-Sub', 'X-Shop-Plan', 'X-Shop-Missing'],
    upstream_headers: [{ header: 'X-Shop-Roles', path: ['realm_access', 'roles'] }]
  })
  await test.request({ headers: { ...bearer(await server.token()).headers, 'x-shop-missing': 'eve', 'x-shop-sub': 'eve' } })
  const { headers } = test.received[0] as NonNullable<PluginTest['received'][number]>
  t.match(headers, { 'x-shop-sub': 'orders', 'x-shop-plan': 'gold', 'x-shop-roles': 'a,b' })
  t.notOk(headers['x-shop-missing'])
})

t.test('a claim names the consumer', async t => {
  const consumers = [{ username: 'shop', custom_id: 'orders' }]
  const { server, test } = await start(t, { consumer_claim: ['sub'] }, { consumers })
  t.equal((await test.request(bearer(await server.token()))).status, 200)
  t.equal(test.received[0]?.headers['x-consumer-username'], 'shop')
  t.equal((await test.request(bearer(await server.token({ client: 'stranger' })))).status, 403)
  const optional = await front(t, server, { consumer_claim: ['sub'], consumer_optional: true }, { consumers })
  t.equal((await optional.request(bearer(await server.token({ client: 'stranger' })))).status, 200)
})

t.test('tokens are found where they may stand, and nowhere else', async t => {
  const server = await startOidcProvider(t)
  const token = await server.token()
  const requests = {
    header: bearer(token),
    query: { path: `/?access_token=${token}` },
    cookie: { headers: { cookie: `access=${token}` } },
    other: { headers: { 'x-token': `Bearer ${token}` } }
  }
  for (const [config, allowed] of [
    [{}, ['header', 'query']],
    [{ bearer_token_param_type: ['header'] }, ['header']],
    [{ bearer_token_param_type: ['cookie'], bearer_token_cookie_name: 'access' }, ['cookie']],
    [{ bearer_token_param_type: ['header'], bearer_token_header_name: 'X-Token' }, ['header', 'other']]
  ] as const) {
    const test = await front(t, server, config)
    for (const [place, request] of Object.entries(requests)) {
      t.equal((await test.request(request)).status, (allowed as readonly string[]).includes(place) ? 200 : 401, `${place} with ${JSON.stringify(config)}`)
    }
    t.notMatch(JSON.stringify(test.received), token.slice(0, 40), 'and hidden from the upstream')
  }
})

t.test('opaque tokens are asked about, signed ones are not', async t => {
  const { server, test } = await start(t, BOTH)
  t.equal((await test.request(bearer(await server.token()))).status, 200)
  t.match(server.counts, { jwks: 1, introspection: 0 })
  const opaque = await server.token({ audience: null })
  t.equal((await test.request(bearer(opaque))).status, 200)
  t.equal((await test.request(bearer(opaque))).status, 200)
  t.equal(server.counts.introspection, 1)
  t.equal((await test.request(bearer('made-up'))).status, 401)
})

t.test('with introspection alone every token is asked about', async t => {
  const { server, test } = await start(t, { ...CLIENT, auth_methods: ['introspection'], scopes_required: ['orders:write'] })
  t.equal((await test.request(bearer(await server.token({ audience: null, scope: 'orders:write' })))).status, 200)
  t.equal((await test.request(bearer(await server.token({ audience: null })))).status, 403)
  t.match(server.counts, { jwks: 0, introspection: 2 })
})

t.test('a signed token can be asked about as well', async t => {
  const server = await startOidcProvider(t)
  const answer = { active: true, iss: server.issuer }
  const endpoint = await jsonServer(t, () => ({ ...answer }))
  const test = await front(t, server, { ...BOTH, introspect_jwt_tokens: true, introspection_endpoint: endpoint.origin, cache_ttl: 0, introspection_hint: '' })
  const token = await server.token()
  t.equal((await test.request(bearer(token))).status, 200)
  t.match(endpoint.requests, [{ body: `token=${token}` }])
  t.equal(test.received[0]?.headers['x-credential-identifier'], 'orders', 'who it is, the signature says')
  t.equal((await test.request(bearer(`${token.slice(0, -4)}AAAA`))).status, 401)
  t.equal(endpoint.requests.length, 1, 'one that was not signed so is not asked about')
  answer.active = false
  t.equal((await test.request(bearer(token))).status, 401, 'one that is revoked ends')
  t.equal((await test.request(bearer('opaque'))).status, 401)
})

t.test('a gateway with a key of its own', async t => {
  const { server, test } = await start(t, {
    auth_methods: ['introspection'], client_id: ['gateway-key'], introspection_endpoint_auth_method: 'private_key_jwt', client_private_key: KEY, client_key_id: 'gateway-key-1'
  })
  t.equal((await test.request(bearer(await server.token({ audience: null })))).status, 200)
})

t.test('what can\'t be meant is an error when the file is loaded', async t => {
  const issuer = 'https://id.test'
  const sound = { issuer, audience_required: ['api'] }
  for (const [config, found] of [
    [sound, []],
    [{ issuer }, ['warning ']],
    [{ ...sound, issuer: 'nonsense' }, ['error /issuer']],
    [{ ...sound, issuer: 'http://id.test' }, ['error /issuer']],
    [{ ...sound, issuer: 'http://id.test', allow_insecure: true }, ['warning /allow_insecure']],
    [{ ...sound, jwks_endpoint: 'http://id.test/jwks' }, ['error /jwks_endpoint']],
    [{ ...sound, auth_methods: ['introspection'] }, ['error ']],
    [{ ...sound, ...BOTH }, []],
    [{ ...sound, ...BOTH, client_secret: undefined }, ['error /client_id']],
    [{ ...sound, ...BOTH, introspection_endpoint_auth_method: 'private_key_jwt' }, ['error /client_id', 'error /client_secret']],
    [{ ...sound, auth_methods: ['introspection'], client_id: ['x'], introspection_endpoint_auth_method: 'private_key_jwt', client_private_key: 'nonsense' }, ['error /client_private_key']],
    [{ ...sound, ...CLIENT }, ['error /client_secret']],
    [{ ...sound, introspect_jwt_tokens: true }, ['error /introspect_jwt_tokens']],
    [{ ...sound, bearer_token_param_type: ['cookie'] }, ['error /bearer_token_param_type']],
    [{ ...sound, bearer_token_cookie_name: 'x' }, ['error /bearer_token_cookie_name']],
    [{ ...sound, upstream_headers_claims: ['sub'] }, ['error /upstream_headers_names']],
    [{ ...sound, upstream_headers_claims: ['sub'], upstream_headers_names: ['Host'] }, ['error /upstream_headers_names']],
    [{ ...sound, upstream_headers: [{ header: 'connection', path: ['sub'] }] }, ['error /upstream_headers']]
  ] as const) t.same(findings(plugin, JSON.parse(JSON.stringify(config)) as object), found, JSON.stringify(config))
})

t.test('every option of Kong\'s that is not here says what to do instead', async t => {
  t.ok(Object.keys(refused).length > 150)
  for (const name of Object.keys(refused)) t.notOk(Object.hasOwn(plugin.schema.properties, name), name)
  const yaml = (option: string): string => `_format_version: "3.0"
plugins:
  - name: openid-connect
    config:
      issuer: https://id.test
      ${option}: x
`
  for (const [option, mend] of [['session_secret', /no sessions/], ['redirect_uri', /logs nobody in/], ['verify_signature', /always verified/], ['extra_jwks_uris', /`jwt` with `issuers`/]] as const) {
    const { diagnostics } = await loadConfig({ file: 'gateway.yaml', text: yaml(option), env: {} })
    t.match(diagnostics.filter(({ severity }) => severity === 'error'), [{ path: new RegExp(option), cause: `'openid-connect' has no \`${option}\` here`, mend }], option)
  }
  const { diagnostics } = await loadConfig({ file: 'gateway.yaml', text: yaml('audience_requierd'), env: {} })
  t.match(diagnostics.filter(({ severity }) => severity === 'error'), [{ mend: /audience_required/ }], 'what is only misspelt is mended as such')
  t.match((await loadConfig({ file: 'gateway.yaml', text: yaml('constructor'), env: {} })).diagnostics.filter(({ severity }) => severity === 'error'), [{ cause: /constructor/ }])
})
