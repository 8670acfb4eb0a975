/**
 * What a decision of a limiter costs: by the number of keys that are counted, by the way they are counted, and beside
 * @fastify/rate-limit. For docs/decisions/0004-limits.md and docs/scaling.md.
 *
 * Usage: npm run build && node --expose-gc bench/limits.js [--section keys,ways,redis] [--decisions 1000000]
 */
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import Fastify from 'fastify'
import { MemoryCounters } from '../dist/src/stores/memory-counters.js'
import { connectRedis } from '../dist/src/stores/redis/connect.js'
import { RedisCounters } from '../dist/src/stores/redis/redis-counters.js'
import { has, start, stop, stopAll, stopWithUs } from './lib/children.js'
import { cpuOf, treeOf } from './lib/cpu.js'
import { redis as redisProgram } from './lib/redis.js'
import { freePort } from './lib/running.js'
import { delay } from './lib/time.js'

const { values } = parseArgs({
  options: { section: { type: 'string', default: 'keys,ways,redis' }, decisions: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } }
})
const DECISIONS = Number(values.decisions)
const ROUNDS = Number(values.rounds)
const MINUTE = [{ period: 'minute', limit: 1_000_000_000 }]
const THREE = [{ period: 'second', limit: 1_000_000 }, { period: 'minute', limit: 1_000_000_000 }, { period: 'hour', limit: 1_000_000_000 }]

/** A client's address, made anew as a request brings it: a million texts kept in a list would be misses of their own. */
const address = index => `ip:10.${index >> 16 & 255}.${index >> 8 & 255}.${index & 255}`
/** Every key once, in no order that a cache likes. */
const shuffled = (step, keys) => (step * 7_368_787) % keys

/** The least of some rounds, CPU µs a decision: what else runs on the machine only adds. */
async function least (decide, decisions = DECISIONS) {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    await decide(decisions)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / decisions)
  }
  return best
}

const us = value => `${value.toFixed(2)} µs`.padStart(10)

async function keys () {
  console.log('\nsliding window in memory, by live keys (making the text of the key included)\n')
  for (const count of [1, 1000, 10_000, 100_000, 1_000_000]) {
    globalThis.gc?.()
    const before = process.memoryUsage()
    const store = new MemoryCounters({ type: 'sliding', most: 1_000_000, now: Date.now })
    for (let key = 0; key < count; key++) store.take(address(key), MINUTE, 1, 'admitted')
    globalThis.gc?.()
    const after = process.memoryUsage()
    const cost = await least(decisions => {
      for (let step = 0; step < decisions; step++) store.take(address(shuffled(step, count)), MINUTE, 1, 'admitted')
    })
    const text = await least(decisions => {
      let sum = 0
      for (let step = 0; step < decisions; step++) sum += address(shuffled(step, count)).charCodeAt(3)
      return sum
    })
    console.log(`${String(count).padStart(9)} keys ${us(cost)}, of it the text ${us(text)}; ${String(store.count).padStart(9)} counters, ${(store.bytes / 1e6).toFixed(1)} MB in tables, ${((after.rss - before.rss) / 1e6).toFixed(0)} MB more resident`)
  }
}

async function ways () {
  console.log('\none key, in memory\n')
  for (const [name, type, windows] of [['ours, sliding', 'sliding', MINUTE], ['ours, fixed', 'fixed', MINUTE], ['ours, gcra', 'gcra', MINUTE], ['ours, sliding, three windows', 'sliding', THREE]]) {
    const store = new MemoryCounters({ type, most: 1_000_000, now: Date.now })
    console.log(name.padEnd(48) + us(await least(decisions => { for (let step = 0; step < decisions; step++) store.take('ip:127.0.0.1', windows, 1, 'admitted') })))
  }
  const { default: rateLimit } = await import('@fastify/rate-limit')
  class OurStore {
    #counters = new MemoryCounters({ type: 'fixed', most: 1_000_000, now: Date.now })
    incr (key, done) {
      const { usage: [{ remaining, reset }] } = this.#counters.take(key, MINUTE, 1, 'always')
      done(null, { current: MINUTE[0].limit - remaining, ttl: reset })
    }

    child () { return this }
  }
  const request = { ip: '127.0.0.1', routeOptions: {} }
  for (const [name, options] of [['@fastify/rate-limit createRateLimit, its store', {}], ['@fastify/rate-limit createRateLimit, our store', { store: OurStore }]]) {
    const app = Fastify()
    await app.register(rateLimit, { global: false, max: 1e9, timeWindow: 60_000, keyGenerator: ({ ip }) => ip, ...options })
    const check = app.createRateLimit()
    console.log(name.padEnd(48) + us(await least(async decisions => { for (let step = 0; step < decisions; step++) await check(request) })))
    await app.close()
  }
}

/** Decisions that are under way at the same time, as those of as many connections are. */
async function atOnce (decisions, many, decide) {
  let left = decisions
  await Promise.all(Array.from({ length: many }, async () => { while (left-- > 0) await decide(left) }))
}

async function redis () {
  if (!has('redis-server')) return console.log('\nredis: missing; get it with: apt-get install redis-server')
  const port = await freePort()
  const server = start(redisProgram({ port, dir: tmpdir() }), { core: null })
  const client = connectRedis({ host: '127.0.0.1', port, database: 0, timeout: 5000, ssl: false, ssl_verify: true })
  while (client.status !== 'ready') await delay(10)
  const tree = treeOf(server.pid)
  const decisions = Math.ceil(DECISIONS / 10)
  console.log('\nRedis, a thousand keys: CPU of this process, and of Redis\n')
  async function row (name, many, decide) {
    let theirs = Infinity
    const ours = await least(async () => {
      const before = cpuOf(tree)
      await atOnce(decisions, many, decide)
      const after = cpuOf(tree)
      theirs = Math.min(theirs, (after.user + after.system - before.user - before.system) / decisions)
    }, decisions)
    console.log(`${name.padEnd(44)}${String(many).padStart(4)} at once ${us(ours)} ${us(theirs)}`)
  }
  for (const [name, type, windows] of [['ours, sliding', 'sliding', MINUTE], ['ours, fixed', 'fixed', MINUTE], ['ours, sliding, three windows', 'sliding', THREE]]) {
    const store = new RedisCounters({ client, type, prefix: `bench:${name}` })
    for (const many of [1, 10, 50, 200]) await row(name, many, step => store.take(address(step % 1000), windows, 1, 'admitted'))
  }
  const { default: rateLimit } = await import('@fastify/rate-limit')
  const { Redis } = createRequire(import.meta.resolve('../dist/src/stores/redis/connect.js'))('ioredis')
  for (const enableAutoPipelining of [false, true]) {
    const own = new Redis(port, '127.0.0.1', { enableAutoPipelining }).on('error', () => {})
    const app = Fastify()
    await app.register(rateLimit, { global: false, max: 1e9, timeWindow: 60_000, keyGenerator: ({ ip }) => ip, redis: own })
    const check = app.createRateLimit()
    for (const many of [1, 50]) await row(`@fastify/rate-limit${enableAutoPipelining ? ', auto-pipelining' : ''}`, many, step => check({ ip: address(step % 1000), routeOptions: {} }))
    await app.close()
    own.disconnect()
  }
  client.disconnect()
  await stop(server)
}

stopWithUs()
const sections = { keys, ways, redis }
for (const name of values.section.split(',')) await sections[name]()
await stopAll()
