/** Gateways that share their limits over a real Redis. */
import { Agent } from 'node:http'
import t from 'tap'
import { freePort } from '../helpers/free-port.ts'
import { startRedis } from '../helpers/redis.ts'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

const CLIENTS = 1000
const LIMIT = 3
const TRIES = 5

/** The clock of Redis decides; at the end of a day nobody tests. */
function limited (redisPort: number, config: object): string {
  return `plugins:\n  - { name: rate-limiting, config: ${JSON.stringify({ limit_by: 'header', header_name: 'x-client', policy: 'redis', redis: { host: '127.0.0.1', port: redisPort, timeout: 5000 }, ...config })} }\n`
}

t.test('four gateway processes admit exactly the limit, of each of a thousand clients', async t => {
  const redis = await startRedis(t)
  let served = 0
  const port = await upstream(t, (_request, response) => {
    served++
    response.end()
  })
  const yaml = gatewayYaml(port, { log: { level: 'info', access: false } }, limited(redis.port, { day: LIMIT, error_code: 429, on_store_error: 'deny' }))
  const gateways = await Promise.all(Array.from({ length: 4 }, async (_, index) => await startProcess(t, yaml, { SALLYPORT_TEST: String(index) })))
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  t.teardown(() => agent.destroy())
  // connected, all four
  for (const gateway of gateways) await until('Redis is reached', async () => (await ask(gateway.port, '/', { headers: { 'x-client': 'first' }, agent })).status !== 503)
  served = 0

  const admitted = new Map<string, number>()
  const others = new Map<number, number>()
  await Promise.all(Array.from({ length: CLIENTS * TRIES }, async (_, index) => {
    const client = `client-${index % CLIENTS}`
    const gateway = gateways[(index + Math.floor(index / CLIENTS)) % 4]
    const { status } = await ask(gateway?.port as number, '/', { headers: { 'x-client': client }, agent })
    if (status === 200) admitted.set(client, (admitted.get(client) ?? 0) + 1)
    else others.set(status, (others.get(status) ?? 0) + 1)
  }))
  t.same([...others], [[429, CLIENTS * (TRIES - LIMIT)]])
  t.equal(admitted.size, CLIENTS)
  t.ok([...admitted.values()].every(count => count === LIMIT))
  t.equal(served, CLIENTS * LIMIT)
})

t.test('a Redis that goes costs nobody time, and counts again when it is back', async t => {
  const redisPort = await freePort()
  const first = await startRedis(t, [], redisPort)
  const port = await upstream(t, (_request, response) => { response.end() })
  const gateway = await startProcess(t, gatewayYaml(port, { log: { level: 'info', access: false } }, limited(redisPort, { day: 10, replicas: 2, redis: { host: '127.0.0.1', port: redisPort, password: 'not-for-the-log', timeout: 1000 } })))
  const remaining = async (): Promise<string | undefined> => (await ask(gateway.port, '/', { headers: { 'x-client': 'a' } })).headers['ratelimit-limit'] as string | undefined
  // `password` is wrong for a Redis without one: it is warned of, and let in
  await until('Redis is reached', async () => await remaining() === '10')

  const facts = async () => (await gateway.status()).processes[0]?.limits ?? []
  const [up] = await facts()
  t.match(up, { plugin: 'rate-limiting', route: null, service: null, consumer: null, policy: 'redis', state: 'up', decisions: Number })

  await first.stop()
  t.equal(await remaining(), '5', 'the share of one of two gateways')
  const [down, ...others] = await facts()
  t.match(down, { state: 'down', decisions: (up?.decisions ?? 0) + 1, counters: 1 })
  t.ok((down?.store_errors ?? 0) > (up?.store_errors ?? 0))
  t.same(others, [])
  await gateway.logged(/does not answer/)

  await startRedis(t, [], redisPort)
  await until('Redis is used again', async () => await remaining() === '10')
  await gateway.logged(/answers again/)
  t.match(await facts(), [{ state: 'up' }])
  t.notOk((gateway.output.stderr + gateway.output.stdout).includes('not-for-the-log'))
})

t.test('a Redis that hangs holds up the first request alone, for the timeout', async t => {
  const redis = await startRedis(t)
  const port = await upstream(t, (_request, response) => { response.end() })
  const gateway = await startProcess(t, gatewayYaml(port, { log: { level: 'info', access: false } }, limited(redis.port, { day: 1000, redis: { host: '127.0.0.1', port: redis.port, timeout: 300 }, on_store_error: 'allow' })))
  const limit = async (): Promise<string | undefined> => (await ask(gateway.port, '/', { headers: { 'x-client': 'a' } })).headers['ratelimit-limit'] as string | undefined
  await until('Redis is reached', async () => await limit() === '1000')
  const errors = (await gateway.status()).processes[0]?.limits[0]?.store_errors ?? NaN
  redis.child.kill('SIGSTOP')
  t.equal(await limit(), undefined, 'allowed, without headers')
  for (let count = 0; count < 10; count++) t.equal(await limit(), undefined)
  // who asked Redis got an error of it, and waited for that; test/stores/redis-outages.test.ts counts the same under load
  t.equal((await gateway.status()).processes[0]?.limits[0]?.store_errors, errors + 1, 'nobody else waited')
  redis.child.kill('SIGCONT')
  await until('Redis is used again', async () => await limit() === '1000')
})
