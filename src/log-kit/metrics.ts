import type { MetricFamily } from '../plugin-operations.ts'
import type { QueueCounts } from './queue.ts'

/** What takes log lines elsewhere, as far as metrics go. */
export interface Counted {
  readonly counts: QueueCounts
  readonly length: number
}

/** What became of log entries, for all entries of a plugin. Several plugins share the metric. */
export function * logMetrics (plugin: string, queues: readonly Counted[]): Generator<MetricFamily> {
  const sums: QueueCounts = { sent: 0, dropped: 0, failed: 0 }
  let waiting = 0
  // entries may share one
  for (const { counts, length } of new Set(queues)) {
    sums.sent += counts.sent
    sums.dropped += counts.dropped
    sums.failed += counts.failed
    waiting += length
  }
  yield {
    name: 'sallyport_log_entries_total',
    help: 'Entries of log plugins: sent, dropped for want of room, or failed for good.',
    type: 'counter',
    values: (Object.keys(sums) as Array<keyof QueueCounts>).map(outcome => ({ value: sums[outcome], labels: { plugin, outcome } }))
  }
  yield { name: 'sallyport_log_entries_waiting', help: 'Entries of log plugins that wait to be sent.', type: 'gauge', values: [{ value: waiting, labels: { plugin } }] }
}
