/** Each algorithm against an exact model that knows every request there was, on random traces in simulated time. */
import fc from 'fast-check'
import t from 'tap'
import type { Counting, Decision, Period, WindowType } from '../../src/stores/counters.ts'
import { MemoryCounters } from '../../src/stores/memory-counters.ts'
import { holds } from '../helpers/holds.ts'
import { type Model, models, type Spent, sum } from '../helpers/limit-models.ts'

const START = Date.UTC(2030, 0, 31, 23, 59, 58, 300)

const requests = (longest: number) => fc.array(fc.record({
  pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: longest }), fc.integer({ min: 0, max: Math.ceil(longest / 20) })),
  cost: fc.integer({ min: 1, max: 4 })
}), { minLength: 1, maxLength: 80 })

for (const [type, model] of Object.entries(models) as Array<[WindowType, Model]>) {
  t.test(`${type} decides as the exact model, for all windows at once`, async t => {
    const limits = fc.record({ second: fc.integer({ min: 1, max: 12 }), minute: fc.integer({ min: 3, max: 30 }), month: fc.integer({ min: 5, max: 60 }) })
    holds(t, fc.property(limits, fc.constantFrom(1200, 40_000, 20 * 86_400_000).chain(requests), (limit, trace) => {
      let now = START
      const counters = new MemoryCounters({ type, most: 1000, now: () => now })
      const windows = Object.entries(limit).map(([period, limit]) => ({ period: period as Period, limit }))
      const spent: Spent[] = []
      for (const { pause, cost } of trace) {
        now += pause
        const expected = windows.every(window => model(spent, window, now, cost))
        if (counters.take('key', windows, cost, 'admitted').admitted !== expected) return false
        if (expected) spent.push({ time: now, cost })
      }
      return true
    }), { numRuns: 400 })
  })

  t.test(`${type}: who waits as long as it says is admitted, and not before`, async t => {
    holds(t, fc.property(fc.integer({ min: 1, max: 20 }), requests(2000), (limit, trace) => {
      let now = START
      const counters = new MemoryCounters({ type, most: 1000, now: () => now })
      const window = { period: 'second', limit } as const
      const ask = (cost: number, counting: Counting): Decision => counters.take('key', [window], cost, counting)
      for (const { pause, cost } of trace) {
        now += pause
        const { admitted, usage: [usage] } = ask(cost, 'admitted')
        if (usage === undefined || admitted !== (usage.wait === 0)) return false
        if (admitted) continue
        if (cost > limit) {
          if (usage.wait !== Infinity) return false
          continue
        }
        const from = now
        now = from + Math.ceil(usage.wait) - 1
        if (now > from && ask(cost, 'never').admitted) return false
        now = from + Math.ceil(usage.wait)
        if (!ask(cost, 'never').admitted) return false
      }
      return true
    }), { numRuns: 400 })
  })
}

/** Most that was spent in any span of this length. */
function mostIn (spent: readonly Spent[], length: number): number {
  return Math.max(...spent.map(({ time }) => sum(spent, time - length + 1, time)))
}

for (const type of ['fixed', 'sliding', 'gcra'] as const) {
  t.test(`${type} keeps its bound: less than twice the limit in any window`, async t => {
    holds(t, fc.property(fc.integer({ min: 1, max: 15 }), requests(1500), (limit, trace) => {
      let now = START
      const counters = new MemoryCounters({ type, most: 1000, now: () => now })
      const spent: Spent[] = []
      for (const { pause, cost } of trace) {
        now += pause
        const admitted = counters.take('key', [{ period: 'second', limit }], cost, 'admitted').admitted
        if (admitted) spent.push({ time: now, cost })
        // at the fraction x of its bucket a sliding window holds at most (1 + x) times the limit
        const bound = type === 'sliding' ? limit * (1 + (now % 1000) / 1000) : 2 * limit
        if (sum(spent, now - 999, now) > bound + 1e-9) return false
        if (type === 'sliding' && !admitted && sum(spent, now - 1999, now) + cost <= limit) return false
      }
      return spent.length === 0 || mostIn(spent, 1000) <= 2 * limit
    }), { numRuns: 500 })
  })
}
