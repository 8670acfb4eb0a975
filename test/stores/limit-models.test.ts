/** What decides about several limits at once, in rounds, or about places, against exact models, on random traces in simulated time. */
import { mock } from 'node:test'
import fc from 'fast-check'
import t from 'tap'
import { type Bounds, Turns, type Waiting } from '../../plugins/concurrency-limiting/turns.ts'
import { ALGORITHMS } from '../../src/stores/algorithms/usage.ts'
import type { CounterWindow, Order, WindowType } from '../../src/stores/counters.ts'
import { MemoryCounters } from '../../src/stores/memory-counters.ts'
import { LATE } from '../../src/stores/algorithms/late.ts'
import { type SharedTotals, SyncedCounters } from '../../src/stores/synced-counters.ts'
import { holds } from '../helpers/holds.ts'
import { models, type Spent, sum } from '../helpers/limit-models.ts'

const START = Date.UTC(2030, 0, 31, 23, 59, 58, 300)
const TYPES: readonly WindowType[] = ['fixed', 'sliding', 'gcra']
const pause = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 0, max: 90 }))

for (const type of TYPES) {
  t.test(`${type}: an answer is charged for all it has spent while anything is left of each limit, else for nothing`, async t => {
    const step = fc.record({ pause, costs: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 2 }), looks: fc.boolean() })
    holds(t, fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }), fc.array(step, { minLength: 1, maxLength: 60 }), ([a = 1, b = 1, c = 1], trace) => {
      let now = START
      const counters = new MemoryCounters({ type, most: 1000, now: () => now })
      const windows: ReadonlyArray<readonly CounterWindow[]> = [[{ period: 'second', limit: a }, { period: 'minute', limit: a + 12 }], [{ period: 'second', limit: b }, { period: 'month', limit: c + 20 }]]
      const spent: Spent[][] = [[], []]
      for (const { pause, costs, looks } of trace) {
        now += pause
        const orders = windows.map((list, index): Order => ({ name: String(index), windows: list, cost: costs[index] as number }))
        const left = orders.map(({ windows }, index) => windows.every(window => models[type](spent[index] as Spent[], window, now, 1)))
        const expected = orders.every(({ cost }, index) => cost === 0 || left[index])
        const { admitted, usages } = counters.spend('key', orders, looks ? 'never' : 'while-left')
        if (admitted !== expected) return false
        // what says that it is used up is used up, and the other way round
        if (usages.some((usage, index) => usage.every(({ wait }) => wait === 0) !== left[index])) return false
        if (admitted && !looks) for (const [index, { cost }] of orders.entries()) if (cost > 0) (spent[index] as Spent[]).push({ time: now, cost })
      }
      return true
    }), { numRuns: 200 })
  })
}

/** What Redis holds, without one. */
function simulatedTotals (type: WindowType, now: () => number): SharedTotals {
  const held = new Map<string, Float64Array>()
  const algorithm = ALGORITHMS[type]
  return {
    forget: async () => 0,
    reachable: async () => true,
    async add (spent, windows) {
      const numbers = spent.map(([key, counts]) => {
        const data = held.get(key) ?? new Float64Array(windows.length * 3)
        held.set(key, data)
        for (const [index, window] of windows.entries()) {
          algorithm.roll(data, index * 3, window, now())
          LATE[type].add(data, index * 3, window, now(), counts, index * 3)
        }
        return data.slice()
      })
      return { now: now(), numbers }
    }
  }
}

for (const type of TYPES) {
  t.test(`${type} in rounds: each process decides by what was told until its own last round, and no more is overrun than others admitted since`, async t => {
    const step = fc.record({ pause, process: fc.integer({ min: 0, max: 2 }), cost: fc.integer({ min: 1, max: 3 }), round: fc.boolean() })
    await holds(t, fc.asyncProperty(fc.integer({ min: 1, max: 15 }), fc.array(step, { minLength: 1, maxLength: 60 }), async (limit, trace) => {
      let now = START
      const shared = simulatedTotals(type, () => now)
      const window: CounterWindow = { period: 'second', limit }
      const windows = [window]
      const log = { warn: () => {}, info: () => {} }
      const processes = Array.from({ length: 3 }, () => ({
        counters: new SyncedCounters({ shared, type, now: () => now, release: () => {} }, { most: 1000, interval: 2_000_000_000, onStoreError: 'deny', processes: 3, log }),
        /** As of its last round, and what it has counted since. */
        known: [] as Spent[],
        untold: [] as Spent[],
        met: false
      }))
      const told: Spent[] = []
      const all: Array<Spent & { readonly by: number }> = []
      for (const { pause, process, cost, round } of trace) {
        now += pause
        const one = processes[process] as typeof processes[number]
        if (round) {
          await one.counters.sync()
          if (one.untold.length > 0) {
            // a leaky bucket has it when it is told, and so has everybody of whom it isn't known when it was
            told.push(...type === 'gcra' || !one.met ? one.untold.map(({ cost }) => ({ time: now, cost })) : one.untold)
            told.sort((a, b) => a.time - b.time)
            one.known = [...told]
            one.untold = []
            one.met = true
          }
          continue
        }
        const expected = models[type](one.known, window, now, cost)
        if (one.counters.take('key', windows, cost, 'admitted').admitted !== expected) return false
        if (!expected) continue
        one.known.push({ time: now, cost })
        one.untold.push({ time: now, cost })
        all.push({ time: now, cost, by: process })
        if (type === 'fixed') {
          const start = now - now % 1000
          const overrun = sum(all, start, now) - limit
          const unknown = sum(all, start, now) - sum(one.known, start, now)
          if (overrun > unknown) return false
        }
      }
      for (const { counters } of processes) await counters.close()
      return true
    }), { numRuns: 150 })
  })
}

interface Queued { readonly id: number, readonly deadline: number }
interface ModelLine { running: number, queue: Queued[] }

t.test('places: who runs, who waits and who is refused is as the exact model says, over edits of the limit as well', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const step = fc.record({
    what: fc.constantFrom('take', 'take', 'take', 'release', 'release', 'leave', 'wait', 'edit'),
    key: fc.constantFrom('a', 'b'),
    which: fc.nat(20),
    milliseconds: fc.integer({ min: 1, max: 120 })
  })
  await holds(t, fc.asyncProperty(fc.record({ limit: fc.integer({ min: 1, max: 3 }), queue: fc.integer({ min: 0, max: 3 }), patience: fc.constant(100) }), fc.array(step, { minLength: 1, maxLength: 80 }), async (first, trace) => {
    const turns = new Turns()
    let bounds: Bounds = first
    let now = 0
    const model = new Map<string, ModelLine>()
    const outcomes = new Map<number, boolean>()
    const expected = new Map<number, boolean>()
    const waiting = new Map<number, { readonly key: string, readonly place: Waiting }>()
    for (const [id, { what, key, which, milliseconds }] of trace.entries()) {
      const line = model.get(key) ?? { running: 0, queue: [] }
      model.set(key, line)
      if (what === 'take') {
        const outcome = turns.take(key, bounds)
        const runs = line.running < bounds.limit && line.queue.length === 0
        const waits = !runs && line.queue.length < bounds.queue
        if (typeof outcome === 'boolean' ? waits || outcome !== runs : !waits) return false
        if (runs) line.running++
        if (typeof outcome !== 'boolean') {
          line.queue.push({ id, deadline: now + bounds.patience })
          waiting.set(id, { key, place: outcome })
          outcome.turn.then(admitted => { outcomes.set(id, admitted) }, () => {})
        }
      } else if (what === 'release' && line.running > 0) {
        turns.release(key, bounds)
        line.running--
        while (line.running < bounds.limit && line.queue.length > 0) {
          line.running++
          expected.set((line.queue.shift() as Queued).id, true)
        }
      } else if (what === 'leave') {
        // who has left already, or was served, changes nothing by leaving once more
        const [id, { key: of, place }] = [...waiting][which % Math.max(1, waiting.size)] ?? [-1, { key, place: { leave () {} } }]
        place.leave()
        const queue = (model.get(of) as ModelLine).queue
        const index = queue.findIndex(one => one.id === id)
        if (index !== -1) {
          queue.splice(index, 1)
          expected.set(id, false)
        }
      } else if (what === 'wait') {
        now += milliseconds
        mock.timers.tick(milliseconds)
        for (const { queue } of model.values()) {
          for (const one of queue.splice(0)) {
            if (one.deadline <= now) expected.set(one.id, false)
            else queue.push(one)
          }
        }
      } else if (what === 'edit') {
        bounds = { ...bounds, limit: 1 + which % 3 }
      }
      for (let turn = 0; turn < 3; turn++) await Promise.resolve()
      if (outcomes.size !== expected.size || [...expected].some(([id, admitted]) => outcomes.get(id) !== admitted)) return false
      if (turns.size !== [...model.values()].filter(({ running, queue }) => running > 0 || queue.length > 0).length) return false
    }
    mock.timers.tick(1000)
    return true
  }), { numRuns: 200 })
})
