import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { checkRegex, createRegexChecker } from '../../src/config/regex/safety.ts'
import { holds } from '../helpers/holds.ts'

const safe = [
  '^/users/\\d+$',
  '^/users/(?<id>[^#?/]+)/orders/(?<order>[^#?/]+)$',
  '^(?:/api)?/v[0-9]+/(?:users|orders)/[A-Za-z0-9_-]{1,64}(?:/.*)?$',
  '^/(?:\\d{1,3}\\.){3}\\d{1,3}$',
  '^/.*\\.json$',
  '^/([a-z]+-)*[a-z]+$',
  '^[a-f0-9]{8}-[a-f0-9]{4}$',
  'chrome/\\d+',
  'mobile|android',
  '^/(?!admin)[^/]+$',
  '^/(\\w+)/\\1$',
  'x*'
]
const exponential = ['^/(a+)+$', '^/(a|a)*$', '^/(a|b|ab)*c', '^/(x+x+)+y', '^/(?:[^/]+/?)*$', '^(?:(?:a?|b?)c)+$']
const polynomial = ['^/.*/x/.*$', '(.*)=(.*)', 'a+$', '\\s+$', '^/\\S+@\\S+\\.\\S+$', 'a+b+c']

for (const pattern of safe) t.test(`${pattern} is safe`, async t => { t.same(checkRegex(pattern), { kind: 'safe' }) })

for (const pattern of exponential) {
  t.test(`${pattern} grows exponentially`, async t => { t.match(checkRegex(pattern), { kind: 'vulnerable', growth: 'exponential' }) })
}

for (const pattern of polynomial) {
  t.test(`${pattern} grows polynomially`, async t => { t.match(checkRegex(pattern), { kind: 'vulnerable', growth: 'polynomial' }) })
}

t.test('says why a pattern is no regular expression', async t => {
  t.same(checkRegex('^/(a'), { kind: 'invalid', reason: 'Unterminated group' })
  t.match(checkRegex('a', 'ii'), { kind: 'invalid' })
})

t.test('ignoring case makes letters of both cases meet', async t => {
  t.match(checkRegex('^(?:a|A)*$', 'i'), { kind: 'vulnerable', growth: 'exponential' })
  t.same(checkRegex('^(?:a|A)*$'), { kind: 'safe' })
})

// no loop, but millions of ways: forty characters take seconds
for (const pattern of [
  '^(?:a{1,10}){1,10}$', '^(\\w{1,8}-?){1,7}$', '^/(?:a{1,10}){1,10}/x', '^(?:[a-z]{0,8}-?){1,8}$', '^(?:(?:a{1,5}){1,5}){1,5}$', '^([a-z0-9-]{1,63}\\.?){1,10}$',
  '(?:[a-z]{1,10} ?){1,10}$', `^${'a?'.repeat(30)}${'a'.repeat(30)}$`
]) {
  t.test(`${pattern} is stopped by one character again and again`, async t => {
    t.match(checkRegex(pattern), { kind: 'vulnerable', growth: 'exponential' })
  })
}

// few ways, a match before the others are tried, or separators that leave one way
for (const pattern of [
  '^(\\w{1,8}-?){1,3}$', '^/(?:a{1,10}){1,10}', '^(?:[a-z]{1,63}\\.){1,8}[a-z]{2,10}$', '^(?:\\d{1,3}[,.]?){1,6}$', '^(?:[a-zA-Z0-9]{1,4}:?){1,8}$', '^/(?:[a-z]{0,3}-?){1,3}|/b$'
]) {
  t.test(`${pattern} is safe, nested as it is`, async t => { t.same(checkRegex(pattern), { kind: 'safe' }) })
}

t.test('does not call many ways safe', async t => {
  t.match(checkRegex(`^${'a?'.repeat(12)}$`), { kind: 'undecided' })
})

t.test('keeps the verdict when no time is left but the loops prove it', async t => {
  const check = createRegexChecker({ patternTimeout: 0, totalTimeout: 0 })
  t.same(check('^/(a|a)*$'), { kind: 'vulnerable', growth: 'exponential', degree: null, attack: null })
  t.same(check('^/.*x.*$'), { kind: 'vulnerable', growth: 'polynomial', degree: null, attack: null })
  t.match(check('^/(?!x)a+$'), { kind: 'undecided' })
  t.same(check('^/a+$'), { kind: 'safe' })
})

t.test('what is proved safe is never vulnerable for recheck', async t => {
  const { checkSync } = createRequire(import.meta.url)('recheck/lib/browser.js') as typeof import('recheck')
  const { pattern } = fc.letrec<{ pattern: string, atom: string, repeated: string }>(tie => ({
    pattern: fc.array(fc.oneof({ depthSize: 'small' }, tie('repeated'), tie('atom')), { minLength: 1, maxLength: 3 }).map(parts => parts.join('')),
    repeated: fc.tuple(tie('atom'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}')).map(parts => parts.join('')),
    atom: fc.oneof({ depthSize: 'small' },
      fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '/'),
      tie('pattern').map(inner => `(?:${inner})`),
      fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => `(?:${left}|${right})`))
  }))
  const noTime = createRegexChecker({ patternTimeout: 0, totalTimeout: 0 })
  let proved = 0
  holds(t, fc.property(pattern, fc.constantFrom('^', ''), (body, start) => {
    const whole = `${start}${body}$`
    if (noTime(whole).kind !== 'safe') return
    proved++
    const { status } = checkSync(whole, '', { timeout: 200, checker: 'automaton' })
    if (status === 'vulnerable') throw new Error(`${whole} was proved safe`)
  }), { numRuns: Number(process.env['REGEX_RUNS'] ?? 200), seed: 7 })
  t.ok(proved > 20, `${proved} patterns were proved`)
})
