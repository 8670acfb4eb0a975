import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import type { KeyHint, VerificationKey } from '../../../src/auth/key-source.ts'
import type { JsonAnswer } from '../../../src/auth/provider/http.ts'
import { ProviderError } from '../../../src/auth/provider/provider-error.ts'
import { RemoteKeys } from '../../../src/auth/provider/remote-keys.ts'
import { recordingLog } from '../../helpers/recording-log.ts'
import { fakeProviderClock, settle } from '../../helpers/provider-clock.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const ec = (kid: string): object => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid })
const [a, b, c] = [ec('a'), ec('b'), ec('c')]
const hint = (kid?: string): KeyHint => ({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) })
/** What tap's types want of an error that is described in part. */
const unavailable = Object.assign(new Error('The identity provider is unavailable'), { code: 'SP_PROVIDER_UNAVAILABLE', statusCode: 503 })
const kids = (keys: readonly VerificationKey[]): unknown[] => keys.map(key => key.kid)

/** A set whose provider answers when it is told to. */
function start (t: Test, options: { keys?: object[], cacheControl?: string, down?: boolean, timers?: boolean } = {}) {
  const clock = fakeProviderClock()
  const log = recordingLog()
  const provider = {
    fetches: 0,
    keys: options.keys ?? [a],
    cacheControl: options.cacheControl ?? '',
    down: options.down ?? false,
    /** Answers wait for it. */
    held: null as Promise<void> | null
  }
  const source = new RemoteKeys({
    name: 'https://id.test/jwks',
    clock: options.timers === false ? { now: clock.now, after: () => () => {} } : clock,
    log: log.log,
    async fetch (): Promise<JsonAnswer> {
      provider.fetches++
      // what was so when the request came
      const { keys, down, cacheControl } = provider
      await provider.held
      if (down) throw new ProviderError('it answered with status 500')
      return { body: { keys }, cacheControl }
    }
  })
  t.teardown(() => source.close())
  return { clock, log, provider, source }
}

function hold (): { held: Promise<void>, release: () => void } {
  let release = (): void => {}
  const held = new Promise<void>(resolve => { release = resolve })
  return { held, release }
}

t.test('the set is fetched at once, and then its keys are there without waiting', async t => {
  const { source, provider } = start(t)
  t.equal(provider.fetches, 1)
  await settle()
  t.same(kids(source.keysFor(hint('a')) as VerificationKey[]), ['a'])
  t.equal(source.keysFor(hint('a')), source.keysFor(hint('a')), 'a look-up makes nothing')
  t.equal(provider.fetches, 1)
})

t.test('requests wait for the first fetch', async t => {
  const { source, provider } = start(t)
  const waiting = [source.keysFor(hint('a')), source.keysFor(hint('a')), source.keysFor(hint())]
  for (const keys of waiting) t.type(keys, Promise)
  t.same((await Promise.all(waiting)).map(kids), [['a'], ['a'], ['a']])
  t.equal(provider.fetches, 1)
})

t.test('without a set there is 503, with the time after which to try again, and no fetch for each request', async t => {
  const { source, provider, clock, log } = start(t, { down: true })
  await t.rejects(Promise.resolve(source.keysFor(hint('a'))), { code: 'SP_PROVIDER_UNAVAILABLE', statusCode: 503, headers: { 'retry-after': '1' } })
  for (let count = 0; count < 100; count++) t.throws(() => source.keysFor(hint('a')), unavailable)
  t.equal(provider.fetches, 1)
  t.match(log.lines, [{ level: 'warn', provider: 'https://id.test/jwks', reason: 'it answered with status 500' }])

  provider.down = false
  await clock.advance(SECOND)
  t.same(kids(source.keysFor(hint('a')) as VerificationKey[]), ['a'])
  t.match(log.lines.at(-2), { level: 'info', msg: /can be had again/ })
})

t.test('a provider that stays down is asked at longer and longer intervals, up to 30 s', async t => {
  const { provider, clock } = start(t, { down: true })
  await settle()
  await clock.advance(10 * SECOND)
  t.ok(provider.fetches >= 4 && provider.fetches <= 6, `${provider.fetches} in 10 s`)
  const before = provider.fetches
  await clock.advance(10 * MINUTE)
  t.ok(provider.fetches - before >= 18 && provider.fetches - before <= 32, `${provider.fetches - before} in 10 min`)
})

t.test('a set is refreshed before its time is over, without a request', async t => {
  for (const [cacheControl, minutes] of [['', 10], ['public, max-age=420', 7], ['max-age=5', 5], ['no-store', 5], ['max-age=86400', 15]] as const) {
    const { provider, clock } = start(t, { cacheControl })
    await settle()
    await clock.advance(minutes * MINUTE * 0.75 - 1)
    t.equal(provider.fetches, 1, `'${cacheControl}': not too early`)
    await clock.advance(minutes * MINUTE * 0.15 + 1)
    t.equal(provider.fetches, 2, `'${cacheControl}': before ${minutes} min`)
  }
})

t.test('while a set is refreshed, the old one answers', async t => {
  const { source, provider, clock } = start(t)
  await settle()
  const { held, release } = hold()
  provider.held = held
  provider.keys = [b]
  await clock.advance(9 * MINUTE)
  t.equal(provider.fetches, 2)
  t.same(kids(source.keysFor(hint('a')) as VerificationKey[]), ['a'])
  release()
  await settle()
  t.same(kids(await source.keysFor(hint('a'))), [], 'a key that was taken back is gone')
  t.same(kids(source.keysFor(hint('b')) as VerificationKey[]), ['b'])
})

t.test('a machine that slept through the refresh waits for it, unless the provider is known to be down', async t => {
  const { source, provider, clock } = start(t, { timers: false })
  await settle()
  provider.keys = [b]
  await clock.advance(HOUR)
  t.same(kids(await source.keysFor(hint('b'))), ['b'])

  provider.down = true
  await clock.advance(HOUR)
  t.same(kids(await source.keysFor(hint('b'))), ['b'], 'the last good one')
  await clock.advance(HOUR)
  t.notOk(source.keysFor(hint('b')) instanceof Promise, 'which then answers at once')
})

t.test('a machine that slept while the provider was asked asks again', async t => {
  const { source, provider, clock } = start(t, { timers: false })
  const { held, release } = hold()
  provider.held = held
  const waiting = source.keysFor(hint('a')) as Promise<readonly VerificationKey[]>
  await clock.advance(25 * HOUR)
  release()
  t.same(kids(await waiting), ['a'])
  t.equal(provider.fetches, 2)
})

t.test('a new key is found by the first token that names it', async t => {
  const { source, provider } = start(t)
  await settle()
  provider.keys = [a, b]
  const answers = await Promise.all(Array.from({ length: 50 }, async () => kids(await source.keysFor(hint('b')))))
  t.same(new Set(answers.flat()), new Set(['b']))
  t.equal(provider.fetches, 2)
})

t.test('tokens with names of keys that nobody has cost one fetch per 30 s', async t => {
  const { source, provider, clock } = start(t)
  await settle()
  let count = 0
  const storm = async (): Promise<void> => {
    const answers = await Promise.all(Array.from({ length: 200 }, async () => await source.keysFor(hint(`no-such-key-${count++}`))))
    t.ok(answers.every(keys => keys.length === 0))
  }
  for (let second = 0; second < 30; second++) {
    await storm()
    t.notOk(source.keysFor(hint('no-such-key')) instanceof Promise, 'after the first there is nothing to wait for')
    await clock.advance(SECOND)
  }
  t.equal(provider.fetches, 2, 'one for 30 s')
  for (let second = 0; second < 30; second++) {
    await storm()
    await clock.advance(SECOND)
  }
  t.equal(provider.fetches, 3, 'one more for the next 30 s')
  t.same(kids(source.keysFor(hint('a')) as VerificationKey[]), ['a'], 'known keys answer at once')
})

t.test('the 30 s are counted from the last try, well or not, also of a set without keys', async t => {
  const { source, provider, clock } = start(t, { keys: [] })
  await settle()
  for (let second = 0; second < 29; second++) {
    t.same(await source.keysFor(hint('x')), [])
    await clock.advance(SECOND)
  }
  t.equal(provider.fetches, 2)

  provider.down = true
  await clock.advance(2 * SECOND)
  t.same(await source.keysFor(hint('x')), [])
  t.same(await source.keysFor(hint('y')), [])
  t.equal(provider.fetches, 3, 'a fetch that fails counts as well')
})

t.test('a key that was published after a refresh had left is found by one more fetch', async t => {
  const { source, provider, clock } = start(t)
  await settle()
  const first = hold()
  provider.held = first.held
  await clock.advance(9 * MINUTE)
  t.equal(provider.fetches, 2)
  // the answer under way is the old one
  provider.keys = [a, b]
  const waiting = Array.from({ length: 20 }, async () => kids(await source.keysFor(hint('b'))))
  provider.held = null
  first.release()
  t.same(await Promise.all(waiting), Array.from({ length: 20 }, () => ['b']))
  t.equal(provider.fetches, 3)
})

t.test('the last good set serves for 24 h when the provider is down, then there is 503', async t => {
  const { source, provider, clock, log } = start(t)
  await settle()
  const fresh = source.version
  provider.down = true
  await clock.advance(24 * HOUR - 1)
  t.same(kids(source.keysFor(hint('a')) as VerificationKey[]), ['a'])
  t.equal(source.version, fresh)
  const warnings = log.lines.filter(line => line.level === 'warn').length
  t.ok(warnings > 1 && warnings < 200, `the log says so, not too often: ${warnings}`)

  await clock.advance(1)
  t.not(source.version, fresh, 'and cached verdicts are looked at again')
  t.throws(() => source.keysFor(hint('a')), unavailable)

  provider.down = false
  await clock.advance(30 * SECOND)
  t.same(kids(source.keysFor(hint('a')) as VerificationKey[]), ['a'])
  t.equal(source.version, fresh, 'the content is the same')
})

t.test('garbage and keys that can\'t be used are no reason to forget good ones', async t => {
  const { source, provider, clock, log } = start(t, { keys: [a, { kty: 'oct', k: 'c2VjcmV0', kid: 'hidden' }] })
  await settle()
  t.match(log.lines[0], { level: 'warn', kid: 'hidden', index: 1, msg: /shared secret/ })
  t.notMatch(JSON.stringify(log.lines), /c2VjcmV0/)
  provider.keys = 'garbage' as unknown as object[]
  await clock.advance(HOUR)
  t.ok(provider.fetches > 2)
  t.same(kids(source.keysFor(hint('a')) as VerificationKey[]), ['a'])
})

t.test('a provider that takes all its keys back is believed', async t => {
  const { source, provider, clock, log } = start(t)
  await settle()
  provider.keys = []
  await clock.advance(10 * MINUTE)
  t.same(await source.keysFor(hint('a')), [])
  t.match(log.lines.at(-1), { level: 'error', msg: /every token is refused/ })
})

t.test('version follows the content; keys that stay are the same objects', async t => {
  const { source, provider, clock } = start(t, { keys: [a, b] })
  await settle()
  const [kept] = source.keysFor(hint('a')) as VerificationKey[]
  const first = source.version
  provider.keys = [b, a]
  await clock.advance(10 * MINUTE)
  t.equal(source.version, first, 'order is nothing')
  provider.keys = [a, c]
  await clock.advance(10 * MINUTE)
  t.not(source.version, first)
  t.equal((source.keysFor(hint('a')) as VerificationKey[])[0], kept)
  provider.keys = [{ ...c, kid: 'a' }]
  await clock.advance(10 * MINUTE)
  t.not((source.keysFor(hint('a')) as VerificationKey[])[0], kept, 'another key under an old name is another key')
})

t.test('after close nothing is asked any more', async t => {
  const { source, provider, clock } = start(t)
  await settle()
  source.close()
  t.equal(clock.waiting, 0)
  await clock.advance(HOUR)
  t.same(await source.keysFor(hint('x')), [])
  t.ok(provider.fetches <= 2)
  t.equal(clock.waiting, 0)
})
