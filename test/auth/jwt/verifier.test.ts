import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { BearerError, invalidToken } from '../../../src/auth/bearer-error.ts'
import type { Claims } from '../../../src/auth/claims.ts'
import { createTokenVerifier, type Trust, type VerifierOptions } from '../../../src/auth/jwt/verifier.ts'
import { GatewayError } from '../../../src/errors.ts'
import { encode, FakeKeys, makeKey, pem, signToken, split, type SigningKey } from '../../helpers/jwt.ts'

const NOW = 1_900_000_000
const rs = makeKey('RS256')
const other = makeKey('RS256', { kid: 'two' })

type Options = Partial<VerifierOptions<Claims, Trust>> & { trust?: Partial<Trust>, clock?: { now: number } }

/** A verifier that gives the claims; counts how often it had to look at a signature. */
function make (keys: FakeKeys, { trust = {}, clock = { now: NOW }, ...options }: Options = {}): { verify (token: string): Promise<string>, raw (token: string): unknown, grants (): number } {
  let grants = 0
  const verify = createTokenVerifier<Claims, Trust>({
    trustFor: () => ({ keys, algorithms: null, issuer: null, audience: null, ...trust }),
    grant (claims) {
      grants++
      return claims
    },
    times: { leeway: 30, required: new Set(), maximumExpiration: 0 },
    remember: 100,
    now: () => clock.now * 1000,
    ...options
  })
  return {
    raw: verify,
    grants: () => grants,
    async verify (token) {
      const result = await verify(token)
      return result instanceof BearerError ? result.message : 'ok'
    }
  }
}

t.test('a good token gives its claims, at once and not as a promise', async t => {
  const { raw } = make(new FakeKeys(rs))
  t.match(raw(await signToken(rs, { sub: 'ann' })), { sub: 'ann' })
})

t.test('issuer, audience and algorithm are held to', async t => {
  const keys = new FakeKeys(rs)
  const { verify } = make(keys, { trust: { issuer: 'https://a/', audience: ['api', 'web'] } })
  const good = { iss: 'https://a/', aud: 'api' }
  t.equal(await verify(await signToken(rs, good)), 'ok')
  t.equal(await verify(await signToken(rs, { ...good, aud: ['x', 'web'] })), 'ok')
  for (const iss of ['https://a', 'https://A/', undefined, null, ['https://a/']]) t.equal(await verify(await signToken(rs, { ...good, iss })), 'Invalid issuer', String(iss))
  for (const aud of ['API', 'ap', undefined, null, [], ['x'], { api: 1 }, [['api']]]) t.equal(await verify(await signToken(rs, { ...good, aud })), 'Invalid audience', JSON.stringify(aud))
  const strict = make(keys, { trust: { algorithms: new Set(['PS256'] as const) } })
  t.equal(await strict.verify(await signToken(rs)), 'Invalid algorithm')
})

t.test('none of the classic attacks passes', async t => {
  const keys = new FakeKeys(rs)
  const { verify } = make(keys)
  const good = await signToken(rs, { sub: 'ann' })
  const { claims, signature, signed, header } = split(good)
  t.equal(await verify(good), 'ok')

  const attacker = makeKey('RS256', { kid: 'one' })
  const attackerJwk = { ...attacker.verify.export({ format: 'jwk' }), kid: 'one', alg: 'RS256' }
  const asSecret = async (secret: string): Promise<string> => await signToken({ kid: 'one', alg: 'HS256', verify: rs.verify, sign: (await import('node:crypto')).createSecretKey(Buffer.from(secret)) }, { sub: 'admin' })
  const attacks: Record<string, string> = {
    'alg none, no signature': `${encode({ alg: 'none', kid: 'one' })}.${claims}.`,
    'alg none, old signature': `${encode({ alg: 'none', kid: 'one' })}.${claims}.${signature}`,
    'HS256 with the public key as secret': await asSecret(pem(rs)),
    'HS256 with the public key as secret, no last newline': await asSecret(pem(rs).trim()),
    'HS256 with the DER as secret': await asSecret(rs.verify.export({ type: 'spki', format: 'der' }).toString('latin1')),
    'HS256 with the JWK as secret': await asSecret(JSON.stringify(rs.verify.export({ format: 'jwk' }))),
    'HS256 with an empty secret': await asSecret(' '),
    'an embedded jwk': await signToken(attacker, { sub: 'admin' }, { jwk: attackerJwk }),
    'a jku': await signToken(attacker, { sub: 'admin' }, { jku: 'http://127.0.0.1:9/keys' }),
    'an x5u': await signToken(attacker, { sub: 'admin' }, { x5u: 'http://127.0.0.1:9/keys' }),
    'an x5c': await signToken(attacker, { sub: 'admin' }, { x5c: ['MIIB'] }),
    'no kid at all': await signToken(attacker, { sub: 'admin' }, { kid: undefined }),
    'other claims': `${header}.${encode({ sub: 'admin' })}.${signature}`,
    'another header': `${encode({ alg: 'RS256', kid: 'one', typ: 'x' })}.${claims}.${signature}`,
    'PS256 named for an RS256 signature': `${encode({ alg: 'PS256', kid: 'one' })}.${claims}.${signature}`,
    'RS512 named for an RS256 signature': `${encode({ alg: 'RS512', kid: 'one' })}.${claims}.${signature}`,
    'no signature': `${signed}.`,
    'half of the signature': `${signed}.${signature.slice(0, 100)}`,
    'the signature twice': `${signed}.${signature}${signature.slice(0, 4)}`,
    'another end of the last character': `${signed}.${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : 'x'}`,
    padding: `${good}==`,
    'a blank before': ` ${good}`,
    'a newline behind': `${good}\n`,
    'a part more': `${good}.${signature}`
  }
  for (const [name, token] of Object.entries(attacks)) t.not(await verify(token), 'ok', name)
  for (const kid of ['../../../../dev/null', '/dev/null', "x' UNION SELECT 'secret' --", '__proto__', 'constructor', '', 'one\u0000', '$(id)', 'x'.repeat(4_000)]) {
    t.equal(await verify(await signToken(attacker, { sub: 'admin' }, { kid })), 'No key found for given \'kid\'', kid.slice(0, 40))
  }
  t.equal(await verify(good), 'ok')
})

t.test('a weak key that got into a set verifies nothing', async t => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const weak: SigningKey = { kid: 'weak', alg: 'RS256', sign: privateKey, verify: publicKey }
  const { createSign } = await import('node:crypto')
  const signed = `${encode({ alg: 'RS256', kid: 'weak' })}.${encode({})}`
  const token = `${signed}.${createSign('sha256').update(signed).sign(privateKey, 'base64url')}`
  t.equal(await make(new FakeKeys(weak)).verify(token), 'Invalid algorithm')
})

t.test('a key is used with its own algorithm alone', async t => {
  const keys = new FakeKeys({ ...rs, alg: 'RS512' })
  t.equal(await make(keys).verify(await signToken(rs)), 'Invalid algorithm')
})

t.test('without a kid, each key that fits is tried', async t => {
  const { verify } = make(new FakeKeys(makeKey('ES256', { kid: 'ec' }), other, rs))
  t.equal(await verify(await signToken(rs, {}, { kid: undefined })), 'ok')
  t.equal(await verify(await signToken(makeKey('RS256'), {}, { kid: undefined })), 'Invalid signature')
  t.equal(await make(new FakeKeys()).verify(await signToken(rs, {}, { kid: undefined })), 'No key found for the token')
})

t.test('a verified token is remembered until it expires, and not before it began', async t => {
  const clock = { now: NOW }
  const { verify, grants } = make(new FakeKeys(rs), { clock })
  const token = await signToken(rs, { exp: NOW + 100, nbf: NOW })
  for (let index = 0; index < 5; index++) t.equal(await verify(token), 'ok')
  t.equal(grants(), 2, 'from its second request on')
  clock.now = NOW + 129
  t.equal(await verify(token), 'ok')
  t.equal(grants(), 2)
  clock.now = NOW + 130
  t.equal(await verify(token), 'token expired')
  clock.now = NOW - 31
  t.equal(await verify(token), 'token not valid yet')
})

t.test('a token without exp is remembered as well; with a memory of 0 none is', async t => {
  const token = await signToken(rs)
  const kept = make(new FakeKeys(rs))
  const forgetful = make(new FakeKeys(rs), { remember: 0 })
  for (const { verify } of [kept, forgetful]) {
    for (let index = 0; index < 5; index++) t.equal(await verify(token), 'ok')
  }
  t.equal(kept.grants(), 2)
  t.equal(forgetful.grants(), 5)
})

t.test('the memory is bounded', async t => {
  const { verify, grants } = make(new FakeKeys(rs), { remember: 2 })
  const tokens = await Promise.all(['a', 'b', 'c'].map(async sub => await signToken(rs, { sub })))
  for (const token of tokens) {
    await verify(token)
    await verify(token)
  }
  t.equal(grants(), 6)
  await verify(tokens[2] as string)
  t.equal(grants(), 6)
  await verify(tokens[0] as string)
  t.equal(grants(), 7, 'the one that was not used for the longest time has gone')
})

t.test('marks of tokens that came once are few as well', async t => {
  const { verify, grants } = make(new FakeKeys(rs), { remember: 2 })
  const tokens = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(async sub => await signToken(rs, { sub })))
  for (const token of tokens) await verify(token)
  for (const index of [0, 0, 0]) await verify(tokens[index] as string)
  t.equal(grants(), 5 + 2, 'the first had been forgotten: it is new, then comes again, then is remembered')
})

t.test('a token with the end of another is not taken for it', async t => {
  const { verify } = make(new FakeKeys(rs))
  const token = await signToken(rs, { sub: 'ann' })
  for (let index = 0; index < 3; index++) await verify(token)
  const { header, signature } = split(token)
  t.equal(await verify(`${header}.${encode({ sub: 'admin' })}.${signature}`), 'Invalid signature')
})

t.test('a key that has gone takes its tokens along; others stay', async t => {
  const keys = new FakeKeys(rs, other)
  const { verify, grants } = make(keys)
  const [first, second] = [await signToken(rs), await signToken(other)]
  for (const token of [first, second, first, second]) await verify(token)
  keys.set(other)
  t.equal(await verify(first), 'No key found for given \'kid\'')
  t.equal(await verify(second), 'ok')
  t.equal(grants(), 4, 'the second was not verified again')
  const { asked } = keys
  await verify(second)
  t.equal(keys.asked, asked, 'nor are the keys asked while the set is the same')
  keys.set(other, { ...makeKey('RS256'), kid: 'one' })
  t.equal(await verify(first), 'Invalid signature', 'a new key of the same name is another key')
})

t.test('a set that is too old ends remembered tokens too', async t => {
  const keys = new FakeKeys(rs)
  const { verify } = make(keys)
  const token = await signToken(rs)
  await verify(token)
  t.equal(await verify(token), 'ok')
  keys.failure = new GatewayError('SP_AUTH_PROVIDER', 503, 'down')
  t.equal(await verify(token), 'ok', 'same version: the set is still good')
  keys.version++
  await t.rejects(verify(token), new GatewayError('SP_AUTH_PROVIDER', 503, 'down'))
})

t.test('keys that have to be fetched are waited for', async t => {
  const keys = new FakeKeys(rs)
  keys.later = true
  const { verify, raw, grants } = make(keys)
  const token = await signToken(rs)
  const first = raw(token)
  t.type(first, Promise)
  await first
  for (let index = 0; index < 3; index++) t.equal(await verify(token), 'ok')
  t.equal(grants(), 2)
  keys.version++
  t.equal(await verify(token), 'ok', 'a remembered token is verified again')
  t.equal(grants(), 3)
})

t.test('what is refused is not remembered', async t => {
  let allow = false
  const keys = new FakeKeys(rs)
  const { verify } = make(keys, { grant: claims => allow ? claims : invalidToken('not yet') })
  const token = await signToken(rs)
  t.equal(await verify(token), 'not yet')
  allow = true
  t.equal(await verify(token), 'ok')
})

t.test('revocation is asked each time', async t => {
  let revoked = false
  const { verify } = make(new FakeKeys(rs), { recheck: () => revoked ? invalidToken('Token revoked') : null })
  const token = await signToken(rs)
  for (let index = 0; index < 3; index++) t.equal(await verify(token), 'ok')
  revoked = true
  t.equal(await verify(token), 'Token revoked')
  t.equal(await verify(await signToken(rs, { sub: 'new' })), 'Token revoked')
})

t.test('whom it trusts is decided by the token, before anything of it is believed', async t => {
  const keys = new FakeKeys(rs)
  const { verify } = make(keys, {
    trustFor: ({ claims }) => claims['iss'] === 'a' ? { keys, algorithms: null, issuer: 'a', audience: null } : invalidToken('Unknown issuer')
  })
  t.equal(await verify(await signToken(rs, { iss: 'a' })), 'ok')
  t.equal(await verify(await signToken(rs, { iss: 'b' })), 'Unknown issuer')
})
