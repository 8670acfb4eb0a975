/**
 * Libraries that verify tokens, beside each other: what one verification costs in CPU, and what each of them takes.
 * For docs/decisions/0003-tokens.md: `npm run build && node bench/tokens.js`.
 */
import { constants, createHmac, createPrivateKey, createPublicKey, createSecretKey, createSign, generateKeyPairSync, randomBytes, randomUUID, sign, timingSafeEqual, verify } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { jwtVerify } from 'jose'
import { createTokenVerifier } from '../dist/src/auth/jwt/verifier.js'
import { singleKey } from '../dist/src/auth/jwt/keys.js'
import { BearerError } from '../dist/src/auth/bearer-error.js'

const TOKENS = 3000
const ROUNDS = 7
const KEYS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519'],
  HS256: null
}

const encode = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function makeKey (alg) {
  if (KEYS[alg] === null) {
    const secret = createSecretKey(randomBytes(32))
    return { alg, privateKey: secret, publicKey: secret, text: secret.export() }
  }
  const { privateKey, publicKey } = generateKeyPairSync(...KEYS[alg])
  return { alg, privateKey, publicKey, text: publicKey.export({ type: 'spki', format: 'pem' }) }
}

/** Options of node:crypto by algorithm. */
function input (alg, key) {
  if (alg.startsWith('PS')) return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key
}

function signParts ({ alg, privateKey }, header, claims) {
  const signed = `${header}.${claims}`
  const signature = alg === 'HS256'
    ? createHmac('sha256', privateKey).update(signed).digest()
    : sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(signed), input(alg, privateKey))
  return `${signed}.${signature.toString('base64url')}`
}

function token (key, claims = {}, header = {}) {
  return signParts(key, encode({ alg: key.alg, typ: 'JWT', kid: 'k1', ...header }), encode({
    iss: 'https://auth.example.com/',
    sub: 'user',
    aud: 'api',
    scope: 'orders:read orders:write',
    iat: 1_767_225_600,
    exp: 4_000_000_000,
    jti: randomUUID(),
    realm_access: { roles: ['user', 'admin'] },
    ...claims
  }))
}

function ours ({ alg, publicKey }) {
  const keys = singleKey(publicKey)
  const verify = createTokenVerifier({
    trustFor: () => ({ keys, algorithms: new Set([alg]), issuer: null, audience: null }),
    grant: claims => claims,
    times: { leeway: 0, required: new Set(), maximumExpiration: 0 },
    remember: 1000,
    now: Date.now
  })
  return text => {
    const result = verify(text)
    if (result instanceof BearerError) throw new Error(result.message)
    return result
  }
}

/** Best of the rounds, in microseconds of CPU a token. */
async function cost (run, tokens) {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (const one of tokens) await run(one)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / tokens.length)
  }
  return best
}

/** The same without a promise a token. */
function costSync (run, tokens) {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (const one of tokens) run(one)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / tokens.length)
  }
  return best
}

async function speed () {
  console.log('| algorithm | node:crypto alone | ours | fast-jwt | jose | ours, remembered | fast-jwt, its cache |')
  console.log('|---|---:|---:|---:|---:|---:|---:|')
  for (const alg of Object.keys(KEYS)) {
    const key = makeKey(alg)
    const tokens = Array.from({ length: TOKENS }, () => token(key))
    const parts = tokens.map(text => {
      const dot = text.lastIndexOf('.')
      return [Buffer.from(text.slice(0, dot)), Buffer.from(text.slice(dot + 1), 'base64url')]
    })
    const options = input(alg, key.publicKey)
    const bare = alg === 'HS256'
      ? ([data, signature]) => timingSafeEqual(createHmac('sha256', key.publicKey).update(data).digest(), signature)
      : ([data, signature]) => verify(alg === 'EdDSA' ? null : 'sha256', data, options, signature)
    const fast = { key: key.text, algorithms: [alg] }
    const few = tokens.slice(0, 100)
    const repeated = Array.from({ length: TOKENS }, (_, index) => few[index % few.length])
    const row = [
      costSync(bare, parts),
      // more tokens than it remembers, so that each of them is new
      costSync(ours(key), tokens),
      costSync(createVerifier(fast), tokens),
      await cost(text => jwtVerify(text, key.publicKey, { algorithms: [alg] }), tokens),
      costSync(ours(key), repeated),
      costSync(createVerifier({ ...fast, cache: 1000 }), repeated)
    ]
    console.log(`| ${alg} | ${row.map(one => one.toFixed(1)).join(' | ')} |`)
  }
}

async function strictness () {
  const rs = makeKey('RS256')
  const es = makeKey('ES256')
  const hs = makeKey('HS256')
  const good = token(rs)
  const [header, claims, signature] = good.split('.')
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const weakKey = { alg: 'RS256', ...weak, text: weak.publicKey.export({ type: 'spki', format: 'pem' }) }
  const long = token(rs, { pad: 'x'.repeat(100_000) })
  // a character whose surplus bits are not zero: the same bytes
  const last = signature.at(-1)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const twin = signature.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ 1]
  const der = createSign('sha256').update(`${encode({ alg: 'ES256' })}.${claims}`).sign(createPrivateKey(es.privateKey.export({ type: 'pkcs8', format: 'pem' })))
  const rows = [
    ['a good token', rs, good],
    ['`alg: none`', rs, `${encode({ alg: 'none' })}.${claims}.`],
    ['RS256 to HS256, the public key as secret', rs, signParts({ ...hs, privateKey: createSecretKey(Buffer.from(rs.text)) }, encode({ alg: 'HS256' }), claims)],
    ['another algorithm than allowed', rs, token({ ...rs, alg: 'PS256' })],
    ['an RSA key of 1024 bits', weakKey, token(weakKey)],
    ['a member twice in the claims', rs, signParts(rs, header, encode('{"sub":"ann","sub":"admin"}'))],
    ['a member twice in the header', rs, signParts(rs, encode('{"alg":"none","alg":"RS256"}'), claims)],
    ['another spelling of the signature (surplus bits)', rs, `${header}.${claims}.${twin}`],
    ['padding at the signature', rs, `${good}==`],
    ['claims that are no UTF-8', rs, signParts(rs, header, Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]).toString('base64url'))],
    ['`crit` with an unknown name', rs, token(rs, {}, { crit: ['x'], x: 1 })],
    ['`crit` that is empty', rs, token(rs, {}, { crit: [] })],
    ['`b64: true` without `crit`', rs, token(rs, {}, { b64: true })],
    ['an ES256 signature in DER', es, `${encode({ alg: 'ES256' })}.${claims}.${der.toString('base64url')}`],
    ['a token of 130 KB', rs, long],
    ['`exp` as text', rs, token(rs, { exp: '4000000000' })],
    ['`exp` is 1e999', rs, signParts(rs, header, encode('{"exp":1e999}'))],
    ['`exp` is this second', rs, token(rs, { exp: Math.floor(Date.now() / 1000) })],
    ['`iat` an hour ahead', rs, token(rs, { iat: Math.floor(Date.now() / 1000) + 3600 })]
  ]
  console.log('| token | ours | fast-jwt | jose |')
  console.log('|---|---|---|---|')
  for (const [name, key, text] of rows) {
    const results = []
    for (const verifier of [ours(key), one => createVerifier({ key: key.text, algorithms: [key.alg] })(one), one => jwtVerify(one, createKey(key), { algorithms: [key.alg] })]) {
      try {
        await verifier(text)
        results.push('taken')
      } catch {
        results.push('refused')
      }
    }
    console.log(`| ${name} | ${results.join(' | ')} |`)
  }
}

function createKey ({ alg, text, publicKey }) {
  return alg === 'HS256' ? publicKey : createPublicKey(text)
}

console.log(`Node ${process.version}\n`)
await speed()
console.log()
await strictness()
