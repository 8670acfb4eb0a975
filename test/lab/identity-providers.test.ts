/** The identity providers of config tests, as a user of `sallyport test` meets them. */
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { JWT_ALGORITHMS } from '../../src/auth/jwt/algorithms.ts'
import { issuersOf } from '../../src/lab/identity/issuers.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testConfig } from '../../src/testing/index.ts'
import { runCli } from '../helpers/cli.ts'

interface Tap { testdir (files: Readonly<Record<string, string>>): string }

const pair = (type: 'rsa' | 'ec'): { publicKey: string, privateKey: string } => generateKeyPairSync(type as 'rsa', {
  modulusLength: 2048,
  namedCurve: 'P-384',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
} as never)
const rsa = pair('rsa')
const ec = pair('ec')

/** A service of one route, `/`, with these plugins. */
function withPlugins (plugins: string, more = ''): string {
  return `_format_version: "3.0"\nservices:\n  - { name: orders, url: https://orders.internal, routes: [{ name: orders, paths: [/] }] }\nplugins:\n${plugins}\n${more}`
}

const JWT = '  - { name: jwt, config: { issuer: "https://auth.example.com/", audience: [orders] } }'

async function run (t: Tap, config: string, tests: string, env: Readonly<Record<string, string>> = {}): Promise<{ code: number, stdout: string }> {
  return await runCli(['test'], { cwd: t.testdir({ 'gateway.yaml': config, 'gateway.test.yaml': tests }), env })
}

t.test('a token of each algorithm that jwt knows is accepted, and a forged one of each refused', async t => {
  const { code, stdout } = await run(t, withPlugins(JWT), `isolated: false
tests:
${JWT_ALGORITHMS.filter(algorithm => !algorithm.startsWith('HS')).map(algorithm => `
  - { name: ${algorithm}, request: { url: /, token: { algorithm: ${algorithm}, claims: { aud: orders } } }, expect: { status: 200 } }
  - { name: ${algorithm} forged, request: { url: /, token: { algorithm: ${algorithm}, forged: true, claims: { aud: orders } } }, expect: { status: 401, answered_by: jwt } }`).join('')}
`)
  t.equal(code, 0, stdout)
  const symmetric = await run(t, withPlugins('  - { name: jwt, config: { issuer: own, secret: "{vault://env/JWT_SECRET}" } }'), `isolated: false
tests:
${['HS256', 'HS384', 'HS512'].map(algorithm => `
  - { name: ${algorithm}, request: { url: /, token: { algorithm: ${algorithm} } }, expect: { status: 200 } }
  - { name: ${algorithm} forged, request: { url: /, token: { algorithm: ${algorithm}, forged: true } }, expect: { status: 401 } }
  - { name: ${algorithm} of another secret, request: { url: /, token: { algorithm: ${algorithm}, secret: another-secret-that-is-long-enough-as-well-and-longer-than-that-yes } }, expect: { status: 401 } }`).join('')}
  - { name: RS256, request: { url: /, token: {} }, expect: { status: 401 } }
`, { JWT_SECRET: 'a-secret-that-is-long-enough-for-hs512-and-all-others-too-0000001' })
  t.equal(symmetric.code, 0, symmetric.stdout)
})

t.test('where the file has a secret and names no issuer, tokens are signed with it', async t => {
  const { code, stdout } = await run(t, withPlugins('  - { name: jwt, config: { secret: "{vault://env/JWT_SECRET}" } }'), `tests:
  - { name: good, request: { url: /, token: { claims: { sub: ann } } }, expect: { status: 200 } }
  - { name: forged, request: { url: /, token: { forged: true } }, expect: { status: 401 } }
`, { JWT_SECRET: 'a-secret-that-is-long-enough-for-hs256' })
  t.equal(code, 0, stdout)
})

t.test('tokens that have ended, have not begun, or are for or from somebody else are refused for that', async t => {
  const { code, stdout } = await run(t, withPlugins(`${JWT.replace('audience', 'claims_to_verify: [exp], leeway: 0, audience')}`), `tests:
  - { name: good, request: { url: /, token: { claims: { aud: orders }, not_before: -5, lifetime: 5 } }, expect: { status: 200 } }
  - { name: ended, request: { url: /, token: { claims: { aud: orders }, lifetime: -1 } }, expect: { status: 401, json: { exp: token expired } } }
  - { name: not yet, request: { url: /, token: { claims: { aud: orders }, not_before: 600 } }, expect: { status: 401, json: { nbf: token not valid yet } } }
  - { name: audience, request: { url: /, token: { claims: { aud: others } } }, expect: { status: 401, json: { aud: { $matches: . } } } }
  - { name: issuer, request: { url: /, token: { issuer: 'https://auth.example.com/other', claims: { aud: orders } } }, expect: { status: 401, json: { iss: { $matches: . } } } }
  - { name: issuer as a claim, request: { url: /, token: { claims: { aud: orders, iss: evil } } }, expect: { status: 401, json: { iss: { $matches: . } } } }
  - { name: no end, request: { url: /, token: { claims: { aud: orders, exp: null } } }, expect: { status: 401 } }
  - name: it begins, and ends, with the clock
    clock: 2031-01-01
    steps:
      - { request: { url: /, token: { claims: { aud: orders, nbf: 1924992060, exp: 1924992120 } } }, expect: { status: 401 } }
      - { clock: +61s, request: { url: /, token: { claims: { aud: orders, nbf: 1924992060, exp: 1924992120 } } }, expect: { status: 200 } }
      - { clock: +61s, request: { url: /, token: { claims: { aud: orders, nbf: 1924992060, exp: 1924992120 } } }, expect: { status: 401 } }
`)
  t.equal(code, 0, stdout)
})

t.test('keys rotate', async t => {
  const { code, stdout } = await run(t, withPlugins(JWT), `tests:
  - name: the new key is found, and the one before stays good
    steps:
      - { request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 200 } }
      - { rotate_keys: add, request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 200 } }
      - { request: { url: /, token: { earlier_key: true, claims: { aud: orders } } }, expect: { status: 200 } }
  - name: a key that is withdrawn ends with the set that is remembered
    steps:
      - { request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 200 } }
      - { rotate_keys: replace, request: { url: /, token: { earlier_key: true, claims: { aud: orders } } }, expect: { status: 200 } }
      - { request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 200 } }
      - { request: { url: /, token: { earlier_key: true, claims: { aud: orders } } }, expect: { status: 401 } }
  - name: no fetch for each unknown key
    steps:
      - { request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 200 } }
      - { rotate_keys: add, request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 200 } }
      - { rotate_keys: add, request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 401, upstream: { service: 'auth.example.com:443', count: 0 } } }
      - { clock: +31s, request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 200, upstream: { service: 'auth.example.com:443', path: /.lab/jwks/0, count: 1 } } }
  - name: before any rotation
    request: { url: /, token: { earlier_key: true } }
    expect: { status: 200 }
`)
  t.equal(code, 1)
  t.match(stdout, /4 tests: 3 passed, 1 failed/, stdout)
  t.match(stdout, /earlier_key: the keys have not been rotated yet/)
})

t.test('each provider has keys of its own, and knows no tokens of others', async t => {
  const config = withPlugins('', `routes:
  - { name: a, paths: [/a], service: orders, plugins: [{ name: jwt, config: { issuer: "https://a.example/", audience: [x] } }] }
  - { name: b, paths: [/b], service: orders, plugins: [{ name: jwt, config: { issuer: b, jwks_uri: "https://keys.b.example/", audience: [x] } }] }
  - { name: any, paths: [/any], service: orders, plugins: [{ name: openid-connect, config: { issuer: "https://a.example/", issuers_allowed: [b, "https://a.example/", "https://alias.example/"] } }] }
  - { name: ask, paths: [/ask], service: orders, plugins: [{ name: oauth2-introspection, config: { issuer: "https://a.example/", client_id: gateway, client_secret: not-so-secret-at-all } }] }
  - { name: tenants, paths: [/tenants], service: orders, plugins: [{ name: jwt, config: { jwks_uri: "https://a.example/jwks", audience: [x] } }] }
`).replace('plugins:\n\n', '')
  const { code, stdout } = await run(t, config, `isolated: false
tests:
  - { name: a for a, request: { url: /a, token: { claims: { aud: x } } }, expect: { status: 200 } }
  - { name: b for b, request: { url: /b, token: { issuer: b, claims: { aud: x } } }, expect: { status: 200 } }
  - { name: b for a, request: { url: /a, token: { issuer: b, claims: { aud: x } } }, expect: { status: 401 } }
  - { name: a key set of a has no key of b, request: { url: /any, token: { issuer: b } }, expect: { status: 401 } }
  - { name: what only a names is signed by a, request: { url: /any, token: { issuer: 'https://alias.example/' } }, expect: { status: 200 } }
  - { name: another tenant of a, request: { url: /tenants, token: { issuer: 'https://a.example/other', claims: { aud: x } } }, expect: { status: 200 } }
  - { name: a tells about its own, request: { url: /ask, token: { opaque: true } }, expect: { status: 200 } }
  - { name: and signed ones of its own, request: { url: /ask, token: { algorithm: PS512 } }, expect: { status: 200 } }
  - { name: and no others, request: { url: /ask, token: { opaque: true, issuer: b } }, expect: { status: 401 } }
  - { name: nor signed ones, request: { url: /ask, token: { issuer: b } }, expect: { status: 401 } }
  - { name: nor what has not begun, request: { url: /ask, token: { not_before: 60 } }, expect: { status: 401 } }
  - { name: nor what it has not signed, request: { url: /ask, token: { forged: true } }, expect: { status: 401 } }
`)
  t.equal(code, 0, stdout)
})

t.test('keys that the file has: the test brings their private half', async t => {
  const config = withPlugins('  - { name: jwt, config: { issuer: own, public_key: "{vault://env/PUBLIC_KEY}" } }')
  const test = (key: string, more: string, status: number): string => `tests: [{ name: it, request: { url: /, token: { ${more}private_key: ${JSON.stringify(key)} } }, expect: { status: ${status} } }]`
  const env = { PUBLIC_KEY: rsa.publicKey }
  for (const [key, more, status] of [[rsa.privateKey, '', 200], [rsa.privateKey, 'algorithm: PS384, ', 200], [rsa.privateKey, 'forged: true, ', 401], [ec.privateKey, '', 401]] as const) {
    const { code, stdout } = await run(t, config, test(key, more, status), env)
    t.equal(code, 0, stdout)
  }
  for (const [key, more, said] of [['none', '', 'the private_key is not a private key in PEM form'], [ec.privateKey, 'algorithm: ES256, ', 'the private_key is not one for ES256']] as const) {
    t.match((await run(t, config, test(key, more, 200), env)).stdout, said)
  }
  const consumers = withPlugins('  - { name: jwt, config: { key_claim_name: kid, secret_is_base64: true } }', `consumers:
  - { username: ann, jwt_secrets: [{ key: ann-key, algorithm: ES384, rsa_public_key: "{vault://env/PUBLIC_KEY}" }] }
  - { username: bob, jwt_secrets: [{ key: bob-key, secret: ${Buffer.from('a-secret-that-is-long-enough-0001').toString('base64url')} }] }
`)
  const { code, stdout } = await run(t, consumers, `isolated: false
tests:
  - { name: ann, request: { url: /, token: { consumer: ann, private_key: ${JSON.stringify(ec.privateKey)} } }, expect: { status: 200, consumer: ann } }
  - { name: bob, request: { url: /, token: { consumer: bob } }, expect: { status: 200, consumer: bob } }
  - { name: nobody as bob, request: { url: /, token: { consumer: bob, forged: true } }, expect: { status: 401 } }
  - { name: bob has none, request: { url: /, token: { consumer: bob, private_key: ${JSON.stringify(ec.privateKey)} } }, expect: { status: 200 } }
  - { name: ann has none, request: { url: /, token: { consumer: ann } }, expect: { status: 200 } }
  - { name: no secret, request: { url: /, token: { algorithm: HS256 } }, expect: { status: 200 } }
`, { PUBLIC_KEY: ec.publicKey })
  t.equal(code, 1)
  t.match(stdout, /6 tests: 3 passed, 3 failed/, stdout)
  t.match(stdout, /'bob' has no jwt_secrets with a public key/)
  t.match(stdout, /'ann' has no jwt_secrets of HS256.* write it as `private_key`/)
  t.match(stdout, /HS256 needs a secret: write `secret`/)
})

t.test('providers fail, and come back', async t => {
  const { code, stdout } = await run(t, withPlugins('  - { name: oauth2-introspection, config: { introspection_url: "https://auth.example.com:8443/introspect", client_id: gateway, client_secret: not-so-secret-at-all, ttl: 0, inactive_ttl: 0, breaker: { failures: 2, timeout: 10000 } } }'), `tests:
  - name: what it shows is verified
    steps:
${['expired', 'untrusted', 'other-name'].map(kind => `
      - { stubs: { 'auth.example.com:8443': { certificate: ${kind} } }, request: { url: /, token: { opaque: true } }, expect: { status: 503, upstream: null, answered_by: oauth2-introspection } }
      - { stubs: { 'auth.example.com:8443': {} }, clock: +1m, request: { url: /, token: { opaque: true } }, expect: { status: 200 } }`).join('')}
  - name: it is away
    steps:
      - { stubs: { 'auth.example.com:8443': { error: refused } }, request: { url: /, token: { opaque: true } }, repeat: 2, expect: { status: 503 } }
      - { stubs: { 'auth.example.com:8443': {} }, request: { url: /, token: { opaque: true } }, expect: { status: 503, upstream: { service: 'auth.example.com:8443', count: 0 } } }
      - { clock: +11s, request: { url: /, token: { opaque: true } }, expect: { status: 200, upstream: { service: 'auth.example.com:8443', method: POST, path: /introspect, headers: { authorization: { matches: ^Basic }}, body: { contains: token=lab-token } } } }
  - name: it says what a test wants
    stubs: { 'auth.example.com:8443': [{ when: { path: /introspect }, json: { active: true, sub: eve } }] }
    request: { url: /, headers: { Authorization: Bearer anything } }
    expect: { status: 200, upstream: { headers: { x-credential-sub: eve } } }
  - name: it doesn't like the gateway
    stubs: { 'auth.example.com:8443': { status: 401 } }
    request: { url: /, token: { opaque: true } }
    expect: { status: 503, upstream: null }
`.replace(', upstream: { headers: { x-credential-sub: eve } }', ''))
  t.equal(code, 0, stdout)
  const down = await run(t, withPlugins(JWT), `stubs: { 'auth.example.com:443': { status: 500 } }
tests:
  - { name: no keys, request: { url: /, token: { claims: { aud: orders } } }, expect: { status: 503, plugins: { jwt: failed } } }`)
  t.match(down.stdout, /503|passed/, down.stdout)
})

t.test('programs rotate keys, too, and see what providers got', async t => {
  const cwd = t.testdir({ 'gateway.yaml': withPlugins(JWT) })
  const gateway = await testConfig(t, `${cwd}/gateway.yaml`)
  const ask = async (): Promise<number> => (await gateway.request({ url: '/', headers: { Authorization: `Bearer ${gateway.token({ claims: { aud: 'orders' } })}` } })).answer.status
  t.equal(await ask(), 200)
  gateway.rotateKeys()
  t.equal(await ask(), 200)
  gateway.rotateKeys('replace')
  gateway.clock('+1m')
  const { answer, asked } = await gateway.request({ url: '/', token: { claims: { aud: 'orders' } } })
  t.equal(answer.status, 200)
  t.match(asked, [{ path: '/.lab/jwks/0', to: { host: 'auth.example.com', protocol: 'https', purpose: 'provider' } }])
})

t.test('issuers are those of plugins that authenticate', async t => {
  const { config, plugins, diagnostics } = await loadConfig({
    file: 'gateway.yaml',
    env: { KEY: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string },
    text: withPlugins(`  - { name: signed-identity, config: { issuer: "https://gateway.example.com", keys: ["{vault://env/KEY}"] } }\n${JWT}`)
  })
  t.ok(config, JSON.stringify(diagnostics))
  if (config !== null) t.same(issuersOf(config, plugins.registry).named, [{ issuer: 'https://auth.example.com/', url: 'https://auth.example.com/.well-known/openid-configuration' }])
})
