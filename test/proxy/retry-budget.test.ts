import fc from 'fast-check'
import t from 'tap'
import { RetryBudget } from '../../src/proxy/attempts/retry-budget.ts'
import { holds } from '../helpers/holds.ts'

type Step = { readonly after: number, readonly kind: 'request' | 'take' | 'giveBack', readonly which: number }

const steps = fc.array(fc.record<Step>({
  // many at once, a few far apart, and those that meet the clock's seconds
  after: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 400 }), fc.constantFrom(999, 1000, 1001, 9_999, 10_000, 11_000, 12_345, 60_000)),
  kind: fc.constantFrom('request', 'request', 'request', 'take', 'take', 'giveBack'),
  which: fc.nat(1000)
}), { minLength: 1, maxLength: 400 })

const within = (times: readonly number[], now: number, span: number): number => times.filter(time => time > now - span && time <= now).length

t.test('at no time have there been more retries in ten seconds than the share of their requests and the reserve', async () => {
  holds(t, fc.property(steps, fc.integer({ min: 0, max: 100_000 }), fc.constantFrom(0, 0.1, 0.2, 1), fc.constantFrom(0, 1, 7.5, 30), (trace, start, share, reserve) => {
    const budget = new RetryBudget()
    const requests: number[] = []
    const retries: number[] = []
    let now = start
    for (const { after, kind, which } of trace) {
      now += after
      if (kind === 'request') {
        budget.request(now)
        requests.push(now)
      } else if (kind === 'giveBack') {
        const [taken] = retries.splice(which % Math.max(1, retries.length), 1)
        if (taken !== undefined) budget.giveBack(taken)
      } else if (budget.take(now, { share, reserve })) {
        retries.push(now)
        const allowed = share * within(requests, now, 10_000) + reserve
        if (within(retries, now, 10_000) > allowed + 1e-9) return false
      } else if (within(retries, now, 11_000) + 1 <= share * within(requests, now, 9_000) + reserve) {
        // no meaner than it has to be
        return false
      }
    }
    return true
  }), { numRuns: 500 })
})

t.test('a share of no requests is nothing, and a reserve is there from the first request on', async t => {
  const budget = new RetryBudget()
  t.notOk(budget.take(5, { share: 0.2, reserve: 0 }))
  for (let index = 0; index < 30; index++) t.ok(budget.take(5, { share: 0, reserve: 30 }))
  t.notOk(budget.take(5, { share: 0, reserve: 30 }))
  t.notOk(budget.take(10_000, { share: 0, reserve: 30 }))
  t.ok(budget.take(11_000, { share: 0, reserve: 30 }), 'ten seconds later')
})

t.test('what is given back can be taken again', async t => {
  const budget = new RetryBudget()
  const limits = { share: 0, reserve: 1 }
  t.ok(budget.take(500, limits))
  t.notOk(budget.take(600, limits))
  budget.giveBack(500)
  t.ok(budget.take(700, limits))
  budget.giveBack(700)
  t.ok(budget.take(700, limits))
  t.notOk(budget.take(800, limits))
  // the first one is long gone: it must not come out of anybody else's
  t.ok(budget.take(60_000, limits))
  budget.giveBack(700)
  t.notOk(budget.take(60_001, limits))
})
