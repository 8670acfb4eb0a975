import bcrypt from 'bcrypt'
import t from 'tap'
import { Users } from '../../../plugins/basic-auth/users.ts'
import { Verifier } from '../../../plugins/basic-auth/verifier.ts'
import { Consumers } from '../../../src/consumers/consumers.ts'
import { type BcryptHash, parsePasswordHash } from '../../../src/plugin.ts'
import { config } from '../../helpers/config.ts'

const written = bcrypt.hashSync('right', 4)
const hash = parsePasswordHash(written) as BcryptHash
const right = Buffer.from('right')
const wrong = Buffer.from('wrong')

t.test('a password that was right is right at once for a minute, one that was wrong never', async t => {
  let now = 1_000_000
  const verifier = new Verifier(() => now)
  t.equal(await verifier.verify('a', written, hash, right), true)
  t.equal(verifier.verify('a', written, hash, right), true)
  t.type(verifier.verify('b', written, hash, right), Promise, 'for its owner only')
  t.type(verifier.verify('a', `${written} `, hash, right), Promise, 'and for its hash only')
  t.equal(await verifier.verify('a', written, hash, wrong), false)
  t.type(verifier.verify('a', written, hash, wrong), Promise)
  now += 60_001
  t.type(verifier.verify('a', written, hash, right), Promise)
})

t.test('what is being verified is not verified twice', async t => {
  const verifier = new Verifier(Date.now)
  const first = verifier.verify('a', written, hash, right)
  t.equal(verifier.verify('a', written, hash, right), first)
  t.not(verifier.verify('a', written, hash, wrong), first)
  t.equal(await first, true)
})

t.test('a bounded number waits; the others are told to come back, and it goes on when there is room', async t => {
  const text = bcrypt.hashSync('right', 8)
  const slow = parsePasswordHash(text) as BcryptHash
  const verifier = new Verifier(Date.now)
  const results = await Promise.allSettled(Array.from({ length: 40 }, async (_, index) => await verifier.verify(String(index), text, slow, wrong)))
  t.same(results.map(({ status }) => status), [...Array<string>(34).fill('fulfilled'), ...Array<string>(6).fill('rejected')])
  t.match((results[39] as PromiseRejectedResult).reason, { statusCode: 503, code: 'SP_BASIC_AUTH_BUSY', headers: { 'retry-after': '1' } })
  t.equal(await verifier.verify('a', text, slow, right), true)
})

t.test('a hash that fails gives its turn back', async t => {
  const verifier = new Verifier(Date.now)
  const impossible = { kind: 'scrypt', cost: 3, blockSize: 1, parallelization: 1, salt: right, digest: right } as const
  for (let round = 0; round < 5; round++) await t.rejects(async () => await verifier.verify('a', 'x', impossible, right))
  t.equal(await verifier.verify('a', written, hash, right), true)
})

t.test('unknown users are verified against somebody, always the same, of every kind', async t => {
  const credential = (name: string, password: string) => ({ id: name, tags: [], pointer: `/${name}`, consumer: 'c', username: name, password })
  const usersOf = (...list: ReadonlyArray<ReturnType<typeof credential>>) => {
    const empty = config()
    return new Users(new Consumers({ ...empty, credentials: { ...empty.credentials, basicauth_credentials: list } }))
  }
  const users = usersOf(credential('sha1', 'a'.repeat(40)), credential('bcrypt', written))
  t.equal(users.find('sha1')?.hash.kind, 'sha1')
  t.equal(users.find('nobody'), undefined)
  t.same(users.decoy('nobody'), users.decoy('nobody'))
  t.same(new Set(Array.from({ length: 50 }, (_, index) => users.decoy(`user-${index}`)?.hash.kind)), new Set(['sha1', 'bcrypt']))
  t.equal(usersOf().decoy('nobody'), undefined)
  t.equal(usersOf(credential('plain', 'no hash')).find('plain'), undefined, 'what is no hash lets nobody in')
})
