/**
 * Several gateways that share their limits over one Redis, or over the shards of a cluster: what a request costs each of them,
 * and Redis, by how many they are. The model of docs/scaling.md says that it stays the same.
 *
 * Usage: npm run build && node bench/scaling.js [--gateways 1,2,4] [--shards 0] [--rounds 3] [--seconds 5] [--connections 48] [--sync-rate -1]
 *
 * `--shards 0` is one Redis that is no cluster. The rounds take turns, and the cheapest one of each counts: what else runs on the
 * machine only adds.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES } from './lib/cases.js'
import { stop, stopAll, stopWithUs } from './lib/children.js'
import { cpuOf, treeOf } from './lib/cpu.js'
import { loadGenerator } from './lib/load.js'
import { redis } from './lib/redis.js'
import { RunningPeer, freePort, startBeside, startUpstream } from './lib/running.js'
import { sallyport } from './lib/sallyport.js'
import { delay } from './lib/time.js'

const { values } = parseArgs({
  options: {
    gateways: { type: 'string', default: '1,2,4' },
    shards: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '48' },
    'sync-rate': { type: 'string', default: '-1' }
  }
})
const [one] = CASES
const seconds = Number(values.seconds)
const SLOTS = 16384
/** Requests that each gateway has had before any are measured. */
const WARM = 20_000

const dir = mkdtempSync(join(tmpdir(), 'sallyport-scaling-'))
stopWithUs(() => rmSync(dir, { recursive: true, force: true }))
const { port: upstream } = await startUpstream({ core: null })
/** Clients, so that all shards have some. */
const field = { name: 'X-Client', file: join(dir, 'clients.txt'), values: Array.from({ length: 1000 }, (_, index) => `client-${index}`) }
writeFileSync(field.file, field.values.map(value => `${value}\n`).join(''))

const ask = (port, ...args) => execFileSync('redis-cli', ['-p', String(port), ...args.map(String)], { encoding: 'utf8' }).trim()

/** Servers that answer, each with an equal part of the slots where they are a cluster. */
async function startServers (shards) {
  if (shards === 0) return [await startBeside(redis, { dir, core: null })]
  const servers = []
  for (let index = 0; index < shards; index++) {
    const bus = await freePort()
    const program = options => {
      const { command, args } = redis(options)
      return { command, args: [...args, '--cluster-enabled', 'yes', '--cluster-config-file', join(dir, `nodes-${options.port}.conf`), '--cluster-port', String(bus)] }
    }
    servers.push({ ...await startBeside(program, { dir, core: null }), bus })
  }
  for (const [index, { port }] of servers.entries()) {
    ask(port, 'cluster', 'addslotsrange', Math.floor(SLOTS * index / shards), Math.floor(SLOTS * (index + 1) / shards) - 1)
    ask(port, 'config', 'set', 'cluster-announce-ip', '127.0.0.1')
    if (index > 0) ask(port, 'cluster', 'meet', '127.0.0.1', servers[0].port, servers[0].bus)
  }
  while (!servers.every(({ port }) => /cluster_state:ok[^]*cluster_known_nodes:(\d+)/.exec(ask(port, 'cluster', 'info'))?.[1] === String(shards))) await delay(50)
  return servers
}

function gatewayOf (servers, shards) {
  const reached = shards === 0 ? { host: '127.0.0.1', port: servers[0].port } : { cluster_nodes: servers.map(({ port }) => ({ ip: '127.0.0.1', port })) }
  return sallyport({
    name: 'gateway',
    plugins: [{
      name: 'rate-limiting',
      config: { minute: 1_000_000_000, limit_by: 'header', header_name: field.name, policy: 'redis', redis: { ...reached, timeout: 2000 }, on_store_error: 'deny', sync_rate: Number(values['sync-rate']) }
    }]
  })
}

/** Calls of the script that Redis has had. */
const commands = servers => servers.reduce((sum, { port }) => sum + Number(/cmdstat_evalsha:calls=(\d+)/.exec(ask(port, 'info', 'commandstats'))?.[1] ?? 0), 0)
const spent = ({ user, system }) => user + system

async function run (servers, peer, count) {
  const trees = servers.map(({ child }) => treeOf(child.pid))
  const redisSpent = () => trees.reduce((sum, tree) => sum + spent(cpuOf(tree)), 0)
  const gateways = []
  for (let index = 0; index < count; index++) gateways.push(await RunningPeer.start(peer, { upstream, dir, core: null }))
  const load = loadGenerator({ connections: Math.floor(Number(values.connections) / count), core: null })
  const drive = length => Promise.all(gateways.map(gateway => load.run(gateway.port, one, length, field)))
  // code that has hardly run is dear
  for (let all = 0; all < WARM * count;) all += (await drive(seconds)).reduce((sum, { requests }) => sum + requests, 0)
  const before = gateways.map(gateway => spent(gateway.cpu()))
  const redisBefore = redisSpent()
  const commandsBefore = commands(servers)
  const results = await drive(seconds)
  const asked = commands(servers) - commandsBefore
  const redisCpu = redisSpent() - redisBefore
  const gatewayCpu = gateways.reduce((sum, gateway, index) => sum + spent(gateway.cpu()) - before[index], 0)
  const requests = results.reduce((sum, result) => sum + result.requests, 0)
  const failed = results.reduce((sum, result) => sum + result.failed + result.socketErrors, 0)
  for (const gateway of gateways) await gateway.stop()
  return { gateway: gatewayCpu / requests, redis: redisCpu / requests, perSecond: requests / seconds, perCommand: requests / asked, failed }
}

const numbers = text => text.split(',').map(Number)
const best = new Map()
console.log(`load ${loadavg()[0].toFixed(1)} at the start; µs are of CPU, a request\n`)
console.log('round  shards  gateways  of gateways  of Redis  requests/s  requests/command  errors')

function row (round, shards, count, { gateway, redis: redisCpu, perSecond, perCommand, failed }) {
  console.log([String(round).padStart(5), String(shards).padStart(7), String(count).padStart(9), gateway.toFixed(1).padStart(12), redisCpu.toFixed(2).padStart(9), perSecond.toFixed(0).padStart(11), perCommand.toFixed(1).padStart(17), String(failed).padStart(7)].join(' '))
}

for (let round = 1; round <= Number(values.rounds); round++) {
  for (const shards of numbers(values.shards)) {
    const servers = await startServers(shards)
    const peer = gatewayOf(servers, shards)
    for (const count of numbers(values.gateways)) {
      const result = await run(servers, peer, count)
      row(round, shards, count, result)
      const key = `${shards} ${count}`
      const other = best.get(key) ?? result
      best.set(key, { ...result, gateway: Math.min(result.gateway, other.gateway), redis: Math.min(result.redis, other.redis), perSecond: Math.max(result.perSecond, other.perSecond), failed: result.failed + (best.has(key) ? other.failed : 0) })
    }
    for (const { child } of servers) await stop(child)
  }
}
console.log('\nthe least of each')
for (const [key, result] of best) row('', ...key.split(' '), result)
await stopAll()
