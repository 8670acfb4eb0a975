import fc from 'fast-check'
import t from 'tap'
import { Shares } from '../../../plugins/traffic-split/shares.ts'
import { service } from '../../helpers/config.ts'
import { holds } from '../../helpers/holds.ts'

const sharesOf = (weights: Record<string, number>): Shares => new Shares(Object.entries(weights).map(([id, weight]) => ({ service: service({ id, port: 80 }), weight })))
const weights = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 65535 })), { minLength: 1, maxLength: 6, selector: ([id]) => id })

t.test('any thousand requests in a row are divided by weight, to within half a percent', async t => {
  holds(t, fc.property(weights, list => {
    const shares = sharesOf(Object.fromEntries(list))
    const total = list.reduce((sum, [, weight]) => sum + weight, 0)
    const counts = new Map<string, number>()
    for (let round = 0; round < 1000; round++) {
      const { id } = shares.next().service
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return list.every(([id, weight]) => Math.abs((counts.get(id) ?? 0) - 1000 * weight / total) <= 5)
  }), { numRuns: 200, seed: 1 })
})

t.test('callers are divided by weight', async t => {
  const shares = sharesOf({ a: 80, b: 15, c: 5 })
  const counts: Record<string, number> = {}
  for (let caller = 0; caller < 20_000; caller++) {
    const { id } = shares.byKey(`caller-${caller}`).service
    counts[id] = (counts[id] ?? 0) + 1
  }
  t.ok(Math.abs((counts['a'] ?? 0) - 16_000) < 200 && Math.abs((counts['b'] ?? 0) - 3_000) < 200 && Math.abs((counts['c'] ?? 0) - 1_000) < 200, JSON.stringify(counts))
})

t.test('a weight that is raised takes callers from others, and moves nobody else', async t => {
  const before = sharesOf({ a: 80, b: 15, c: 5 })
  const after = sharesOf({ a: 80, b: 15, c: 20 })
  for (let caller = 0; caller < 2_000; caller++) {
    const [from, to] = [before.byKey(`${caller}`).service.id, after.byKey(`${caller}`).service.id]
    if (from !== to && to !== 'c') t.fail(`${caller} moved from ${from} to ${to}`)
  }
})

t.test('a token stands for a service that gets something', async t => {
  const shares = sharesOf({ a: 1, b: 0 })
  const { token } = shares.next()
  t.match(token, /^[0-9a-f]{16}$/)
  t.equal(shares.byToken(token)?.service.id, 'a')
  t.equal(shares.byToken(sharesOf({ b: 1 }).next().token), undefined)
  t.equal(shares.byToken(undefined), undefined)
})
