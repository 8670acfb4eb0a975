import t from 'tap'
import type { CounterWindow, Decision, Settlement } from '../../src/stores/counters.ts'
import type { OnStoreError } from '../../src/stores/fallback.ts'
import { GuardedCounters } from '../../src/stores/guarded-counters.ts'
import type { PluginEntry } from '../../src/config/model.ts'
import { MemoryCounters } from '../../src/stores/memory-counters.ts'
import { StoreStats } from '../../src/stores/store-stats.ts'

const WINDOWS: CounterWindow[] = [{ period: 'minute', limit: 8 }]

/** A store that is up or down, a clock, and what the log says. */
function guarded (onStoreError: OnStoreError, processes = 4) {
  const world = { up: true, asked: 0, probed: 0, time: 0, lines: [] as string[] }
  const answer: Decision = { admitted: true, usage: [] }
  const settlement: Settlement = { admitted: true, usages: [[]] }
  const counters = new GuardedCounters({
    shared: {
      take: async () => {
        world.asked++
        if (!world.up) throw new Error('connection is closed')
        return answer
      },
      spend: async () => {
        world.asked++
        if (!world.up) throw new Error('connection is closed')
        return settlement
      },
      forget: async () => 0,
      reachable: async () => {
        world.probed++
        return world.up
      }
    },
    local: new MemoryCounters({ type: 'fixed', most: 1000, now: () => 1_000_000 }),
    onStoreError,
    processes,
    log: {
      warn: (...args: unknown[]) => { world.lines.push(`warn ${args.at(-1)} ${JSON.stringify(args[0])}`) },
      info: (...args: unknown[]) => { world.lines.push(`info ${args.at(-1)}`) }
    } as never,
    tick: () => world.time
  })
  return { world, answer, settlement, take: async () => await counters.take('a', WINDOWS, 1, 'admitted'), spend: async (cost: number) => await counters.spend('a', [{ name: 'video', windows: WINDOWS, cost }], 'while-left') }
}

t.test('while the store answers, it decides', async t => {
  const { world, answer, take } = guarded('deny')
  t.equal(await take(), answer)
  t.same([world.asked, world.probed, world.lines], [1, 0, []])
})

t.test('while it is down, the share of one process is admitted, and nobody asks it but a probe', async t => {
  const { world, take } = guarded('local')
  world.up = false
  const decisions = [await take(), await take(), await take()]
  t.same(decisions.map(decision => decision.admitted), [true, true, false], 'a fourth of 8')
  t.equal(world.asked, 1)
  t.same(world.lines, ['warn the store of limits does not answer {"reason":"connection is closed","on_store_error":"local"}'])
  world.time = 499
  await take()
  t.equal(world.probed, 0)
  world.time = 500
  await take()
  t.equal(world.probed, 1)
  t.equal(world.asked, 1)
})

t.test('it is asked again as soon as a probe has seen it', async t => {
  const { world, take, answer } = guarded('allow')
  world.up = false
  t.same(await take(), { admitted: true, usage: [] })
  world.up = true
  world.time = 600
  await take()
  await new Promise(resolve => setImmediate(resolve))
  t.equal(await take(), answer)
  t.equal(world.asked, 2)
  t.equal(world.lines.at(-1), 'info the store of limits answers again')
})

t.test('deny refuses with 503, and says when to come again', async t => {
  const { world, take } = guarded('deny')
  world.up = false
  for (let count = 0; count < 2; count++) await t.rejects(take(), { code: 'SP_STORE_UNAVAILABLE', statusCode: 503, headers: { 'retry-after': '1' } })
  t.equal(world.asked, 1)
})

t.test('a store that comes and goes is one line a minute in the log', async t => {
  const { world, take } = guarded('allow')
  for (let round = 0; round < 10; round++) {
    world.up = false
    await take()
    world.up = true
    world.time += 1000
    await take()
    await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(world.lines.length, 2, 'down, and up again')
  world.time = 60_000
  world.up = false
  await take()
  t.equal(world.lines.filter(line => line.startsWith('warn')).length, 2)
})

t.test('several limits at once: the store decides, and while it is down what was chosen', async t => {
  const up = guarded('deny')
  t.equal(await up.spend(1), up.settlement)
  up.world.up = false
  await t.rejects(up.spend(1), { code: 'SP_STORE_UNAVAILABLE' })
  await t.rejects(up.spend(1), { code: 'SP_STORE_UNAVAILABLE' })
  t.equal(up.world.asked, 2, 'a dead store is left alone')
  const all = guarded('allow')
  all.world.up = false
  t.same([await all.spend(9), await all.spend(9)], [{ admitted: true, usages: [[]] }, { admitted: true, usages: [[]] }])
  const local = guarded('local')
  local.world.up = false
  t.match(await local.spend(1), { admitted: true, usages: [[{ remaining: 1 }]] }, 'a quarter of 8')
  t.match([await local.spend(5), await local.spend(1)], [{ admitted: true }, { admitted: false }])
})

t.test('what is to be forgotten is so in both stores, and in none while the shared one is down', async t => {
  const local = new MemoryCounters({ type: 'fixed', most: 1000, now: () => 1_000_000 })
  const shared = { take: async () => { throw new Error('down') }, spend: async () => { throw new Error('down') }, reachable: async () => false, forget: async () => 1 }
  const log = { warn () {}, info () {} } as never
  const up = new GuardedCounters({ shared, local, onStoreError: 'local', processes: 1, log })
  await up.take('a', WINDOWS, 3, 'admitted')
  t.match(local.take('a', WINDOWS, 0, 'never'), { usage: [{ remaining: 5 }] })
  t.equal(await up.forget('a', [null], WINDOWS), 1)
  t.match(local.take('a', WINDOWS, 0, 'never'), { usage: [{ remaining: 8 }] })
  const down = new GuardedCounters({ shared: { ...shared, forget: async () => { throw new Error('down') } }, local, onStoreError: 'local', processes: 1, log })
  await t.rejects(down.forget('a', [null], WINDOWS))
})

t.test('a reset empties all windows that somebody may be counted in; while the shared store is down nothing is told', async t => {
  const minute: CounterWindow = { period: 'minute', limit: 5 }
  const hour: CounterWindow = { period: 'hour', limit: 30 }
  const local = new MemoryCounters({ type: 'fixed', most: 100, now: () => 1_800_000_000_000 })
  const stats = new StoreStats({ name: 'rate-limiting' } as PluginEntry)
  const outage = { open: false, errors: 0 }
  t.equal(await stats.count({ entry: '', identifier: 'a', reset: false }), null)
  stats.observe({ name: 'rate-limiting' } as PluginEntry, { policy: 'redis', local, outage }, local)
  stats.show({ limitBy: 'ip', limits: [{ name: null, windows: [minute] }], others: [hour, { period: 'minute', limit: 100 }] })
  // in a tier that only a claim told of
  local.take('a', [hour], 3, 'admitted')
  local.take('a', [minute], 2, 'admitted')
  t.match(await stats.count({ entry: '', identifier: 'a', reset: false }), { windows: [{ period: 'minute', used: 2 }], dropped: 0 })
  t.match(await stats.count({ entry: '', identifier: 'a', reset: true }), { windows: [{ period: 'minute', used: 0 }], dropped: 2 }, 'each period once')
  t.match(local.take('a', [hour], 0, 'never'), { usage: [{ remaining: 30 }] })
  outage.open = true
  await t.rejects(stats.count({ entry: '', identifier: 'a', reset: false }), { message: 'the shared store is down' })
})
