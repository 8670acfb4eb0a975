/** Names over time, in simulated time. */
import t from 'tap'
import type { LookUpAnswer, ResolvedAddress } from '../../../src/upstream/dns/look-up.ts'
import { Names } from '../../../src/upstream/dns/names.ts'

function at (host: string, more: Partial<ResolvedAddress> = {}): ResolvedAddress {
  return { host, port: null, weight: null, srvName: null, failover: false, ...more }
}

/** A clock, and answers that a test gives one by one. */
function world (random = 0) {
  let now = 0
  let timers: Array<{ at: number, run: () => void }> = []
  const asked: Array<{ name: string, at: number, service: boolean }> = []
  const failures: Array<[string, boolean]> = []
  const state: { answer: () => Promise<LookUpAnswer> } = { answer: async () => ({ addresses: [], ttl: 60 }) }
  const names = new Names({
    lookUp: async (name, service) => {
      asked.push({ name, at: now, service })
      return await state.answer()
    },
    now: () => now,
    later (run, milliseconds) {
      const timer = { at: now + milliseconds, run }
      timers.push(timer)
      return () => { timers = timers.filter(one => one !== timer) }
    },
    random: () => random,
    failed: (name, error) => { failures.push([name, error !== null]) }
  })
  return {
    names,
    asked,
    failures,
    gives: (addresses: readonly ResolvedAddress[], ttl = 60) => { state.answer = async () => ({ addresses, ttl }) },
    fails: () => { state.answer = async () => { throw new Error('SERVFAIL') } },
    never: () => { state.answer = async () => await new Promise(() => {}) },
    get timers () { return timers.length },
    /** Lets time pass, timer by timer. */
    async pass (milliseconds: number): Promise<void> {
      const end = now + milliseconds
      await new Promise(resolve => setImmediate(resolve))
      for (;;) {
        const next = timers.filter(timer => timer.at <= end).sort((one, other) => one.at - other.at)[0]
        if (next === undefined) break
        timers = timers.filter(timer => timer !== next)
        now = next.at
        next.run()
        await new Promise(resolve => setImmediate(resolve))
      }
      now = end
    }
  }
}

t.test('an answer is asked for again when it has expired, and changes are told', async t => {
  const { names, asked, gives, pass } = world()
  gives([at('10.0.0.2'), at('10.0.0.1')], 30)
  let told = 0
  const watch = names.watch('a.test', () => { told++ })
  await watch.ready
  t.strictSame(watch.addresses.map(({ host }) => host), ['10.0.0.1', '10.0.0.2'])
  t.equal(told, 1)
  await pass(29_999)
  t.equal(asked.length, 1)
  gives([at('10.0.0.1'), at('10.0.0.2')], 10)
  await pass(1)
  t.equal(asked.length, 2)
  t.equal(told, 1, 'another order is no change')
  gives([at('10.0.0.3')])
  await pass(10_000)
  t.strictSame(watch.addresses.map(({ host }) => host), ['10.0.0.3'])
  t.equal(told, 2)
  watch.close()
})

t.test('a TTL of 0 is asked for once a second, one of a year once an hour', async t => {
  const { names, asked, gives, pass } = world()
  gives([at('10.0.0.1')], 0)
  names.watch('a.test', () => {})
  await pass(10_500)
  t.equal(asked.length, 11)
  gives([at('10.0.0.1')], 31_536_000)
  await pass(1000)
  await pass(3_599_000)
  t.equal(asked.length, 12)
  await pass(1500)
  t.equal(asked.length, 13)
})

t.test('up to a tenth of the time is left out, by chance', async t => {
  const { names, asked, gives, pass } = world(0.5)
  gives([at('10.0.0.1')], 100)
  names.watch('a.test', () => {})
  await pass(94_999)
  t.equal(asked.length, 1)
  await pass(2)
  t.equal(asked.length, 2)
})

t.test('while nobody answers, known addresses stay in use, for an hour; tries get rarer', async t => {
  const { names, asked, failures, gives, fails, pass } = world()
  gives([at('10.0.0.1')], 60)
  const watch = names.watch('a.test', () => {})
  await watch.ready
  fails()
  await pass(60_000 + 1000 + 2000 + 4000 + 8000 + 16_000)
  t.equal(asked.length, 7)
  await pass(60_000)
  t.equal(asked.length, 9, 'never rarer than every 30 seconds')
  t.strictSame(watch.addresses.length, 1)
  t.strictSame(failures, [['a.test', true]], 'told once')
  await pass(3_700_000)
  t.strictSame(watch.addresses, [])
  gives([at('10.0.0.1')])
  await pass(30_000)
  t.strictSame(watch.addresses.length, 1)
  t.strictSame(failures, [['a.test', true], ['a.test', false]])
})

t.test('"no such name" is an answer: the addresses are gone, and it is asked for again after 10 seconds', async t => {
  const { names, asked, gives, pass } = world()
  gives([at('10.0.0.1')], 5)
  const watch = names.watch('a.test', () => {})
  await watch.ready
  gives([], 3600)
  await pass(5000)
  t.strictSame(watch.addresses, [])
  await pass(9999)
  t.equal(asked.length, 2)
  gives([at('10.0.0.1')])
  await pass(1)
  t.equal(watch.addresses.length, 1)
})

t.test('a name that never resolved is ready after its first failure', async t => {
  const { names, fails } = world()
  fails()
  const watch = names.watch('a.test', () => {})
  await watch.ready
  t.strictSame(watch.addresses, [])
})

t.test('who watches one name shares it; it ends with the last one, an answer that is still under way included', async t => {
  const { names, asked, gives, never, pass, timers } = world()
  gives([at('10.0.0.1')])
  const heard: string[] = []
  const one = names.watch('a.test', () => { heard.push('one') })
  const other = names.watch('a.test', () => { heard.push('other') })
  await one.ready
  t.strictSame([asked.length, heard], [1, ['one', 'other']])
  one.close()
  gives([at('10.0.0.2')])
  await pass(60_000)
  t.strictSame(heard, ['one', 'other', 'other'])
  other.close()
  t.equal(timers, 0)
  await pass(120_000)
  t.equal(asked.length, 2)
  never()
  const late = names.watch('b.test', () => { heard.push('late') })
  names.close()
  await late.ready
  t.equal(asked.length, 3)
})

t.test('the look-up hears that a name had SRV records', async t => {
  const { names, asked, gives, pass } = world()
  gives([at('10.0.0.1', { srvName: 'x.test' })], 5)
  names.watch('a.test', () => {})
  await pass(5000)
  t.strictSame(asked.map(({ service }) => service), [false, true])
})
