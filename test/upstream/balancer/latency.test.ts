import t from 'tap'
import { Address } from '../../../src/upstream/address.ts'
import { createBalancer } from '../../../src/upstream/balancer/create.ts'
import { endpoints, randoms, request, upstream } from '../../helpers/balancing.ts'

t.test('a slower answer counts at once, a faster one little by little, and silence lets it fade', async t => {
  const address = new Address(0)
  t.ok(Number.isNaN(address.latency(0)))
  address.measure(10, 0)
  t.equal(address.latency(0), 10)
  address.measure(100, 0)
  t.equal(address.latency(0), 100)
  address.measure(10, 0)
  t.equal(address.latency(0), 100, 'no time has passed')
  address.measure(10, 10_000)
  t.ok(Math.abs(address.latency(10_000) - (10 + 90 / Math.E)) < 0.01)
  t.ok(address.latency(100_000) < 1)
})

t.test('the fast endpoint gets nearly all, the slow one is asked again after a while', async t => {
  const set = endpoints([1, 1])
  const balancer = createBalancer(upstream({ algorithm: 'latency' }), randoms())
  balancer.update(set)
  const counts = [0, 0]
  let slowAgain = -1
  // a hundred requests a second, for five minutes; the second one takes 50 times as long
  for (let now = 0; now < 300_000; now += 10) {
    const chosen = balancer.pick(request(), [], now) as (typeof set)[0]
    const index = set.indexOf(chosen)
    if (index === 1 && now > 1000) slowAgain = now
    counts[index] = (counts[index] as number) + 1
    chosen.address.measure(index === 0 ? 2 : 100, now)
  }
  t.ok((counts[0] as number) / 30_000 > 0.99, counts.join())
  t.ok(slowAgain > 10_000, 'it is not forgotten')
})

t.test('an endpoint that nothing is known of gets one request, and no second one before the first has come back', async t => {
  const set = endpoints([1, 1])
  const [known, fresh] = set as [(typeof set)[0], (typeof set)[0]]
  const balancer = createBalancer(upstream({ algorithm: 'latency' }), randoms())
  balancer.update(set)
  known.address.measure(20, 0)
  t.equal(balancer.pick(request(), [], 0), fresh)
  fresh.address.inFlight = 1
  for (let nth = 0; nth < 20; nth++) t.equal(balancer.pick(request(), [], 0), known)
})

t.test('attempts that run count: the fast one is not flooded', async t => {
  const set = endpoints([1, 1])
  const [fast, slow] = set as [(typeof set)[0], (typeof set)[0]]
  const balancer = createBalancer(upstream({ algorithm: 'latency' }), randoms())
  balancer.update(set)
  fast.address.measure(10, 0)
  slow.address.measure(30, 0)
  fast.address.inFlight = 5
  t.equal(balancer.pick(request(), [], 0), slow)
})
