/** A master behind a real sentinel, which goes while it is used. */
import { Redis } from 'ioredis'
import t from 'tap'
import type { CounterWindow } from '../../src/stores/counters.ts'
import { GuardedCounters } from '../../src/stores/guarded-counters.ts'
import { MemoryCounters } from '../../src/stores/memory-counters.ts'
import { admittedOfFour, reached, redisCounters } from '../helpers/redis-counters.ts'
import { startRedis } from '../helpers/redis.ts'
import { startSentinel } from '../helpers/redis-together.ts'
import { until } from '../helpers/running.ts'

t.test('the master that a sentinel knows', async t => {
  const { port } = await startRedis(t)
  const { store } = redisCounters(t, { sentinel_master: 'main', sentinel_nodes: [{ host: '127.0.0.1', port: await startSentinel(t, port) }] })
  t.equal(await admittedOfFour(store), 12)
})

t.test('when the master dies under load, its replica counts on from what it knows; nobody is left without an answer', async t => {
  const master = await startRedis(t, ['--repl-diskless-sync-delay', '0'])
  const replica = await startRedis(t, ['--replicaof', `127.0.0.1 ${master.port}`])
  const port = await startSentinel(t, master.port)
  const { store, client } = redisCounters(t, { sentinel_master: 'main', sentinel_nodes: [{ host: '127.0.0.1', port }], timeout: 1000 })
  const guarded = new GuardedCounters({
    shared: store,
    local: new MemoryCounters({ type: 'fixed', most: 1000, now: Date.now }),
    onStoreError: 'local',
    processes: 1,
    log: { warn: () => {}, info: () => {} }
  })
  const asked = new Redis(port, '127.0.0.1')
  t.teardown(() => asked.disconnect())
  await until('the sentinel knows the replica', async () => (await asked.call('SENTINEL', 'REPLICAS', 'main') as unknown[]).length === 1)
  await reached(store)
  const windows: CounterWindow[] = [{ period: 'year', limit: 1000 }]
  for (let count = 0; count < 100; count++) await guarded.take('counted', windows, 1, 'admitted')
  await until('the replica has it', async () => await client.wait(1, 100) === 1)

  const load = { running: true }
  let answers = 0
  const workers = Promise.all(Array.from({ length: 20 }, async (_, index) => {
    while (load.running) {
      await guarded.take(`load-${index}`, windows, 1, 'admitted')
      answers++
      await new Promise(resolve => setImmediate(resolve))
    }
  }))
  await master.stop()
  const before = answers
  await until('the load goes on', () => answers > before + 1000)
  await until('the replica is master', async () => {
    const [, at] = await asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main') as string[]
    return Number(at) === replica.port
  })
  await until('counts are in the replica', async () => {
    const { usage: [usage] } = await guarded.take('counted', windows, 0, 'never')
    return usage?.remaining === 900
  })
  load.running = false
  await workers
  const [counted] = (await store.take('counted', windows, 1, 'admitted')).usage
  t.equal(counted?.remaining, 899)
})
