/** A real Redis that is killed and comes back under load, while configurations come and go. */
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import path from 'node:path'
import t from 'tap'
import { createGateway } from '../../../src/index.ts'
import type { StoreFacts } from '../../../src/stores/store-stats.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startRedis } from '../../helpers/redis.ts'
import { ask, until, upstream } from '../../helpers/running.ts'

const CLIENTS = 8

t.test('each request asks a dead Redis once at most, whatever is reloaded; then the limit holds again', async t => {
  const redisPort = await freePort()
  const first = await startRedis(t, [], redisPort)
  const upstreamPort = await upstream(t, (_request, response) => { response.end() })
  const file = path.join(t.testdir(), 'gateway.yaml')
  const limit = (config: object): string => JSON.stringify([{ name: 'rate-limiting', config: { limit_by: 'header', header_name: 'x-client', policy: 'redis', redis: { host: '127.0.0.1', port: redisPort, timeout: 5000 }, ...config } }])
  const write = (round: number): void => writeFileSync(file, `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: off, log: { level: silent, access: false } }
services: [{ name: up, url: "http://127.0.0.1:${upstreamPort}", routes: [{ name: load, paths: [/load], plugins: ${limit({ year: 1e9 + round })} }, { name: few, paths: [/few], plugins: ${limit({ year: 7, cost: 1, error_message: `round ${round}` })} }] }]
`)
  write(0)
  const gateway = await createGateway({ file, accessLog: '/dev/null' })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const port = gateway.addresses[0]?.port as number
  const facts = async (): Promise<StoreFacts> => (await gateway.status()).processes[0]?.limits[0] as StoreFacts
  const isIn = (state: string) => async (): Promise<boolean> => (await facts()).state === state

  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  t.teardown(() => agent.destroy())
  const failed: number[] = []
  let served = 0
  const stopped = new AbortController()
  const clients = Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (!stopped.signal.aborted) {
      const { status } = await ask(port, '/load', { agent, headers: { 'x-client': 'a' } })
      if (status === 200) served++
      else failed.push(status)
    }
  }))
  let round = 0
  const reload = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      write(++round)
      const { ok, error } = await gateway.reload()
      if (!ok) t.fail(String(error))
      const before = served
      await until('requests are answered', () => served > before + CLIENTS)
    }
  }
  const admitted = async (client: string): Promise<number> => {
    const all = await Promise.all(Array.from({ length: 12 }, async () => (await ask(port, '/few', { headers: { 'x-client': client } })).status))
    return all.filter(status => status === 200).length
  }

  await until('Redis is asked', isIn('up'))
  await reload(2)
  t.equal(await admitted('before'), 7)
  const alive = (await facts()).store_errors
  await Promise.all([first.stop(), reload(3)])
  await until('it is noticed', isIn('down'))
  await reload(1)
  const dead = await facts()
  t.ok(dead.store_errors - alive <= CLIENTS, `${dead.store_errors - alive} requests asked, each of which waits for \`redis.timeout\` at most`)
  await reload(4)
  const later = await facts()
  t.equal(later.store_errors, dead.store_errors, 'no configuration asks anew')
  t.ok(later.decisions > dead.decisions)
  t.equal(await admitted('meanwhile'), 7, 'counted here')

  await Promise.all([startRedis(t, [], redisPort), reload(3)])
  await until('it is asked again', isIn('up'))
  await reload(1)
  await until('by both entries, each of which looks when it has something to decide', async () => await admitted('looks') >= 0 && ((await gateway.status()).processes[0]?.limits ?? []).every(({ state }) => state === 'up'))
  t.equal(await admitted('after'), 7, 'in the very window')
  t.equal(await admitted('after'), 0)
  stopped.abort()
  await clients
  t.same(failed, [])
})
