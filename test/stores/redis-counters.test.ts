/** Counters in a real Redis, against those in memory: the same decisions, by the clock of Redis. */
import fc from 'fast-check'
import t from 'tap'
import { ALGORITHMS } from '../../src/stores/algorithms/usage.ts'
import type { CounterWindow, Order, WindowType } from '../../src/stores/counters.ts'
import { endOfWindow } from '../../src/stores/periods.ts'
import { Answer, argumentsOf, lateArguments, type Question } from '../../src/stores/redis/answers.ts'
import { connectRedis, type RedisSettings } from '../../src/stores/redis/connect.ts'
import { orderArguments, settlement } from '../../src/stores/redis/orders.ts'
import { LATE_SCRIPT } from '../../src/stores/redis/late-script.ts'
import { ORDER_SCRIPT } from '../../src/stores/redis/order-script.ts'
import { RedisCounters } from '../../src/stores/redis/redis-counters.ts'
import { UnsentCounts } from '../../src/stores/unsent-counts.ts'
import { MemoryCounters } from '../../src/stores/memory-counters.ts'
import { COUNTER_SCRIPT } from '../../src/stores/redis/counter-script.ts'
import { holds } from '../helpers/holds.ts'
import { startRedis } from '../helpers/redis.ts'
import { until } from '../helpers/running.ts'

const settings = (port: number, more: Partial<RedisSettings> = {}): RedisSettings => ({ host: '127.0.0.1', port, database: 0, timeout: 5000, ssl: false, ssl_verify: true, ...more })

t.test('a real Redis', async t => {
  const { port } = await startRedis(t, ['--requirepass', 'default-password', '--user', 'limits', 'on', '>limits-password', '~sallyport:*', '+@all', '-@admin'])
  const client = connectRedis(settings(port, { username: 'limits', password: 'limits-password', database: 3 }))
  t.teardown(() => client.disconnect())
  const counters = (type: WindowType): RedisCounters => new RedisCounters({ client, type, prefix: 'sallyport:test' })
  await until('the client is connected', async () => await counters('fixed').reachable())

  t.test('decides as the memory does, at any time of the clock', async t => {
    let run = 0
    // the script with a clock that the test sets, by which Redis itself would have dropped what it holds
    const script = COUNTER_SCRIPT.replace("redis.call('TIME')", 'cjson.decode(table.remove(ARGV))').replace(/if later and .*/, '')
    const trace = fc.array(fc.record({ pause: fc.integer({ min: 0, max: 40_000 }), cost: fc.integer({ min: 1, max: 4 }), counting: fc.constantFrom('admitted', 'always', 'never') }), { minLength: 1, maxLength: 25 })
    const periods = ['second', 'minute', 'day', 'month', 'year'] as const
    await holds(t, fc.asyncProperty(fc.constantFrom<WindowType>('fixed', 'sliding', 'gcra'), fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), trace, async (type, start, steps) => {
      let now = start.getTime()
      const memory = new MemoryCounters({ type, most: 1000, now: () => now })
      const key = `sallyport:test:${run++}`
      const windows: CounterWindow[] = periods.map((period, index) => ({ period, limit: 3 + 5 * index }))
      for (const { pause, cost, counting } of steps) {
        now += pause
        const expected = memory.take('key', windows, cost, counting)
        // a second group, another client's, in the same call: nobody gets the other's answer
        const question = { windows, counting, size: 1, names: [key, `${key}:other`], costs: [cost, 1] } as const satisfies Question
        const args = argumentsOf(type, question) as [number, ...string[]]
        const answer = new Answer(await client.eval(script, ...args, JSON.stringify([Math.floor(now / 1000), now % 1000 * 1000])))
        const decision = answer.decision(ALGORITHMS[type], question, cost)
        const found = decision.usage
        if (answer.decision(ALGORITHMS[type], question, 1).admitted !== memory.take('other', windows, 1, counting).admitted) return false
        if (decision.admitted !== expected.admitted) return false
        for (const [index, one] of expected.usage.entries()) {
          const other = found[index]
          if (other === undefined || other.wait !== one.wait || Math.abs((other.remaining ?? NaN) - one.remaining) > 1e-5 || Math.abs((other.reset ?? NaN) - one.reset) > 0.01) return false
        }
      }
      return true
    }), { numRuns: 60 })
  })

  t.test('counts that are told late fall on the windows in which they were counted', async t => {
    let run = 0
    const script = LATE_SCRIPT.replace("redis.call('TIME')", 'cjson.decode(table.remove(ARGV))').replace(/if later and .*/, '')
    const step = fc.record({ pause: fc.integer({ min: 0, max: 900 }), process: fc.integer({ min: 0, max: 1 }), cost: fc.integer({ min: 0, max: 4 }) })
    await holds(t, fc.asyncProperty(fc.constantFrom<WindowType>('fixed', 'sliding', 'gcra'), fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), fc.array(step, { minLength: 2, maxLength: 30 }), async (type, start, steps) => {
      // buckets that leak: longer ones than the trace, with limits that are reached
      const windows = (type === 'gcra' ? ['minute', 'month'] as const : ['second', 7, 'minute', 'month'] as const).map((period): CounterWindow => ({ period, limit: type === 'gcra' ? 20 : 1e6 }))
      let now = start.getTime()
      const key = `sallyport:late:${run++}`
      const processes = [new UnsentCounts(type), new UnsentCounts(type)]
      // what all of them would hold that are told of each cost at once
      const prompt = new MemoryCounters({ type, most: 1000, now: () => now })
      let numbers: Float64Array = new Float64Array(0)
      async function tell (unsent: UnsentCounts): Promise<void> {
        const gathered = unsent.drain(10).flatMap(piece => piece.gathered)
        const counts = gathered.length > 0 ? gathered.map(([, one]) => one) : [new Float64Array(3 * windows.length)]
        const args = lateArguments(type, windows, [key], counts) as [number, ...string[]]
        const answer = new Answer(await client.eval(script, ...args, JSON.stringify([Math.floor(now / 1000), now % 1000 * 1000])))
        if (answer.now !== now) throw new Error('it has another clock')
        numbers = answer.numbers(windows.length)
      }
      for (const { pause, process, cost } of steps) {
        now += pause
        const unsent = processes[process] as UnsentCounts
        if (cost === 0) await tell(unsent)
        else {
          if (prompt.take('key', windows, cost, 'admitted').admitted) unsent.add('key', windows, cost, now)
        }
      }
      for (const unsent of processes) await tell(unsent)
      const late = new MemoryCounters({ type, most: 1000, now: () => now })
      late.adopt('key', windows, numbers, undefined)
      const [told, expected] = [late, prompt].map(one => one.take('key', windows, 0, 'never').usage)
      return windows.every((_, index) => {
        const [one, other] = [told?.[index]?.remaining ?? NaN, expected?.[index]?.remaining ?? NaN]
        // nothing is missing in a bucket that leaks; it may leak less
        return type === 'gcra' ? one <= other + 1e-4 : Math.abs(one - other) < 1e-4
      })
    }), { numRuns: 100 })
  })

  t.test('decides about several limits of a client as the memory does, at any time of the clock', async t => {
    let run = 0
    const script = ORDER_SCRIPT.replace("redis.call('TIME')", 'cjson.decode(table.remove(ARGV))').replace(/if later and .*/, '')
    const trace = fc.array(fc.record({ pause: fc.integer({ min: 0, max: 40_000 }), video: fc.integer({ min: 0, max: 3 }), image: fc.integer({ min: 0, max: 3 }), spending: fc.constantFrom('while-left', 'while-left', 'never') }), { minLength: 1, maxLength: 25 })
    await holds(t, fc.asyncProperty(fc.constantFrom<WindowType>('fixed', 'sliding', 'gcra'), fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), trace, async (type, start, steps) => {
      let now = start.getTime()
      const memory = new MemoryCounters({ type, most: 1000, now: () => now })
      const name = `sallyport:test:orders:${run++}`
      for (const { pause, video, image, spending } of steps) {
        now += pause
        const orders: Order[] = [
          { name: 'video', windows: [{ period: 'minute', limit: 4 }, { period: 'month', limit: 30 }], cost: video },
          { name: 'image', windows: [{ period: 'minute', limit: 0.5 }, { period: 'year', limit: 50 }], cost: image }
        ]
        const expected = memory.spend('key', orders, spending)
        const args = orderArguments(type, name, orders, spending) as [number, ...string[]]
        const answer = new Answer(await client.eval(script, ...args, JSON.stringify([Math.floor(now / 1000), now % 1000 * 1000])))
        const found = settlement(answer, ALGORITHMS[type], orders, spending)
        if (found.admitted !== expected.admitted) return false
        for (const [index, usage] of expected.usages.entries()) {
          for (const [place, one] of usage.entries()) {
            const other = found.usages[index]?.[place]
            if (other === undefined || other.wait !== one.wait || Math.abs(other.remaining - one.remaining) > 1e-5 || Math.abs(other.reset - one.reset) > 0.01) return false
          }
        }
      }
      return true
    }), { numRuns: 60 })
    const store = counters('sliding')
    const orders = (cost: number): Order[] => [{ name: 'video', windows: [{ period: 'year', limit: 3 }], cost }, { name: 'image', windows: [{ period: 'hour', limit: 5 }, { period: 'year', limit: 50 }], cost: 1 }]
    t.match(await Promise.all([store.spend('bob', orders(2), 'while-left'), store.spend('bob', orders(9), 'while-left'), store.spend('bob', orders(1), 'while-left'), store.spend('ann', orders(0), 'never')]), [
      { admitted: true, usages: [[{ remaining: 1 }], [{ remaining: 4 }, { remaining: 49 }]] },
      { admitted: true, usages: [[{ remaining: 0 }], [{ remaining: 3 }, { remaining: 48 }]] },
      { admitted: false, usages: [[{ remaining: 0 }], [{ remaining: 3 }, { remaining: 48 }]] },
      { admitted: true, usages: [[{ remaining: 3 }], [{ remaining: 5 }, { remaining: 50 }]] }
    ])
    await t.rejects(new RedisCounters({ client: { status: 'end' } as never, type: 'fixed', prefix: 'x' }).spend('a', orders(1), 'never'), { message: 'there is no connection to Redis' })
  })

  t.test('counts for all of its clients, by the clock of Redis, and forgets in time', async t => {
    const store = counters('fixed')
    const windows: CounterWindow[] = [{ period: 'hour', limit: 10 }, { period: 'month', limit: 100 }]
    const other = connectRedis(settings(port, { username: 'limits', password: 'limits-password', database: 3 }))
    t.teardown(() => other.disconnect())
    await until('connected', async () => await new RedisCounters({ client: other, type: 'fixed', prefix: 'x' }).reachable())
    const all = await Promise.all(Array.from({ length: 40 }, async (_, index) => await (index % 2 === 0 ? store : new RedisCounters({ client: other, type: 'fixed', prefix: 'sallyport:test' })).take('secret-api-key', windows, 1, 'admitted')))
    t.equal(all.filter(decision => decision.admitted).length, 10)
    const keys = await client.keys('*secret*')
    t.same(keys, [], 'what clients send is not to be read in Redis')
    const [key = ''] = await client.keys('sallyport:test:fixed:*')
    const expires = Date.now() + await client.pttl(key)
    t.ok(Math.abs(expires - endOfWindow('month', Date.now())) < 5000)
  })

  t.test('several keys are decided about at once: what one refuses is counted for none', async t => {
    const memory = new MemoryCounters({ type: 'gcra', most: 1000, now: Date.now })
    for (const store of [counters('gcra'), memory]) {
      const minute: CounterWindow[] = [{ period: 'year', limit: 3 }]
      const both = async (address: string, account: string): Promise<unknown> => {
        const { admitted, usage: [usage] } = await store.take([address, account], minute, 1, 'admitted')
        return [admitted, Math.floor(usage?.remaining as number)]
      }
      t.same(await Promise.all([both('ip:1', 'ann'), both('ip:2', 'ann'), both('ip:1', 'bob')]), [[true, 2], [true, 1], [true, 1]])
      t.same(await both('ip:1', 'ann'), [true, 0])
      t.same(await both('ip:2', 'ann'), [false, 0])
      t.same(await both('ip:2', 'cat'), [true, 1], 'the refused one was not counted for its address')
      t.same(await both('ip:1', 'cat'), [false, 0])
      t.same(await both('ip:3', 'cat'), [true, 1], 'nor for its account')
    }
  })

  t.test('an answer that can\'t be read refuses nobody twice', async t => {
    const broken = { status: 'ready', evalsha: async () => ['now'], ping: async () => { throw new Error('no') } } as unknown as ReturnType<typeof connectRedis>
    const store = new RedisCounters({ client: broken, type: 'fixed', prefix: 'sallyport' })
    const decision = await store.take('a', [{ period: 'year', limit: 3 }], 1, 'admitted')
    t.equal(decision.admitted, false, 'what is not said to be admitted is not')
    t.equal(await store.reachable(), false)
    const mute = { status: 'ready', evalsha: async () => null } as unknown as ReturnType<typeof connectRedis>
    await t.rejects(new RedisCounters({ client: mute, type: 'fixed', prefix: 'sallyport' }).take('a', [{ period: 'year', limit: 3 }], 1, 'admitted'))
  })

  t.test('a Redis that has forgotten the script is told again', async t => {
    const admin = connectRedis(settings(port, { password: 'default-password' }))
    t.teardown(() => admin.disconnect())
    await until('connected', async () => await new RedisCounters({ client: admin, type: 'fixed', prefix: 'x' }).reachable())
    await admin.script('FLUSH')
    t.match(await counters('gcra').take('a', [{ period: 'minute', limit: 3 }], 4, 'admitted'), { admitted: false, usage: [{ remaining: 3, wait: Infinity }] })
    t.match(await counters('gcra').take('a', [{ period: 'minute', limit: 3 }], 3, 'admitted'), { admitted: true, usage: [{ remaining: 0, wait: 0 }] })
  })

  t.test('whom Redis does not let in is told so', async t => {
    const stranger = connectRedis(settings(port, { username: 'limits', password: 'wrong', timeout: 300 }))
    t.teardown(() => stranger.disconnect())
    t.equal(await new RedisCounters({ client: stranger, type: 'fixed', prefix: 'sallyport' }).reachable(), false)
    await t.rejects(new RedisCounters({ client: stranger, type: 'fixed', prefix: 'sallyport' }).take('a', [{ period: 'minute', limit: 1 }], 1, 'admitted'))
  })
})
