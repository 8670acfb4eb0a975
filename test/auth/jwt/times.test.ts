import t from 'tap'
import { checkTimes, type TimeRules } from '../../../src/auth/jwt/times.ts'

const NOW = 1_900_000_000
const none: TimeRules = { leeway: 0, required: new Set(), maximumExpiration: 0 }

function problems (claims: Record<string, unknown>, rules: Partial<TimeRules> = {}): unknown {
  const result = checkTimes(claims, { ...none, ...rules }, NOW * 1000)
  return 'problems' in result ? result.problems : null
}

t.test('exp, to the second and beyond', async t => {
  t.equal(problems({ exp: NOW + 1 }), null)
  t.same(problems({ exp: NOW }), { exp: 'token expired' }, 'now is too late')
  t.same(problems({ exp: NOW - 30 }, { leeway: 30 }), { exp: 'token expired' })
  t.equal(problems({ exp: NOW - 29 }, { leeway: 30 }), null)
  t.equal(problems({ exp: NOW + 0.5 }), null, 'fractions count')
  for (const exp of ['5', null, true, [], {}, Infinity, NaN, String(NOW + 100)]) t.same(problems({ exp }), { exp: 'must be a number' }, String(exp))
  t.same(problems({ exp: -1 }), { exp: 'token expired' })
})

t.test('nbf and iat', async t => {
  t.equal(problems({ nbf: NOW, iat: NOW }), null)
  t.same(problems({ nbf: NOW + 1 }), { nbf: 'token not valid yet' })
  t.same(problems({ iat: NOW + 1 }), { iat: 'issued in the future' })
  t.equal(problems({ nbf: NOW + 30, iat: NOW + 30 }, { leeway: 30 }), null)
  t.same(problems({ nbf: NOW + 31, iat: NOW + 31 }, { leeway: 30 }), { nbf: 'token not valid yet', iat: 'issued in the future' })
  t.same(problems({ nbf: 'x', iat: null }), { nbf: 'must be a number', iat: 'must be a number' })
})

t.test('clocks may differ by as much as leeway says', async t => {
  for (const drift of [-45, 45]) {
    const claims = { iat: NOW + drift, nbf: NOW + drift, exp: NOW + drift + 10 }
    t.ok(problems(claims, { leeway: 30 }), `${drift} s are too many for 30`)
    t.equal(problems(claims, { leeway: 60 }), null, `${drift} s are within 60`)
  }
})

t.test('claims that have to be there', async t => {
  t.equal(problems({}), null)
  t.same(problems({}, { required: new Set(['exp', 'nbf'] as const) }), { exp: 'must be a number', nbf: 'must be a number' })
})

t.test('a rest of life that is too long', async t => {
  t.equal(problems({ exp: NOW + 100 }, { maximumExpiration: 100 }), null)
  t.same(problems({ exp: NOW + 101 }, { maximumExpiration: 100 }), { exp: 'exceeds maximum allowed expiration' })
  t.same(problems({}, { maximumExpiration: 100 }), { exp: 'must be a number' })
})

t.test('it says from when until when a token holds', async t => {
  t.same(checkTimes({ exp: NOW + 5, nbf: NOW, iat: NOW - 1 }, { ...none, leeway: 10 }, NOW * 1000), { from: (NOW - 10) * 1000, until: (NOW + 15) * 1000 })
  t.same(checkTimes({}, none, NOW * 1000), { from: -Infinity, until: Infinity })
})
