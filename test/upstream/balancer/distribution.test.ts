/** How requests are spread: against the weights, in simulated time, for any weights. */
import fc from 'fast-check'
import t from 'tap'
import { createBalancer } from '../../../src/upstream/balancer/create.ts'
import { endpoints, randoms, request, tally, targetOf, turn, upstream } from '../../helpers/balancing.ts'
import { holds } from '../../helpers/holds.ts'

const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 12 }).filter(list => list.some(weight => weight > 0))
const sum = (list: readonly number[]): number => list.reduce((total, item) => total + item, 0)

t.test('round-robin is exact over a turn, whatever the weights', async t => {
  holds(t, fc.property(weights, fc.integer(), (list, seed) => {
    const set = endpoints(list)
    const balancer = createBalancer(upstream(), randoms(seed))
    balancer.update(set)
    t.strictSame(tally(balancer, set, sum(list)), list)
  }), { numRuns: 60 })
})

t.test('round-robin is smooth: no endpoint gets its share in one go', async t => {
  const set = endpoints([5, 1, 1])
  const balancer = createBalancer(upstream(), () => 0.999)
  balancer.update(set)
  const order = Array.from({ length: 7 }, () => set.indexOf(balancer.pick(request(), [], 0) as never))
  t.strictSame(order, [0, 0, 1, 0, 2, 0, 0])
})

t.test('at least-connections and latency, a quiet upstream is used by its weights, within 1 %', async t => {
  for (const algorithm of ['least-connections', 'latency'] as const) {
    const set = endpoints([60, 30, 10])
    const balancer = createBalancer(upstream({ algorithm }), randoms())
    balancer.update(set)
    const shares = tally(balancer, set, 200_000).map(count => count / 2000)
    for (const [index, share] of [60, 30, 10].entries()) t.ok(Math.abs(shares[index] as number - share) < 1, `${algorithm}: ${shares.join()}`)
  }
})

t.test('least-connections holds the running attempts near the weights under load, within 1 % of the whole', async t => {
  const set = endpoints([3, 2, 1])
  const balancer = createBalancer(upstream({ algorithm: 'least-connections' }), randoms())
  balancer.update(set)
  // 600 attempts that never end
  for (let nth = 0; nth < 600; nth++) (balancer.pick(request(), [], 0) as (typeof set)[0]).address.inFlight++
  for (const [index, share] of [300, 200, 100].entries()) t.ok(Math.abs((set[index] as (typeof set)[0]).address.inFlight - share) <= 6, `${(set[index] as (typeof set)[0]).address.inFlight} of ${share}`)
})

t.test('least-connections keeps away from an endpoint whose attempts don\'t end', async t => {
  const set = endpoints([1, 1, 1])
  const balancer = createBalancer(upstream({ algorithm: 'least-connections' }), randoms())
  balancer.update(set)
  for (const endpoint of set.slice(0, 1)) endpoint.address.inFlight = 50
  t.strictSame(tally(balancer, set, 1000)[0], 0)
})

t.test('consistent-hashing spreads keys by the weights, within 1 %', async t => {
  holds(t, fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 6 }), fc.integer({ min: 0, max: 99 }), (list, run) => {
    const set = endpoints(list)
    const balancer = createBalancer(upstream({ algorithm: 'consistent-hashing', hash_on: 'ip' }), randoms())
    balancer.update(set)
    const counts = tally(balancer, set, 40_000, nth => request({ clientIp: `run ${run} key ${nth}` }))
    for (const [index, count] of counts.entries()) {
      const off = Math.abs(count / 40_000 - (list[index] as number) / sum(list))
      if (off >= 0.01) throw new Error(`${list.join()}: ${counts.join()}`)
    }
  }), { numRuns: 25, seed: 7 })
})

t.test('when an endpoint goes, its keys move and no others; and they go to all that are left', async t => {
  holds(t, fc.property(fc.integer({ min: 2, max: 10 }), fc.nat(), (count, nth) => {
    const set = endpoints(Array<number>(count).fill(1))
    const balancer = createBalancer(upstream({ algorithm: 'consistent-hashing', hash_on: 'path' }), randoms())
    balancer.update(set)
    const before = Array.from({ length: 3000 }, (_, key) => balancer.pick(request({ path: `/${key}` }), [], 0))
    const gone = set[nth % count]
    balancer.update(set.filter(endpoint => endpoint !== gone))
    const after = before.map((_, key) => balancer.pick(request({ path: `/${key}` }), [], 0))
    const moved = before.filter((endpoint, key) => after[key] !== endpoint)
    if (!moved.every(endpoint => endpoint === gone)) throw new Error('a key of another endpoint has moved')
    if (moved.length > 3000 / count * 1.25) throw new Error(`${moved.length} of 3000 keys moved with ${count} endpoints`)
    const heirs = new Set(after.filter((_, key) => before[key] === gone))
    if (heirs.size !== count - 1) throw new Error('not all that are left inherit')
  }), { numRuns: 30, seed: 3 })
})

t.test('equal weights and unequal ones are hashed in the same way', async t => {
  const set = endpoints([100, 100, 100, 1])
  const balancer = createBalancer(upstream({ algorithm: 'consistent-hashing', hash_on: 'path' }), randoms())
  const [uniform, weighted] = [set.slice(0, 3), set].map(list => {
    balancer.update(list)
    return Array.from({ length: 2000 }, (_, key) => balancer.pick(request({ path: `/${key}` }), [], 0))
  }) as [unknown[], unknown[]]
  const moved = weighted.filter((endpoint, key) => endpoint !== uniform[key])
  t.ok(moved.length < 50)
  t.ok(moved.every(endpoint => endpoint === set[3]), 'the light one has taken its keys, no others have moved')
})

t.test('a heavier endpoint takes keys from others and gives none away', async t => {
  const set = endpoints([100, 100, 100])
  const balancer = createBalancer(upstream({ algorithm: 'consistent-hashing', hash_on: 'path' }), randoms())
  balancer.update(set)
  const pick = (): unknown[] => Array.from({ length: 2000 }, (_, key) => balancer.pick(request({ path: `/${key}` }), [], 0))
  const before = pick()
  ;(set[1] as (typeof set)[0]).weight = 150
  balancer.update(set)
  const after = pick()
  const changes = before.flatMap((endpoint, key) => after[key] === endpoint ? [] : [after[key]])
  t.ok(changes.length > 0)
  t.ok(changes.every(endpoint => endpoint === set[1]))
})

for (const [algorithm, more] of [
  ['round-robin', {}], ['least-connections', {}], ['latency', {}],
  ['consistent-hashing', { hash_on: 'ip' }], ['sticky-sessions', { sticky_sessions_cookie: 'c' }]
] as const) {
  t.test(`${algorithm}: drained and sick endpoints get nothing; a retry asks another one; failover is the last`, async t => {
    const set = endpoints([1, 0, 1, 1], [1])
    const [first, drained, second, third, failover] = set as [(typeof set)[0], (typeof set)[0], (typeof set)[0], (typeof set)[0], (typeof set)[0]]
    const balancer = createBalancer(upstream({ algorithm, ...more }), randoms())
    balancer.update(set)
    const who = (tried: typeof set = []): typeof set => [...new Set(Array.from({ length: 200 }, (_, nth) => balancer.pick(request({ clientIp: `${nth}` }), tried.map(targetOf), 0)))].filter(one => one !== null)
    const same = (found: typeof set, wanted: typeof set, because: string): void => {
      t.strictSame(found.map(one => one.host).sort(), wanted.map(one => one.host).sort(), because)
    }
    same(who(), [first, second, third], 'the drained one is left out')
    same(who([first]), [second, third], 'a retry')
    same(who([first, second, third]), [failover], 'after all others')
    same(who([first, second, third, failover]), [first, second, third], 'all were tried: again')
    turn(first, false)
    turn(second, false)
    same(who(), [third], 'the sick ones are left out')
    turn(third, false)
    same(who(), [failover], 'only failover is left')
    turn(failover, false)
    same(who(), [], 'nothing')
    turn(drained, true)
    t.equal(balancer.pick(request(), [], 0), null)
    balancer.update([])
    t.equal(balancer.pick(request(), [], 0), null)
  })
}

t.test('one endpoint alone is always chosen', async t => {
  for (const algorithm of ['round-robin', 'least-connections', 'latency'] as const) {
    const set = endpoints([7])
    const balancer = createBalancer(upstream({ algorithm }))
    balancer.update(set)
    t.strictSame(tally(balancer, set, 10), [10])
  }
})

t.test('slow start: a new endpoint comes to its share little by little, one that is back too', async t => {
  const set = endpoints([100, 100])
  const [old, fresh] = set as [(typeof set)[0], (typeof set)[0]]
  const balancer = createBalancer(upstream({ slow_start: 10_000 }), randoms())
  balancer.update(set)
  old.address.since = -10_000
  const shareAt = (now: number): number => {
    let count = 0
    for (let nth = 0; nth < 1100; nth++) if (balancer.pick(request(), [], now) === fresh) count++
    return count / 1100
  }
  const near = (value: number, wanted: number): void => { t.ok(Math.abs(value - wanted) < 0.01, `${value} for ${wanted}`) }
  near(shareAt(0), 0.1 / 1.1)
  near(shareAt(5_000), 0.5 / 1.5)
  near(shareAt(10_000), 0.5)
  turn(fresh, false)
  near(shareAt(20_000), 0)
  turn(fresh, true)
  near(shareAt(30_000), 0.1 / 1.1)
  near(shareAt(40_000), 0.5)
})
