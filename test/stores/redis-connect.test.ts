/** The ways to Redis, each with real servers. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { connectRedis, type RedisSettings } from '../../src/stores/redis/connect.ts'
import { RedisCounters } from '../../src/stores/redis/redis-counters.ts'
import { packageRoot } from '../helpers/package-root.ts'
import { freePort, startRedis } from '../helpers/redis.ts'
import { until } from '../helpers/running.ts'

function counters (t: Test, more: Partial<RedisSettings>): { store: RedisCounters, client: ReturnType<typeof connectRedis> } {
  const client = connectRedis({ port: 6379, database: 0, timeout: 2000, ssl: false, ssl_verify: true, ...more })
  t.teardown(() => client.disconnect())
  return { client, store: new RedisCounters({ client, type: 'fixed', prefix: 'sallyport:test' }) }
}

const YEARLY = [{ period: 'year', limit: 3 }] as const

async function admitsThree (t: Test, store: RedisCounters): Promise<void> {
  await until('Redis is reached', async () => await store.reachable())
  // together: they share a pipeline
  const decisions = await Promise.all(Array.from({ length: 20 }, async (_, index) => await store.take(`client-${index % 4}`, YEARLY, 1, 'admitted')))
  t.equal(decisions.filter(decision => decision.admitted).length, 4 * 3)
}

t.test('a cluster', async t => {
  const bus = await freePort()
  const { port } = await startRedis(t, ['--cluster-enabled', 'yes', '--cluster-config-file', join(t.testdir(), 'nodes.conf'), '--cluster-port', String(bus), '--cluster-announce-ip', '127.0.0.1'])
  const { client } = counters(t, { host: '127.0.0.1', port })
  await until('the node answers', () => client.status === 'ready')
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  const { store } = counters(t, { cluster_nodes: [{ ip: '127.0.0.1', port }] })
  await admitsThree(t, store)
})

t.test('the master that a sentinel knows', async t => {
  const { port } = await startRedis(t)
  const sentinel = await freePort()
  const file = join(t.testdir(), 'sentinel.conf')
  writeFileSync(file, `port ${sentinel}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${port} 1\n`)
  await startRedis(t, [file, '--sentinel'], sentinel)
  const { store } = counters(t, { sentinel_master: 'main', sentinel_nodes: [{ host: '127.0.0.1', port: sentinel }] })
  await admitsThree(t, store)
})

t.test('TLS, whose certificate is verified', async t => {
  const fixture = (name: string): string => join(packageRoot, 'test/fixtures/tls', name)
  const tls = await freePort()
  await startRedis(t, ['--port', '0', '--tls-port', String(tls), '--tls-cert-file', fixture('upstream.crt'), '--tls-key-file', fixture('upstream.key'), '--tls-ca-cert-file', fixture('upstream.crt'), '--tls-auth-clients', 'no'], tls)
  const { store } = counters(t, { host: '127.0.0.1', port: tls, ssl: true, ssl_verify: false })
  await admitsThree(t, store)
  const strict = counters(t, { host: '127.0.0.1', port: tls, ssl: true })
  let refused = ''
  strict.client.on('error', error => { refused = String((error as NodeJS.ErrnoException).code) })
  await until('the certificate was refused', () => refused !== '')
  t.match(refused, /CERT|SELF_SIGNED|VERIFY/)
  t.equal(await strict.store.reachable(), false)
  await t.rejects(strict.store.take('a', YEARLY, 1, 'admitted'), /no connection/)
})
