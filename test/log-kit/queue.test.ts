import t from 'tap'
import { BatchQueue, type QueueSettings, Unsendable } from '../../src/log-kit/queue.ts'
import { recordingLog } from '../helpers/recording-log.ts'
import { until } from '../helpers/running.ts'

const SETTINGS: QueueSettings = { max_batch_size: 2, max_coalescing_delay: 0, max_entries: 4, max_bytes: 1024, initial_retry_delay: 0.001, max_retry_delay: 0.002, max_retry_time: 60 }
const log = { warn () {} } as never

t.test('entries are joined to batches, in order, one under way at a time', async t => {
  const batches: Array<readonly string[]> = []
  let running = 0
  const queue = new BatchQueue(SETTINGS, log, async batch => {
    t.equal(++running, 1)
    batches.push(batch)
    await new Promise(resolve => setImmediate(resolve))
    running--
  })
  for (const entry of ['a', 'b', 'c']) queue.add(entry)
  await until('all are sent', () => queue.counts.sent === 3)
  t.same(batches, [['a', 'b'], ['c']])
  await queue.close()
})

t.test('while nobody takes them, the oldest are dropped; when somebody does, the rest arrives', async t => {
  let open = false
  const arrived: string[] = []
  const queue = new BatchQueue(SETTINGS, log, async batch => {
    if (!open) throw new Error('down')
    arrived.push(...batch)
  })
  for (let index = 0; index < 3000; index++) queue.add(`e${index}`)
  t.ok(queue.length <= 4)
  queue.add('x'.repeat(2000))
  t.equal(queue.counts.dropped, 3000 - queue.length - (2) + 1, 'all but those that wait and the two under way')
  open = true
  await until('they arrive', () => queue.counts.sent === 6)
  t.same(arrived.slice(2), ['e2996', 'e2997', 'e2998', 'e2999'])
  queue.configure({ ...SETTINGS, max_bytes: 3 })
  for (const entry of ['aa', 'bb', 'cc']) queue.add(entry)
  await until('one is', () => queue.length === 0)
  t.ok(queue.counts.dropped >= 2995)
  await queue.close()
})

t.test('what can\'t be sent is given up at once, what fails when its time is over; the log says so once', async t => {
  const { lines, log } = recordingLog()
  const hopeless = new BatchQueue(SETTINGS, log as never, async () => { throw new Unsendable('too long') })
  hopeless.add('a')
  await until('it is given up', () => hopeless.counts.failed === 1)
  hopeless.add('b')
  await until('and the next one', () => hopeless.counts.failed === 2)
  t.equal(lines.filter(line => JSON.stringify(line).includes('log entries are lost')).length, 1)
  await hopeless.close()
  t.match(lines.at(-1), { sent: 0, dropped: 0, failed: 2, reason: 'too long' }, 'and how much it was in the end')
  let tries = 0
  const failing = new BatchQueue({ ...SETTINGS, max_retry_time: 0 }, log as never, async () => { tries++; throw new Error('down') })
  failing.add('a')
  await until('it is given up', () => failing.counts.failed === 1)
  t.equal(tries, 1)
})

t.test('a queue that closes sends what waits, and gives up what is in a pause', async t => {
  const arrived: string[] = []
  const queue = new BatchQueue({ ...SETTINGS, max_coalescing_delay: 3600 }, log, async batch => { arrived.push(...batch) })
  queue.add('a')
  await queue.close()
  t.same(arrived, ['a'])
  queue.add('b')
  t.equal(queue.counts.dropped, 1)
  const stuck = new BatchQueue({ ...SETTINGS, initial_retry_delay: 3600, max_retry_delay: 3600, max_retry_time: 3600, max_batch_size: 1 }, log, async () => { throw new Error('down') })
  stuck.add('a')
  await new Promise(resolve => setImmediate(resolve))
  await stuck.close()
  t.equal(stuck.counts.failed + stuck.counts.dropped, 1)
})
