/** The rules of RFC 9111 without a gateway: tables of its texts, and properties against a plain model. */
import fc from 'fast-check'
import t from 'tap'
import type { CachedAnswer } from '../../../src/plugin.ts'
import { answerDirectives, NO_DIRECTIVES, requestDirectives, type RequestDirectives } from '../../../src/http-cache/directives.ts'
import { explicitLifetime, heuristicLifetime, initialAge, judge, mayStandIn } from '../../../src/http-cache/freshness.ts'
import { httpDate } from '../../../src/http-cache/http-date.ts'
import { Passes } from '../../../src/http-cache/passes.ts'
import { Recorder } from '../../../src/http-cache/recorder.ts'
import { Recordings } from '../../../src/http-cache/recordings.ts'
import { refreshedFields } from '../../../src/http-cache/refresh.ts'
import { holds } from '../../helpers/holds.ts'

const NOW = Date.UTC(2030, 0, 1)

t.test('Cache-Control of answers', async t => {
  const cases: Array<[text: string, expected: Partial<ReturnType<typeof answerDirectives>>]> = [
    ['', { noStore: false, maxAge: undefined }],
    ['max-age=60', { maxAge: 60 }],
    ['MAX-AGE=60, Public', { maxAge: 60, public: true }],
    ['max-age="60"', { maxAge: 60 }],
    ['max-age=60,max-age=60', { maxAge: 60 }],
    ['max-age=60,max-age=61', { maxAge: 0 }],
    ['max-age', { maxAge: 0 }],
    ['max-age=', { maxAge: 0 }],
    ['max-age=-1', { maxAge: 0 }],
    ['max-age=1.5', { maxAge: 0 }],
    ['max-age=99999999999999999999', { maxAge: 2_147_483_648 }],
    [' , ,max-age=1 ,, no-store ,', { maxAge: 1, noStore: true }],
    ['no-cache', { noCache: true, withheld: [] }],
    ['no-cache="Set-Cookie, x-a"', { noCache: false, withheld: ['set-cookie', 'x-a'] }],
    ['no-cache=""', { noCache: true }],
    ['no-cache="a", no-cache', { noCache: true }],
    ['private="x-a"', { private: false, withheld: ['x-a'] }],
    ['private=x-a', { private: false, withheld: ['x-a'] }],
    ['private', { private: true }],
    ['ext="a, no-store", max-age=5', { noStore: false, maxAge: 5 }],
    ['ext="a\\", no-store", max-age=5', { noStore: false, maxAge: 5 }],
    ['ext="a, no-store', { noStore: true }],
    ['no-store;max-age=5', { noStore: true, maxAge: 5 }],
    ['max-age=0; private', { private: true, maxAge: 0 }],
    ['ext="a; no-store"; max-age=5', { noStore: false, maxAge: 5 }],
    ['stale-while-revalidate=5, stale-if-error=6', { staleWhileRevalidate: 5, staleIfError: 6 }],
    ['s-maxage=7, must-revalidate, proxy-revalidate', { sMaxAge: 7, mustRevalidate: true, proxyRevalidate: true }],
    ['x-no-store, no-storex', { noStore: false }],
    ['"quoted", no-store', { noStore: true }]
  ]
  for (const [text, expected] of cases) t.match(answerDirectives(text), expected, text)
})

t.test('Cache-Control of requests', async t => {
  t.equal(requestDirectives(undefined, undefined), NO_DIRECTIVES)
  t.equal(requestDirectives(undefined, 'x-no-cache'), NO_DIRECTIVES)
  t.match(requestDirectives(undefined, 'a, No-Cache'), { noCache: true })
  t.match(requestDirectives('max-age=0', 'no-cache'), { noCache: false, maxAge: 0 })
  t.match(requestDirectives('max-stale', undefined), { maxStale: Infinity })
  t.match(requestDirectives('max-stale=x', undefined), { maxStale: 0 })
  t.match(requestDirectives('min-fresh=x, max-age=x', undefined), { minFresh: 2_147_483_648, maxAge: 0 })
  t.match(requestDirectives('only-if-cached, no-store, stale-if-error=3', undefined), { onlyIfCached: true, noStore: true, staleIfError: 3 })
})

t.test('no text keeps the parser for long, and what is said before rubbish is heard', async t => {
  for (const text of ['"'.repeat(50_000), '\\"'.repeat(25_000), '='.repeat(50_000), ', '.repeat(25_000), 'a="'.repeat(20_000), ' '.repeat(50_000)]) {
    t.equal(answerDirectives(`no-store,${text}`).noStore, true)
  }
  holds(t, fc.property(fc.string(), rubbish => answerDirectives(`no-store, ${rubbish}`).noStore))
})

t.test('dates in their three forms, and nothing else', async t => {
  const time = Date.UTC(1994, 10, 6, 8, 49, 37)
  for (const text of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) t.equal(httpDate(text, NOW), time, text)
  t.equal(httpDate('Sunday, 06-Nov-79 08:49:37 GMT', NOW), Date.UTC(2079, 10, 6, 8, 49, 37))
  t.equal(httpDate('Sunday, 06-Nov-81 08:49:37 GMT', NOW), Date.UTC(1981, 10, 6, 8, 49, 37))
  for (const text of [undefined, '', '0', '-1', 'now', '1994-11-06', 'Sun, 06 Nov 1994 08:49:37', 'Sun, 06 Nov 1994 08:49:37 +0100', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT']) t.ok(Number.isNaN(httpDate(text, NOW)), String(text))
})

t.test('lifetimes', async t => {
  const at = (offset: number): string => new Date(NOW + offset).toUTCString()
  const none = { date: undefined, expires: undefined, lastModified: undefined, age: undefined }
  t.equal(explicitLifetime(answerDirectives(''), none, NOW), null)
  t.equal(explicitLifetime(answerDirectives('s-maxage=1, max-age=2'), { ...none, expires: at(9_000) }, NOW), 1_000)
  t.equal(explicitLifetime(answerDirectives('max-age=2'), { ...none, expires: at(9_000) }, NOW), 2_000)
  t.equal(explicitLifetime(answerDirectives(''), { ...none, expires: at(9_000), date: at(-1_000) }, NOW), 10_000)
  t.equal(explicitLifetime(answerDirectives(''), { ...none, expires: at(9_000) }, NOW), 9_000)
  t.equal(explicitLifetime(answerDirectives(''), { ...none, expires: at(-9_000) }, NOW), 0)
  t.equal(explicitLifetime(answerDirectives(''), { ...none, expires: '0' }, NOW), 0)
  t.equal(heuristicLifetime('last-modified', { ...none, lastModified: at(-50_000), date: at(0) }, NOW, 4_000), 4_000)
  t.equal(heuristicLifetime('last-modified', { ...none, lastModified: at(-20_000) }, NOW, 4_000), 2_000)
  t.equal(heuristicLifetime('last-modified', { ...none, lastModified: at(20_000) }, NOW, 4_000), 0)
  t.equal(heuristicLifetime('none', { ...none, lastModified: at(-20_000) }, NOW, 4_000), null)
  t.equal(initialAge({ ...none, age: '5', date: at(-3_000) }, NOW - 1_000, NOW), 6_000)
  t.equal(initialAge({ ...none, age: '5', date: at(-30_000) }, NOW - 1_000, NOW), 30_000)
  t.equal(initialAge({ ...none, age: '10, 20' }, NOW, NOW), 10_000)
  t.equal(initialAge({ ...none, age: 'x', date: at(30_000) }, NOW - 1_000, NOW), 1_000)
})

const seconds = fc.integer({ min: 0, max: 20 })
const maybe = fc.option(seconds, { nil: undefined })
const stored = fc.record({ lifetime: seconds, initialAge: seconds, resident: seconds, background: seconds, standIn: seconds, must: fc.boolean(), always: fc.boolean() })
const asked: fc.Arbitrary<RequestDirectives> = fc.record({
  noStore: fc.constant(false), noCache: fc.boolean(), onlyIfCached: fc.constant(false), maxAge: maybe, minFresh: maybe, maxStale: fc.option(fc.oneof(seconds, fc.constant(Infinity)), { nil: undefined }), staleIfError: maybe
})

t.test('what is sent without asking is what the sections of the RFC, one by one, allow', async () => {
  holds(t, fc.property(stored, asked, (is, ask) => {
    const answer = {
      receivedAt: NOW - is.resident * 1000, initialAge: is.initialAge * 1000, lifetime: is.lifetime * 1000, staleWhileRevalidate: is.background * 1000, staleIfError: is.standIn * 1000, mustRevalidate: is.must, alwaysValidate: is.always
    } as CachedAnswer
    const verdict = judge(answer, ask, NOW)
    // the model: in whole seconds, each rule by itself
    const age = is.initialAge + is.resident
    const staleness = age - is.lifetime
    const forbidden = is.always || ask.noCache || (ask.maxAge !== undefined && age > ask.maxAge)
    const freshEnough = staleness < 0 && -staleness >= (ask.minFresh ?? 0)
    const asksFresh = ask.minFresh !== undefined
    const maxStale = staleness >= 0 && !is.must && !asksFresh && ask.maxStale !== undefined && staleness <= ask.maxStale
    const background = staleness >= 0 && !asksFresh && ask.maxAge === undefined && is.background > 0 && staleness <= is.background
    const expected = forbidden ? 'validate' : freshEnough ? 'fresh' : maxStale ? 'stale' : background ? 'background' : 'validate'
    const standIn = !is.always && !ask.noCache && ((is.standIn > 0 && staleness <= is.standIn) || (!is.must && ask.staleIfError !== undefined && staleness <= ask.staleIfError))
    return verdict === expected && mayStandIn(answer, ask, NOW) === standIn
  }), { numRuns: 5_000 })
})

t.test('a 304 without a date is one of now', async t => {
  const stored = { etag: '"e"', fields: ['date', new Date(NOW - 60_000).toUTCString(), 'x-a', '1'] } as unknown as CachedAnswer
  t.same(refreshedFields(stored, ['X-A', '2'], NOW), ['X-A', '2', 'Date', new Date(NOW).toUTCString()])
  const said = new Date(NOW - 5_000).toUTCString()
  t.same(refreshedFields(stored, ['DATE', said], NOW), ['x-a', '1', 'DATE', said])
})

t.test('pieces count for what it takes to hold them', async t => {
  const recordings = new Recordings(1_000)
  const passed: string[] = []
  const cache = { now: () => NOW, recordings, store: { largest: 1_000 }, storability: { plan: () => ({}) }, status: { forwarded () {} } }
  const request = { gateway: { method: 'GET' } }
  const begin = (uri: string): Recorder => {
    const recorder = new Recorder(cache as never, { key: { uri }, storing: true, safe: true, subject: null, missed: 'uri-miss', request, log () {}, pass () { passed.push(uri) } } as never, null, null, false)
    recorder.head({ status: 200, statusText: 'OK', fields: [], length: -1, framed: true })
    return recorder
  }
  const many = begin('many')
  for (let piece = 0; piece < 7; piece++) many.data(Buffer.alloc(1))
  t.equal(many.satisfied, false)
  many.data(Buffer.alloc(1))
  t.equal(many.satisfied, true, 'eight bytes in eight pieces are more than a thousand')
  const large = begin('large')
  large.data(Buffer.alloc(1_001))
  t.same(passed, ['many', 'large'])
  t.equal(recordings.grow(1_000), true, 'all is given back')
  t.equal(recordings.grow(1), false, 'and no more than that')
})

t.test('a clock that goes back makes nothing fresh again', async t => {
  const answer = { receivedAt: NOW, initialAge: 10_000, lifetime: 10_000, staleWhileRevalidate: 0, alwaysValidate: false, mustRevalidate: false } as CachedAnswer
  t.equal(judge(answer, NO_DIRECTIVES, NOW - 5_000), 'validate')
})

t.test('keys that can\'t be stored are remembered for a minute', async t => {
  let time = NOW
  const passes = new Passes(() => time)
  t.equal(passes.has('a'), false)
  passes.add('a')
  t.equal(passes.has('a'), true)
  t.equal(passes.has('b'), false)
  passes.delete('b')
  time += 59_000
  t.equal(passes.has('a'), true)
  time += 2_000
  t.equal(passes.has('a'), false)
  passes.add('a')
  passes.delete('a')
  t.equal(passes.has('a'), false)
})
