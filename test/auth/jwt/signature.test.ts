import { createHmac, createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import t from 'tap'
import { isJwtAlgorithm, JWT_ALGORITHMS, keyFits, type JwtAlgorithm } from '../../../src/auth/jwt/algorithms.ts'
import { createSignatureChecks } from '../../../src/auth/jwt/signature.ts'
import { makeKey, signToken, split, type SigningKey } from '../../helpers/jwt.ts'

const checkFor = createSignatureChecks()

/** Order of each curve's group (SEC 2). */
const ORDERS: Readonly<Record<string, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n
}

function check (alg: JwtAlgorithm, key: KeyObject, signed: string, signature: Buffer): boolean | null {
  return checkFor(alg, key)?.(Buffer.from(signed), signature) ?? null
}

const KEYS: ReadonlyArray<[alg: JwtAlgorithm, size?: number | string]> = [
  ...(['HS256', 'HS384', 'HS512'] as const).flatMap(alg => [[alg, Number(alg.slice(2)) / 8], [alg, 128], [alg, 1]] as Array<[JwtAlgorithm, number]>),
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).flatMap(alg => [[alg, 2048], [alg, 3072], [alg, 4096]] as Array<[JwtAlgorithm, number]>),
  ['ES256'], ['ES384'], ['ES512'], ['EdDSA', 'ed25519'], ['EdDSA', 'ed448']
]

for (const [alg, size] of KEYS) {
  t.test(`${alg}${size === undefined ? '' : ` with a key of ${size}`} verifies what jose has signed`, async t => {
    const key = keyOf(alg, size)
    const signed = alg === 'EdDSA' && size === 'ed448' ? signEd448(key.sign) : split(await signToken(key, { sub: 'ann' }))
    const signature = Buffer.from(signed.signature, 'base64url')
    t.equal(check(alg, key.verify, signed.signed, signature), true)
    t.equal(check(alg, key.verify, `${signed.signed}x`, signature), false, 'other data')
    for (const at of [0, signature.length >> 1, signature.length - 1]) {
      const changed = Buffer.from(signature)
      changed[at] = (changed[at] as number) ^ 1
      t.equal(check(alg, key.verify, signed.signed, changed), false, `bit at ${at}`)
    }
    t.equal(check(alg, key.verify, signed.signed, signature.subarray(0, -1)), false, 'shorter')
    t.equal(check(alg, key.verify, signed.signed, Buffer.concat([signature, Buffer.alloc(1)])), false, 'longer')
    t.equal(check(alg, key.verify, signed.signed, Buffer.alloc(0)), false, 'empty')
    let other = keyOf(alg, size, 'other')
    // of 256 keys of one byte, one is the same
    while (other.verify.equals(key.verify)) other = keyOf(alg, size, 'other')
    t.equal(check(alg, other.verify, signed.signed, signature), false, 'another key')
  })
}

/** RSA keys take a second to make: one of a size for all algorithms, and one other. */
const rsaKeys = new Map<string, SigningKey>()

function keyOf (alg: JwtAlgorithm, size: number | string | undefined, other = ''): SigningKey {
  const options = size === undefined ? {} : { size }
  if (!/^[RP]S/.test(alg)) return makeKey(alg, options)
  const name = other === '' ? String(size) : other
  const made = rsaKeys.get(name) ?? makeKey(alg, other === '' ? options : {})
  rsaKeys.set(name, made)
  return { ...made, alg }
}

/** jose has no Ed448. */
function signEd448 (key: KeyObject): { signed: string, signature: string } {
  return { signed: 'a.b', signature: sign(null, Buffer.from('a.b'), key).toString('base64url') }
}

t.test('every algorithm has a test above', async t => {
  t.same(new Set(KEYS.map(([alg]) => alg)), new Set(JWT_ALGORITHMS))
})

t.test('a key serves the algorithms of its own kind alone', async t => {
  const keys: Record<string, KeyObject> = {
    secret: createSecretKey(Buffer.alloc(64, 1)),
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
    pss: makePss({}),
    pss256: makePss({ hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 32 }),
    pssLong: makePss({ hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 64 }),
    p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
    p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey,
    k256: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
    ed25519: generateKeyPairSync('ed25519').publicKey,
    ed448: generateKeyPairSync('ed448').publicKey,
    x25519: generateKeyPairSync('x25519').publicKey
  }
  const PS = ['PS256', 'PS384', 'PS512']
  const fits: Record<string, string[]> = {
    secret: ['HS256', 'HS384', 'HS512'],
    rsa: ['RS256', 'RS384', 'RS512', ...PS],
    pss: PS,
    pss256: ['PS256'],
    pssLong: [],
    p256: ['ES256'],
    p384: ['ES384'],
    p521: ['ES512'],
    k256: [],
    ed25519: ['EdDSA'],
    ed448: ['EdDSA'],
    x25519: []
  }
  for (const [name, key] of Object.entries(keys)) {
    t.same(JWT_ALGORITHMS.filter(alg => keyFits(alg, key)), fits[name], name)
    t.same(JWT_ALGORITHMS.filter(alg => checkFor(alg, key) !== null), fits[name], name)
  }
})

/** The types of Node 20 ask for options that the function doesn't need. */
function makePss (options: object): KeyObject {
  return (generateKeyPairSync as (type: string, options: object) => { publicKey: KeyObject })('rsa-pss', { modulusLength: 2048, ...options }).publicKey
}

t.test('weak, empty and private keys are of no use', async t => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const key of [weak.publicKey, rsa.privateKey, createSecretKey(Buffer.alloc(0))]) {
    t.same(JWT_ALGORITHMS.filter(alg => keyFits(alg, key)), [])
  }
})

t.test('a public key is never taken for a shared secret', async t => {
  const { verify } = makeKey('RS256')
  const pem = verify.export({ type: 'spki', format: 'pem' })
  const signature = createHmac('sha256', pem).update('a.b').digest()
  t.equal(check('HS256', verify, 'a.b', signature), null)
})

for (const alg of ['ES256', 'ES384', 'ES512'] as const) {
  t.test(`${alg}: R and S have to be in range, and nothing but R and S is read`, async t => {
    const key = makeKey(alg)
    const { signed, signature: text } = split(await signToken(key, {}))
    const signature = Buffer.from(text, 'base64url')
    const size = signature.length / 2
    const order = ORDERS[alg] as bigint
    const r = BigInt(`0x${signature.subarray(0, size).toString('hex')}`)
    const s = BigInt(`0x${signature.subarray(size).toString('hex')}`)
    const join = (r: bigint, s: bigint): Buffer => Buffer.from([r, s].map(one => one.toString(16).padStart(size * 2, '0')).join(''), 'hex')
    t.equal(check(alg, key.verify, signed, join(r, s)), true)
    // the twin that ECDSA always has: the same claims under the same key, so it gives nobody anything
    t.equal(check(alg, key.verify, signed, join(r, order - s)), true)
    for (const [name, bytes] of Object.entries({
      'R is 0': join(0n, s), 'S is 0': join(r, 0n), 'both are 0 (CVE-2022-21449)': join(0n, 0n), 'R is the order': join(order, s), 'S is the order': join(r, order)
    })) t.equal(check(alg, key.verify, signed, bytes), false, name)
    const bits = 2n ** BigInt(size * 8)
    if (s + order < bits) t.equal(check(alg, key.verify, signed, join(r, s + order)), false, 'S plus the order')
    if (r + order < bits) t.equal(check(alg, key.verify, signed, join(r + order, s)), false, 'R plus the order')
    const der = sign(`sha${alg.slice(2)}`, Buffer.from(signed), createPrivateKey(key.sign.export({ type: 'pkcs8', format: 'pem' })))
    t.equal(check(alg, key.verify, signed, der), false, 'DER')
    t.equal(check(alg, key.verify, signed, Buffer.concat([Buffer.alloc(1), signature.subarray(0, size), Buffer.alloc(1), signature.subarray(size)])), false, 'padded')
  })
}

t.test('an RSA signature is as long as the key', async t => {
  const key = makeKey('RS256')
  const { signed, signature } = split(await signToken(key, {}))
  const bytes = Buffer.from(signature, 'base64url')
  t.equal(check('RS256', key.verify, signed, Buffer.concat([Buffer.alloc(1), bytes])), false)
  t.equal(check('PS256', key.verify, signed, bytes), false, 'PKCS #1 v1.5 is not PSS')
  t.equal(check('RS384', key.verify, signed, bytes), false, 'another hash')
})

t.test('only the names of the standard are algorithms', async t => {
  for (const name of ['none', 'None', 'NONE', '', 'hs256', 'HS1', 'HS224', 'ES256K', 'RSA-OAEP', 'dir', 'EdDSA ', null, undefined, 5, ['RS256'], {}, 'constructor', '__proto__']) {
    t.equal(isJwtAlgorithm(name), false, String(name))
  }
})

t.test('keys that were read from PEM are the same keys', async t => {
  const key = makeKey('PS512', { size: 3072 })
  const { signed, signature } = split(await signToken(key, {}))
  const read = createPublicKey(key.verify.export({ type: 'pkcs1', format: 'pem' }))
  t.equal(check('PS512', read, signed, Buffer.from(signature, 'base64url')), true)
})
