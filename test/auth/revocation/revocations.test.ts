import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { fileRevocations } from '../../../src/auth/revocation/file-source.ts'
import { keepRevocations, type RevocationPlace } from '../../../src/auth/revocation/keep.ts'
import { parseRevoked, Revoked } from '../../../src/auth/revocation/revoked.ts'
import { Revocations, type RevocationSource } from '../../../src/auth/revocation/revocations.ts'
import { KeptState } from '../../../src/gateway/keep.ts'
import type { FastifyBaseLogger } from '../../../src/plugin.ts'
import { noRedis, startRedis } from '../../helpers/redis-server.ts'

/** What errors are matched with; the types know whole ones only. */
const UNAVAILABLE = { statusCode: 503 } as unknown as Error

const START = Date.UTC(2030, 0, 1)

interface Host {
  readonly gateway: Parameters<typeof keepRevocations>[0]
  readonly said: string[]
  readonly clock: { now: number }
}

function makeHost (t: Test, directory = tmpdir()): Host {
  const said: string[] = []
  const clock = { now: START }
  const kept = new KeptState()
  const keys: string[] = []
  const say = (fields: object, text?: string): void => { said.push(text === undefined ? String(fields) : `${text} ${JSON.stringify(fields)}`) }
  t.teardown(async () => { for (const key of keys) await kept.release(key) })
  return {
    said,
    clock,
    gateway: {
      directory,
      now: () => clock.now,
      log: { warn: say, info: say } as unknown as FastifyBaseLogger,
      keep (key, create, close) {
        keys.push(key)
        return kept.acquire(key, create, close)
      }
    }
  }
}

const PLACE: RevocationPlace = { prefix: 'revoked:', interval: 3_600_000, staleAfter: 300_000 }

/** Resolves when it holds; what doesn't come ends with the test's own time limit. */
async function until (condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await wait(10)
}

t.test('a token is revoked by its id, a subject up to a time', async t => {
  const revoked = new Revoked(new Set(['one']), new Map([['ann', 1000]]))
  const cases: Array<[claims: Record<string, unknown>, revoked: boolean]> = [
    [{ jti: 'one' }, true],
    [{ jti: 'two', sub: 'ann', iat: 1001 }, false],
    [{ jti: 'two', sub: 'ann', iat: 1000 }, true],
    [{ sub: 'ann', iat: 999 }, true],
    [{ sub: 'ann' }, true],
    [{ sub: 'ann', iat: '2000' }, true],
    [{ sub: 'bob', iat: 1 }, false],
    [{ jti: ['one'] }, false],
    [{}, false]
  ]
  for (const [claims, expected] of cases) t.equal(revoked.has(claims), expected, JSON.stringify(claims))
})

t.test('a file says what is wrong with it, and nothing of what is in it', async t => {
  t.match(parseRevoked('{}'), { tokens: new Set(), subjects: new Map() })
  const some = parseRevoked('{"jti":["a"],"sub":{"ann":5,"__proto__":6}}')
  t.ok(some.has({ jti: 'a' }))
  t.ok(some.has({ sub: '__proto__', iat: 6 }))
  for (const text of ['', '[]', 'null', '{"jti":"secret"}', '{"jti":[5]}', '{"sub":[]}', '{"sub":{"secret":"5"}}', '{"sub":null}', '{"secret":[]}', '{"jti":[']) {
    t.throws(() => parseRevoked(text), /^(?!.*secret)/, text)
  }
})

t.test('a file is read again when it changes', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'revocations-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'revoked.json'), '{"jti":["one"]}')
  const { gateway, said } = makeHost(t, folder)
  const revocations = await keepRevocations(gateway, { ...PLACE, file: 'revoked.json' })
  t.ok(revocations.has({ jti: 'one' }))
  t.notOk(revocations.has({ jti: 'two' }))
  writeFileSync(join(folder, 'next.json'), '{"jti":["two"]}')
  renameSync(join(folder, 'next.json'), join(folder, 'revoked.json'))
  await until(() => revocations.has({ jti: 'two' }))
  t.notOk(revocations.has({ jti: 'one' }), 'what is no longer there is no longer revoked')

  writeFileSync(join(folder, 'revoked.json'), '{"jti":')
  await revocations.refresh()
  t.equal(revocations.problem, 'it is not JSON')
  t.ok(revocations.has({ jti: 'two' }), 'the last known set serves on')
  t.equal(said.length, 1, 'said once')
  await revocations.refresh()
  t.equal(said.length, 1)
})

t.test('a file that is not there ends the start', async t => {
  const { gateway } = makeHost(t)
  await t.rejects(keepRevocations(gateway, { ...PLACE, file: 'no/such/file' }), /'no\/such\/file': the file can't be read \(ENOENT\)/)
})

t.test('after too long without news, nobody gets in; when the news come, they do', async t => {
  const { gateway, said, clock } = makeHost(t)
  let failing = false
  let changed = (): void => {}
  const source: RevocationSource = {
    async read () {
      if (failing) throw new Error('away')
      return new Revoked(new Set(), new Map())
    },
    watch (callback) { changed = callback },
    close () {}
  }
  const revocations = new Revocations(source, { interval: 3_600_000, staleAfter: 1000, now: gateway.now, log: gateway.log })
  t.teardown(async () => { await revocations.close() })
  t.throws(() => revocations.has({}), UNAVAILABLE, 'not before it was read for the first time')
  await revocations.refresh()
  t.notOk(revocations.has({}))
  failing = true
  clock.now += 1000
  await revocations.refresh()
  t.notOk(revocations.has({}))
  clock.now += 1
  t.throws(() => revocations.has({}), UNAVAILABLE)
  failing = false
  changed()
  await until(() => revocations.problem === null)
  t.notOk(revocations.has({}))
  t.match(said, [/can not be read.*away/, /can be read again/])
})

t.test('a change that comes while it is being read is not missed', async t => {
  const { gateway } = makeHost(t)
  const answers: Array<() => void> = []
  const source: RevocationSource = {
    async read () {
      await new Promise<void>(resolve => answers.push(resolve))
      return new Revoked(new Set(answers.length > 1 ? ['late'] : []), new Map())
    },
    watch () {},
    close () {}
  }
  const revocations = new Revocations(source, { interval: 3_600_000, staleAfter: 1000, now: gateway.now, log: gateway.log })
  t.teardown(async () => { await revocations.close() })
  const first = revocations.refresh()
  const second = revocations.refresh()
  answers[0]?.()
  await until(() => answers.length === 2)
  answers[1]?.()
  await Promise.all([first, second])
  t.ok(revocations.has({ jti: 'late' }))
})

t.test('it is read now and then without being told', async t => {
  const { gateway } = makeHost(t)
  let reads = 0
  const source: RevocationSource = {
    async read () {
      reads++
      return new Revoked(new Set(), new Map())
    },
    watch () {},
    close () {}
  }
  const revocations = new Revocations(source, { interval: 5, staleAfter: 1000, now: gateway.now, log: gateway.log })
  await until(() => reads > 2)
  await revocations.close()
})

t.test('a reload goes on with what is known; another place is another set', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'revocations-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'a.json'), '{}')
  writeFileSync(join(folder, 'b.json'), '{}')
  const { gateway } = makeHost(t, folder)
  const first = await keepRevocations(gateway, { ...PLACE, file: 'a.json' })
  t.equal(await keepRevocations(gateway, { ...PLACE, file: 'a.json' }), first)
  t.not(await keepRevocations(gateway, { ...PLACE, file: 'b.json' }), first)
})

t.test('closing a file that nobody watches yet', async t => {
  await t.resolves(async () => { await fileRevocations('x').close() })
})

t.test('Redis', { skip: noRedis }, async t => {
  const redis = await startRedis(t, 'a-password-of-redis')
  const client = new Redis(redis.url)
  client.on('error', () => {})
  t.teardown(() => { client.disconnect() })
  const { gateway, said, clock } = makeHost(t)
  const seconds = START / 1000
  await client.zadd('revoked:jti', seconds + 100, 'one', seconds - 1, 'expired')
  await client.hset('revoked:sub', 'ann', seconds, 'bob', 'soon')

  const revocations = await keepRevocations(gateway, { ...PLACE, redisUrl: redis.url })
  t.ok(revocations.has({ jti: 'one' }))
  t.notOk(revocations.has({ jti: 'expired' }), 'an expired token needs no revocation')
  t.ok(revocations.has({ sub: 'ann', iat: seconds }))
  t.notOk(revocations.has({ sub: 'ann', iat: seconds + 1 }))
  t.ok(revocations.has({ sub: 'bob', iat: seconds + 1e6 }), 'a time that is none revokes all')

  await t.test('a message has it read again', async t => {
    await client.zadd('revoked:jti', seconds + 100, 'two')
    await until(async () => await client.publish('revoked:changed', '') > 0)
    await until(() => revocations.has({ jti: 'two' }))
    t.notOk(revocations.has({ jti: 'three' }))
  })

  await t.test('a set of many is read whole', async t => {
    const members = Array.from({ length: 12_000 }, (_, index) => [seconds + 100, `many-${index}`]).flat()
    await client.zadd('revoked:jti', ...members)
    await revocations.refresh()
    for (const index of [0, 4_999, 5_000, 11_999]) t.ok(revocations.has({ jti: `many-${index}` }))
  })

  await t.test('an outage is survived, for a while', async t => {
    await redis.stop()
    await revocations.refresh()
    t.ok(revocations.has({ jti: 'one' }))
    clock.now += 300_001
    t.throws(() => revocations.has({ jti: 'three' }), UNAVAILABLE)
    await redis.start()
    await client.zadd('revoked:jti', seconds + 1000, 'after')
    await until(async () => {
      await revocations.refresh()
      return revocations.problem === null
    })
    t.ok(revocations.has({ jti: 'after' }))
    t.notOk(revocations.has({ jti: 'one' }), 'an empty Redis has nothing revoked')
  })

  t.notMatch(JSON.stringify(said), /a-password-of-redis|127\.0\.0\.1/)
})

t.test('Redis that is not there keeps no gateway from starting, and lets nobody in', async t => {
  const { gateway, said } = makeHost(t)
  const revocations = await keepRevocations(gateway, { ...PLACE, redisUrl: 'redis://:a-password@127.0.0.1:9' })
  t.throws(() => revocations.has({}), UNAVAILABLE)
  t.match(said, [/can not be read.*Redis can't be reached/])
  t.notMatch(JSON.stringify(said), /a-password|127\.0\.0\.1/)
})

t.test('Redis that answers something else is an outage', { skip: noRedis }, async t => {
  const redis = await startRedis(t)
  const client = new Redis(redis.url)
  t.teardown(() => { client.disconnect() })
  await client.set('revoked:jti', 'no set')
  const { gateway } = makeHost(t)
  const revocations = await keepRevocations(gateway, { ...PLACE, redisUrl: redis.url })
  t.equal(revocations.problem, 'Redis does not answer as it should')
  t.throws(() => revocations.has({}), UNAVAILABLE)
})
