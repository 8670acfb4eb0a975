import { constants, monitorEventLoopDelay, PerformanceObserver, type PerformanceEntry, type IntervalHistogram, type NodeGCPerformanceDetail } from 'node:perf_hooks'
import type { MetricFamily, MetricValue } from '../../plugin.ts'

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 20
const NANOSECONDS = 1e9

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb'
}

/** How this process fares, by the names that prom-client gives them. It measures from its first scrape on: without one it costs nothing. */
export class RuntimeMetrics {
  readonly #delay: IntervalHistogram
  readonly #observer: PerformanceObserver
  /** From 0 on: of a series that begins with its first value, `rate()` misses that one. */
  readonly #gc = new Map(Object.values(GC_KINDS).map(kind => [kind, { count: 0, seconds: 0 }]))

  constructor () {
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION })
    this.#delay.enable()
    this.#observer = new PerformanceObserver(list => {
      for (const entry of list.getEntries()) {
        const kind = GC_KINDS[(entry as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }).detail.kind ?? 0] ?? 'other'
        const known = this.#gc.get(kind) ?? { count: 0, seconds: 0 }
        this.#gc.set(kind, { count: known.count + 1, seconds: known.seconds + entry.duration / 1000 })
      }
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** Delays are those since the last call. */
  families (): MetricFamily[] {
    const { user, system } = process.cpuUsage()
    const late = (nanoseconds: number): number => this.#delay.count === 0 ? 0 : Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION / 1000)
    // Prometheus keeps the label `quantile` for summaries
    const delay = (percentile: number): MetricValue => ({ value: late(percentile === 100 ? this.#delay.max : this.#delay.percentile(percentile)), labels: { percentile } })
    const families: MetricFamily[] = [
      { name: 'process_cpu_seconds_total', help: 'CPU time of the processes that serve traffic, by kind.', type: 'counter', values: [{ value: user / 1e6, labels: { mode: 'user' } }, { value: system / 1e6, labels: { mode: 'system' } }] },
      { name: 'nodejs_eventloop_delay_seconds', help: 'How late the event loop came to what was due since the last scrape, in the worst of the processes.', type: 'gauge', aggregator: 'max', values: [50, 90, 99, 100].map(delay) },
      { name: 'nodejs_gc_seconds_total', help: 'Time in garbage collection.', type: 'counter', values: [...this.#gc].map(([kind, { seconds }]) => ({ value: seconds, labels: { kind } })) },
      { name: 'nodejs_gc_runs_total', help: 'Garbage collections.', type: 'counter', values: [...this.#gc].map(([kind, { count }]) => ({ value: count, labels: { kind } })) }
    ]
    this.#delay.reset()
    return families
  }

  close (): void {
    this.#delay.disable()
    this.#observer.disconnect()
  }
}
