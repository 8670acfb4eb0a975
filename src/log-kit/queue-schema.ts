import { Type } from 'typebox'

/** Options of a {@link BatchQueue}. @param batch entries that are sent together by default */
export function queueOptions (batch: number) {
  const seconds = (title: string, description: string, value: number, example: number) => Type.Number({ title, description, minimum: 0, maximum: 3600, default: value, examples: [example] })
  return Type.Object({
    max_batch_size: Type.Integer({ title: 'Batch', description: 'Most entries that are sent together.', minimum: 1, maximum: 100000, default: batch, examples: [200] }),
    max_coalescing_delay: seconds('Delay', 'Seconds that an entry waits for company.', 1, 5),
    max_entries: Type.Integer({ title: 'Most entries', description: 'Entries that may wait; the oldest are dropped for those on top.', minimum: 1, maximum: 1000000, default: 10000, examples: [50000] }),
    max_bytes: Type.Integer({ title: 'Most bytes', description: 'Bytes that may wait; the oldest entries are dropped for those on top.', minimum: 1024, maximum: 1073741824, default: 16777216, examples: [67108864] }),
    initial_retry_delay: seconds('First pause', 'Seconds before a batch is tried again; doubled each time.', 0.01, 0.5),
    max_retry_delay: seconds('Longest pause', 'Seconds between two tries at most.', 60, 10),
    max_retry_time: seconds('Time for retries', 'Seconds after which a batch is given up; 0: it is tried once.', 60, 300)
  }, {
    title: 'Queue',
    description: 'What waits to be sent: how much, and for how long.',
    additionalProperties: false,
    default: {},
    examples: [{ max_batch_size: 100, max_coalescing_delay: 2 }]
  })
}
