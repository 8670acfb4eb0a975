import { createHmac, generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, exportJWK, jwtVerify, type JSONWebKeySet } from 'jose'
import t, { type Test } from 'tap'
import plugin from '../../plugins/signed-identity/index.ts'
import { fakeAuth } from '../helpers/fake-auth.ts'
import { completeConfig, findings, validateConfig } from '../helpers/plugin-config.ts'
import { ask, upstream } from '../helpers/running.ts'
import { serveFile } from '../helpers/serve-file.ts'

function pem (namedCurve = 'P-256'): { privateKey: string, publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve })
  return {
    privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    publicKey: pair.publicKey.export({ format: 'pem', type: 'spki' }) as string
  }
}

const key = pem()
const secret = 'a secret that has more than 32 bytes'
const START = Date.UTC(2030, 0, 1)

interface Running {
  request (says: object | null, options?: { path?: string, method?: string, headers?: Record<string, string> }): Promise<Record<string, string>>
  /** Moves the clock, in milliseconds. */
  advance (by: number): void
}

/** A gateway that signs for one caller; `request` gives what the service got. */
async function signing (t: Test, config: object, plugins = ''): Promise<Running> {
  let now = START
  const service = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { port } = await serveFile(t, `
consumers: [{ username: shop, custom_id: "42", acls: [{ group: staff }], id: 7c2a1f0e-6a51-4d29-9a34-0a6d4a4c1d11 }, { username: guest }]
services: [{ name: orders, url: "http://127.0.0.1:${service}/base", routes: [{ name: r, paths: [/api] }] }]
plugins:
  - { name: first, config: { anonymous: guest } }
  - { name: signed-identity, config: ${JSON.stringify(config)} }
${plugins}
`, { plugins: [fakeAuth('first', 1450)], now: () => now })
  return {
    async request (says, { path = '/api/x', method = 'GET', headers = {} } = {}) {
      const answer = await ask(port, path, { method, headers: { ...headers, ...says === null ? {} : { 'x-first': JSON.stringify(says) } } })
      return JSON.parse(answer.text) as Record<string, string>
    },
    advance (by) { now += by }
  }
}

function published (...configs: object[]): Array<{ path: string, body: unknown }> {
  return [...plugin.publish?.(configs.map(config => completeConfig(plugin, config)) as never) ?? []]
}

const consumer = { id: '7c2a1f0e-6a51-4d29-9a34-0a6d4a4c1d11', username: 'shop', custom_id: '42', tags: [], pointer: '', groups: [] }
const ada = {
  subject: 'ada', consumer, credential: { id: 'c1' }, scopes: ['a', 'b'], roles: ['admin'], claims: {}, headers: [['X-User-Email', 'ada@example.com']]
}

t.test('ES256: a token that the published key verifies, with all that is known', async t => {
  const run = await signing(t, { keys: [key.privateKey] })
  const up = await run.request(ada, { headers: { 'x-sallyport-identity': 'forged', x_sallyport_identity: 'forged' } })
  const [document] = published({ keys: [key.privateKey] })
  t.equal(document?.path, '/identity/jwks.json')
  const { payload, protectedHeader } = await jwtVerify(up['x-sallyport-identity'] as string, createLocalJWKSet(document?.body as JSONWebKeySet), {
    issuer: 'sallyport', audience: 'orders', typ: 'identity+jwt', currentDate: new Date(START + 59_000)
  })
  t.equal(protectedHeader.alg, 'ES256')
  t.strictSame(payload, {
    iss: 'sallyport',
    aud: 'orders',
    sub: 'ada',
    consumer: { id: consumer.id, username: 'shop', custom_id: '42' },
    credential: 'c1',
    scope: 'a b',
    roles: ['admin'],
    groups: ['staff'],
    headers: { 'x-user-email': 'ada@example.com' },
    iat: START / 1000,
    exp: START / 1000 + 60
  })
  t.equal(up['x_sallyport_identity'], undefined)
  await t.rejects(jwtVerify(up['x-sallyport-identity'] as string, createLocalJWKSet(document?.body as JSONWebKeySet), { currentDate: new Date(START + 60_000) }), { code: 'ERR_JWT_EXPIRED' })
})

t.test('key ids are thumbprints of RFC 7638, and no private part is published', async t => {
  const [document] = published({ keys: [key.privateKey] })
  const { keys } = document?.body as JSONWebKeySet
  t.strictSame(Object.keys(keys[0] ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  const jwk = await exportJWK((await import('node:crypto')).createPublicKey(key.publicKey))
  t.equal(keys[0]?.kid, await calculateJwkThumbprint(jwk))
})

t.test('the first key signs, all are published, each once, by path', async t => {
  const [next, old] = [pem(), pem()]
  const run = await signing(t, { keys: [key.privateKey, next.privateKey, old.publicKey.replaceAll('\n', '\\n')] })
  const token = (await run.request(ada))['x-sallyport-identity'] as string
  const documents = published(
    { keys: [key.privateKey, next.privateKey, old.publicKey.replaceAll('\n', '\\n')] },
    { keys: [next.privateKey] },
    { keys: [old.privateKey], jwks_path: '/identity/other.json' },
    { keys: [secret], algorithm: 'HS256' },
    { keys: [secret], mode: 'hmac' }
  )
  t.same(documents.map(({ path, body }) => [path, (body as JSONWebKeySet).keys.length]), [['/identity/jwks.json', 3], ['/identity/other.json', 1]])
  t.equal(decodeProtectedHeader(token).kid, (documents[0]?.body as JSONWebKeySet).keys[0]?.kid)
})

t.test('HS256: the shared secret verifies it, and nothing is published', async t => {
  const run = await signing(t, { algorithm: 'HS256', keys: [secret], issuer: 'https://gw', audience: 'all', ttl: 5, header_name: 'X-Who' })
  const token = (await run.request({ subject: 'ada' }))['x-who'] as string
  const { payload } = await jwtVerify(token, Buffer.from(secret), { algorithms: ['HS256'], currentDate: new Date(START) })
  t.strictSame(payload, { iss: 'https://gw', aud: 'all', sub: 'ada', iat: START / 1000, exp: START / 1000 + 5 })
  t.same(published({ algorithm: 'HS256', keys: [secret] }), [])
})

t.test('an anonymous caller is said to be one; a consumer without a subject is its id', async t => {
  const run = await signing(t, { algorithm: 'HS256', keys: [secret] })
  const read = async (says: object | null) => {
    const token = (await run.request(says))['x-sallyport-identity'] as string
    return (await jwtVerify(token, Buffer.from(secret), { currentDate: new Date(START) })).payload
  }
  t.match(await read(null), { anonymous: true, consumer: { username: 'guest' } })
  const known = await read({ consumer, groups: ['own'] })
  t.equal(known.sub, consumer.id)
  t.equal(known['anonymous'], undefined)
  t.same(known['groups'], ['own'])
})

t.test('nobody known: nothing to vouch for, and nothing that a client says passes', async t => {
  const service = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  for (const mode of ['jwt', 'hmac']) {
    const { port } = await serveFile(t, `
services: [{ name: orders, url: "http://127.0.0.1:${service}", routes: [{ name: r, paths: [/] }] }]
plugins: [{ name: signed-identity, config: { mode: ${mode}, algorithm: HS256, keys: ["${secret}"] } }]
`)
    t.equal((JSON.parse((await ask(port, '/', { headers: { 'X-Sallyport-Identity': 'forged' } })).text) as Record<string, string>)['x-sallyport-identity'], undefined)
  }
})

t.test('client-sent copies are removed on routes without the plugin, too', async t => {
  const service = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { port } = await serveFile(t, `
services:
  - name: a
    url: http://127.0.0.1:${service}
    routes: [{ name: a, paths: [/a], plugins: [{ name: signed-identity, config: { mode: hmac, keys: ["${secret}"], header_name: X-Who } }] }]
  - { name: b, url: "http://127.0.0.1:${service}", routes: [{ name: b, paths: [/b] }] }
`)
  t.equal((JSON.parse((await ask(port, '/b', { headers: { 'X-Who': 'forged' } })).text) as Record<string, string>)['x-who'], undefined)
})

t.test('the same caller in the same second is signed for once', async t => {
  const run = await signing(t, { keys: [key.privateKey] })
  const token = async (says: object) => (await run.request(says))['x-sallyport-identity']
  const first = await token(ada)
  run.advance(999)
  t.equal(await token(ada), first)
  t.not(await token({ ...ada, roles: ['other'] }), first)
  run.advance(1)
  t.not(await token(ada), first)
})

t.test('bound to the request: method, path and query as the service gets them, after transformations', async t => {
  const run = await signing(t, { algorithm: 'HS256', keys: [secret], bind_request: true }, `
  - { name: request-transformer, config: { replace: { uri: /moved }, add: { querystring: ["b:2"] }, http_method: PUT } }`)
  const token = (await run.request(ada, { path: '/api/x?a=1' }))['x-sallyport-identity'] as string
  t.equal((await jwtVerify(token, Buffer.from(secret), { currentDate: new Date(START) })).payload['request'], 'PUT /moved?a=1&b=2')
  const plain = await signing(t, { algorithm: 'HS256', keys: [secret], bind_request: true })
  const other = (await plain.request(ada, { path: '/api/x%2fy' }))['x-sallyport-identity'] as string
  t.equal((await jwtVerify(other, Buffer.from(secret), { currentDate: new Date(START) })).payload['request'], 'GET /base/x%2Fy')
})

/** As a service would do it. */
function verified (up: Record<string, string>, request = ''): boolean {
  const [, time = '', names = '', signature] = /^t=(\d+),h=([^,]*),s=([\w-]+)$/.exec(up['x-sallyport-identity'] ?? '') ?? []
  const lines = [time, names, ...request === '' ? [] : [request], ...names.split(';').map(name => `${name}:${up[name]}`)]
  return createHmac('sha256', secret).update(lines.join('\n'), 'latin1').digest('base64url') === signature
}

t.test('hmac: a signature over the identity headers', async t => {
  const run = await signing(t, { mode: 'hmac', keys: [secret] })
  const up = await run.request({ ...ada, credential: { id: 'c1', identifier: 'kéy' }, headers: [['X-User-Email', 'ada@example.com'], ['Tenant', 'acme']] })
  t.match(up['x-sallyport-identity'], new RegExp(`^t=${START / 1000},h=tenant;x-consumer-custom-id;x-consumer-id;x-consumer-username;x-credential-identifier;x-user-email,s=`))
  t.ok(verified(up))
  for (const forged of [{ 'x-user-email': 'eve@example.com' }, { tenant: 'other' }, { 'x-credential-identifier': 'key' }]) t.notOk(verified({ ...up, ...forged }))
  t.notOk(verified({ ...up, 'x-sallyport-identity': up['x-sallyport-identity']?.replace(/t=\d+/, `t=${START / 1000 + 1}`) as string }))
  t.notOk(verified({ ...up, 'x-sallyport-identity': up['x-sallyport-identity']?.replace('tenant;', '') as string }), 'names are signed, too')
})

t.test('hmac: what transformations add to the identity is signed, and the request where it is bound', async t => {
  const run = await signing(t, { mode: 'hmac', keys: [secret], bind_request: true }, `
  - { name: request-transformer, config: { add: { headers: ["X-User-Tier:gold"] } } }`)
  const up = await run.request(null, { path: '/api/x?a=1', method: 'POST' })
  t.match(up, { 'x-user-tier': 'gold', 'x-consumer-username': 'guest', 'x-anonymous-consumer': 'true' })
  t.ok(verified(up, 'POST /base/x?a=1'))
  t.notOk(verified(up, 'POST /base/y?a=1'))
  t.match(up['x-sallyport-identity'], /x-anonymous-consumer.*x-user-tier/)
})

t.test('a route without a service signs nothing', async t => {
  const { port } = await serveFile(t, `
routes: [{ name: r, paths: [/] }]
plugins: [{ name: signed-identity, config: { mode: hmac, keys: ["${secret}"] } }]
`)
  t.equal((await ask(port, '/')).status, 503)
})

t.test('keys that can\'t sign are refused, without a word of them', async t => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const locked = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }) as string
  t.same(findings(plugin, { keys: [key.privateKey, key.publicKey] }), [])
  t.same(findings(plugin, { keys: [key.privateKey.replaceAll('\n', '\\n')] }), [], 'a PEM in one line')
  for (const bad of [key.publicKey, rsa, pem('P-384').privateKey, locked, 'hello', secret]) t.same(findings(plugin, { keys: [bad] }), ['error /keys/0'])
  t.same(findings(plugin, { keys: [key.privateKey, 'hello'] }), ['error /keys/1'])
  for (const config of [{ algorithm: 'HS256' }, { mode: 'hmac' }]) {
    t.same(findings(plugin, { ...config, keys: [secret, 'x'.repeat(31)] }), ['error /keys/1'])
    t.same(findings(plugin, { ...config, keys: ['x'.repeat(32)] }), [])
  }
  for (const found of plugin.check?.(completeConfig(plugin, { keys: ['topsecret'] })) ?? []) t.notMatch(found.message + found.mend, 'topsecret')
})

t.test('options that can\'t work are refused', async t => {
  for (const config of [{}, { keys: [] }, { keys: [''] }, { keys: [secret], ttl: 4 }, { keys: [secret], jwks_path: 'x' }, { keys: [secret], jwks_path: '/identity/a?b' }, { keys: [secret], jwks_path: '/status' }, { keys: [secret], jwks_path: '/identity/../status' }]) t.notOk(validateConfig(plugin, config).valid)
  for (const name of ['Connection', 'authorization', 'Cookie', 'Host']) t.same(findings(plugin, { mode: 'hmac', keys: [secret], header_name: name }), ['error /header_name'])
})
