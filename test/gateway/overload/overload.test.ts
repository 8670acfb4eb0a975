import t from 'tap'
import type { Test } from 'tap'
import type { GatewaySettings } from '../../../src/config/model.ts'
import { Overload } from '../../../src/gateway/overload/overload.ts'
import type { Vitals } from '../../../src/gateway/overload/vitals.ts'
import { settings } from '../../helpers/config.ts'
import { silent } from '../../helpers/gateway.ts'

type Limits = GatewaySettings['overload']

/** A process whose state the test says. */
function patient (t: Test, limits: Partial<Limits>, ranks = 1) {
  const now: { -readonly [Key in keyof Vitals]: Vitals[Key] } = { eventLoopDelay: 0, heapUsed: 0, rss: 0 }
  const lines: Array<[object, string]> = []
  let open = 0
  const overload = new Overload({
    log: { ...silent, warn: (facts: object, text: string) => { lines.push([facts, text]) } } as typeof silent,
    measure: () => {
      open++
      return { interval: 1e6, sample: () => ({ ...now }), close: () => { open-- } }
    }
  })
  const limitsOf = (changed: Partial<Limits>): Limits => ({ ...settings().overload, ...changed })
  overload.apply(limitsOf(limits), ranks)
  t.teardown(() => overload.close())
  return {
    overload,
    now,
    lines,
    measures: () => open,
    apply: (changed: Partial<Limits>, count = ranks) => overload.apply(limitsOf(changed), count),
    samples (count: number) { for (let round = 0; round < count; round++) overload.sample() },
    /** Which part of a thousand requests of a rank is refused. */
    refused (rank = 0): number {
      let count = 0
      for (let round = 0; round < 1000; round++) {
        if (overload.admit(rank) === null) overload.end()
        else count++
      }
      return count / 1000
    }
  }
}

t.test('nobody is refused below the limits, and nothing is measured where there are none', async t => {
  const calm = patient(t, { event_loop_delay: 100 })
  calm.now.eventLoopDelay = 99
  calm.samples(10)
  t.equal(calm.refused(), 0)
  t.equal(calm.overload.strain, null)
  const off = patient(t, { in_flight: 10 })
  off.now.eventLoopDelay = 1e6
  off.samples(10)
  t.equal(off.refused(), 0)
  t.equal(off.measures(), 0)
})

for (const [limit, vital] of [['event_loop_delay', 'eventLoopDelay'], ['heap_used', 'heapUsed'], ['rss', 'rss']] as const) {
  t.test(`a growing share is refused while ${limit} is too much, evenly spread`, async t => {
    const { overload, now, samples, refused } = patient(t, { [limit]: 100 })
    now[vital] = 100
    for (const share of [0.25, 0.5, 0.75, 1, 1]) {
      samples(5)
      t.ok(Math.abs(refused() - share) <= 0.002, `${refused()} of ${share}`)
    }
    t.equal(overload.strain, limit)
    t.equal(overload.admit(0), limit)
    t.equal(overload.shed > 2000, true)
  })
}

t.test('the further beyond the limit, the faster', async t => {
  const { now, samples, refused } = patient(t, { event_loop_delay: 100 })
  now.eventLoopDelay = 300
  samples(1)
  t.ok(Math.abs(refused() - 0.15) <= 0.002)
  now.eventLoopDelay = Infinity
  samples(1)
  t.ok(Math.abs(refused() - 0.4) <= 0.002, 'but not all at once')
})

t.test('of several measures the worst one counts', async t => {
  const { overload, now, samples } = patient(t, { event_loop_delay: 100, heap_used: 1000, rss: 1000 })
  Object.assign(now, { eventLoopDelay: 110, heapUsed: 1500, rss: 1200 })
  samples(1)
  t.equal(overload.strain, 'heap_used')
  now.rss = 1900
  samples(1)
  t.equal(overload.strain, 'rss')
})

t.test('lower ranks go first, and wholly before the next one', async t => {
  const { now, samples, refused } = patient(t, { event_loop_delay: 100 }, 3)
  now.eventLoopDelay = 100
  samples(10)
  t.same([refused(0) > 0.4, refused(1), refused(2)], [true, 0, 0])
  samples(20)
  t.same([refused(0), Math.round(refused(1) * 10) / 10, refused(2)], [1, 0.5, 0])
  samples(30)
  t.same([refused(0), refused(1), refused(2)], [1, 1, 1])
})

t.test('between calm and the limit the share stays; below it falls', async t => {
  const { overload, now, samples, refused } = patient(t, { event_loop_delay: 100 })
  now.eventLoopDelay = 100
  samples(10)
  now.eventLoopDelay = 85
  samples(100)
  t.ok(Math.abs(refused() - 0.5) <= 0.002, 'no flapping')
  now.eventLoopDelay = 79
  for (const share of [0.4, 0.3, 0.2, 0.1, 0]) {
    samples(2)
    t.ok(Math.abs(refused() - share) <= 0.002, `${refused()} of ${share}`)
  }
  t.equal(overload.strain, null)
})

t.test('the log is told when it begins and when it is over, with a count', async t => {
  const { now, lines, samples, refused } = patient(t, { event_loop_delay: 100 })
  now.eventLoopDelay = 1000
  samples(4)
  refused()
  now.eventLoopDelay = 0
  samples(20)
  t.same(lines, [[{ strain: 'event_loop_delay' }, 'overloaded: requests are refused'], [{ refused: 1000 }, 'no longer overloaded']])
})

t.test('of in_flight the highest rank may use all, each lower one a tenth less', async t => {
  const { overload } = patient(t, { in_flight: 10 }, 3)
  const fill = (rank: number): number => {
    let admitted = 0
    while (overload.admit(rank) === null) admitted++
    return admitted
  }
  t.same([fill(0), fill(1), fill(2)], [8, 1, 1])
  t.equal(overload.admit(2), 'in_flight')
  overload.end()
  t.equal(overload.admit(1), 'in_flight')
  t.equal(overload.admit(2), null)
  t.equal(overload.strain, null, 'it is no state: the next one may come when one has ended')
})

t.test('a small in_flight leaves room for one of each rank', async t => {
  const { overload } = patient(t, { in_flight: 1 }, 3)
  t.equal(overload.admit(0), null)
  t.equal(overload.admit(2), 'in_flight')
})

t.test('a reload changes the limits, and what runs is still counted', async t => {
  const { overload, now, apply, samples, refused, measures } = patient(t, { in_flight: 2 }, 1)
  t.same([overload.admit(0), overload.admit(0)], [null, null])
  apply({ in_flight: 3, event_loop_delay: 50, retry_after: 7 }, 2)
  t.equal(measures(), 1)
  t.match(overload.refusal, { code: 'SP_OVERLOADED', statusCode: 503, quiet: true, headers: { 'retry-after': '7' } })
  t.equal(overload.admit(0), 'in_flight', 'two run, and the lower rank may use 2 of 3')
  t.equal(overload.admit(1), null)
  apply({ event_loop_delay: 50 }, 2)
  now.eventLoopDelay = 1e6
  samples(9)
  t.equal(refused(1), 1)
  apply({ event_loop_delay: 50 }, 1)
  t.equal(refused(0), 1)
  now.eventLoopDelay = 0
  samples(20)
  t.equal(refused(0), 0, 'the cut fits the ranks that are there')
  now.eventLoopDelay = 1e6
  samples(1)
  apply({})
  t.equal(refused(0), 0)
  t.equal(measures(), 0)
  samples(1)
  t.equal(overload.strain, null)
})
