/** A real Redis Cluster of three nodes, whose slots move while it is used. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import t from 'tap'
import { admittedOfFour, reached, redisCounters, THREE } from '../helpers/redis-counters.ts'
import { startCluster } from '../helpers/redis-together.ts'

const cli = promisify(execFile)
const CLIENTS = 300
const TRIES = 5

t.test('a cluster', async t => {
  const ports = await startCluster(t)
  const nodes = ports.map(port => new Redis(port, '127.0.0.1'))
  t.teardown(() => { for (const node of nodes) node.disconnect() })
  const [first = 0] = ports
  // one node names the others
  const settings = { cluster_nodes: [{ ip: '127.0.0.1', port: first }] }

  t.test('admits exactly the limit of each client, and has its counters on all nodes', async t => {
    const stores = [redisCounters(t, settings).store, redisCounters(t, settings).store]
    for (const store of stores) await reached(store)
    t.equal(await admittedOfFour(stores[0] as typeof stores[number]), 12)
    const admitted = new Map<string, number>()
    await Promise.all(Array.from({ length: CLIENTS * TRIES }, async (_, index) => {
      const client = `many-${index % CLIENTS}`
      const decision = await stores[(index + Math.floor(index / CLIENTS)) % 2]?.take(client, THREE, 1, 'admitted')
      if (decision?.admitted === true) admitted.set(client, (admitted.get(client) ?? 0) + 1)
    }))
    t.equal(admitted.size, CLIENTS)
    t.ok([...admitted.values()].every(count => count === 3))
    for (const node of nodes) t.ok(await node.dbsize() > CLIENTS / 10)
  })

  t.test('several keys of one decision are in one slot', async t => {
    const { store } = redisCounters(t, settings, { together: true })
    await reached(store)
    const decisions = await Promise.all(Array.from({ length: 9 }, async (_, index) => await store.take([`ip:${index}`, 'account:bob'], THREE, 1, 'admitted')))
    t.equal(decisions.filter(({ admitted }) => admitted).length, 3)
  })

  t.test('while slots move to another node, no client gets more than its limit', async t => {
    const { store } = redisCounters(t, settings)
    await reached(store)
    const admitted = new Map<string, number>()
    let failed = 0
    const reshard = { under: 'way' as 'way' | 'done' }
    const load = Promise.all(Array.from({ length: 10 }, async (_, worker) => {
      for (let count = worker; reshard.under === 'way' || count < CLIENTS * TRIES; count += 10) {
        const client = `moving-${count % CLIENTS}`
        try {
          if ((await store.take(client, THREE, 1, 'admitted')).admitted) admitted.set(client, (admitted.get(client) ?? 0) + 1)
        } catch (error) {
          t.comment(String(error))
          failed++
        }
      }
    }))
    const id = async (node: Redis | undefined): Promise<string> => String(await node?.call('CLUSTER', 'MYID'))
    await cli('redis-cli', ['--cluster', 'reshard', `127.0.0.1:${first}`, '--cluster-from', await id(nodes[0]), '--cluster-to', await id(nodes[1]), '--cluster-slots', '800', '--cluster-yes'])
    reshard.under = 'done'
    await load
    t.equal(admitted.size, CLIENTS)
    t.ok([...admitted.values()].every(count => count === 3))
    t.equal(failed, 0, 'and no decision fails')
  })
})
