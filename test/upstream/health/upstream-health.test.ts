import t from 'tap'
import type { Test } from 'tap'
import { UpstreamHealth, type CheckedEndpoint, type UpstreamHealthOptions } from '../../../src/upstream/health/upstream-health.ts'
import type { Finding, ProbeAddress } from '../../../src/upstream/health/probe.ts'
import { healthchecks } from '../../helpers/healthchecks.ts'
import { recordingLog } from '../../helpers/recording-log.ts'
import { until } from '../../helpers/running.ts'

const PASSIVE = { passive: { unhealthy: { http_failures: 1, tcp_failures: 1 } } }

function create (t: Test, options: object, count: number, more: Partial<UpstreamHealthOptions> = {}) {
  const { log, lines } = recordingLog()
  const clock = { now: 1000 }
  const tls = { id: 'true', verify: true, authorities: null, depth: null, client: null }
  const settings = (edited: object) => ({ healthchecks: healthchecks(edited), hostHeader: null, tls, http2: false })
  const health = new UpstreamHealth({ upstream: 'users', log, now: () => clock.now, random: () => 0, ...more }, settings(options))
  t.teardown(() => health.close())
  const endpoint = (port: number, weight = 100): CheckedEndpoint => ({ host: '10.0.0.1', port, name: 'users.internal', weight, health: health.of(String(port)) })
  const owner = {}
  const endpoints = Array.from({ length: count }, (_, index) => endpoint(index + 1))
  health.update(owner, endpoints)
  return {
    health,
    owner,
    endpoint,
    endpoints,
    lines,
    clock,
    settings,
    fail (port: number) {
      const target = health.of(String(port))
      target.begin(clock.now)
      target.head(500, clock.now, clock.now)
      clock.now++
    },
    out: () => health.facts().targets.filter(target => target.health === 'unhealthy').map(({ port }) => port)
  }
}

t.test('at most half of the targets go, an only one never', async t => {
  for (const [targets, most] of [[1, 0], [2, 1], [3, 1], [4, 2], [5, 2]] as const) {
    const { fail, out } = create(t, PASSIVE, targets)
    for (let port = 1; port <= targets; port++) fail(port)
    t.equal(out().length, most, `${most} of ${targets}`)
  }
})

t.test('the floor is the file\'s to say', async t => {
  const all = create(t, { ...PASSIVE, max_ejection_percent: 100 }, 2)
  all.fail(1)
  all.fail(2)
  t.same(all.out(), [1, 2])
  const none = create(t, { ...PASSIVE, max_ejection_percent: 0 }, 10)
  none.fail(1)
  t.same(none.out(), [])
})

t.test('targets without weight count neither way', async t => {
  const { health, owner, endpoint, fail, out } = create(t, PASSIVE, 0)
  health.update(owner, [endpoint(1), endpoint(2), endpoint(3, 0), endpoint(4, 0)])
  fail(3)
  fail(1)
  fail(2)
  t.same(out(), [1, 3])

  const few = create(t, PASSIVE, 0)
  few.health.update(few.owner, [few.endpoint(1), few.endpoint(2), few.endpoint(3, 0), few.endpoint(4, 0)])
  few.fail(1)
  few.fail(2)
  t.same(few.out(), [1], 'half of the two that get requests')
})

t.test('changes are logged, and that a target must stay once a minute', async t => {
  const { fail, lines, clock } = create(t, PASSIVE, 2)
  fail(1)
  fail(2)
  fail(2)
  clock.now += 60_000
  fail(2)
  t.match(lines, [
    { level: 'warn', msg: 'a target is unhealthy', upstream: 'users', target: '10.0.0.1:1', check: 'passive', reason: '1 bad statuses in a row' },
    { level: 'warn', msg: 'a target fails and stays, since no more may be taken out', target: '10.0.0.1:2', out: 1, of: 2 },
    { msg: 'a target fails and stays, since no more may be taken out' }
  ])
  t.equal(lines.length, 3)
})

t.test('addresses that stay keep their state, those that go lose it', async t => {
  const { health, owner, endpoint, endpoints, fail, out } = create(t, PASSIVE, 4)
  fail(1)
  fail(2)
  health.update(owner, [...endpoints.slice(0, 1), ...endpoints.slice(2)])
  t.same(out(), [1])
  health.update(owner, [...endpoints.slice(2), endpoint(1), endpoint(2)])
  t.same(out(), [1])
})

t.test('an old snapshot\'s addresses are checked as long as it lives', async t => {
  const { health, owner, endpoint, fail } = create(t, PASSIVE, 2)
  const next = {}
  health.update(next, [endpoint(2), endpoint(3)])
  fail(1)
  t.same(health.facts().targets.map(target => [target.port, target.health]), [[1, 'unhealthy'], [2, 'healthy'], [3, 'healthy']])
  health.forget(owner)
  t.same(health.facts().targets.map(({ port }) => port), [2, 3])
})

t.test('edited settings keep states; without checks there are none', async t => {
  const { health, fail, out, settings } = create(t, PASSIVE, 4)
  fail(1)
  health.follow(settings({ passive: { unhealthy: { http_failures: 9 } } }))
  t.same(out(), [1])
  health.follow(settings({}))
  t.same(out(), [])
})

t.test('active checks run by the state of each target, and end with the upstream', async t => {
  const asked: ProbeAddress[] = []
  let finding: Finding = 500
  const probe = async (address: ProbeAddress) => {
    asked.push(address)
    return finding
  }
  const active = { healthy: { interval: 0.001, successes: 1 }, unhealthy: { interval: 0.001, http_failures: 1 } }
  const { health, out, lines, settings } = create(t, { active }, 2, { probe })
  await until('both are out', () => out().length === 2)
  t.match(asked[0], { host: '10.0.0.1', authority: /^users\.internal:[12]$/ })
  finding = 200
  await until('both are back', () => out().length === 0)
  t.match(lines.map(({ msg, check }) => `${msg} ${check}`), ['a target is unhealthy active', 'a target is unhealthy active', 'a target is healthy again active', 'a target is healthy again active'])
  health.follow({ ...settings({ active }), hostHeader: 'example.com' })
  await until('the new name is asked for', () => asked.at(-1)?.authority === 'example.com')
  health.follow(settings(PASSIVE))
  const { length } = asked
  await new Promise(resolve => setTimeout(resolve, 30))
  t.equal(asked.length, length, 'nothing is asked any more')
})

t.test('IPv6 addresses have brackets where a port follows', async t => {
  const { health, owner, lines } = create(t, PASSIVE, 0)
  const ours = health.of('x')
  health.update(owner, [{ host: '::1', port: 80, name: '::1', weight: 1, health: ours }, { host: '::2', port: 80, name: '::2', weight: 1, health: health.of('y') }])
  ours.head(500, 1000, 1000)
  t.match(lines, [{ target: '[::1]:80' }])
})

t.test('what isn\'t checked is told all the same', async t => {
  const { health, owner } = create(t, {}, 0)
  health.update(owner, [{ host: '10.0.0.1', port: 80, name: 'a', weight: 1, health: null }])
  t.same(health.facts(), { upstream: 'users', targets: [{ name: 'a', host: '10.0.0.1', port: 80, weight: 1, health: 'unchecked' }] })
})
