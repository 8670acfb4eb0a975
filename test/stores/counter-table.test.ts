import fc from 'fast-check'
import t from 'tap'
import { CounterTable } from '../../src/stores/counter-table.ts'
import { holds } from '../helpers/holds.ts'

/** Numbers of a counter here: when it expires, what it weighs, and one to know it by. */
function table (most: number): CounterTable {
  return new CounterTable({ most, expired: (data, at, now) => (data[at] as number) <= now, weight: (data, at) => data[at + 1] as number })
}

/** Places as a hash spreads them: another one for each number (Murmur's last steps). */
function spread (hash: number): number {
  const mixed = Math.imul(hash ^ hash >>> 16, 0x85ebca6b)
  return Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35)
}

function put (counters: CounterTable, hash: number, expires: number, weight: number, now: number): void {
  const at = counters.add(spread(hash), hash & 0xffffff, now)
  counters.data.set([expires, weight, hash], at)
}

const has = (counters: CounterTable, hash: number): boolean => counters.find(spread(hash), hash & 0xffffff) !== -1

/** Few different places, in the last lines, so that most meet, and go on at the beginning; those of 40 and 41 are as no place is kept. */
const placeOf = (hash: number): number => hash >= 40 ? hash - 40 : -1 - (hash % 6) * 0x400000

t.test('it holds what a Map would, whatever comes, goes and collides', async t => {
  const step = fc.record({ hash: fc.integer({ min: 0, max: 41 }), lifetime: fc.integer({ min: 1, max: 30 }), pause: fc.integer({ min: 0, max: 3 }) })
  holds(t, fc.property(fc.array(step, { maxLength: 300 }), steps => {
    const counters = table(10_000)
    const model = new Map<number, number>()
    let now = 0
    for (const { hash, lifetime, pause } of steps) {
      now += pause
      const place = placeOf(hash)
      counters.bring(place)
      const at = counters.find(place, hash)
      const expires = model.get(hash)
      if (expires !== undefined && expires > now && at === -1) return false
      if (at !== -1 && counters.data[at + 2] !== hash) return false
      if (at === -1) {
        counters.data.set([now + lifetime, 0, hash], counters.add(place, hash, now))
        model.set(hash, now + lifetime)
      }
    }
    for (const [hash, expires] of model) {
      if (expires > now && counters.data[counters.find(placeOf(hash), hash) + 2] !== hash) return false
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
  t.ok(Math.abs(counters.bytes / 32 * 0.6 / 5000 - 1) < 2 / 128, `${counters.bytes} bytes: 32 each, and three fifths in use`)
})

t.test('while it grows it moves a few at a time, and all are found with what they had', async t => {
  const counters = table(100_000)
  let before = counters.bytes
  let moving = 0
  for (let hash = 1; hash <= 30_000; hash++) {
    put(counters, hash, Infinity, 1, 0)
    // one that comes often, and one that does not
    for (const known of [hash % 100 + 1, Math.imul(hash, 7) % hash + 1]) {
      if (known > hash) continue
      const at = counters.find(spread(known), known)
      const other = counters.find(spread(hash), hash)
      if (counters.data[at + 2] !== known || counters.data[other + 2] !== hash) return t.fail(`${known} is lost among ${hash}`)
      counters.data[at + 1] = (counters.data[at + 1] as number) + 1
    }
    if (counters.bytes > before) moving++
    else before = counters.bytes
  }
  t.ok(moving > 1000, `two tables for ${moving} of the 30,000`)
  t.equal(counters.count, 30_000)
  let often = 0
  for (let hash = 1; hash <= 30_000; hash++) {
    const at = counters.find(spread(hash), hash)
    if (hash <= 100 && (counters.data[at + 1] as number) >= 300) often++
    if (counters.data[at + 2] !== hash) t.fail(`${hash} is lost`)
  }
  t.equal(often, 100)
})

t.test('its count is what is there, whatever expires while it grows', async t => {
  for (const most of [1500, 5000, 20_000]) {
    const counters = table(most)
    const known = new Map<number, number>()
    let now = 0
    for (let step = 0; step < 60_000; step++) {
      if (step % 50 === 0) now += step % 19
      const hash = (spread(step) >>> 0) % (most * 2)
      const at = counters.find(spread(hash), hash)
      if (at !== -1) {
        if (counters.data[at + 2] !== hash) return t.fail('another counter')
        continue
      }
      if (counters.count < most * 0.9 && (known.get(hash) ?? 0) > now) return t.fail('one that lives is lost')
      const expires = now + 1 + (spread(-step) >>> 0) % 3000
      put(counters, hash, expires, 1, now)
      known.set(hash, expires)
    }
    const there = [...known.keys()].filter(hash => has(counters, hash)).length
    t.equal(there, counters.count, `${most} at most`)
  }
})

t.test('what has expired is not moved, and a lower bound in the middle of it holds', async t => {
  const counters = table(100_000)
  const { bytes } = counters
  let hash = 0
  while (counters.bytes === bytes) put(counters, ++hash, 10, 1, 0)
  for (let later = 1; later <= 1000; later++) put(counters, 100_000 + later, Infinity, 1, 20)
  t.equal(counters.count, 1000)
  while (counters.bytes < bytes * 5) put(counters, 200_000 + hash++, Infinity, 1, 20)
  counters.limitTo(500)
  t.equal(counters.count, 500)
  for (let more = 0; more < 20; more++) put(counters, 300_000 + more, Infinity, 1, 20)
  t.equal(counters.count, 500)
})

t.test('without a timer, what has expired goes while others come', async t => {
  const counters = table(100_000)
  for (let hash = 1; hash <= 10_000; hash++) put(counters, hash, 10, 1, 0)
  for (let hash = 10_001; hash <= 20_000; hash++) put(counters, hash, 100, 1, 50)
  t.equal(counters.count, 10_000)
  t.notOk(has(counters, 1))
  t.ok(has(counters, 20_000))
})

t.test('where all live, the heavy ones stay: who is being refused is not forgotten for strangers', async t => {
  const counters = table(1000)
  for (let hash = 1; hash <= 1000; hash++) put(counters, hash, Infinity, hash <= 100 ? 50 : 1, 0)
  for (let hash = 100_001; hash <= 200_000; hash++) put(counters, hash, Infinity, 1, 0)
  let kept = 0
  for (let hash = 1; hash <= 100; hash++) if (has(counters, hash)) kept++
  t.equal(kept, 100)
})

t.test('a lower bound lets go at once', async t => {
  const counters = table(3000)
  for (let hash = 1; hash <= 3000; hash++) put(counters, hash, Infinity, 1, 0)
  counters.limitTo(10)
  t.equal(counters.count, 10)
  put(counters, 5000, Infinity, 1, 0)
  t.equal(counters.count, 10)
  t.ok(has(counters, 5000))
})
