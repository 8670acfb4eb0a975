/** Gateways that count on their own, and tell a real Redis now and then. */
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { startRedis } from '../helpers/redis.ts'
import { ask, gatewayYaml, type Running, startProcess, until, upstream } from '../helpers/running.ts'

const GATEWAYS = 4
const LIMIT = 20

/** Windows of a year end when nobody tests. */
async function fleet (t: Test, config: object): Promise<{ gateways: Running[], total: () => Promise<number>, admitted: (gateway: Running) => Promise<boolean> }> {
  const { port: redisPort } = await startRedis(t)
  const redis = new Redis(redisPort, '127.0.0.1')
  t.teardown(() => redis.disconnect())
  const port = await upstream(t, (_request, response) => { response.end() })
  const plugin = { name: 'rate-limiting', config: { year: LIMIT, window_type: 'fixed', limit_by: 'ip', policy: 'redis', redis: { host: '127.0.0.1', port: redisPort, timeout: 5000 }, ...config } }
  const yaml = gatewayYaml(port, { log: { level: 'info', access: false } }, `plugins: ${JSON.stringify([plugin])}\n`)
  const gateways = await Promise.all(Array.from({ length: GATEWAYS }, async (_, index) => await startProcess(t, yaml, { SALLYPORT_TEST: String(index) })))
  return {
    gateways,
    async total () {
      const [key] = await redis.keys('sallyport:*')
      return key === undefined ? 0 : Number(String(await redis.hget(key, 'year')).split(' ')[1])
    },
    admitted: async ({ port }) => {
      const { status } = await ask(port, '/')
      if (status !== 200 && status !== 429) throw new Error(`status ${status}`)
      return status === 200
    }
  }
}

t.test('without any round, N gateways admit N times the limit and no more; what they have not told they tell when they end', async t => {
  const { gateways, total, admitted } = await fleet(t, { sync_rate: 3600 })
  for (const gateway of gateways) {
    let count = 0
    for (let tries = 0; tries < LIMIT + 3; tries++) if (await admitted(gateway)) count++
    t.equal(count, LIMIT)
  }
  t.equal(await total(), 0)
  for (const [index, gateway] of gateways.entries()) {
    gateway.child.kill('SIGTERM')
    t.equal((await gateway.ended).code, 0)
    t.equal(await total(), (index + 1) * LIMIT)
  }
})

t.test('with rounds, the limit is overrun by no more than what all admit between two of them', async t => {
  const { gateways, total, admitted } = await fleet(t, { sync_rate: 0.02 })
  let count = 0
  for (let step = 0; step < LIMIT; step++) {
    for (const gateway of gateways) if (await admitted(gateway)) count++
    await until('all have told Redis', async () => await total() === count)
  }
  t.ok(count >= LIMIT, `${count} of ${LIMIT}`)
  t.ok(count <= LIMIT + GATEWAYS, `${count} of ${LIMIT}: one of each gateway between two rounds`)
})
