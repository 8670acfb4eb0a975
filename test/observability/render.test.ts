import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'
import t from 'tap'
import { metricsSteps } from '../../src/observability/metrics/render.ts'
import type { MetricFamily } from '../../src/plugin.ts'
import { createSpread, finish } from '../../src/steps.ts'

function render (lists: MetricFamily[][]): { readonly type: string, readonly text: string } {
  const { type, text } = finish(metricsSteps(lists))
  return { type, text: Buffer.concat(text).toString() }
}

const lines = (text: string): string[] => text.split('\n').filter(line => line !== '')

function process (factor: number): MetricFamily[] {
  return [
    { name: 'a_total', help: 'Back\\slash and\nnewline.', type: 'counter', values: [{ value: factor, labels: { route: 'q"uo\\te\n' } }, { value: 2, labels: { route: '' } }] },
    { name: 'b', help: 'Most.', type: 'gauge', aggregator: 'max', values: [{ value: factor, labels: {} }] },
    { name: 'c', help: 'Least.', type: 'gauge', aggregator: 'min', values: [{ value: factor, labels: {} }] },
    { name: 'd', help: 'Mean.', type: 'gauge', aggregator: 'average', values: [{ value: factor, labels: {} }] },
    { name: 'e', help: 'First.', type: 'gauge', aggregator: 'first', values: [{ value: factor, labels: {} }] },
    { name: 'g_seconds', help: 'Times.', type: 'histogram', values: [{ labels: { route: 'r' }, bounds: [0.1, 1], counts: [factor, 0, 1], sum: 2.5 }, { labels: {}, bounds: [0.1, 1], counts: [0, 0, 0], sum: 0 }] }
  ]
}

/** The same in prom-client's form, which wants each bucket as a value. */
function forPromClient (families: readonly MetricFamily[]): Array<MetricObjectWithValues<MetricValue<string>>> {
  return families.map(family => ({
    aggregator: 'sum',
    ...family,
    values: family.type !== 'histogram'
      ? family.values
      : family.values.flatMap(({ labels, bounds, counts, sum }) => {
        let upTo = 0
        return [
          ...counts.map((count, at) => {
            upTo += count
            return { metricName: `${family.name}_bucket`, labels: { ...labels, le: bounds[at] ?? '+Inf' }, value: upTo }
          }),
          { metricName: `${family.name}_sum`, labels, value: sum },
          { metricName: `${family.name}_count`, labels, value: upTo }
        ]
      })
  }) as unknown as MetricObjectWithValues<MetricValue<string>>)
}

t.test('it is what prom-client writes of the same', async t => {
  for (const processes of [[process(3)], [process(3), process(5)]]) {
    const expected = AggregatorRegistry.aggregate(processes.map(forPromClient))
    const page = render(processes)
    t.same(lines(page.text), lines(await expected.metrics()))
    t.equal(page.type, expected.contentType)
  }
})

t.test('what is no number is written as the format wants it', async t => {
  const { text } = render([[{ name: 'f', help: 'Odd.', type: 'gauge', values: [NaN, -Infinity, Infinity].map((value, x) => ({ value, labels: { x } })) }]])
  t.same(lines(text).slice(2), ['f{x="0"} NaN', 'f{x="1"} -Inf', 'f{x="2"} +Inf'])
})

t.test('requests get their turn while many series are written', async t => {
  const labels = (index: number): Record<string, string> => ({ route: `r${index}` })
  const many: MetricFamily[] = [
    { name: 'a_total', help: 'Many.', type: 'counter', values: Array.from({ length: 5000 }, (_, index) => ({ value: 1, labels: labels(index) })) },
    { name: 'b_seconds', help: 'Many.', type: 'histogram', values: Array.from({ length: 2500 }, (_, index) => ({ labels: labels(index), bounds: [1, 2], counts: [1, 1, 1], sum: 1 })) }
  ]
  let turns = 0
  let clock = 0
  const spread = createSpread({ now: () => clock++, pause: async () => { turns++ } })
  const { text } = await spread(metricsSteps([many]))
  t.ok(turns >= 1000, `${turns} turns`)
  t.equal(lines(Buffer.concat(text).toString()).length, 4 + 5000 + 2500 * 5)
})
