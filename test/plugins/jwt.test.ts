import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import plugin from '../../plugins/jwt/index.ts'
import requestTermination from '../../plugins/request-termination/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { type ClientAnswer, type PluginTest, testPlugin, type TestPluginOptions } from '../../src/testing/index.ts'
import { encode, jwks, makeKey, pem, signToken, split, type SigningKey } from '../helpers/jwt.ts'
import { ask } from '../helpers/running.ts'
import { startGateway } from '../helpers/gateway.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

/** Where the test kit's clock stands, in seconds. */
const NOW = Date.UTC(2030, 0, 1) / 1000
const SECRET = 'a secret of thirty-two bytes, or more'

const rs = makeKey('RS256')
const hs: SigningKey = { ...makeKey('HS256'), ...await secretKey(SECRET) }

async function secretKey (text: string): Promise<Pick<SigningKey, 'sign' | 'verify'>> {
  const { createSecretKey } = await import('node:crypto')
  const key = createSecretKey(Buffer.from(text))
  return { sign: key, verify: key }
}

const CONSUMERS = [
  {
    username: 'acme',
    custom_id: 'partner-7',
    jwt_secrets: [
      { key: 'acme', secret: SECRET },
      { key: 'acme-rsa', algorithm: 'RS256', rsa_public_key: pem(rs) }
    ]
  },
  { username: 'guest' }
]

async function run (t: Test, config: object = {}, options: Partial<TestPluginOptions> = {}): Promise<PluginTest> {
  return await testPlugin(t, { plugin, config, consumers: CONSUMERS, ...options })
}

function bearer (token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } }
}

/** A token of the consumer `acme`. */
async function acme (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  return await signToken(hs, { iss: 'acme', ...claims }, header)
}

function refused (t: Test, answer: ClientAnswer, status: number, message: string, challenge: string | undefined, members: object = {}): void {
  const { request_id: id, ...body } = answer.json() as Record<string, unknown>
  t.equal(answer.status, status, message)
  t.same(body, { message, ...members })
  t.match(id, /^[\da-f]{32}$/)
  t.equal(answer.headers['www-authenticate'], challenge, `challenge of ${message}`)
}

/** A server that publishes a key set and a discovery document. */
async function startIssuer (t: Test, ...keys: SigningKey[]): Promise<{ url: string, keys: SigningKey[], fetches: string[] }> {
  const issuer = { url: '', keys, fetches: [] as string[] }
  const server = createServer((request, response) => {
    issuer.fetches.push(request.url as string)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.url === '/keys' ? jwks(...issuer.keys) : { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return issuer
}

t.test('Kong\'s table of refusals, in its order', async t => {
  const test = await run(t, { claims_to_verify: ['exp', 'nbf'], maximum_expiration: 3600 })
  const INVALID = 'Bearer error="invalid_token"'
  const good = { exp: NOW + 100, nbf: NOW }
  const token = await acme(good)
  const { header, claims, signature } = split(token)
  t.equal((await test.request(bearer(token))).status, 200)

  refused(t, await test.request('/'), 401, 'Unauthorized', 'Bearer')
  refused(t, await test.request({ ...bearer(token), path: `/?jwt=${await acme({ ...good, sub: 'x' })}` }), 401, 'Multiple tokens provided', INVALID)
  const rows: Array<[token: string, message: string, members?: object]> = [
    ['x', 'Bad token; invalid JSON'],
    [`${header}.${claims}`, 'Bad token; invalid JSON'],
    [`*.${claims}.${signature}`, 'Bad token; invalid JSON'],
    [`${header}.${encode('[')}.${signature}`, 'Bad token; invalid JSON'],
    [`${encode({ typ: 'JWT' })}.${claims}.${signature}`, 'Bad token; invalid alg'],
    [`${encode({ alg: 5 })}.${claims}.${signature}`, 'Bad token; invalid alg'],
    [`${encode({ alg: 'none' })}.${claims}.`, 'Bad token; invalid alg'],
    [`${encode({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.${claims}.a.b.c`, 'Bad token; invalid alg'],
    [`${header}.${claims}.!`, 'Bad token; invalid signature'],
    [await signToken(hs, good), 'No mandatory \'iss\' in claims'],
    [await acme({ ...good, iss: null }), 'No mandatory \'iss\' in claims'],
    [await acme({ ...good, iss: '' }), 'Invalid \'iss\' in claims'],
    [await acme({ ...good, iss: ['acme'] }), 'Invalid \'iss\' in claims'],
    [await acme({ ...good, iss: 'nobody' }), 'No credentials found for given \'iss\''],
    [await acme({ ...good, iss: '__proto__' }), 'No credentials found for given \'iss\''],
    [await acme({ ...good, iss: 'acme-rsa' }), 'Invalid algorithm'],
    [await signToken(rs, { ...good, iss: 'acme' }), 'Invalid algorithm'],
    [`${header}.${claims}.${encode('wrong')}`, 'Invalid signature'],
    [await signToken({ ...hs, ...await secretKey('another') }, { ...good, iss: 'acme' }), 'Invalid signature'],
    [await acme({ nbf: NOW }), 'must be a number', { exp: 'must be a number' }],
    [await acme({ ...good, exp: 'x' }), 'must be a number', { exp: 'must be a number' }],
    [await acme({ ...good, exp: NOW - 30 }), 'token expired', { exp: 'token expired' }],
    [await acme({ exp: NOW + 100 }), 'must be a number', { nbf: 'must be a number' }],
    [await acme({ ...good, nbf: NOW + 31 }), 'token not valid yet', { nbf: 'token not valid yet' }],
    [await acme({ exp: NOW - 30, nbf: NOW + 31 }), 'token expired', { exp: 'token expired', nbf: 'token not valid yet' }],
    [await acme({ ...good, exp: NOW + 3601 }), 'exceeds maximum allowed expiration', { exp: 'exceeds maximum allowed expiration' }]
  ]
  for (const [token, message, members] of rows) refused(t, await test.request(bearer(token)), 401, message, INVALID, members)
  t.equal(test.received.length, 1)
})

t.test('a realm is part of every challenge', async t => {
  const test = await run(t, { realm: 'my "own"' })
  refused(t, await test.request('/'), 401, 'Unauthorized', 'Bearer realm="my \\"own\\""')
  refused(t, await test.request(bearer('x')), 401, 'Bad token; invalid JSON', 'Bearer realm="my \\"own\\"", error="invalid_token"')
})

t.test('the upstream learns who calls, and can\'t be told otherwise', async t => {
  const test = await run(t, { claims_to_headers: { 'X-User-ID': 'sub', 'X-Roles': 'realm_access.roles' } })
  const token = await acme({ sub: 'Žofie', realm_access: { roles: ['a', 'b'] } })
  const forged = { 'X-Consumer-Username': 'admin', 'X-User-ID': 'admin', x_user_id: 'admin', 'X-Roles': 'admin', 'X-Credential-Identifier': 'admin', 'X-Anonymous-Consumer': 'true' }
  const answer = await test.request({ headers: { ...forged, authorization: `Bearer ${token}` } })
  t.equal(answer.status, 200)
  const headers = test.received[0]?.headers ?? {}
  t.match(headers, { 'x-consumer-username': 'acme', 'x-consumer-custom-id': 'partner-7', 'x-credential-identifier': 'acme', 'x-roles': 'a,b', authorization: `Bearer ${token}` })
  t.equal(Buffer.from(headers['x-user-id'] as string, 'latin1').toString(), 'Žofie')
  t.match(headers['x-consumer-id'], /^[\da-f-]{36}$/)
  t.notOk('x-anonymous-consumer' in headers)
  t.notOk('x_user_id' in headers)

  await test.request({ headers: { ...forged, authorization: `Bearer ${await acme()}` } })
  t.notOk('x-user-id' in (test.received[1]?.headers ?? {}), 'a claim that is not there gives no field')
})

t.test('all algorithms that Kong has serve jwt_secrets', async t => {
  for (const [alg, size] of [['HS256', 32], ['HS384', 48], ['HS512', 64], ['RS256', 2048], ['RS384'], ['RS512'], ['PS256', 2048], ['PS384', 3072], ['PS512', 3072], ['ES256'], ['ES384'], ['ES512'], ['EdDSA']] as const) {
    const key = makeKey(alg, size === undefined ? {} : { size })
    const secret = alg.startsWith('HS') ? { secret: key.verify.export().toString('base64url') } : { rsa_public_key: pem(key) }
    const test = await run(t, { secret_is_base64: true }, { consumers: [{ username: 'ann', jwt_secrets: [{ key: 'k', algorithm: alg, ...secret }] }] })
    const token = await signToken(key, { iss: 'k' })
    t.equal((await test.request(bearer(token))).status, 200, alg)
    refused(t, await test.request(bearer(`${split(token).signed}.${encode('short')}`)), 401, 'Invalid signature', 'Bearer error="invalid_token"')
  }
})

t.test('the key may be named by another claim, or in the header', async t => {
  const test = await run(t, { key_claim_name: 'kid' })
  t.equal((await test.request(bearer(await signToken(hs, {}, { kid: 'acme' })))).status, 200)
  t.equal((await test.request(bearer(await signToken(hs, { kid: 'acme' }, { kid: 'other' })))).status, 200, 'claims come first')
  refused(t, await test.request(bearer(await signToken(hs, {}, { kid: undefined }))), 401, 'No mandatory \'kid\' in claims', 'Bearer error="invalid_token"')
})

t.test('a list of algorithms narrows what credentials allow', async t => {
  const test = await run(t, { algorithms: ['RS256'] })
  t.equal((await test.request(bearer(await signToken(rs, { iss: 'acme-rsa' })))).status, 200)
  refused(t, await test.request(bearer(await acme())), 401, 'Invalid algorithm', 'Bearer error="invalid_token"')
})

t.test('a credential without a usable key lets nobody in', async t => {
  const test = await run(t, { secret_is_base64: true }, { consumers: [{ username: 'ann', jwt_secrets: [{ key: 'k', secret: '!!' }] }] })
  const token = `${encode({ alg: 'HS256' })}.${encode({ iss: 'k' })}.${encode('x')}`
  for (let index = 0; index < 2; index++) refused(t, await test.request(bearer(token)), 401, 'Invalid key/secret', 'Bearer error="invalid_token"')
})

t.test('tokens are found in query, cookies and headers, and the same one twice is one', async t => {
  const test = await run(t, { cookie_names: ['session', 'old'], header_names: ['authorization', 'x-token'], uri_param_names: ['jwt', 'a b'] })
  const token = await acme()
  const other = await acme({ sub: 'other' })
  const passes = [
    { path: `/?jwt=${token}` },
    { path: `/?x=1&a+b=${token}` },
    { path: `/?%6awt=${token}&%zz=1` },
    { headers: { cookie: `a=b; session=${token}` } },
    { headers: { cookie: `session=${token};old=${token}` } },
    { headers: { authorization: `bearer   ${token}` } },
    { headers: { authorization: `BEARER ${token}` } },
    { headers: { 'x-token': `Bearer ${token}` } },
    { path: `/?jwt=${token}&jwt=`, headers: { cookie: `session=${token}`, authorization: `Bearer ${token}` } },
    { headers: { authorization: 'Basic YTpi', 'x-token': `Bearer ${token}` } }
  ]
  for (const request of passes) t.equal((await test.request(request)).status, 200, JSON.stringify(request).replaceAll(token, '…'))
  const several = [
    { path: `/?jwt=${token}&jwt=${other}` },
    { headers: { cookie: `session=${token}; session=${other}` } },
    { headers: { authorization: `Bearer ${token}`, 'x-token': `Bearer ${other}` } }
  ]
  for (const request of several) t.match((await test.request(request as never)).json(), { message: 'Multiple tokens provided' }, JSON.stringify(Object.keys(request)))
  t.equal((await test.request({ headers: { 'x-token': [`Bearer ${token}`, `Bearer ${other}`] } } as never)).status, 400, 'one field twice')
  const none = [
    { headers: { authorization: token } },
    { headers: { authorization: 'Bearer' } },
    { headers: { authorization: 'Bearer ' } },
    { headers: { authorization: `Basic x Bearer ${token}` } },
    { headers: { authorization: `Bearer${token}` } },
    { headers: { cookie: `Session=${token}` } },
    { path: `/?JWT=${token}` },
    { path: '/?jwt' },
    { path: '/?jwt=' },
    { headers: { 'x-token': token } }
  ]
  for (const request of none) t.match((await test.request(request)).json(), { message: 'Unauthorized' }, JSON.stringify(request).replaceAll(token, '…'))
})

t.test('the token can be kept from the upstream, wherever it was', async t => {
  const test = await run(t, { strip_token: true, cookie_names: ['session'], anonymous: 'guest' })
  const token = await acme()
  await test.request({ path: `/a?x=1&jwt=${token}&y=%20`, headers: { cookie: `a=b; session=${token}; c=d`, authorization: `Bearer ${token}` } })
  await test.request({ path: `/a?jwt=${token}`, headers: { cookie: `session=${token}` } })
  await test.request({ path: '/a?x=1', headers: { cookie: 'a=b', authorization: 'Basic YTpi' } })
  await test.request({ path: '/a?jwt=bad', headers: { authorization: 'Bearer bad' } })
  const [first, second, third, fourth] = test.received
  t.equal(first?.target, '/a?x=1&y=%20')
  t.equal(first?.headers['cookie'], 'a=b; c=d')
  t.notOk('authorization' in (first?.headers ?? {}))
  t.equal(second?.target, '/a')
  t.notOk('cookie' in (second?.headers ?? {}))
  t.match(third, { target: '/a?x=1', headers: { cookie: 'a=b', authorization: 'Basic YTpi' } })
  t.equal(fourth?.target, '/a', 'a bad token is not passed on for the anonymous consumer either')
  t.notOk('authorization' in (fourth?.headers ?? {}))
})

t.test('without strip_token, what the client sent goes on byte for byte', async t => {
  const test = await run(t)
  const token = await acme()
  await test.request({ path: `/?jwt=${token}&x=%20+`, headers: { authorization: `bearer  ${token}` } })
  t.match(test.received[0], { target: `/?jwt=${token}&x=%20+`, headers: { authorization: `bearer  ${token}` } })
})

t.test('the anonymous consumer is who has no valid token; the policy of the route may end that', async t => {
  const test = await run(t, { anonymous: 'guest' })
  for (const request of [{}, bearer('x')]) t.equal((await test.request(request)).status, 200)
  await test.request(bearer(await acme()))
  t.same(test.received.map(({ headers }) => [headers['x-consumer-username'], headers['x-anonymous-consumer'], headers['x-credential-identifier']]), [
    ['guest', 'true', undefined], ['guest', 'true', undefined], ['acme', undefined, 'acme']
  ])
})

t.test('preflights pass where they are let pass', async t => {
  const strict = await run(t)
  t.equal((await strict.request({ method: 'OPTIONS' })).status, 401)
  const open = await run(t, { run_on_preflight: false })
  t.equal((await open.request({ method: 'OPTIONS' })).status, 200)
  t.equal((await open.request({ method: 'GET' })).status, 401)
})

t.test('without a service, it still guards what other plugins answer', async t => {
  const test = await run(t, { strip_token: true }, { service: null, beside: [{ plugin: requestTermination, config: { status_code: 200, message: 'in' } }] })
  t.equal((await test.request('/')).status, 401)
  t.same((await test.request(bearer(await acme()))).json(), { message: 'in' })
})

t.test('a public key from a variable, on one line or several, and a certificate\'s worth of checks', async t => {
  for (const text of [pem(rs), pem(rs).replaceAll('\n', '\\n')]) {
    const test = await run(t, { public_key: text, algorithms: ['RS256'], issuer: 'https://auth.example.com', scopes_claim: ['scopes'], scopes_required: ['orders:read'], claims_to_headers: { 'X-User-ID': 'sub' } })
    const claims = { iss: 'https://auth.example.com', sub: 'u1', scopes: ['orders:read', 'x'] }
    t.equal((await test.request(bearer(await signToken(rs, claims)))).status, 200)
    t.equal(test.received[0]?.headers['x-user-id'], 'u1')
    t.equal(test.received[0]?.headers['x-credential-identifier'], 'u1')
    refused(t, await test.request(bearer(await signToken(rs, { ...claims, scopes: ['x'] }))), 403, 'Missing required scope: orders:read', 'Bearer error="insufficient_scope", scope="orders:read"')
    refused(t, await test.request(bearer(await signToken(rs, { ...claims, iss: 'https://other' }))), 401, 'Invalid issuer', 'Bearer error="invalid_token"', { iss: 'not the one expected' })
    refused(t, await test.request(bearer(await signToken({ ...rs, alg: 'PS256' }, claims))), 401, 'Invalid algorithm', 'Bearer error="invalid_token"')
    const forged = await signToken({ ...hs, ...await secretKey(text) }, claims)
    refused(t, await test.request(bearer(forged)), 401, 'Invalid algorithm', 'Bearer error="invalid_token"')
  }
})

t.test('a shared secret', async t => {
  const test = await run(t, { secret: SECRET, required_claims: ['sub', 'org.id'] })
  t.equal((await test.request(bearer(await signToken(hs, { sub: 'a', org: { id: 1 } })))).status, 200)
  for (const claims of [{ sub: 'a' }, { sub: 'a', org: {} }, { sub: 'a', org: { id: '' } }, { sub: 'a', org: { id: null } }]) {
    refused(t, await test.request(bearer(await signToken(hs, claims))), 401, 'Missing required claim: org.id', 'Bearer error="invalid_token"')
  }
  refused(t, await test.request(bearer(await signToken(rs, { sub: 'a' }))), 401, 'Invalid algorithm', 'Bearer error="invalid_token"')
})

t.test('a key set in the file, and one in a file beside it', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'jwt-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const es = makeKey('ES384', { kid: 'two' })
  const file = join(folder, 'keys.json')
  writeFileSync(file, JSON.stringify({ keys: [...jwks(rs, es).keys, { kty: 'oct', kid: 'shared', k: Buffer.from(SECRET).toString('base64url'), alg: 'HS256' }] }))
  for (const config of [{ jwks: jwks(rs, es) }, { jwks_file: file }]) {
    const test = await run(t, config)
    for (const key of [rs, es]) t.equal((await test.request(bearer(await signToken(key)))).status, 200, key.alg)
    refused(t, await test.request(bearer(await signToken(es, {}, { kid: 'three' }))), 401, 'No key found for given \'kid\'', 'Bearer error="invalid_token"')
    const shared = await test.request(bearer(await signToken({ ...hs, kid: 'shared' })))
    t.equal(shared.status, 'jwks_file' in config ? 200 : 401)
  }
  await t.rejects(run(t, { jwks_file: 'no/such/file.json' }), /can't be read \(ENOENT\)/)
})

t.test('keys of an issuer, by discovery and by address', async t => {
  const issuer = await startIssuer(t, rs)
  for (const config of [{ issuer: issuer.url }, { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }, { issuer: 'any text', jwks_uri: `${issuer.url}/keys` }]) {
    const test = await run(t, { ...config, allow_insecure: true, audience: ['api'] })
    const claims = { iss: config.issuer, aud: 'api', sub: 'ann' }
    t.equal((await test.request(bearer(await signToken(rs, claims)))).status, 200)
    refused(t, await test.request(bearer(await signToken(rs, { ...claims, aud: 'web' }))), 401, 'Invalid audience', 'Bearer error="invalid_token"', { aud: 'not the one expected' })
    await test.close()
  }
  t.same(new Set(issuer.fetches), new Set(['/.well-known/openid-configuration', '/keys']))
})

t.test('keys rotate while tokens come', async t => {
  const issuer = await startIssuer(t, rs)
  const test = await run(t, { issuer: issuer.url, allow_insecure: true })
  const second = makeKey('ES256', { kid: 'two' })
  const claims = { iss: issuer.url, exp: NOW + 3600 }
  const [old, next] = [await signToken(rs, claims), await signToken(second, claims)]
  for (let index = 0; index < 3; index++) t.equal((await test.request(bearer(old))).status, 200)

  issuer.keys.push(second)
  t.equal((await test.request(bearer(next))).status, 200, 'a token of the new key has the set fetched again')
  t.equal((await test.request(bearer(old))).status, 200, 'and those of the old one go on')

  issuer.keys.shift()
  test.clock.advance(31_000)
  const unknown = await signToken(makeKey('RS256', { kid: 'three' }), claims)
  const fetched = issuer.fetches.length
  const storm = await Promise.all(Array.from({ length: 20 }, async () => (await test.request(bearer(unknown))).status))
  t.same(new Set(storm), new Set([401]))
  t.equal(issuer.fetches.length, fetched + 1, 'a storm of unknown keys is one fetch')
  t.equal((await test.request(bearer(old))).status, 401, 'a key that has gone takes its remembered tokens along')
  t.equal((await test.request(bearer(next))).status, 200)
})

t.test('an issuer that was never reached is 503, for the anonymous too', async t => {
  const test = await run(t, { issuer: 'http://127.0.0.1:9', allow_insecure: true, anonymous: 'guest' })
  const answer = await test.request(bearer(await signToken(rs, { iss: 'http://127.0.0.1:9' })))
  t.equal(answer.status, 503)
  t.ok(answer.headers['retry-after'])
  t.equal((await test.request('/')).status, 200, 'who brings no token is anonymous')
  t.equal(test.received.length, 1)
})

t.test('several issuers, chosen by iss, each with its own keys, audience and algorithms', async t => {
  const issuer = await startIssuer(t, rs)
  const ps: SigningKey = { ...rs, alg: 'PS256' }
  const test = await run(t, {
    allow_insecure: true,
    audience: ['api'],
    issuers: [
      { issuer: issuer.url },
      { issuer: 'jobs', secret: SECRET, audience: ['jobs'] },
      { issuer: 'pinned', public_key: pem(rs), algorithms: ['PS256'] }
    ]
  })
  const ask = async (key: SigningKey, claims: object): Promise<number> => (await test.request(bearer(await signToken(key, { ...claims })))).status
  t.equal(await ask(rs, { iss: issuer.url, aud: 'api' }), 200)
  t.equal(await ask(hs, { iss: 'jobs', aud: 'jobs' }), 200)
  t.equal(await ask(ps, { iss: 'pinned', aud: 'api' }), 200)
  for (const [key, claims] of [
    [rs, { iss: 'jobs', aud: 'jobs' }], [hs, { iss: issuer.url, aud: 'api' }], [hs, { iss: 'jobs', aud: 'api' }], [rs, { iss: 'pinned', aud: 'api' }],
    [rs, { aud: 'api' }], [rs, { iss: ['jobs'], aud: 'api' }], [rs, { iss: 'toString', aud: 'api' }]
  ] as const) t.equal(await ask(key, claims), 401, JSON.stringify(claims))
})

t.test('a claim finds the consumer', async t => {
  const test = await run(t, { secret: SECRET, consumer_claim: ['azp'] })
  t.equal((await test.request(bearer(await signToken(hs, { azp: 'acme', sub: 's' })))).status, 200)
  t.equal((await test.request(bearer(await signToken(hs, { azp: 'partner-7' })))).status, 200)
  t.same(test.received.map(({ headers }) => [headers['x-consumer-username'], headers['x-credential-identifier']]), [['acme', 's'], ['acme', 'partner-7']])
  for (const azp of ['nobody', undefined, ['acme'], '']) {
    refused(t, await test.request(bearer(await signToken(hs, { azp }))), 403, 'No consumer found for the token', 'Bearer error="insufficient_scope"')
  }
  const id = test.received[0]?.headers['x-consumer-id']
  t.equal((await test.request(bearer(await signToken(hs, { azp: id })))).status, 403, 'ids are ours, not the issuer\'s')

  const optional = await run(t, { secret: SECRET, consumer_claim: ['azp'], consumer_by: ['custom_id'], consumer_optional: true })
  t.equal((await optional.request(bearer(await signToken(hs, { azp: 'acme' })))).status, 200)
  t.notOk('x-consumer-username' in (optional.received[0]?.headers ?? {}), 'a username is no custom_id')
})

t.test('roles in Kong\'s forms', async t => {
  const test = await run(t, { secret: SECRET, roles_claim: ['realm_access', 'roles'], roles_required: ['admin ops', 'root'] })
  const ask = async (roles: unknown): Promise<ClientAnswer> => await test.request(bearer(await signToken(hs, { realm_access: { roles } })))
  t.equal((await ask(['ops', 'admin'])).status, 200)
  t.equal((await ask('root x')).status, 200)
  refused(t, await ask(['admin']), 403, 'Missing required role: ops', 'Bearer error="insufficient_scope"')
  t.equal((await ask(['admin ops'])).status, 403, 'one role with a blank is not two')
  t.equal((await ask({ root: true })).status, 403)
})

t.test('a remembered token ends with its time', async t => {
  const test = await run(t)
  const token = await acme({ exp: NOW + 60 })
  for (let index = 0; index < 3; index++) t.equal((await test.request(bearer(token))).status, 200)
  test.clock.advance(89_000)
  t.equal((await test.request(bearer(token))).status, 200)
  test.clock.advance(1_000)
  t.match((await test.request(bearer(token))).json(), { exp: 'token expired' })
})

t.test('revoked tokens are refused, remembered or not', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'jwt-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'revoked.json')
  writeFileSync(file, '{}')
  const test = await run(t, { revocation: { file, interval: 1 } })
  const token = await acme({ jti: 'one', sub: 'ann', iat: NOW })
  t.equal((await test.request(bearer(token))).status, 200)
  writeFileSync(file, JSON.stringify({ jti: ['one'] }))
  let answer = await test.request(bearer(token))
  while (answer.status === 200) {
    await new Promise(resolve => setTimeout(resolve, 20))
    answer = await test.request(bearer(token))
  }
  refused(t, answer, 401, 'Token revoked', 'Bearer error="invalid_token"')
  t.equal((await test.request(bearer(await acme({ jti: 'two' })))).status, 200)
  refused(t, await test.request(bearer(await acme())), 401, 'Missing required claim: jti', 'Bearer error="invalid_token"')
  test.clock.advance(400_000)
  t.equal((await test.request(bearer(await acme({ jti: 'two' })))).status, 503)
  await t.rejects(run(t, { revocation: { file: join(folder, 'missing.json') } }), /missing\.json' can't be read \(ENOENT\)/)
})

t.test('what can not be combined, and what can not work, is refused at its place', async t => {
  const issuer = 'https://auth.example.com/'
  const weak = (await import('node:crypto')).generateKeyPairSync('rsa', { modulusLength: 1024, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  const cases: Array<[config: object, found: string[]]> = [
    [{}, []],
    [{ issuer }, []],
    [{ issuer, jwks_uri: 'https://auth.example.com/keys' }, []],
    [{ jwks_uri: 'https://auth.example.com/keys' }, ['warning /jwks_uri']],
    [{ issuer: 'auth' }, ['error /issuer']],
    [{ issuer: 'auth', secret: SECRET }, []],
    [{ issuer: 'http://auth.example.com/' }, ['error /issuer']],
    [{ issuer: 'http://auth.example.com/', allow_insecure: true }, ['warning /issuer']],
    [{ issuer, jwks_uri: 'ftp://a' }, ['error /jwks_uri']],
    [{ issuer, jwks_uri: 'https://a/keys', public_key: pem(rs) }, ['error /public_key']],
    [{ issuer, key_claim_name: 'kid' }, ['error /key_claim_name']],
    [{ consumer_claim: ['sub'] }, ['error /consumer_claim']],
    [{ issuer, issuers: [{ issuer }] }, ['error /issuer']],
    [{ secret: SECRET, issuers: [{ issuer }] }, ['error /secret']],
    [{ issuers: [{ issuer }, { issuer }] }, ['error /issuers/1/issuer']],
    [{ issuers: [{ issuer: 'x', secret: SECRET, public_key: pem(rs) }] }, ['error /issuers/0/secret']],
    [{ issuer, algorithms: ['RS256', 'HS256'] }, ['error /algorithms/1']],
    [{ secret: SECRET, algorithms: ['RS256'] }, ['error /algorithms/0']],
    [{ issuers: [{ issuer, algorithms: ['HS256'] }] }, ['error /issuers/0/algorithms/0']],
    [{ algorithms: ['RS256', 'HS256'] }, []],
    [{ public_key: 'no key' }, ['error /public_key']],
    [{ public_key: weak.publicKey }, ['error /public_key']],
    [{ public_key: weak.privateKey }, ['error /public_key']],
    [{ public_key: pem(makeKey('ES256')), algorithms: ['RS256'] }, ['error /public_key']],
    [{ jwks: jwks(rs) }, []],
    [{ jwks: { keys: [{ kty: 'RSA' }] } }, ['error /jwks']],
    [{ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, ['error /jwks/keys/0']],
    [{ secret: 'short' }, ['warning /secret']],
    [{ secret: SECRET, algorithms: ['HS512'] }, ['warning /secret']],
    [{ secret: '!', secret_is_base64: true }, ['error /secret']],
    [{ header_names: [], uri_param_names: [] }, ['error /header_names']],
    [{ claims_to_headers: { Host: 'sub', 'Content-Length': 'sub', 'X-Ok': 'sub' } }, ['error /claims_to_headers/Host', 'error /claims_to_headers/Content-Length']],
    [{ revocation: {} }, ['error /revocation']],
    [{ revocation: { file: 'a', redis_url: 'redis://b' } }, ['error /revocation/redis_url', 'error /revocation/file']]
  ]
  for (const [config, found] of cases) t.same(findings(plugin, config), found, JSON.stringify(config).slice(0, 100))
})

t.test('the schema refuses what is no option', async t => {
  for (const config of [
    { algorithms: ['none'] }, { algorithms: [] }, { leeway: -1 }, { claims_to_verify: ['iat'] }, { maximum_expiration: 31_536_001 }, { issuers: [] }, { issuers: [{}] },
    { revocation: { redis_url: 'http://x' } }, { claims_to_headers: { 'a b': 'sub' } }, { audience: 'api' }, { realm: 'a\r\nb' }
  ]) t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
})

t.test('entries that name one issuer share its key set', async t => {
  const issuer = await startIssuer(t, rs)
  const entry = { name: 'jwt', config: { issuer: issuer.url, allow_insecure: true } }
  const routes = Array.from({ length: 5 }, (_, index) => ({ name: `r${index}`, paths: [`/${index}`], plugins: [entry, { name: 'request-termination' }] }))
  const { config } = await loadConfig({ file: 'gateway.yaml', env: {}, text: JSON.stringify({ _format_version: '3.0', gateway: { listen: [{ host: '127.0.0.1', port: 0 }], admin: 'off' }, routes }) })
  const { server, port } = await startGateway(t, config as Config, [plugin, requestTermination], { now: () => NOW * 1000 })
  const token = await signToken(rs, { iss: issuer.url })
  const statuses = async (): Promise<number[]> => await Promise.all(routes.map(async (_, index) => (await ask(port, `/${index}`, bearer(token))).status))
  t.same(await statuses(), [503, 503, 503, 503, 503], 'that of request-termination')
  t.same(issuer.fetches.length, 2, 'one document, one key set')
  const next = await server.prepare(config as Config, new Map([plugin, requestTermination].map(each => [each.name, each])))
  next.commit()
  await statuses()
  t.same(issuer.fetches.length, 2, 'over a reload as well')
})

t.test('check reads the files that are named, and says where they are wrong', async t => {
  const folder = t.testdir({})
  const config = { ...validateConfig(plugin, { jwks_file: 'keys.json', issuer: 'https://a.example', revocation: { file: 'revoked.json' } }).config }
  const good = { 'keys.json': JSON.stringify(jwks(rs, hs), null, 2), 'revoked.json': '{"jti": ["a"], "sub": {"ann": 1}}' }
  const found = (files: Record<string, string | undefined>): string[] => {
    for (const [name, text] of Object.entries({ ...good, ...files })) {
      rmSync(join(folder, name), { force: true })
      if (text !== undefined) writeFileSync(join(folder, name), text)
    }
    return [...plugin.check?.(config, { directory: folder }) ?? []].map(({ path, message }) => `${path} ${message}`)
  }
  t.same(found({}), [])
  t.same(found({ 'keys.json': undefined, 'revoked.json': undefined }), ['/jwks_file \'keys.json\' can\'t be read (ENOENT)', '/revocation/file \'revoked.json\' can\'t be read (ENOENT)'])
  t.same(found({ 'keys.json': '{\n  "keys": [\n    {"kty": "EC", "crv": "P-256"},\n    {"kty": "oct"}\n  ]\n}' }), ['/jwks_file keys.json:3: key number 1 of the set is not a valid key'])
  t.same(found({ 'keys.json': '{"keys": []}' }), ['/jwks_file keys.json:1: the set has no keys'])
  t.same(found({ 'revoked.json': '{\n  "jti": ["a",\n 7]\n}' }), ['/revocation/file revoked.json:3: `jti` is not a list of texts'])
  t.same(found({ 'revoked.json': '{\n  "jti": 7 }' }), ['/revocation/file revoked.json:2: `jti` is not a list of texts'])
  t.same(found({ 'revoked.json': '{"jti": [],\n\n"sub": {"a": 1,\n"b": "secret"} }' }), ['/revocation/file revoked.json:4: `sub` is not an object of times in seconds'])
  t.same(found({ 'revoked.json': '{"jti": [],\n"other": 1}' }), ['/revocation/file revoked.json:2: it has members other than `jti` and `sub`'])
  t.same(found({ 'revoked.json': '[]' }), ['/revocation/file revoked.json:1: it is not a JSON object'])
  for (const [text, line, what] of [
    ['{\n"jti": ["a",\n]}', 3, 'this is no JSON'], ['{"jti": ["a"\n"b"]}', 2, 'this is no JSON'], ['{"jti": [],\n"jti": []}', 2, 'this member stands twice'],
    ['{}\n\n{}', 3, 'nothing may follow'], ['', 1, 'this is no JSON'], ['{\na: 1}', 2, 'this is no JSON'], ['{"jti"\n 1}', 2, 'this is no JSON'], ['{"sub": {"a": 01}}', 1, 'this is no JSON'],
    ['{"sub": \n{"a": }}', 2, 'this is no JSON'], ['"a\nb"', 1, 'this is no JSON'], ['[1 2]', 1, 'this is no JSON'], [`\n${'['.repeat(300)}`, 2, 'this is too deep']
  ] as const) t.same(found({ 'revoked.json': text }), [`/revocation/file revoked.json:${line}: ${what}`], text)
  const issuers = validateConfig(plugin, { issuers: [{ issuer: 'https://a.example', jwks_file: 'keys.json' }, { issuer: 'https://b.example', jwks_file: 'no.json' }] }).config
  t.same([...plugin.check?.(issuers, { directory: folder }) ?? []].map(({ path }) => path), ['/issuers/1/jwks_file'])
})
