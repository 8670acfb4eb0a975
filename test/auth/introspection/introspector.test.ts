import t, { type Test } from 'tap'
import type { Claims } from '../../../src/auth/claims.ts'
import { Introspector, type IntrospectorOptions } from '../../../src/auth/introspection/introspector.ts'
import { Breaker } from '../../../src/auth/provider/breaker.ts'
import type { JsonAnswer } from '../../../src/auth/provider/http.ts'
import { ProviderError } from '../../../src/auth/provider/provider-error.ts'
import { fakeProviderClock } from '../../helpers/provider-clock.ts'
import { recordingLog } from '../../helpers/recording-log.ts'

const ENDPOINT = 'https://id.test/introspect'
const unavailable = Object.assign(new Error('The identity provider is unavailable'), { code: 'SP_PROVIDER_UNAVAILABLE', statusCode: 503 })

function start (_t: Test, options: Partial<IntrospectorOptions> = {}, failures = 3) {
  const clock = fakeProviderClock()
  const log = recordingLog()
  const provider = {
    answer: { active: true, sub: 'ann', exp: clock.now() / 1000 + 600 } as object,
    error: null as ProviderError | null,
    asked: [] as Array<{ form: Record<string, string>, headers: Readonly<Record<string, string>> }>,
    async post (url: string, form: URLSearchParams, headers: Readonly<Record<string, string>>): Promise<JsonAnswer> {
      provider.asked.push({ form: Object.fromEntries(form), headers })
      if (url !== ENDPOINT) throw new Error(url)
      // an answer is an object of its own each time
      const { answer, error } = provider
      await Promise.resolve()
      if (error !== null) throw error
      return { body: structuredClone(answer) as Claims, cacheControl: '' }
    }
  }
  const introspector = new Introspector({
    name: 'https://id.test/introspect',
    http: provider,
    endpoint: async () => ENDPOINT,
    audience: null,
    clientAuth: ({ headers }) => { headers['authorization'] = 'Basic eDp5' },
    headers: { 'x-team': 'edge' },
    tokenTypeHint: 'access_token',
    activeFor: 30_000,
    inactiveFor: 10_000,
    remember: 100,
    breaker: new Breaker({ failures, openFor: 10_000, now: clock.now }),
    log: log.log,
    now: clock.now,
    ...options
  })
  return { clock, log, provider, introspector }
}

t.test('the provider is asked with the token, the hint, the credentials and the configured fields', async t => {
  const { introspector, provider } = start(t)
  t.match(await introspector.introspect('opaque'), { active: true, sub: 'ann' })
  t.same(provider.asked, [{ form: { token: 'opaque', token_type_hint: 'access_token' }, headers: { 'x-team': 'edge', authorization: 'Basic eDp5' } }])
})

t.test('requests with one token wait for one answer, which then is there at once', async t => {
  const { introspector, provider, clock } = start(t)
  const answers = await Promise.all(Array.from({ length: 100 }, async () => await introspector.introspect('opaque')))
  t.ok(answers.every(answer => answer === answers[0] && answer?.['sub'] === 'ann'))
  t.equal(provider.asked.length, 1)
  await clock.advance(29_999)
  t.equal(introspector.introspect('opaque'), answers[0])
  await clock.advance(1)
  const again = introspector.introspect('opaque')
  t.type(again, Promise)
  await again
  t.equal(provider.asked.length, 2)
})

t.test('an answer is never remembered beyond the end of the token', async t => {
  const { introspector, provider, clock } = start(t)
  provider.answer = { active: true, exp: clock.now() / 1000 + 5 }
  await introspector.introspect('short')
  await clock.advance(4_999)
  t.notOk(introspector.introspect('short') instanceof Promise)
  provider.answer = { active: false }
  await clock.advance(1)
  t.equal(await introspector.introspect('short'), null)
})

t.test('a provider whose clock is behind is believed, and asked each time', async t => {
  const { introspector, provider, clock } = start(t)
  // 45 s ago by our clock
  provider.answer = { active: true, exp: clock.now() / 1000 - 45 }
  t.match(await introspector.introspect('drift'), { active: true })
  t.match(await introspector.introspect('drift'), { active: true })
  t.equal(provider.asked.length, 2)
})

t.test('a token that is not active is remembered as such, for a shorter time', async t => {
  const { introspector, provider, clock } = start(t)
  provider.answer = { active: false, sub: 'ann' }
  t.equal(await introspector.introspect('gone'), null)
  t.equal(introspector.introspect('gone'), null)
  await clock.advance(10_000)
  await introspector.introspect('gone')
  t.equal(provider.asked.length, 2)
})

t.test('made-up tokens push no active ones out', async t => {
  const { introspector, provider } = start(t, { remember: 10 })
  await introspector.introspect('good')
  provider.answer = { active: false }
  for (let count = 0; count < 50; count++) await introspector.introspect(`made-up-${count}`)
  t.notOk(introspector.introspect('good') instanceof Promise)
})

t.test('with times of 0 nothing is remembered', async t => {
  const { introspector, provider } = start(t, { activeFor: 0, inactiveFor: 0 })
  await introspector.introspect('opaque')
  await introspector.introspect('opaque')
  provider.answer = { active: false }
  t.equal(await introspector.introspect('opaque'), null)
  t.equal(await introspector.introspect('opaque'), null)
  t.equal(provider.asked.length, 4)
})

t.test('only `true` is active, and what is no answer is 503', async t => {
  const { introspector, provider } = start(t, {}, 0)
  for (const answer of [{}, { active: 'true' }, { active: 1 }, { error: 'invalid_client' }]) {
    provider.answer = answer
    await t.rejects(async () => await introspector.introspect('opaque'), unavailable, JSON.stringify(answer))
  }
})

t.test('a provider that fails is left alone for a while, then one request tries', async t => {
  const { introspector, provider, clock, log } = start(t)
  provider.error = new ProviderError('it did not answer within 10 ms')
  for (let count = 0; count < 20; count++) await t.rejects(async () => await introspector.introspect(`t${count}`), unavailable)
  t.equal(provider.asked.length, 3)
  t.match(log.lines.at(-1), { level: 'warn', msg: /not asked for a while/ })
  await t.rejects(async () => await introspector.introspect('x'), Object.assign(new Error(unavailable.message), { headers: { 'retry-after': '10' } }))

  await clock.advance(10_000)
  await Promise.allSettled(Array.from({ length: 20 }, async (_, index) => await introspector.introspect(`u${index}`)))
  t.equal(provider.asked.length, 4, 'one tries')
  await t.rejects(async () => await introspector.introspect('x'), unavailable, 'and fails')

  provider.error = null
  await clock.advance(10_000)
  t.match(await introspector.introspect('good'), { sub: 'ann' })
  t.match(await introspector.introspect('better'), { sub: 'ann' })
})

t.test('what is remembered serves on while the provider is down, as long as it holds', async t => {
  const { introspector, provider, clock } = start(t)
  await introspector.introspect('known')
  provider.error = new ProviderError('down')
  await clock.advance(29_000)
  t.match(await introspector.introspect('known'), { sub: 'ann' })
  await clock.advance(1_000)
  await t.rejects(async () => await introspector.introspect('known'), unavailable)
})

t.test('credentials that the provider refuses are an error in the log, and never in it', async t => {
  const { introspector, provider, log } = start(t)
  provider.error = new ProviderError('it answered with status 401', { status: 401 })
  await t.rejects(async () => await introspector.introspect('secret-token'), unavailable)
  t.match(log.lines, [{ level: 'error', reason: 'it answered with status 401' }])
  t.notMatch(JSON.stringify(log.lines), /secret-token|eDp5/)
})

t.test('a token that is longer than any is not asked about', async t => {
  const { introspector, provider } = start(t)
  t.equal(introspector.introspect('x'.repeat(16_385)), null)
  t.equal(provider.asked.length, 0)
})

t.test('there is an end to how many are asked about at a time', async t => {
  const { introspector } = start(t)
  const waiting = Array.from({ length: 1_000 }, async (_, index) => await introspector.introspect(`t${index}`))
  t.throws(() => introspector.introspect('one more'), unavailable)
  t.type(introspector.introspect('t1'), Promise, 'those who wait for one that is under way are welcome')
  await Promise.all(waiting)
  t.match(await introspector.introspect('one more'), { sub: 'ann' })
})
