import { constants, monitorEventLoopDelay, PerformanceObserver, type PerformanceEntry, type IntervalHistogram, type NodeGCPerformanceDetail } from 'node:perf_hooks'
import type { MetricFamily } from '../../plugin.ts'

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
  readonly #gc = new Map<string, { count: number, seconds: number }>()

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
    const quantile = (share: number): { value: number, labels: { quantile: string } } => ({ value: late(this.#delay.percentile(share * 100)), labels: { quantile: String(share) } })
    const families: MetricFamily[] = [
      { name: 'process_cpu_seconds_total', help: 'CPU time of the processes that serve traffic, by kind.', type: 'counter', values: [{ value: user / 1e6, labels: { mode: 'user' } }, { value: system / 1e6, labels: { mode: 'system' } }] },
      { name: 'nodejs_eventloop_delay_seconds', help: 'How late the event loop came to what was due since the last scrape, in the worst of the processes.', type: 'gauge', aggregator: 'max', values: [quantile(0.5), quantile(0.9), quantile(0.99), { value: late(this.#delay.max), labels: { quantile: '1' } }] },
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
