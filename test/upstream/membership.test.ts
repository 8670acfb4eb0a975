/** From targets and answers of name servers to endpoints, and what a reload keeps. */
import t from 'tap'
import type { UpstreamTarget } from '../../src/config/model.ts'
import { KeptState } from '../../src/gateway/keep.ts'
import type { AddressHealth } from '../../src/upstream/address-health.ts'
import type { LookUpAnswer, ResolvedAddress } from '../../src/upstream/dns/look-up.ts'
import { Names } from '../../src/upstream/dns/names.ts'
import type { Endpoint } from '../../src/upstream/endpoint.ts'
import { addressKey, Membership, type UpstreamHealth } from '../../src/upstream/membership.ts'
import { request, Switch, targetOf, upstream, watcher } from '../helpers/balancing.ts'
import { healthchecks } from '../helpers/healthchecks.ts'

function target (text: string, more: Partial<UpstreamTarget> = {}): UpstreamTarget {
  return { id: text, tags: [], pointer: '', upstream: 'upstream-1', target: text, weight: 100, failover: false, ...more }
}

function at (host: string, more: Partial<ResolvedAddress> = {}): ResolvedAddress {
  return { host, port: null, weight: null, srvName: null, failover: false, ...more }
}

function names () {
  const zone = new Map<string, readonly ResolvedAddress[]>()
  const timers: Array<() => void> = []
  const list = new Names({
    lookUp: async (name): Promise<LookUpAnswer> => ({ addresses: zone.get(name) ?? [], ttl: 1 }),
    now: () => 0,
    later: run => { timers.push(run); return () => {} },
    random: () => 0,
    failed () {}
  })
  return { list, zone, async expire () { for (const run of timers.splice(0)) run(); await new Promise(resolve => setImmediate(resolve)) } }
}

function facts (membership: Membership): string[] {
  return membership.endpoints.map(({ host, port, weight, failover, name }) => `${host} ${port} ${weight}${failover ? ' failover' : ''} ${name}`)
}

t.test('addresses as they are, names with all their addresses, each with the whole weight', async t => {
  const { list, zone } = names()
  zone.set('a.test', [at('10.0.0.1'), at('10.0.0.2')])
  zone.set('srv.test', [at('10.0.0.3', { port: 81, weight: 7, srvName: 'x.test' }), at('10.0.0.4', { port: 82, weight: 1, srvName: 'y.test', failover: true })])
  const membership = new Membership({
    upstream: upstream(),
    targets: [target('192.0.2.1:80', { weight: 5 }), target('[2001:db8::1]:443', { failover: true }), target('a.test:8000'), target('srv.test:9000'), target('gone.test:1')],
    kept: new KeptState(),
    names: list,
    health: watcher(),
    now: () => 0
  })
  await membership.ready
  t.strictSame(facts(membership), [
    '192.0.2.1 80 5 192.0.2.1', '2001:db8::1 443 100 failover [2001:db8::1]', '10.0.0.1 8000 100 a.test', '10.0.0.2 8000 100 a.test',
    '10.0.0.3 81 7 srv.test', '10.0.0.4 82 1 failover srv.test'
  ])
  membership.release()
})

t.test('a drained name is drained at all its addresses, whatever SRV says', async t => {
  const { list, zone } = names()
  zone.set('srv.test', [at('10.0.0.3', { port: 81, weight: 7, srvName: 'x.test' })])
  const membership = new Membership({ upstream: upstream(), targets: [target('srv.test:80', { weight: 0 })], kept: new KeptState(), names: list, health: watcher(), now: () => 0 })
  await membership.ready
  t.strictSame(facts(membership), ['10.0.0.3 81 0 srv.test'])
  t.match(membership.failure(0), { code: 'SP_NO_TARGET', statusCode: 503, message: 'failure to get a peer from the ring-balancer' })
})

t.test('a change of DNS changes the endpoints; those that stay are the same objects', async t => {
  const { list, zone, expire } = names()
  zone.set('a.test', [at('10.0.0.1'), at('10.0.0.2')])
  const membership = new Membership({ upstream: upstream(), targets: [target('a.test:80')], kept: new KeptState(), names: list, health: watcher(), now: () => 0 })
  t.match(membership.failure(0), { code: 'SP_UPSTREAM_NAME', statusCode: 503, message: 'name resolution failed' })
  await membership.ready
  const [first, second] = membership.endpoints
  zone.set('a.test', [at('10.0.0.2'), at('10.0.0.3')])
  await expire()
  t.equal(membership.endpoints[0], second)
  t.equal(membership.endpoints[1]?.host, '10.0.0.3')
  t.notOk(membership.endpoints.includes(first as Endpoint))
  t.ok([0, 1, 2, 3].every(() => membership.balancer.pick(request(), [], 0) !== first))
  zone.delete('a.test')
  await expire()
  t.equal(membership.balancer.pick(request(), [], 0), null)
  t.match(membership.failure(0), { code: 'SP_UPSTREAM_NAME' })
  membership.release()
})

t.test('two targets that come to one address are two endpoints with one state', async t => {
  const { list, zone } = names()
  zone.set('a.test', [at('10.0.0.1')])
  zone.set('b.test', [at('10.0.0.1')])
  const kept = new KeptState()
  const membership = new Membership({ upstream: upstream(), targets: [target('a.test:80'), target('b.test:80')], kept, names: list, health: watcher(), now: () => 0 })
  await membership.ready
  const [one, other] = membership.endpoints as [Endpoint, Endpoint]
  t.not(one, other)
  t.equal(one.address, other.address)
  t.notOk(one.isAmong([targetOf(other)]))
  membership.release()
})

t.test('what is known of an address outlives the configuration; what no configuration has any more is forgotten', async t => {
  const { list } = names()
  const kept = new KeptState()
  const make = (...targets: string[]): Membership => new Membership({ upstream: upstream(), targets: targets.map(text => target(text)), kept, names: list, health: watcher(), now: () => 0 })
  const before = make('10.0.0.1:80', '10.0.0.2:80')
  const [stays, goes] = before.endpoints as [Endpoint, Endpoint]
  stays.address.inFlight = 3
  goes.address.inFlight = 4
  const after = make('10.0.0.1:80', '10.0.0.3:80')
  before.release()
  t.equal(after.endpoints[0]?.address, stays.address)
  const again = make('10.0.0.2:80')
  t.not(again.endpoints[0]?.address, goes.address)
  t.equal(kept.acquire(addressKey('users', '10.0.0.1', 80), () => null as unknown), stays.address)
})

t.test('who watches health is told of all addresses, and asked before each choice', async t => {
  const { list, zone, expire } = names()
  zone.set('a.test', [at('10.0.0.1')])
  const told: string[][] = []
  const states = new Map<string, Switch>()
  const owners = new Set<object>()
  const health: UpstreamHealth = {
    of (key): AddressHealth {
      const state = new Switch()
      states.set(key, state)
      return state
    },
    update (owner, endpoints) { owners.add(owner); told.push(endpoints.map(({ host }) => host)) },
    forget (owner) { owners.delete(owner) }
  }
  const checked = upstream({ healthchecks: healthchecks({ passive: { unhealthy: { timeouts: 1 } } }) })
  const membership = new Membership({ upstream: checked, targets: [target('a.test:80'), target('10.0.0.9:80')], kept: new KeptState(), names: list, health, now: () => 0 })
  await membership.ready
  zone.set('a.test', [at('10.0.0.1'), at('10.0.0.2')])
  await expire()
  t.strictSame(told, [['10.0.0.9'], ['10.0.0.1', '10.0.0.9'], ['10.0.0.1', '10.0.0.2', '10.0.0.9']])
  for (const key of ['10.0.0.1', '10.0.0.2']) (states.get(addressKey('users', key, 80)) as Switch).up = false
  t.equal(membership.balancer.pick(request(), [], 0)?.host, '10.0.0.9')
  membership.release()
  t.equal(owners.size, 0)
})

/** Three addresses whose health is the test's. */
function checked (options: object): { membership: Membership, states: Switch[] } {
  const states: Switch[] = []
  const health = watcher(() => {
    const state = new Switch()
    states.push(state)
    return state
  })
  const checks = healthchecks({ passive: { unhealthy: { timeouts: 1 } }, ...options })
  const targets = [target('10.0.0.1:80', { weight: 50 }), target('10.0.0.2:80', { weight: 30 }), target('10.0.0.3:80', { weight: 20 })]
  return { states, membership: new Membership({ upstream: upstream({ healthchecks: checks }), targets, kept: new KeptState(), names: names().list, health, now: () => 0 }) }
}

t.test('Kong\'s threshold: nothing is asked while no more than that share of the weight is healthy', async t => {
  const { membership, states: [one, two, three] } = checked({ threshold: 50 })
  ;(two as Switch).up = false
  t.not(membership.pick(request(), [], 0), null)
  ;(three as Switch).up = false
  t.equal(membership.pick(request(), [], 0), null, '50 of 100 is not more than 50')
  ;(two as Switch).trial = 5
  t.equal(membership.pick(request(), [], 4), null)
  t.equal(membership.pick(request(), [], 5)?.host, '10.0.0.2', 'but one whose time has come is tried')
  ;(two as Switch).up = true
  ;(one as Switch).up = false
  t.equal(membership.pick(request(), [], 0), null)
})

t.test('unless told, it is asked as long as anything is healthy', async t => {
  const { membership, states } = checked({})
  for (const state of states.slice(0, 2)) state.up = false
  t.equal(membership.pick(request(), [], 0)?.host, '10.0.0.3')
  ;(states[2] as Switch).up = false
  t.equal(membership.pick(request(), [], 0), null)
})

t.test('a refusal says when to come back, where that is known', async t => {
  const { membership, states } = checked({})
  for (const state of states) state.up = false
  t.match(membership.failure(0), { code: 'SP_NO_TARGET', statusCode: 503, headers: undefined, quiet: true })
  ;(states[0] as Switch).trial = 5500
  ;(states[1] as Switch).trial = 9000
  t.match(membership.failure(1000), { headers: { 'retry-after': '5' } })
})
