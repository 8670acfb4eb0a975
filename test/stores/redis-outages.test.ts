/** A real Redis that hangs, dies and comes back under load: who waits for it, and when it counts again. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { mock } from 'node:test'
import t from 'tap'
import type { CounterStore, CounterWindow, OrderStore } from '../../src/stores/counters.ts'
import { GuardedCounters } from '../../src/stores/guarded-counters.ts'
import { MemoryCounters } from '../../src/stores/memory-counters.ts'
import { reached, redisCounters } from '../helpers/redis-counters.ts'
import { freePort } from '../helpers/free-port.ts'
import { startRedis } from '../helpers/redis.ts'
import { until } from '../helpers/running.ts'

const WORKERS = 50
const ROUNDS = 40

t.test('at most the requests that were under way wait for a Redis that has gone', async t => {
  const port = await freePort()
  const first = await startRedis(t, [], port)
  const { store } = redisCounters(t, { host: '127.0.0.1', port, timeout: 200 })
  await reached(store)
  let asked = 0
  let probed = 0
  const guarded = new GuardedCounters({
    shared: {
      take: async (...decision: Parameters<CounterStore['take']>) => {
        asked++
        return await store.take(...decision)
      },
      spend: async (...orders: Parameters<OrderStore['spend']>) => await store.spend(...orders),
      forget: async () => 0,
      reachable: async () => {
        probed++
        return await store.reachable()
      }
    },
    local: new MemoryCounters({ type: 'fixed', most: 1000, now: Date.now }),
    onStoreError: 'local',
    processes: 1,
    log: { warn: () => {}, info: () => {} }
  })
  const windows: CounterWindow[] = [{ period: 'year', limit: 1e9 }]
  const load = { running: true }
  let answered = 0
  const workers = Promise.all(Array.from({ length: WORKERS }, async () => {
    while (load.running) {
      await guarded.take('load', windows, 1, 'admitted')
      answered++
      await new Promise(resolve => setImmediate(resolve))
    }
  }))
  const goesOn = async (what: string): Promise<void> => {
    const before = answered
    await until(what, () => answered > before + WORKERS * ROUNDS)
  }
  const isAsked = async (what: string): Promise<void> => {
    const before = asked
    await until(what, () => asked > before + WORKERS * 2)
  }
  /** Exactly the limit of a client that comes now. */
  const counts = async (client: string): Promise<number> => {
    const decisions = await Promise.all(Array.from({ length: 30 }, async () => await guarded.take(client, [{ period: 'year', limit: 7 }], 1, 'admitted')))
    return decisions.filter(({ admitted }) => admitted).length
  }
  await isAsked('the load runs')

  // a machine that is this busy may let 200 ms pass without Redis hanging: then it is found to be back first
  first.child.kill('SIGSTOP')
  await until('the breaker is open', async () => {
    const before = asked
    await goesOn('requests are answered while Redis hangs')
    return asked === before
  })
  const hanging = asked
  const looks = probed
  await until('it is looked at', () => probed > looks + 1)
  await goesOn('requests are answered')
  t.equal(asked, hanging, 'no request asks, and none waits, while it hangs')
  t.equal(await counts('while it hangs'), 7)
  t.equal(asked, hanging)
  first.child.kill('SIGCONT')
  await isAsked('it is asked again')

  const alive = asked
  const stopped = first.stop()
  await stopped
  await until('the breaker is open', async () => {
    const before = asked
    await goesOn('requests are answered while Redis is dead')
    return asked === before
  })
  t.ok(asked > alive - 1)
  const dead = asked
  await goesOn('requests are answered')
  t.equal(asked, dead)
  await startRedis(t, [], port)
  await isAsked('it is asked again')
  t.equal(await counts('after it came back'), 7, 'the limit holds in the very window')
  load.running = false
  await workers
})

t.test('a request waits for a Redis that hangs as long as `timeout` says, and not at all where there is no connection', async t => {
  const { store, client } = redisCounters(t, { host: '127.0.0.1', port: (await startRedis(t)).port, timeout: 50 })
  await reached(store)
  const windows: CounterWindow[] = [{ period: 'year', limit: 1e9 }]
  const turns = async (): Promise<void> => { for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve)) }
  await client.call('CLIENT', 'PAUSE', '600000', 'ALL')
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let outcome: unknown = 'waits'
  store.take('a', windows, 1, 'admitted').then(() => { outcome = 'decided' }, error => { outcome = (error as Error).message })
  await turns()
  mock.timers.tick(49)
  await turns()
  t.equal(outcome, 'waits')
  mock.timers.tick(1)
  await turns()
  t.equal(outcome, 'Command timed out')

  // it takes connections and says nothing: that lasts until the connection's own time limit, of which no request waits any
  const sockets: Socket[] = []
  const mute = createServer(socket => { sockets.push(socket) }).listen(0, '127.0.0.1')
  await once(mute, 'listening')
  const { store: unreached, client: connecting } = redisCounters(t, { host: '127.0.0.1', port: (mute.address() as AddressInfo).port, timeout: 50 })
  t.teardown(() => {
    mute.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(connecting, 'connect')
  await t.rejects(unreached.take('a', windows, 1, 'admitted') as Promise<unknown>, { message: 'there is no connection to Redis' }, 'the clock stands')
  t.not(connecting.status, 'ready')
  mock.timers.reset()
})
