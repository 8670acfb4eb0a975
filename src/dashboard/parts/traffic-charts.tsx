/** Three questions of every morning: how much, how much of it fails, how long does it take. */
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { TrafficView } from '../../admin/api/types.ts'
import { duration, rate, share } from '../lib/format.ts'
import { narrow, usePlace } from '../lib/location.ts'
import { Chart, type Line } from './chart.tsx'

const SPANS: ReadonlyArray<readonly [string, number]> = [['5 min', 5], ['15 min', 15], ['30 min', 30]]

export function TrafficCharts ({ traffic }: { readonly traffic: TrafficView }): JSX.Element {
  const { query } = usePlace()
  const minutes = Number(query['span'] ?? 15)
  const { at, requests, errors, latencies } = useMemo(() => linesOf(traffic, minutes), [traffic, minutes])
  const percent = (value: number): string => share(value, 100)
  return (
    <section aria-label='Traffic over time'>
      <div class='row between'>
        <h2>Traffic</h2>
        <fieldset class='choice'>
          <legend class='sr'>Time shown</legend>
          {SPANS.map(([label, value]) => <label key={label}><input type='radio' name='span' checked={minutes === value} onChange={() => { narrow({ span: String(value) }) }} /><span>{label}</span></label>)}
        </fieldset>
      </div>
      <div class='charts'>
        <Chart title='Requests a second' at={at} lines={requests} format={rate} empty='no requests yet' />
        <Chart title='Errors, share of requests' at={at} lines={errors} format={percent} empty='no requests yet' />
        <Chart title='Latency' at={at} lines={latencies} format={duration} empty='no requests yet' />
      </div>
    </section>
  )
}

/** The last step is not over: it would look like a fall. */
function linesOf ({ step, series }: TrafficView, minutes: number): { readonly at: readonly number[], readonly requests: Line[], readonly errors: Line[], readonly latencies: Line[] } {
  const steps = Math.round(minutes * 60_000 / step)
  const cut = <T,>(list: readonly T[]): readonly T[] => list.slice(0, -1).slice(-steps)
  const perSecond = (list: readonly number[]): number[] => cut(list).map(value => value * 1000 / step)
  const all = cut(series.requests)
  const percentOf = (list: readonly number[]): Array<number | null> => cut(list).map((value, i) => all[i] === 0 ? null : value / (all[i] as number) * 100)
  return {
    at: cut(series.at),
    requests: [
      { label: 'all', colour: '--line-1', fill: true, values: perSecond(series.requests) },
      { label: '4xx', colour: '--line-warn', values: perSecond(series.refused) },
      { label: '5xx', colour: '--line-bad', dash: [5, 3], values: perSecond(series.errors) }
    ],
    errors: [
      { label: '4xx', colour: '--line-warn', values: percentOf(series.refused) },
      { label: '5xx', colour: '--line-bad', dash: [5, 3], values: percentOf(series.errors) }
    ],
    latencies: [
      { label: 'p50', colour: '--line-1', values: cut(series.p50) },
      { label: 'p90', colour: '--line-2', values: cut(series.p90) },
      { label: 'p99', colour: '--line-3', dash: [5, 3], values: cut(series.p99) }
    ]
  }
}
