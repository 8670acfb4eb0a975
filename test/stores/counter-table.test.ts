import fc from 'fast-check'
import t from 'tap'
import { CounterTable } from '../../src/stores/counter-table.ts'
import { holds } from '../helpers/holds.ts'

/** Numbers of a counter here: when it expires, what it weighs, and one to know it by. */
function table (most: number): CounterTable {
  return new CounterTable({ most, expired: (data, at, now) => (data[at] as number) <= now, weight: (data, at) => data[at + 1] as number })
}

function put (counters: CounterTable, hash: number, expires: number, weight: number, now: number): void {
  const at = counters.add(hash >>> 16, hash, now)
  counters.data.set([expires, weight, hash], at)
}

/** Few different low halves, around the end of the index, so that most meet. */
const lowOf = (hash: number): number => 2044 + hash % 6

t.test('it holds what a Map would, whatever comes, goes and collides', async t => {
  const step = fc.record({ hash: fc.integer({ min: 0, max: 40 }), lifetime: fc.integer({ min: 1, max: 30 }), pause: fc.integer({ min: 0, max: 3 }) })
  holds(t, fc.property(fc.array(step, { maxLength: 300 }), steps => {
    const counters = table(10_000)
    const model = new Map<number, number>()
    let now = 0
    for (const { hash, lifetime, pause } of steps) {
      now += pause
      const low = lowOf(hash)
      const at = counters.find(hash, low)
      const expires = model.get(hash)
      if (expires !== undefined && expires > now && at === -1) return false
      if (at !== -1 && counters.data[at + 2] !== hash) return false
      if (at === -1) {
        counters.data.set([now + lifetime, 0, hash], counters.add(hash, low, now))
        model.set(hash, now + lifetime)
      }
    }
    for (const [hash, expires] of model) {
      if (expires > now && counters.data[counters.find(hash, lowOf(hash)) + 2] !== hash) return false
    }
    return true
  }), { numRuns: 300 })
})

t.test('it grows, and never holds more than it may', async t => {
  const counters = table(5000)
  const small = counters.bytes
  for (let hash = 1; hash <= 20_000; hash++) {
    put(counters, hash * 7919, Infinity, 1, 0)
    if (counters.count !== Math.min(hash, 5000)) t.fail(`${counters.count} after ${hash}`)
  }
  t.equal(counters.count, 5000)
  t.ok(counters.bytes > small)
  t.equal(counters.bytes, 5000 * 32 + 16_384 * 4, '32 bytes each, and an index that is at most half full')
})

t.test('without a timer, what has expired goes while others come', async t => {
  const counters = table(100_000)
  for (let hash = 1; hash <= 10_000; hash++) put(counters, hash, 10, 1, 0)
  for (let hash = 10_001; hash <= 20_000; hash++) put(counters, hash, 100, 1, 50)
  t.equal(counters.count, 10_000)
  t.equal(counters.find(0, 1), -1)
  t.not(counters.find(0, 20_000), -1)
})

t.test('where all live, the heavy ones stay: who is being refused is not forgotten for strangers', async t => {
  const counters = table(1000)
  for (let hash = 1; hash <= 1000; hash++) put(counters, hash, Infinity, hash <= 100 ? 50 : 1, 0)
  for (let hash = 100_001; hash <= 200_000; hash++) put(counters, hash, Infinity, 1, 0)
  let kept = 0
  for (let hash = 1; hash <= 100; hash++) if (counters.find(0, hash) !== -1) kept++
  t.equal(kept, 100)
})

t.test('a lower bound lets go at once', async t => {
  const counters = table(3000)
  for (let hash = 1; hash <= 3000; hash++) put(counters, hash, Infinity, 1, 0)
  counters.limitTo(10)
  t.equal(counters.count, 10)
  put(counters, 5000, Infinity, 1, 0)
  t.equal(counters.count, 10)
  t.not(counters.find(0, 5000), -1)
})
