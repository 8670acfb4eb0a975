/** Counters in memory that a real Redis is told of. */
import t from 'tap'
import type { Test } from 'tap'
import type { CounterWindow, WindowType } from '../../src/stores/counters.ts'
import { connectRedis } from '../../src/stores/redis/connect.ts'
import { NotSent, RedisCounters } from '../../src/stores/redis/redis-counters.ts'
import { type SharedTotals, SyncedCounters, type SyncSettings } from '../../src/stores/synced-counters.ts'
import { UnsentCounts } from '../../src/stores/unsent-counts.ts'
import { freePort } from '../helpers/free-port.ts'
import { startRedis } from '../helpers/redis.ts'
import { until } from '../helpers/running.ts'

const YEAR: CounterWindow[] = [{ period: 'year', limit: 10 }]
/** Of what was gathered of a key in the first window. */
const costOf = (counts: Float64Array): number => (counts[1] as number) + (counts[2] as number)
/** Rounds are made by the test. */
const NEVER = 2_000_000_000

function settings (more: Partial<SyncSettings> = {}): SyncSettings & { lines: string[] } {
  const lines: string[] = []
  const log = { warn: (...args: unknown[]) => { lines.push(String(args.at(-1))) }, info: (...args: unknown[]) => { lines.push(String(args.at(-1))) } } as unknown as SyncSettings['log']
  return { most: 10_000, interval: NEVER, onStoreError: 'local', processes: 1, log, lines, ...more }
}

async function process (t: Test, port: number, { type = 'fixed', now = Date.now, more = {} }: { type?: WindowType, now?: () => number, more?: Partial<SyncSettings> } = {}): Promise<{ counters: SyncedCounters, lines: string[] }> {
  const client = connectRedis({ host: '127.0.0.1', port, database: 0, timeout: 5000, ssl: false, ssl_verify: true })
  t.teardown(() => client.disconnect())
  const shared = new RedisCounters({ client, type, prefix: 'sallyport:test' })
  await until('Redis is reached', async () => await shared.reachable())
  const all = settings(more)
  const counters = new SyncedCounters({ shared, type, now, release: () => client.disconnect() }, all)
  return { counters, lines: all.lines }
}

const take = (counters: SyncedCounters, times: number, key = 'a', windows = YEAR): number =>
  Array.from({ length: times }, () => counters.take(key, windows, 1, 'admitted')).filter(({ admitted }) => admitted).length

t.test('each process admits what it believes is left, and learns at the next round what the others admitted', async t => {
  for (const type of ['fixed', 'sliding', 'gcra'] as const) {
    const { port } = await startRedis(t)
    const [one, two, three] = [await process(t, port, { type }), await process(t, port, { type }), await process(t, port, { type })]
    t.same([take(one.counters, 4), take(two.counters, 3), take(three.counters, 1)], [4, 3, 1])
    await one.counters.sync()
    await two.counters.sync()
    t.equal(take(two.counters, 9), 3, `${type}: 10 less the 4 and the 3`)
    t.equal(take(one.counters, 9), 6, `${type}: it has not heard of the 3`)
    await two.counters.sync()
    await three.counters.sync()
    t.equal(take(three.counters, 9), 0, `${type}: overrun, by what was admitted between two rounds`)
    await one.counters.sync()
    const left = one.counters.take('a', YEAR, 1, 'never')
    t.match(left, { admitted: false, usage: [{ remaining: 0 }] })
  }
})

t.test('what is counted while a round is under way is not lost', async t => {
  let answer: (numbers: Float64Array[]) => void = () => {}
  const told: unknown[] = []
  const shared: SharedTotals = {
    forget: async () => 0,
    reachable: async () => true,
    add: async spent => {
      told.push(spent.map(([key, counts]) => [key, costOf(counts)]))
      return { now: Date.now(), numbers: await new Promise<Float64Array[]>(resolve => { answer = resolve }) }
    }
  }
  const counters = new SyncedCounters({ shared, type: 'fixed', now: Date.now, release: () => {} }, settings())
  take(counters, 2)
  const round = counters.sync()
  take(counters, 1)
  t.equal(counters.sync() instanceof Promise, true)
  const end = Date.UTC(new Date().getUTCFullYear() + 1, 0)
  answer([new Float64Array([end, 5, 0])])
  await round
  t.match(counters.take('a', YEAR, 1, 'never'), { usage: [{ remaining: 4 }] }, '10 less the 5 of all and the one since')
  const next = counters.close()
  await until('it tells', () => told.length === 2)
  answer([new Float64Array([end, 6, 0])])
  await next
  t.same(told, [[['a', 2]], [['a', 1]]])
})

t.test('windows are those of the clock of Redis', async t => {
  const { port } = await startRedis(t)
  // this process is four days behind: its months may be another one, the day surely is
  const late = await process(t, port, { now: () => Date.now() - 4 * 86_400_000 })
  const right = await process(t, port)
  const windows: CounterWindow[] = [{ period: 'day', limit: 10 }]
  take(right.counters, 6, 'a', windows)
  await right.counters.sync()
  take(late.counters, 1, 'a', windows)
  await late.counters.sync()
  t.equal(take(late.counters, 9, 'a', windows), 3)
})

t.test('while Redis is down it counts on, by its share; then Redis hears all of it', async t => {
  const port = await freePort()
  const first = await startRedis(t, [], port)
  const { counters, lines } = await process(t, port, { more: { processes: 2 } })
  t.equal(take(counters, 2), 2)
  await counters.sync()
  await first.stop()
  await until('it is noticed', async () => {
    take(counters, 1, 'other')
    await counters.sync()
    return lines.length > 0
  })
  t.same(lines, ['the store of limits does not answer'])
  t.equal(take(counters, 9), 3, 'a half of 10, of which 2 were spent')
  await startRedis(t, [], port)
  await until('it is back', async () => {
    await counters.sync()
    return lines.length === 2
  })
  t.equal(lines[1], 'the store of limits answers again')
  const { counters: other } = await process(t, port)
  take(other, 1)
  await other.sync()
  t.match(other.take('a', YEAR, 1, 'never').usage, [{ remaining: 6 }], 'the 3, and the one of the other process; the 2 went with the old Redis')
})

t.test('nothing is sent twice that may have arrived, and what surely has not is kept', async t => {
  const told: Array<[string, number]> = []
  let error: Error | null = new NotSent()
  const shared: SharedTotals = {
    forget: async () => 0,
    reachable: async () => true,
    add: async spent => {
      if (error !== null) throw error
      told.push(...spent.map(([key, counts]): [string, number] => [key, costOf(counts)]))
      return { now: Date.now(), numbers: spent.map(() => new Float64Array(3)) }
    }
  }
  const counters = new SyncedCounters({ shared, type: 'fixed', now: Date.now, release: () => {} }, settings())
  take(counters, 2, 'kept')
  await counters.sync()
  error = new Error('Command timed out')
  take(counters, 1, 'kept')
  await counters.sync()
  error = null
  take(counters, 1, 'new')
  await counters.sync()
  t.same(told, [['new', 1]])
  error = new NotSent()
  take(counters, 3, 'later')
  await counters.sync()
  error = null
  await counters.sync()
  t.same(told, [['new', 1], ['later', 3]])
  await counters.close()
})

t.test('deny refuses and allow admits, once a round has failed', async t => {
  const shared: SharedTotals = { forget: async () => 0, reachable: async () => false, add: async () => { throw new NotSent() } }
  for (const onStoreError of ['deny', 'allow'] as const) {
    const counters = new SyncedCounters({ shared, type: 'fixed', now: Date.now, release: () => {} }, settings({ onStoreError }))
    t.equal(take(counters, 1), 1)
    await counters.sync()
    await counters.sync()
    if (onStoreError === 'deny') t.throws(() => counters.take('a', YEAR, 1, 'admitted'), { code: 'SP_STORE_UNAVAILABLE' })
    else t.equal(take(counters, 20), 20)
    counters.configure(settings({ onStoreError: 'local', processes: 5 }))
    t.equal(take(counters, 20), 1, 'a fifth of 10, of which one was spent')
    await counters.close()
  }
})

t.test('rounds come by themselves; another interval counts from a reload on', async t => {
  let rounds = 0
  const shared: SharedTotals = {
    forget: async () => 0,
    reachable: async () => true,
    add: async spent => {
      rounds++
      return { now: Date.now(), numbers: spent.map(() => new Float64Array(3)) }
    }
  }
  const counters = new SyncedCounters({ shared, type: 'fixed', now: Date.now, release: () => {} }, settings())
  counters.configure(settings({ interval: 5 }))
  counters.configure(settings({ interval: 5 }))
  await until('several rounds', () => {
    take(counters, 1, String(rounds))
    return rounds > 2
  })
  await counters.close()
  t.ok(rounds > 2)
})

t.test('more keys than are remembered are told of at once', async t => {
  const told = new Set<string>()
  const shared: SharedTotals = {
    forget: async () => 0,
    reachable: async () => true,
    add: async spent => {
      for (const [key] of spent) told.add(key)
      return { now: Date.now(), numbers: spent.map(() => new Float64Array(3)) }
    }
  }
  const counters = new SyncedCounters({ shared, type: 'fixed', now: Date.now, release: () => {} }, settings({ most: 100_000 }))
  for (let key = 0; key < 50_000; key++) take(counters, 1, String(key))
  await until('all are told', () => told.size === 50_000)
  await counters.close()
  t.equal(told.size, 50_000)
})

t.test('counts that nobody can be told of take no more memory than they may', t => {
  const unsent = new UnsentCounts('fixed')
  for (let key = 0; key < 60_000; key++) unsent.add(String(key), YEAR, 1, 0)
  unsent.restore('one more', YEAR, new Float64Array(3))
  t.equal(unsent.size, 50_000)
  unsent.add('1', YEAR, 2, 0)
  t.equal(costOf(unsent.of('1', YEAR) as Float64Array), 3)
  t.equal(unsent.of('59999', YEAR), undefined)
  t.equal(unsent.drain(20_000).map(({ gathered }) => gathered.length).join(), '20000,20000,10000')
  t.equal(unsent.size, 0)
  t.end()
})

t.test('a key that is forgotten is so in Redis, in this process and in what was to be told', async t => {
  const { port } = await startRedis(t)
  const [one, two] = [await process(t, port), await process(t, port)]
  take(one.counters, 4)
  await one.counters.sync()
  take(one.counters, 2)
  take(one.counters, 1, 'b')
  t.equal(await one.counters.forget('a', [null], YEAR), 1)
  await one.counters.sync()
  t.match(one.counters.take('a', YEAR, 0, 'never'), { usage: [{ remaining: 10 }] })
  t.match(one.counters.take('b', YEAR, 0, 'never'), { usage: [{ remaining: 9 }] })
  take(two.counters, 1)
  await two.counters.sync()
  t.match(two.counters.take('a', YEAR, 0, 'never'), { usage: [{ remaining: 9 }] }, 'others hear of it at their next round')
})

t.test('what is told late is told with the bucket in which it was counted, also where telling has failed meanwhile', async t => {
  let now = 1_800_000_030_000
  let error: Error | null = null
  const told: number[][] = []
  const shared: SharedTotals = {
    forget: async () => 0,
    reachable: async () => true,
    add: async spent => {
      if (error !== null) throw error
      told.push(...spent.map(([, counts]) => [...counts]))
      // a clock that is an hour ahead of ours
      return { now: now + 3_600_000, numbers: spent.map(() => new Float64Array(3)) }
    }
  }
  const minute: CounterWindow[] = [{ period: 'minute', limit: 100 }]
  const start = now - 30_000 + 3_600_000
  for (const type of ['sliding', 'fixed'] as const) {
    now = 1_800_000_030_000
    told.length = 0
    const counters = new SyncedCounters({ shared, type, now: () => now, release: () => {} }, settings())
    take(counters, 1, 'a', minute)
    await counters.sync()
    t.same(told.pop(), type === 'fixed' ? [0, 1, 0] : [0, 0, 1], 'before anything is known of the other clock: just now')
    take(counters, 2, 'a', minute)
    error = new NotSent()
    await counters.sync()
    now += 60_000
    take(counters, 3, 'a', minute)
    await counters.sync()
    error = null
    now += 60_000
    await counters.sync()
    t.same(told.pop(), type === 'fixed' ? [start + 120_000, 3, 0] : [start + 180_000, 2, 3], type)
    await counters.close()
  }
})
