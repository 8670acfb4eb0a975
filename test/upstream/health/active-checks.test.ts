import t from 'tap'
import type { Test } from 'tap'
import { ActiveChecks, type ActiveChecksOptions, type Subject } from '../../../src/upstream/health/active-checks.ts'
import type { Finding } from '../../../src/upstream/health/probe.ts'
import { healthRules } from '../../../src/upstream/health/rules.ts'
import { TargetHealth } from '../../../src/upstream/health/target-health.ts'
import { healthchecks } from '../../helpers/healthchecks.ts'
import { until } from '../../helpers/running.ts'

/** Targets whose checks end when the test says so. */
function create (t: Test, options: Partial<ActiveChecksOptions> = {}) {
  const rules = healthRules(healthchecks({ active: { healthy: { interval: 1, successes: 1 }, unhealthy: { interval: 1, tcp_failures: 1, http_failures: 1, timeouts: 1 } } }))
  const checks = new ActiveChecks({ intervals: { healthy: 0.001, unhealthy: 0.001 }, concurrency: 10, now: () => 1, random: Math.random, ...options })
  t.teardown(() => checks.close())
  const running: Array<{ readonly index: number, readonly signal: AbortSignal, end (finding: Finding): void }> = []
  const counts = new Map<number, number>()
  const subject = (index: number): Subject => ({
    health: new TargetHealth({ rules, mayEject: () => true, changed: health => checks.changed(health), random: () => 0 }),
    async probe (signal) {
      counts.set(index, (counts.get(index) ?? 0) + 1)
      return await new Promise(resolve => { running.push({ index, signal, end: resolve }) })
    }
  })
  return { checks, subject, running, counts, endAll: (finding: Finding = 200) => { for (const one of running.splice(0)) one.end(finding) } }
}

t.test('each target is checked again and again, one check of it at a time', async t => {
  const { checks, subject, running, counts, endAll } = create(t)
  checks.update([subject(0), subject(1)])
  await until('both run', () => running.length === 2)
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(running.length, 2, 'no second one beside the first')
  for (let round = 0; round < 3; round++) {
    endAll()
    await until('both run again', () => running.length === 2)
  }
  t.same([...counts.values()], [4, 4])
})

t.test('no more run at the same time than may, and all get their turn', async t => {
  const { checks, subject, running, counts } = create(t, { concurrency: 2 })
  checks.update([0, 1, 2, 3, 4].map(subject))
  await until('two run', () => running.length === 2)
  let most = 0
  await until('each was checked twice', () => {
    most = Math.max(most, running.length)
    running.shift()?.end(200)
    return counts.size === 5 && [...counts.values()].every(count => count >= 2)
  })
  t.equal(most, 2)
})

t.test('what a check finds is told, a status, a connection or what failed', async t => {
  for (const [finding, healthy] of [[500, false], ['tcp', false], ['timeout', false], [200, true], ['connected', true]] as const) {
    const { checks, subject, endAll, running } = create(t)
    const one = subject(0)
    if (healthy) one.health.failed('tcp', 1)
    t.equal(one.health.healthy, !healthy)
    checks.update([one])
    await until('it runs', () => running.length === 1)
    endAll(finding)
    await until(`${finding} has told`, () => one.health.healthy === healthy)
  }
})

t.test('an interval of 0 checks nothing in that state, and a change of it does', async t => {
  const { checks, subject, running, endAll } = create(t, { intervals: { healthy: 0, unhealthy: 0.001 } })
  const one = subject(0)
  checks.update([one])
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(running.length, 0)
  one.health.failed('tcp', 1)
  await until('it runs', () => running.length === 1)
  endAll(200)
  await until('it is back', () => one.health.healthy)
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(running.length, 0)
})

t.test('targets that go are checked no more, and what waits for its turn goes on', async t => {
  const { checks, subject, running, counts } = create(t, { concurrency: 1 })
  const [one, two, three] = [subject(0), subject(1), subject(2)] as const
  checks.update([one])
  await until('one runs', () => running.length === 1)
  checks.update([one, two, three])
  await new Promise(resolve => setTimeout(resolve, 20))
  checks.update([three])
  t.equal(running[0]?.signal.aborted, true)
  running.shift()?.end('tcp')
  await until('the third runs', () => running.length === 1 && running[0]?.index === 2)
  t.equal(one.health.healthy, true, 'a check that was broken off says nothing')
  t.same([...counts.keys()], [0, 2])
})

t.test('closed, it starts nothing more', async t => {
  const { checks, subject, running } = create(t)
  checks.update([subject(0), subject(1)])
  await until('both run', () => running.length === 2)
  checks.close()
  t.equal(running.every(({ signal }) => signal.aborted), true)
  for (const one of running.splice(0)) one.end(200)
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(running.length, 0)
})
