/** What is remembered of traffic and of configurations: that it is right, and bounded. */
import t from 'tap'
import { BUCKETS, ChunkPool, quantile, Series, STEP, STEPS, WIDTH } from '../../src/admin/record/series.ts'
import { Traffic } from '../../src/admin/record/traffic.ts'
import { History } from '../../src/gateway/control/history.ts'
import type { RunnableFile } from '../../src/gateway/control/reload.ts'
import { finish } from '../../src/steps.ts'

const NOW = Date.UTC(2030, 0, 1)

function rowsOf (series: Series, first: number, count = STEPS): Array<number[] | null> {
  const rows = new Array<number[] | null>(count).fill(null)
  series.read(first, rows, index => (rows[index] ??= new Array<number>(WIDTH).fill(0)))
  return rows
}

t.test('each step has its own numbers, for half an hour', async t => {
  const series = new Series(new ChunkPool(100))
  const start = Math.floor(NOW / STEP)
  for (let step = start; step < start + 1000; step++) {
    series.add(step, 200, 1)
    if (step % 2 === 0) series.add(step, 404, 1)
    if (step % 5 === 0) series.add(step, 502, 1)
    if (step % 97 !== 0) continue
    const rows = rowsOf(series, step - STEPS + 1)
    for (const [index, row] of rows.entries()) {
      const at = step - STEPS + 1 + index
      if (at < start) t.equal(row, null)
      else t.same(row?.slice(0, 3), [1 + (at % 2 === 0 ? 1 : 0) + (at % 5 === 0 ? 1 : 0), at % 2 === 0 ? 1 : 0, at % 5 === 0 ? 1 : 0])
    }
  }
  t.ok(series.add(start, 200, 1), 'a clock that was set back loses the request')
  t.not(rowsOf(series, start + 999, 1)[0], null, 'and nothing else')
})

t.test('quantiles are off by a quarter at most', async t => {
  for (const [values, q] of [
    [Array.from({ length: 1000 }, (_, index) => index + 1), 0.5], [Array.from({ length: 1000 }, (_, index) => index + 1), 0.99],
    [Array.from({ length: 1000 }, (_, index) => (index + 1) / 100), 0.9], [[7], 0.5], [[30_000], 0.99]
  ] as const) {
    const series = new Series(new ChunkPool(1))
    for (const value of values) series.add(0, 200, value)
    const exact = [...values].sort((a, b) => a - b)[Math.max(Math.ceil(q * values.length) - 1, 0)] as number
    const estimate = quantile(rowsOf(series, 0, 1)[0] as number[], q) as number
    t.ok(Math.abs(estimate - exact) <= 0.25 * exact, `${estimate} for ${exact}`)
  }
  t.equal(quantile(new Array<number>(WIDTH).fill(0), 0.5), null)
  const beyond = new Series(new ChunkPool(1))
  for (const value of [0, 0.05, 1e9]) beyond.add(0, 200, value)
  t.same(rowsOf(beyond, 0, 1)[0]?.slice(3), [2, ...new Array(BUCKETS - 2).fill(0), 1], 'what is beyond the bounds counts at their ends')
})

t.test('so many routes that there is no room are part of the total, until others are idle', async t => {
  const traffic = new Traffic()
  for (let route = 0; route < 3000; route++) traffic.add(`route-${route}`, 200, 1, NOW)
  const part = finish(traffic.part(null, NOW))
  t.equal(part.rows.at(-1)?.[0], 3000)
  t.ok(part.crowded)
  t.ok(part.routes.length < 3000)
  t.equal(finish(traffic.part('route-2999', NOW)).rows.at(-1), null)
  const later = NOW + 3_600_000
  traffic.add('route-2999', 200, 1, later)
  t.equal(finish(traffic.part('route-2999', later)).rows.at(-1)?.[0], 1)
  t.same(finish(traffic.part(null, later)).routes.map(([name, row]) => [name, row[0]]), [['route-2999', 1]])
  traffic.add(null, 404, 1, later)
  t.same(finish(traffic.part(null, later)).routes.map(([name]) => name), ['route-2999', null], 'requests without a route have none')
})

t.test('the history forgets what is long ago, and large files sooner', async t => {
  const file = (length: number): RunnableFile => ({ source: { text: 'a'.repeat(length) }, config: { services: [], routes: [], plugins: [], consumers: [] } }) as unknown as RunnableFile
  const facts = { trigger: 'call', of: null, at: 0, took: 1, diagnostics: [], error: null } as const
  const small = new History()
  for (let snapshot = 1; snapshot <= 12; snapshot++) small.add({ ...facts, snapshot }, file(10))
  small.add({ ...facts, snapshot: null, error: 'no' }, null)
  t.match(small.attempts[0], { id: 13, snapshot: null, hash: null, counts: null })
  t.equal(small.attempts.length, 10)
  t.equal(small.file(2), undefined)
  t.ok(small.file(3))
  const large = new History()
  for (let snapshot = 1; snapshot <= 4; snapshot++) large.add({ ...facts, snapshot }, file(3_000_000))
  t.same([1, 2, 3, 4].map(snapshot => large.file(snapshot) !== undefined), [false, false, true, true], 'there is always a way back')
})
