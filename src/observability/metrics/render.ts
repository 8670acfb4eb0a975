/** Prometheus' text format, version 0.0.4: what all processes and plugins say, added up. */
import type { HistogramValue, MetricFamily, MetricValue } from '../../plugin.ts'
import { bytesSteps, type Steps } from '../../steps.ts'

/** What a scraper gets. */
export interface MetricsPage {
  readonly type: string
  readonly text: readonly Buffer[]
}

type Merge = NonNullable<MetricFamily['aggregator']>

interface Sum {
  value: number
  /** For an average. */
  count: number
}

interface HistogramSum {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum: number
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }

/**
 * Writes down what was collected. Labels are made a text once, which is also what they are merged by; requests get their turn in
 * between. prom-client's registry takes 0.4 s for 2,000 routes, and nobody gets a turn (decision 9).
 */
export function * metricsSteps (lists: ReadonlyArray<readonly MetricFamily[]>): Steps<MetricsPage> {
  const byName = new Map<string, MetricFamily[]>()
  for (const family of lists.flat()) {
    const known = byName.get(family.name)
    if (known === undefined) byName.set(family.name, [family])
    else if (known[0]?.type === family.type) known.push(family)
  }
  const pieces: string[] = []
  for (const [name, families] of byName) {
    const [{ help, type }] = families as [MetricFamily]
    pieces.push(`# HELP ${name} ${help.replace(/[\\\n]/g, escape)}\n# TYPE ${name} ${type}\n`)
    if (type === 'histogram') yield * histograms(name, families, pieces)
    else yield * numbers(name, families, pieces)
  }
  return { type: 'text/plain; version=0.0.4; charset=utf-8', text: yield * bytesSteps(pieces) }
}

function * numbers (name: string, families: readonly MetricFamily[], pieces: string[]): Steps<void> {
  const merge = families[0]?.aggregator ?? 'sum'
  const sums = new Map<string, Sum>()
  for (const { values } of families) {
    for (const { labels, value } of values as readonly MetricValue[]) {
      const text = labelText(labels)
      const known = sums.get(text)
      if (known === undefined) sums.set(text, { value, count: 1 })
      else add(known, value, merge)
      yield
    }
  }
  for (const [text, { value, count }] of sums) {
    pieces.push(`${name}${text === '' ? '' : `{${text}}`} ${numberText(merge === 'average' ? value / count : value)}\n`)
    yield
  }
}

function add (sum: Sum, value: number, merge: Merge): void {
  sum.count++
  if (merge === 'sum' || merge === 'average') sum.value += value
  else if (merge === 'max') sum.value = Math.max(sum.value, value)
  else if (merge === 'min') sum.value = Math.min(sum.value, value)
}

function * histograms (name: string, families: readonly MetricFamily[], pieces: string[]): Steps<void> {
  const sums = new Map<string, HistogramSum>()
  for (const { values } of families) {
    for (const { labels, bounds, counts, sum } of values as readonly HistogramValue[]) {
      const text = labelText(labels)
      const known = sums.get(text)
      if (known === undefined) {
        sums.set(text, { bounds, counts: [...counts], sum })
      } else if (known.bounds.length === bounds.length) {
        for (let at = 0; at < counts.length; at++) known.counts[at] = (known.counts[at] as number) + (counts[at] as number)
        known.sum += sum
      }
      yield
    }
  }
  for (const [text, { bounds, counts, sum }] of sums) {
    const before = text === '' ? '' : `${text},`
    const after = text === '' ? '' : `{${text}}`
    let upTo = 0
    let piece = ''
    for (let at = 0; at <= bounds.length; at++) {
      upTo += counts[at] as number
      piece += `${name}_bucket{${before}le="${at === bounds.length ? '+Inf' : bounds[at]}"} ${upTo}\n`
    }
    pieces.push(`${piece}${name}_sum${after} ${numberText(sum)}\n${name}_count${after} ${upTo}\n`)
    yield
  }
}

function labelText (labels: MetricValue['labels']): string {
  let text = ''
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${String(labels[name]).replace(/[\\\n"]/g, escape)}"`
  return text
}

function escape (character: string): string {
  return ESCAPED[character] as string
}

function numberText (value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
