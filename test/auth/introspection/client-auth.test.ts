import { generateKeyPairSync } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { type ClientAuth, type ClientAuthOptions, createClientAuth } from '../../../src/auth/introspection/client-auth.ts'

const NOW = Date.UTC(2030, 0, 1)

function apply (auth: ClientAuth, audience = 'https://id.test'): { headers: Record<string, string>, form: Record<string, string> } {
  const request = { headers: {} as Record<string, string>, form: new URLSearchParams({ token: 'opaque' }) }
  auth(request, audience)
  return { headers: request.headers, form: Object.fromEntries(request.form) }
}

const create = (options: Partial<ClientAuthOptions>): ClientAuth => createClientAuth({ method: 'client_secret_basic', clientId: 'gate:way', now: () => NOW, ...options })

t.test('Basic encodes both parts as a form does, since they may hold colons', async t => {
  const { headers, form } = apply(create({ secret: 'a:b c%/+é' }))
  t.equal(headers['authorization'], `Basic ${Buffer.from('gate%3Away:a%3Ab+c%25%2F%2B%C3%A9').toString('base64')}`)
  t.same(form, { token: 'opaque' })
})

t.test('post puts them into the form', async t => {
  const { headers, form } = apply(create({ method: 'client_secret_post', secret: 'a&b' }))
  t.same(headers, {})
  t.same(form, { token: 'opaque', client_id: 'gate:way', client_secret: 'a&b' })
})

t.test('an assertion is signed with any usual kind of key, once per request', async t => {
  const pairs = [
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', generateKeyPairSync('ed25519')]
  ] as const
  for (const [alg, { privateKey, publicKey }] of pairs) {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const auth = create({ method: 'private_key_jwt', privateKey: pem, keyId: 'k1' })
    const { form } = apply(auth)
    t.match(form, { client_id: 'gate:way', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }, alg)
    const assertion = form['client_assertion'] as string
    t.same(decodeProtectedHeader(assertion), { alg, typ: 'JWT', kid: 'k1' })
    const { payload } = await jwtVerify(assertion, publicKey, { currentDate: new Date(NOW) })
    t.match(payload, { iss: 'gate:way', sub: 'gate:way', aud: 'https://id.test', iat: NOW / 1000, exp: NOW / 1000 + 60 })
    t.not(apply(auth).form['client_assertion'], assertion, 'never the same twice')
  }
})

t.test('a key in one line is read', async t => {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const { form } = apply(create({ method: 'private_key_jwt', privateKey: pem.replaceAll('\n', '\\n') }))
  t.same(decodeProtectedHeader(form['client_assertion'] as string), { alg: 'ES256', typ: 'JWT' })
})

t.test('keys that can\'t sign are refused, without a word of theirs', async t => {
  const pem = (pair: { privateKey: { export (options: object): unknown } }): string => pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  for (const [privateKey, message] of [
    ['secret words', 'it is not a private key in PEM form'],
    [generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string, 'it is not a private key in PEM form'],
    [pem(generateKeyPairSync('rsa', { modulusLength: 1024 })), 'it is too weak: 2048 bits are the least for RSA'],
    [pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), 'it is none of RSA, EC (P-256, P-384, P-521) and Ed25519'],
    [pem(generateKeyPairSync('x25519')), 'it is none of RSA, EC (P-256, P-384, P-521) and Ed25519']
  ] as const) t.throws(() => create({ method: 'private_key_jwt', privateKey }), { message })
})
