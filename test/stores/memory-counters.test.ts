import t from 'tap'
import type { CounterWindow } from '../../src/stores/counters.ts'
import { MemoryCounters, type MemoryCountersOptions } from '../../src/stores/memory-counters.ts'
import { LENGTHS, PERIODS } from '../../src/stores/periods.ts'

const START = Date.UTC(2030, 0, 1)
const MINUTE: CounterWindow = { period: 'minute', limit: 3 }

function store (options: Partial<MemoryCountersOptions> = {}): { counters: MemoryCounters, clock: { time: number } } {
  const clock = { time: START }
  return { clock, counters: new MemoryCounters({ type: 'fixed', most: 1000, now: () => clock.time, ...options }) }
}

t.test('a cost that one window refuses is counted in none', async t => {
  const { counters } = store()
  const windows: CounterWindow[] = [{ period: 'second', limit: 1 }, { period: 'hour', limit: 10 }]
  t.match(counters.take('a', windows, 1, 'admitted'), { admitted: true, usage: [{ remaining: 0, wait: 0 }, { remaining: 9, wait: 0 }] })
  t.match(counters.take('a', windows, 1, 'admitted'), { admitted: false, usage: [{ remaining: 0, wait: 1000 }, { remaining: 9, wait: 0 }] })
})

t.test('it counts in any case where told, and never where told', async t => {
  const { counters } = store()
  t.match(counters.take('a', [MINUTE], 5, 'never'), { admitted: false, usage: [{ remaining: 3, wait: Infinity }] })
  t.match(counters.take('a', [MINUTE], 3, 'never'), { admitted: true, usage: [{ remaining: 3 }] })
  t.equal(counters.count, 0, 'reading makes no counter')
  t.match(counters.take('a', [MINUTE], 5, 'always'), { admitted: false, usage: [{ remaining: 0 }] })
  t.match(counters.take('a', [MINUTE], 1, 'never'), { admitted: false })
})

t.test('a cost of nothing is admitted while nothing is overspent, and makes no counter', async t => {
  const { counters } = store()
  t.equal(counters.take('a', [MINUTE], 0, 'admitted').admitted, true)
  t.equal(counters.count, 0)
  counters.take('a', [MINUTE], 4, 'always')
  t.equal(counters.take('a', [MINUTE], 0, 'admitted').admitted, false)
})

t.test('keys and windows are apart', async t => {
  const { counters } = store({ type: 'gcra' })
  const windows = PERIODS.map((period, index) => ({ period, limit: index + 1 }))
  t.equal(counters.take('a', windows, 1, 'admitted').admitted, true)
  t.equal(counters.count, 6)
  t.same(counters.take('a', windows, 1, 'never').usage.map(usage => Math.floor(usage.remaining)), [0, 1, 2, 3, 4, 5])
  t.same(counters.take('b', windows, 1, 'never').usage.map(usage => usage.remaining | 0), [1, 2, 3, 4, 5, 6])
  const { counters: others } = store({ type: 'sliding' })
  const seconds = [...PERIODS, ...Array.from({ length: 300 }, (_, index) => (index + 1) * 60)].map(period => ({ period, limit: 10 }))
  others.take('a', seconds, 1, 'admitted')
  t.equal(others.count, 306, 'windows of any length')
  // the place of long keys comes of another hash
  for (const end of ['a', 'b']) others.take(`${'x'.repeat(300)}${end}`, seconds, 1, 'admitted')
  t.equal(others.count, 918)
  t.equal(others.take(`${'x'.repeat(300)}b`, seconds, 1, 'never').usage[0]?.remaining, 9)
})

t.test('calendar windows end where the calendar has them, leap years included', async t => {
  const ends: Array<[string, CounterWindow['period'], string]> = [
    ['2028-02-29T12:00:00.000Z', 'month', '2028-03-01T00:00:00.000Z'],
    ['2028-12-31T23:59:59.999Z', 'month', '2029-01-01T00:00:00.000Z'],
    ['2028-12-31T23:59:59.999Z', 'year', '2029-01-01T00:00:00.000Z'],
    ['2028-01-01T00:00:00.000Z', 'year', '2029-01-01T00:00:00.000Z'],
    ['2028-05-05T05:05:05.005Z', 'day', '2028-05-06T00:00:00.000Z'],
    ['2028-05-05T05:05:05.005Z', 'second', '2028-05-05T05:05:06.000Z']
  ]
  for (const [now, period, end] of ends) {
    const { counters } = store({ now: () => Date.parse(now) })
    const [usage] = counters.take('a', [{ period, limit: 1 }], 1, 'admitted').usage
    t.equal(new Date(Date.parse(now) + (usage?.reset ?? 0)).toISOString(), end, `${period} of ${now}`)
  }
})

t.test('a lowered or raised limit goes on from what was spent', async t => {
  for (const type of ['fixed', 'sliding', 'gcra'] as const) {
    const { counters } = store({ type })
    counters.take('a', [{ period: 'minute', limit: 10 }], 6, 'admitted')
    t.equal(counters.take('a', [{ period: 'minute', limit: 5 }], 1, 'admitted').admitted, false, type)
    t.match(counters.take('a', [{ period: 'minute', limit: 20 }], 1, 'admitted').usage[0]?.remaining.toFixed(3), '13.000', type)
  }
})

t.test('a clock that jumps back gives nobody a second window', async t => {
  for (const type of ['fixed', 'sliding', 'gcra'] as const) {
    const { counters, clock } = store({ type })
    for (let count = 0; count < 3; count++) counters.take('a', [MINUTE], 1, 'admitted')
    clock.time -= 3_600_000
    t.equal(counters.take('a', [MINUTE], 1, 'admitted').admitted, false, type)
    clock.time += 1000
    t.equal(counters.take('a', [MINUTE], 1, 'admitted').admitted, false, type)
    clock.time += 5 * LENGTHS.minute
    t.equal(counters.take('a', [MINUTE], 1, 'admitted').admitted, true, `${type} goes on again`)
  }
})

t.test('a million live keys are held exactly, in less than 64 MB; strangers take nothing more', async t => {
  const { counters } = store({ type: 'sliding', most: 1_000_000 })
  for (let key = 0; key < 1_000_000; key++) counters.take(`client-${key}`, [MINUTE], 1, 'admitted')
  t.equal(counters.count, 1_000_000)
  t.ok(counters.bytes < 64e6, `${counters.bytes} bytes`)
  let known = 0
  for (let key = 0; key < 1_000_000; key += 10) if (counters.take(`client-${key}`, [MINUTE], 0, 'never').usage[0]?.remaining === 2) known++
  t.equal(known, 100_000)
  const { bytes } = counters
  for (let key = 0; key < 100_000; key++) counters.take(`stranger-${key}`, [MINUTE], 1, 'admitted')
  t.equal(counters.count, 1_000_000)
  t.equal(counters.bytes, bytes)
})

t.test('fewer counters from now on', async t => {
  const { counters } = store()
  for (let key = 0; key < 100; key++) counters.take(String(key), [MINUTE], 1, 'admitted')
  counters.limitTo(10)
  t.equal(counters.count, 10)
})

t.test('a key is forgotten alone, in all of its windows, under its names', async t => {
  const { counters } = store()
  const windows: CounterWindow[] = [{ period: 'minute', limit: 5 }, { period: 'hour', limit: 5 }]
  for (const key of ['a', 'b']) counters.take(key, windows, 2, 'admitted')
  t.equal(counters.forget('a', [null], windows), 2)
  t.match(counters.take('a', windows, 0, 'never'), { usage: [{ remaining: 5 }, { remaining: 5 }] })
  t.match(counters.take('b', windows, 0, 'never'), { usage: [{ remaining: 3 }, { remaining: 3 }] })
  t.equal(counters.forget('c', [null], windows), 0)
  const orders = ['video', 'image'].map(name => ({ name, windows, cost: 1 }))
  counters.spend('a', orders, 'while-left')
  t.equal(counters.forget('a', ['video'], windows), 2)
  t.match(counters.spend('a', orders, 'never'), { usages: [[{ remaining: 5 }, { remaining: 5 }], [{ remaining: 4 }, { remaining: 4 }]] })
})
