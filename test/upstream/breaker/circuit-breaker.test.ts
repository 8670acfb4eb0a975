import fc from 'fast-check'
import t from 'tap'
import { CircuitBreaker, type BreakerChange } from '../../../src/upstream/breaker/circuit-breaker.ts'
import type { BreakerRules } from '../../../src/upstream/breaker/rules.ts'
import { BreakerModel } from './model.ts'
import { holds } from '../../helpers/holds.ts'

const RULES: BreakerRules = {
  failureThreshold: 3,
  failureRatio: 0,
  slowRatio: 0,
  window: 1000,
  minimumCalls: 1,
  resetTimeout: 500,
  maximumResetTimeout: 500,
  successThreshold: 2,
  halfOpenCalls: 1
}

/** A breaker, a clock that stands, and calls that are over at once. */
function create (overrides: Partial<BreakerRules> = {}) {
  const changes: BreakerChange[] = []
  const rules = { ...RULES, ...overrides }
  const breaker = new CircuitBreaker(rules, change => changes.push(change))
  const clock = { now: 1000 }
  const begin = (): number => {
    breaker.begin(clock.now)
    return clock.now++
  }
  return {
    breaker,
    changes,
    clock,
    rules,
    begin,
    allows: () => breaker.allows(clock.now),
    good: (slow = false) => {
      const begun = begin()
      breaker.answer(begun, false, slow, clock.now)
      breaker.complete(begun)
    },
    bad: () => {
      const begun = begin()
      breaker.answer(begun, true, false, clock.now)
    },
    broken: () => {
      const begun = begin()
      breaker.fail(begun, false, false, clock.now)
    }
  }
}

t.test('failures in a row open it, of whatever kind, and a good answer between them starts anew', async t => {
  const { breaker, good, bad, broken, changes, allows } = create()
  bad()
  broken()
  good()
  bad()
  broken()
  t.equal(breaker.state, 'closed')
  bad()
  t.equal(breaker.state, 'open')
  t.equal(allows(), false)
  t.same(changes, [{ from: 'closed', to: 'open', reason: 'failures in a row', pause: 500 }])
})

t.test('after its pause it lets calls through on trial, one at a time, and closes when enough have succeeded', async t => {
  const { breaker, begin, bad, broken, good, allows, clock, changes } = create()
  for (let count = 0; count < 3; count++) bad()
  const opened = clock.now
  t.equal(breaker.wait(opened), 500)
  clock.now = opened + 499.5
  t.equal(allows(), false)
  t.equal(breaker.wait(clock.now), 0.5)
  clock.now = opened + 500
  t.equal(allows(), true)
  t.equal(breaker.state, 'open', 'asking changes nothing')
  const trial = begin()
  t.equal(breaker.state, 'half-open')
  t.equal(allows(), false, 'the other one waits')
  t.equal(breaker.wait(clock.now), 0)
  breaker.answer(trial, false, false, clock.now)
  t.equal(allows(), true)
  good()
  t.equal(breaker.state, 'closed')
  broken()
  bad()
  t.equal(breaker.state, 'closed', 'what was counted before is forgotten')
  t.same(changes.map(({ to, reason }) => `${to}: ${reason}`), ['open: failures in a row', 'half-open: pause is over', 'closed: trials succeeded'])
})

t.test('a trial that fails opens it again, and each time the pause doubles up to its bound', async t => {
  const { breaker, bad, good, clock, changes } = create({ resetTimeout: 100, maximumResetTimeout: 350 })
  for (let count = 0; count < 3; count++) bad()
  const pauses = []
  for (let round = 0; round < 4; round++) {
    const pause = breaker.wait(clock.now)
    pauses.push(pause)
    clock.now += pause
    bad()
  }
  t.same(pauses, [100, 200, 350, 350])
  clock.now += 350
  good()
  good()
  t.equal(breaker.state, 'closed')
  for (let count = 0; count < 3; count++) bad()
  t.equal(changes.at(-1)?.pause, 100, 'closed for once, it begins with the short one')
})

t.test('a slow answer is a failed trial, and so is an answer that breaks off', async t => {
  const { breaker, begin, bad, good, clock } = create({ slowRatio: 1, minimumCalls: 100 })
  for (let count = 0; count < 3; count++) bad()
  clock.now += 500
  good(true)
  t.equal(breaker.state, 'open')
  clock.now += 500
  const begun = begin()
  breaker.answer(begun, false, false, clock.now)
  t.equal(breaker.state, 'half-open')
  breaker.fail(begun, true, false, clock.now)
  t.equal(breaker.state, 'open')
})

t.test('a client that leaves says nothing, and holds no place of a trial', async t => {
  const { breaker, begin, bad, good, allows, clock } = create()
  bad()
  bad()
  breaker.forget(begin(), false)
  t.equal(breaker.state, 'closed')
  bad()
  t.equal(breaker.state, 'open', 'nor does it put an end to a row of failures')
  clock.now += 500
  const left = begin()
  t.equal(allows(), false)
  breaker.forget(left, false)
  t.equal(allows(), true)
  const heard = begin()
  breaker.answer(heard, false, false, clock.now)
  breaker.forget(heard, true)
  begin()
  t.equal(allows(), false, 'its place was given back once, not twice')
  t.equal(breaker.state, 'half-open')
  good()
})

t.test('a stream gives its place back with its head', async t => {
  const { breaker, begin, bad, good, allows, clock } = create()
  for (let count = 0; count < 3; count++) bad()
  clock.now += 500
  const stream = begin()
  breaker.answer(stream, false, false, clock.now)
  t.equal(allows(), true)
  good()
  t.equal(breaker.state, 'closed')
  for (let count = 0; count < 2; count++) bad()
  breaker.fail(stream, true, false, clock.now)
  t.equal(breaker.state, 'closed', 'it began before, and its end is no failure of today')
  breaker.complete(stream)
  bad()
  t.equal(breaker.state, 'open', 'nor a success')
})

t.test('calls that began before it opened neither close it, nor open it, nor take places', async t => {
  const { breaker, begin, bad, allows, clock } = create({ halfOpenCalls: 2 })
  const old = [begin(), begin(), begin(), begin()] as const
  for (let count = 0; count < 3; count++) bad()
  breaker.fail(old[0], false, false, clock.now)
  clock.now += 500
  begin()
  breaker.answer(old[1], false, false, clock.now)
  breaker.answer(old[2], false, false, clock.now)
  t.equal(breaker.state, 'half-open')
  breaker.fail(old[3], false, false, clock.now)
  t.equal(breaker.state, 'half-open')
  t.equal(allows(), true)
  begin()
  t.equal(allows(), false)
})

t.test('a share of failures opens it once there are enough calls, a success may be the one that makes them enough', async t => {
  const { breaker, good, bad } = create({ failureThreshold: 0, failureRatio: 0.5, minimumCalls: 5 })
  for (let count = 0; count < 4; count++) bad()
  t.equal(breaker.state, 'closed')
  good()
  t.equal(breaker.state, 'open')
})

t.test('calls fall out of the window', async t => {
  const { breaker, good, bad, clock, changes } = create({ failureThreshold: 0, failureRatio: 0.5, minimumCalls: 4 })
  bad()
  bad()
  clock.now += 1000
  good()
  good()
  bad()
  t.equal(breaker.state, 'closed', 'one of three')
  bad()
  t.equal(breaker.state, 'open', 'two of four')
  t.equal(changes[0]?.reason, 'failure ratio')
})

t.test('a share of slow calls opens it, good as they may be', async t => {
  const { breaker, good, changes } = create({ slowRatio: 0.6, minimumCalls: 5 })
  for (const slow of [true, false, true, false, true]) good(slow)
  t.equal(breaker.state, 'open')
  t.equal(changes[0]?.reason, 'slow ratio')
})

t.test('edited rules count at once, and what was counted stays', async t => {
  const { breaker, bad, rules, clock, allows } = create({ resetTimeout: 60_000, maximumResetTimeout: 60_000 })
  bad()
  bad()
  breaker.follow({ ...rules, failureThreshold: 4 })
  bad()
  t.equal(breaker.state, 'closed')
  bad()
  t.equal(breaker.state, 'open')
  breaker.follow({ ...rules, resetTimeout: 10, maximumResetTimeout: 10 })
  clock.now += 10
  t.equal(allows(), true, 'a shorter pause is no longer waited for')
})

t.test('another window begins empty', async t => {
  const { breaker, bad, good, rules } = create({ failureThreshold: 0, failureRatio: 0.5, minimumCalls: 3 })
  bad()
  bad()
  breaker.follow({ ...rules, window: 2000 })
  good()
  good()
  bad()
  t.equal(breaker.state, 'closed')
})

const rulesOf = fc.record({
  failureThreshold: fc.integer({ min: 0, max: 4 }),
  failureRatio: fc.constantFrom(0, 0.3, 0.5, 1),
  slowRatio: fc.constantFrom(0, 0.4, 1),
  window: fc.constantFrom(100, 1000),
  minimumCalls: fc.integer({ min: 1, max: 6 }),
  resetTimeout: fc.constantFrom(1, 50, 300),
  maximumResetTimeout: fc.constantFrom(1, 50, 1000),
  successThreshold: fc.integer({ min: 1, max: 3 }),
  halfOpenCalls: fc.integer({ min: 1, max: 3 })
})

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant('wait' as const), time: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 30, max: 800 })) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('begin' as const) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('answer' as const), which: fc.nat(), failed: fc.boolean(), slow: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('complete' as const, 'fail' as const, 'forget' as const), which: fc.nat(), slow: fc.boolean() }) }
)

t.test('it does what the model does, step by step, on any trace', async () => {
  holds(t, fc.property(rulesOf, fc.array(step, { maxLength: 150 }), (rules, steps) => {
    const breaker = new CircuitBreaker(rules, () => {})
    const model = new BreakerModel(rules)
    const running: Array<{ readonly begun: number, readonly call: ReturnType<BreakerModel['begin']>, failed: boolean }> = []
    let now = 5000
    for (const each of steps) {
      // as a clock does that is finer than what happens
      now += 0.001
      if (each.what === 'wait') {
        now += each.time
      } else if (each.what === 'begin') {
        const allowed = breaker.allows(now)
        if (allowed !== model.allows(now)) throw new Error(`allows: ${allowed} at ${now} in ${breaker.state}`)
        if (!allowed) continue
        breaker.begin(now)
        running.push({ begun: now, call: model.begin(now), failed: false })
      } else if (running.length > 0) {
        const index = each.which % running.length
        const one = running[index] as typeof running[number]
        const { begun, call } = one
        if (each.what === 'answer') {
          if (call.answered) continue
          breaker.answer(begun, each.failed, each.slow, now)
          model.answer(call, each.failed, each.slow, now)
          one.failed = each.failed
        } else {
          running.splice(index, 1)
          const { answered } = call
          if (each.what === 'complete') {
            if (!answered || one.failed) continue
            breaker.complete(begun)
            model.complete(call)
          } else if (each.what === 'fail') {
            breaker.fail(begun, answered, each.slow, now)
            model.fail(call, each.slow, now)
          } else {
            breaker.forget(begun, answered)
            model.forget(call)
          }
        }
      }
      if (breaker.state !== model.state) throw new Error(`${JSON.stringify(each)}: ${breaker.state}, the model is ${model.state}`)
    }
  }), { numRuns: 2000 })
})

t.test('whatever happens, and however coarse the clock is, it never lets too many through, and no place is lost', async () => {
  holds(t, fc.property(rulesOf, fc.array(fc.record({
    time: fc.constantFrom(0, 0, 0, 1, 50, 300, 1000),
    what: fc.constantFrom('begin', 'begin', 'answer', 'forget', 'fail'),
    which: fc.nat(),
    failed: fc.boolean()
  }), { maxLength: 200 }), (rules, steps) => {
    const breaker = new CircuitBreaker(rules, () => {})
    let running: Array<{ readonly begun: number, readonly state: string, answered: boolean }> = []
    let now = 1000
    for (const { time, what, which, failed } of steps) {
      now += time
      const one = running[which % Math.max(1, running.length)]
      if (what === 'begin') {
        if (!breaker.allows(now)) continue
        breaker.begin(now)
        running.push({ begun: now, state: breaker.state, answered: false })
      } else if (one !== undefined) {
        if (what === 'answer' && !one.answered) {
          one.answered = true
          breaker.answer(one.begun, failed, false, now)
        } else {
          running = running.filter(other => other !== one)
          if (what === 'fail') breaker.fail(one.begun, one.answered, false, now)
          else breaker.forget(one.begun, one.answered)
        }
      }
    }
    for (const { begun, answered } of running) breaker.forget(begun, answered)
    now += 2000
    if (!breaker.allows(now)) throw new Error(`stuck ${breaker.state}`)
  }), { numRuns: 2000 })
})
