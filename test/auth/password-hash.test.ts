import t from 'tap'
import { parsePasswordHash } from '../../src/auth/password-hash.ts'

const BCRYPT = 'N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
const SALT = 'c29kaXVtY2hsb3JpZGU'
const HASH = 'cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI'

t.test("Kong's SHA-1, in either case", async t => {
  const digest = Buffer.from('a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', 'hex')
  t.same(parsePasswordHash('a94a8fe5ccb19ba61c4c0873d391e987982fbbd3'), { kind: 'sha1', digest })
  t.same(parsePasswordHash('A94A8FE5CCB19BA61C4C0873D391E987982FBBD3'), { kind: 'sha1', digest })
})

t.test('bcrypt of all its versions', async t => {
  for (const version of ['2a', '2b', '2y']) t.same(parsePasswordHash(`$${version}$10$${BCRYPT}`), { kind: 'bcrypt', text: `$2b$10$${BCRYPT}` })
  t.match(parsePasswordHash(`$2b$04$${BCRYPT}`), { kind: 'bcrypt' })
  t.match(parsePasswordHash(`$2b$14$${BCRYPT}`), { kind: 'bcrypt' })
})

t.test('scrypt as a PHC string', async t => {
  t.same(parsePasswordHash(`$scrypt$ln=17,r=8,p=1$${SALT}$${HASH}`), {
    kind: 'scrypt', cost: 131_072, blockSize: 8, parallelization: 1, salt: Buffer.from(SALT, 'base64'), digest: Buffer.from(HASH, 'base64')
  })
  t.match(parsePasswordHash(`$scrypt$ln=13,r=8,p=10$${SALT}$${HASH}`), { kind: 'scrypt' })
})

t.test('a hash that costs too much, or nothing, is refused', async t => {
  for (const [text, message] of [
    [`$2b$03$${BCRYPT}`, /cost 3 /],
    [`$2b$15$${BCRYPT}`, /cost 15 /],
    [`$2b$31$${BCRYPT}`, /cost 31 /],
    [`$scrypt$ln=18,r=8,p=1$${SALT}$${HASH}`, /costs more/],
    [`$scrypt$ln=17,r=8,p=2$${SALT}$${HASH}`, /costs more/],
    [`$scrypt$ln=99,r=99,p=99$${SALT}$${HASH}`, /costs more/],
    [`$scrypt$ln=0,r=8,p=1$${SALT}$${HASH}`, /at least 1/],
    [`$scrypt$ln=14,r=0,p=1$${SALT}$${HASH}`, /at least 1/],
    [`$scrypt$ln=14,r=8,p=0$${SALT}$${HASH}`, /at least 1/]
  ] as const) t.match(parsePasswordHash(text), { kind: 'problem', message, mend: /./ }, text)
})

t.test('what is no hash is refused', async t => {
  for (const text of [
    '', 'secret', 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd', '$2b$10$', `$2b$10$${BCRYPT}x`, `$2b$10$${BCRYPT.slice(1)}`, `$2x$10$${BCRYPT}`, `$2b$1$${BCRYPT}`,
    '$scrypt$', `$scrypt$n=17,r=8,p=1$${SALT}$${HASH}`, `$scrypt$ln=17,r=8,p=1$short$${HASH}`, `$scrypt$ln=17,r=8,p=1$${SALT}$short`, `$scrypt$ln=17,r=8,p=1$${SALT}$${HASH}=`,
    `$scrypt$ln=17,r=8,p=1$${SALT}$${'a'.repeat(87)}`, '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA'
  ]) t.match(parsePasswordHash(text), { kind: 'problem', message: /./, mend: /./ }, text)
})
