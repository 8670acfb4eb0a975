/**
 * What a decision of a limiter costs: by the number of keys that are counted, by the way they are counted, and beside
 * @fastify/rate-limit. For docs/decisions/0004-limits.md and docs/scaling.md.
 *
 * Usage: npm run build && node --expose-gc bench/limits.js [--section keys,floor,ways,redis] [--decisions 1000000]
 *
 * `floor` says what a million keys cost without a limiter; `--section requests [--clients 1000000]` what a request costs that
 * meets them: the first million of requests takes minutes.
 */
import { createRequire } from 'node:module'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Fastify from 'fastify'
import { MemoryCounters } from '../dist/src/stores/memory-counters.js'
import { connectRedis } from '../dist/src/stores/redis/connect.js'
import { RedisCounters } from '../dist/src/stores/redis/redis-counters.js'
import { CASES } from './lib/cases.js'
import { has, start, stop, stopAll, stopWithUs } from './lib/children.js'
import { cpuOf, treeOf } from './lib/cpu.js'
import { redis as redisProgram } from './lib/redis.js'
import { loadGenerator } from './lib/load.js'
import { RunningPeer, freePort, startUpstream } from './lib/running.js'
import { sallyport } from './lib/sallyport.js'
import { delay } from './lib/time.js'

const { values } = parseArgs({
  options: { section: { type: 'string', default: 'keys,floor,ways,redis' }, decisions: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' }, clients: { type: 'string', default: '1000000' } }
})
const DECISIONS = Number(values.decisions)
const ROUNDS = Number(values.rounds)
const CLIENTS = Number(values.clients)
const MINUTE = [{ period: 'minute', limit: 1_000_000_000 }]
const THREE = [{ period: 'second', limit: 1_000_000 }, { period: 'minute', limit: 1_000_000_000 }, { period: 'hour', limit: 1_000_000_000 }]

/**
 * A client's address, made anew as a request brings it: a million texts kept in a list would be misses of their own. All are as
 * long: longer ones cost more to hash.
 */
const address = index => `ip:1${index % 10}.${Math.floor(index / 10) % 100 + 100}.${Math.floor(index / 1000) % 100 + 100}.${Math.floor(index / 100_000) + 100}`
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

/** Clients that are made known in one go. */
const SLICE = 50_000
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

/** What a look into memory costs that no cache has: without it no table can do. */
async function floor () {
  console.log('\nwithout a limiter\n')
  for (const count of [1, 1000, 10_000, 100_000, 1_000_000]) {
    const map = new Map()
    for (let key = 0; key < count; key++) map.set(address(key), { count: 0 })
    const cost = await least(decisions => {
      for (let step = 0; step < decisions; step++) map.get(address(shuffled(step, count))).count++
    })
    console.log(`${String(count).padStart(9)} keys ${us(cost)} in a Map of objects, the text included`)
  }
  for (const megabytes of [0.25, 4, 8, 32, 64]) {
    const numbers = new Float64Array(2 ** Math.round(Math.log2(megabytes * 131_072))).fill(0)
    const mask = numbers.length - 1
    const cost = await least(reads => {
      // where the next one is follows from what was read
      let place = 1
      for (let step = 0; step < reads; step++) place = (Math.imul(place, 0x9e3779b1) + step + numbers[place & mask]) | 0
      return place
    })
    console.log(`${String(megabytes).padStart(9)} MB   ${us(cost)} a read that has to wait for the one before`)
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
/** A gateway that counts a million clients beside one that counts one: CPU of the whole request. */
async function requests () {
  const load = loadGenerator({ connections: 32, core: null })
  if (load?.manyValues !== true) return console.log('\nrequests: missing: wrk')
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-limits-'))
  const { port: upstream } = await startUpstream({ core: null })
  const [one] = CASES
  const client = index => `client-${String(index).padStart(7, '0')}`
  const fileOf = (name, count, order) => {
    const file = join(dir, name)
    writeFileSync(file, Array.from({ length: count }, (_, step) => `${client(order(step))}\n`).join(''))
    return { name: 'X-Client', file, values: [client(0)] }
  }
  const peer = sallyport({ name: 'gateway', plugins: [{ name: 'rate-limiting', config: { day: 1_000_000_000, limit_by: 'header', header_name: 'X-Client' } }] })
  const sides = [1, CLIENTS].map(count => ({ count, field: fileOf(`${count}`, Math.min(count, 200_000), step => shuffled(step, count)), all: [] }))
  for (const side of sides) side.gateway = await RunningPeer.start(peer, { upstream, dir, core: null })
  let seconds = 10
  for (const { count, gateway } of sides) {
    for (let first = 0; first < Math.max(count, SLICE); first += SLICE) {
      const slice = fileOf('slice', SLICE, step => Math.min(first + step, count - 1))
      // each run begins with the first client of its file
      for (let had = 0; had < SLICE; seconds = Math.ceil(seconds * 1.2 * Math.max(SLICE / had, 0.1))) had = (await load.run(gateway.port, one, seconds, slice)).requests
    }
  }
  console.log(`\na request of a gateway that limits by a header, CPU of the gateway, ${ROUNDS * 2} rounds in turn\n`)
  for (let round = 0; round < ROUNDS * 2; round++) {
    for (const { gateway, field, all } of sides) {
      const before = gateway.cpu()
      const { requests } = await load.run(gateway.port, one, 4, field)
      const after = gateway.cpu()
      all.push((after.user + after.system - before.user - before.system) / requests)
    }
  }
  for (const { count, all, gateway } of sides) {
    const sorted = all.toSorted((a, b) => a - b)
    console.log(`${String(count).padStart(9)} keys: least ${us(sorted[0])}, median ${us(sorted[sorted.length >> 1])}, most ${us(sorted.at(-1))}; ${(gateway.memory() / 1e6).toFixed(0)} MB resident`)
    await gateway.stop()
  }
  rmSync(dir, { recursive: true, force: true })
}

const sections = { keys, floor, ways, redis, requests }
for (const name of values.section.split(',')) await sections[name]()
await stopAll()
