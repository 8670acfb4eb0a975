import { createPublicKey, createVerify, generateKeyPairSync, sign, verify } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { VerificationKey } from '../../../src/auth/key-source.ts'
import { KeySet } from '../../../src/auth/provider/key-set.ts'
import { createLocalKeys, readLocalKeys } from '../../../src/auth/provider/local-keys.ts'

type Jwk = Record<string, unknown>

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as Jwk
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = (key: { export (options: { format: 'jwk' }): unknown }, rest: object = {}): Jwk => ({ ...key.export({ format: 'jwk' }) as object, ...rest })

const RSA = jwk(rsa.publicKey)
const EC = jwk(p256.publicKey)
const SECRET = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') }

const reason = (member: unknown, symmetric = false): string | undefined => new KeySet({ keys: [member] }, symmetric).problems[0]?.reason
const algorithms = (member: unknown, symmetric = false): string[] => {
  const set = new KeySet({ keys: [member] }, symmetric)
  return ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'ES256K', 'EdDSA', 'Ed25519', 'Ed448', 'none']
    .filter(alg => set.find({ alg }).length > 0)
}

t.test('a key serves the algorithms of its kind, and of its own choice', async t => {
  const okp = (curve: 'ed25519' | 'ed448'): Jwk => jwk(generateKeyPairSync(curve as 'ed25519').publicKey)
  const ec = (curve: string): Jwk => jwk(generateKeyPairSync('ec', { namedCurve: curve }).publicKey)
  for (const [name, member, fits] of [
    ['RSA', RSA, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['RSA with alg', { ...RSA, alg: 'PS384' }, ['PS384']],
    ['P-256', EC, ['ES256']],
    ['P-384', ec('P-384'), ['ES384']],
    ['P-521', ec('P-521'), ['ES512']],
    ['Ed25519', okp('ed25519'), ['EdDSA', 'Ed25519']],
    ['Ed448', okp('ed448'), ['EdDSA', 'Ed448']],
    ['use and key_ops', { ...EC, use: 'sig', key_ops: ['verify'] }, ['ES256']]
  ] as const) t.same(algorithms(member), fits, name)
  const secret = (bytes: number): Jwk => ({ kty: 'oct', k: Buffer.alloc(bytes, 1).toString('base64url') })
  t.same(algorithms(secret(32), true), ['HS256'])
  t.same(algorithms(secret(48), true), ['HS256', 'HS384'])
  t.same(algorithms(secret(64), true), ['HS256', 'HS384', 'HS512'])
})

t.test('the keys of a set verify what was signed with them', async t => {
  const set = new KeySet({ keys: [{ ...RSA, kid: 'r' }, { ...EC, kid: 'e' }] }, false)
  const data = Buffer.from('text')
  const [r] = set.find({ alg: 'RS256', kid: 'r' })
  t.ok(verify('sha256', data, r?.key as never, sign('sha256', data, rsa.privateKey)))
  const [e] = set.find({ alg: 'ES256', kid: 'e' })
  t.ok(createVerify('sha256').update(data).verify(e?.key as never, sign('sha256', data, p256.privateKey)))
  t.ok(Object.isFrozen(r))
  t.match(r, { kid: 'r', alg: null, kty: 'RSA' })
})

t.test('keys are found by name, then those without, never those of another name', async t => {
  const named = (kid?: string): Jwk => jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, kid === undefined ? {} : { kid })
  const kids = (keys: readonly VerificationKey[]): unknown[] => keys.map(key => key.kid)
  const set = new KeySet({ keys: [named('a'), named('b'), named(), named('a'), { ...RSA, kid: 'a' }] }, false)
  t.same(kids(set.find({ alg: 'ES256', kid: 'a' })), ['a', 'a'], 'two of the same name are both tried')
  t.same(kids(set.find({ alg: 'ES256', kid: 'b' })), ['b'])
  t.same(kids(set.find({ alg: 'ES256', kid: 'c' })), [null])
  t.same(kids(set.find({ alg: 'ES256' })), ['a', 'b', null, 'a'])
  t.equal(set.find({ alg: 'RS256', kid: 'a' }).length, 1)
  t.same(set.find({ alg: 'RS256', kid: 'b' }), [])
  for (const kid of ['__proto__', 'constructor', '../../etc/passwd', "' or 1=1"]) t.same(kids(set.find({ alg: 'ES256', kid })), [null], kid)
  t.same(set.find({ alg: '__proto__', kid: 'a' }), [])
})

t.test('keys that are too weak, private, shared, for something else or nonsense are left out', async t => {
  const x25519 = jwk(generateKeyPairSync('x25519').publicKey)
  const k256 = jwk(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)
  for (const [member, words] of [
    [weak, /1024 bits/],
    [jwk(rsa.privateKey), /private/],
    [jwk(p256.privateKey), /private/],
    [{ ...RSA, d: '' }, /private/],
    [SECRET, /shared secret/],
    [{ ...RSA, use: 'enc' }, /`use`/],
    [{ ...RSA, key_ops: ['encrypt'] }, /`key_ops`/],
    [{ ...RSA, key_ops: 'verify' }, /`key_ops`/],
    [{ ...RSA, alg: 'RSA-OAEP' }, /`alg`/],
    [{ ...RSA, alg: 'HS256' }, /`alg`/],
    [{ ...RSA, alg: 'ES256' }, /`alg`/],
    [{ ...RSA, alg: 'none' }, /`alg`/],
    [{ ...RSA, alg: 7 }, /`alg`/],
    [{ ...RSA, kid: 7 }, /`kid`/],
    [{ ...RSA, e: 'AQ' }, /exponent/],
    [{ ...RSA, e: 'BA' }, /exponent/],
    [{ kty: 'RSA' }, /not a valid key/],
    [{ ...EC, x: EC.y }, /not a valid key/],
    [{ ...EC, crv: 'P-384' }, /not a valid key/],
    [{ ...EC, crv: undefined }, /curve/],
    [{ ...EC, crv: 'toString' }, /curve/],
    [x25519, /curve/],
    [k256, /curve/],
    [{ kty: 'AKP' }, /`kty`/],
    [{}, /`kty`/],
    [null, /not an object/],
    ['text', /not an object/],
    [[], /not an object/]
  ] as const) t.match(reason(member), words, JSON.stringify(member))
  t.equal(reason(SECRET, true), undefined)
  t.match(reason({ kty: 'oct', k: Buffer.alloc(31).toString('base64url') }, true), /31 bytes/)
  t.match(reason({ kty: 'oct' }, true), /base64url/)
  t.match(reason({ kty: 'oct', k: 'a+/=' }, true), /base64url/)
})

t.test('a key that can\'t be used takes no other with it', async t => {
  const set = new KeySet({ keys: [null, weak, { ...EC, kid: 'good' }, SECRET] }, false)
  t.equal(set.size, 1)
  t.same(set.problems.map(problem => problem.index), [0, 1, 3])
  t.equal(set.find({ alg: 'ES256' })[0]?.kid, 'good')
})

t.test('what is no set is an error', async t => {
  for (const value of [null, [], {}, { keys: {} }, 'text', { keys: Array.from({ length: 101 }, () => EC) }]) t.throws(() => new KeySet(value, false), { message: /key/ })
})

t.test('a certificate beside the key changes nothing', async t => {
  const set = new KeySet({ keys: [{ ...EC, x5c: ['MIIB'], x5u: 'https://evil.test', jku: 'https://evil.test' }] }, false)
  t.ok(set.find({ alg: 'ES256' })[0]?.key.equals(createPublicKey(p256.privateKey as never)))
})

t.test('a set that is written down must be right as a whole', async t => {
  const source = createLocalKeys({ keys: [{ ...EC, kid: 'a' }, SECRET] })
  t.equal((source.keysFor({ alg: 'ES256', kid: 'a' }) as VerificationKey[]).length, 1)
  t.equal((source.keysFor({ alg: 'HS256' }) as VerificationKey[]).length, 1)
  t.same(source.keysFor({ alg: 'RS256' }), [])
  t.equal(source.version, source.version)
  source.close()

  t.throws(() => createLocalKeys({ keys: [EC, { ...weak, kid: 'old' }] }), { message: /^key 'old' of the set is too weak/ })
  t.throws(() => createLocalKeys({ keys: [jwk(rsa.privateKey)] }), { message: /^key number 1 of the set is a private key$/ })
  t.throws(() => createLocalKeys({ keys: [] }), { message: /no keys/ })
  t.throws(() => createLocalKeys('text'), { message: /no list `keys`/ })
})

t.test('a set in a file', async t => {
  const directory = t.testdir()
  writeFileSync(join(directory, 'jwks.json'), JSON.stringify({ keys: [EC] }))
  writeFileSync(join(directory, 'broken.json'), '{"keys": secret')
  t.equal((await (await readLocalKeys(directory, 'jwks.json')).keysFor({ alg: 'ES256' })).length, 1)
  await t.rejects(readLocalKeys(directory, 'broken.json'), { message: "'broken.json' is not JSON" })
  await t.rejects(readLocalKeys(directory, 'missing.json'), { message: "'missing.json' can't be read (ENOENT)" })
})
