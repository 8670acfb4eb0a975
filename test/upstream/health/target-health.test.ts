import t from 'tap'
import { healthRules } from '../../../src/upstream/health/rules.ts'
import { TargetHealth } from '../../../src/upstream/health/target-health.ts'
import { healthchecks } from '../../helpers/healthchecks.ts'

/** One target, a clock that stands, and what was said of it. */
function create (options: object, mayEject = true) {
  const changes: string[] = []
  const keeper = {
    rules: healthRules(healthchecks(options)),
    may: mayEject,
    mayEject: () => keeper.may,
    changed: (target: TargetHealth, source: string, reason: string) => { changes.push(`${target.healthy ? 'back' : 'out'} ${source}: ${reason}`) },
    random: () => 0
  }
  const health = new TargetHealth(keeper)
  const clock = { now: 1000 }
  const begin = (): number => {
    health.begin(clock.now)
    return clock.now++
  }
  return {
    health,
    keeper,
    changes,
    clock,
    begin,
    usable: () => health.usable(clock.now),
    answer: (status: number) => {
      const begun = begin()
      health.head(status, begun, clock.now)
      health.end('complete', status, begun, clock.now)
    },
    fail: (ending: 'connect' | 'timeout' | 'reset' | 'invalid' | 'cancelled') => {
      const begun = begin()
      health.end(ending, 0, begun, clock.now)
    }
  }
}

t.test('defaults check nothing', async t => {
  const { answer, fail, usable } = create({})
  for (let count = 0; count < 300; count++) {
    answer(500)
    fail('connect')
    fail('timeout')
  }
  t.equal(usable(), true)
})

t.test('each kind of failure has its own limit', async t => {
  const unhealthy = { tcp_failures: 2, timeouts: 3, http_failures: 4 }
  const connections = create({ passive: { unhealthy } })
  connections.fail('timeout')
  connections.fail('timeout')
  connections.answer(503)
  connections.fail('connect')
  t.equal(connections.usable(), true)
  connections.fail('reset')
  t.equal(connections.usable(), false)
  t.same(connections.changes, ['out passive: 2 failed connections in a row'])
  const late = create({ passive: { unhealthy } })
  for (let count = 0; count < 3; count++) late.fail('timeout')
  t.same(late.changes, ['out passive: 3 time-outs in a row'])
  const bad = create({ passive: { unhealthy } })
  for (const status of [429, 500, 503, 500]) bad.answer(status)
  t.same(bad.changes, ['out passive: 4 bad statuses in a row'])
})

t.test('a good answer starts the row anew, one in neither list says nothing, and neither does a client that leaves', async t => {
  const { answer, fail, usable } = create({ passive: { unhealthy: { http_failures: 2 } } })
  answer(500)
  answer(200)
  answer(500)
  answer(404)
  answer(502)
  fail('cancelled')
  t.equal(usable(), true)
  answer(500)
  t.equal(usable(), false)
})

t.test('after a pause one request at a time tries it, and a good one brings it back', async t => {
  const { answer, begin, health, usable, clock, changes } = create({ passive: { unhealthy: { http_failures: 1 }, recovery_interval: 10 } })
  answer(500)
  const out = clock.now
  t.equal(health.wait(out), 10_000)
  clock.now = out + 9_999
  t.equal(usable(), false)
  clock.now = out + 10_000
  t.equal(usable(), true)
  const trial = begin()
  t.equal(usable(), false)
  health.head(200, trial, clock.now)
  t.equal(usable(), true)
  t.equal(health.healthy, true)
  t.match(changes.at(-1), 'back passive: a request on trial was good')
})

t.test('an attempt that began before the target came back says nothing about it, however it ends', async t => {
  for (const ending of ['connect', 'timeout', 'reset'] as const) {
    const { answer, begin, health, clock, changes } = create({ passive: { unhealthy: { http_failures: 1, tcp_failures: 1, timeouts: 1 }, recovery_interval: 10 } })
    const old = begin()
    answer(500)
    clock.now += 10_000
    answer(200)
    health.end(ending, 0, old, clock.now)
    t.equal(health.healthy, true, ending)
    health.head(500, old, clock.now)
    t.equal(changes.length, 2)
    health.end(ending, 0, begin(), clock.now)
    t.equal(health.healthy, false, 'a new one does')
  }
})

t.test('each failed trial doubles the pause, up to its bound', async t => {
  const { answer, fail, health, clock } = create({ passive: { unhealthy: { http_failures: 1 }, recovery_interval: 10, max_recovery_interval: 35 } })
  answer(500)
  const pauses = []
  for (const how of ['status', 'connect', 'timeout', 'status']) {
    const pause = health.wait(clock.now)
    pauses.push(pause)
    clock.now += pause
    if (how === 'status') answer(500)
    else fail(how as 'connect')
  }
  t.same(pauses, [10_000, 20_000, 35_000, 35_000])
})

t.test('several good trials where the file wants them, one after the other', async t => {
  const { answer, usable, health, clock } = create({ passive: { healthy: { successes: 3 }, unhealthy: { http_failures: 1 } } })
  answer(500)
  clock.now += 40_000
  answer(200)
  t.equal(usable(), true)
  answer(201)
  t.equal(health.healthy, false)
  answer(302)
  t.equal(health.healthy, true)
})

t.test('a client that leaves gives the trial\'s place back', async t => {
  const { answer, fail, usable, health, clock } = create({ passive: { unhealthy: { http_failures: 1 } } })
  answer(500)
  clock.now += 40_000
  fail('cancelled')
  t.equal(usable(), true)
  answer(200)
  t.equal(health.healthy, true)
})

t.test('what began before the last change says nothing', async t => {
  const { answer, begin, health, usable, clock } = create({ passive: { healthy: { successes: 1 }, unhealthy: { http_failures: 1 } } })
  const good = begin()
  const bad = begin()
  answer(500)
  health.head(200, good, clock.now)
  t.equal(usable(), false)
  clock.now += 40_000
  answer(200)
  health.head(500, bad, clock.now)
  t.equal(usable(), true)
})

t.test('passive checks take out no more than they may, and look again at the next failure', async t => {
  const { answer, usable, keeper } = create({ passive: { unhealthy: { http_failures: 2 } } }, false)
  for (let count = 0; count < 5; count++) answer(500)
  t.equal(usable(), true)
  keeper.may = true
  answer(500)
  t.equal(usable(), false)
})

t.test('recovery_interval 0 is Kong\'s: no trials', async t => {
  const { answer, usable, clock } = create({ passive: { unhealthy: { http_failures: 1 }, recovery_interval: 0 } })
  answer(500)
  clock.now += 1e12
  t.equal(usable(), false)
})

t.test('active checks take out and bring back, whatever passive ones may; then no client is asked to try', async t => {
  const active = { healthy: { interval: 1, successes: 2 }, unhealthy: { interval: 1, http_failures: 2, tcp_failures: 1, timeouts: 1 } }
  const { health, usable, changes, clock, answer } = create({ active, passive: { unhealthy: { http_failures: 1 } } }, false)
  health.checked(500, clock.now)
  health.checked(418, clock.now)
  t.equal(usable(), true)
  health.checked(404, clock.now)
  t.equal(usable(), false)
  clock.now += 1e12
  t.equal(usable(), false)
  health.checked(200, clock.now)
  health.checked(500, clock.now)
  health.checked(200, clock.now)
  t.equal(usable(), false, 'in a row')
  health.checked(302, clock.now)
  t.equal(usable(), true)
  health.failed('tcp', clock.now)
  health.connected(clock.now)
  health.connected(clock.now)
  health.failed('timeout', clock.now)
  t.same(changes, [
    'out active: 2 bad statuses in a row', 'back active: 2 in a row were good',
    'out active: 1 failed connections in a row', 'back active: 2 in a row were good',
    'out active: 1 time-outs in a row'
  ])
  answer(500)
  t.equal(usable(), false)
})

t.test('tcp checks don\'t look at statuses', async t => {
  const { answer, fail, health } = create({ passive: { type: 'tcp', unhealthy: { http_failures: 1, tcp_failures: 1 } } })
  answer(500)
  t.equal(health.healthy, true)
  fail('connect')
  t.equal(health.healthy, false)
})

t.test('edited rules give a target that is out another pause; without checks it is as new', async t => {
  const { answer, health, keeper, usable, clock } = create({ passive: { unhealthy: { http_failures: 1 }, recovery_interval: 0 } })
  answer(500)
  keeper.rules = healthRules(healthchecks({ passive: { unhealthy: { http_failures: 1 }, recovery_interval: 5 } }))
  health.follow(clock.now)
  t.equal(health.wait(clock.now), 5000)
  health.reset()
  t.equal(usable(), true)
  health.follow(clock.now)
  t.equal(usable(), true)
})
