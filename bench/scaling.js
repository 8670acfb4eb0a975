/**
 * Several gateways that share their limits over one Redis: what a request costs each of them, and Redis, by how many they are.
 * The model of docs/scaling.md says that it stays the same.
 *
 * Usage: npm run build && node bench/scaling.js [--gateways 1,2,4] [--seconds 5] [--connections 48] [--sync-rate -1]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES } from './lib/cases.js'
import { stopAll, stopWithUs } from './lib/children.js'
import { cpuOf, treeOf } from './lib/cpu.js'
import { loadGenerator } from './lib/load.js'
import { redis } from './lib/redis.js'
import { RunningPeer, startBeside, startUpstream } from './lib/running.js'
import { sallyport } from './lib/sallyport.js'

const { values } = parseArgs({
  options: {
    gateways: { type: 'string', default: '1,2,4' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '48' },
    'sync-rate': { type: 'string', default: '-1' }
  }
})
const [one] = CASES
const seconds = Number(values.seconds)

const dir = mkdtempSync(join(tmpdir(), 'sallyport-scaling-'))
stopWithUs(() => rmSync(dir, { recursive: true, force: true }))
const { port: upstream } = await startUpstream({ core: null })
const shared = await startBeside(redis, { dir, core: null })
const redisTree = treeOf(shared.child.pid)
const peer = sallyport({
  name: 'gateway',
  plugins: [{
    name: 'rate-limiting',
    config: { minute: 1_000_000_000, limit_by: 'ip', policy: 'redis', redis: { host: '127.0.0.1', port: shared.port, timeout: 2000 }, on_store_error: 'deny', sync_rate: Number(values['sync-rate']) }
  }]
})

/** Commands of counters that Redis has had. */
function commands () {
  const stats = execFileSync('redis-cli', ['-p', String(shared.port), 'info', 'commandstats'], { encoding: 'utf8' })
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

const spent = ({ user, system }) => user + system

async function run (count) {
  const gateways = []
  for (let index = 0; index < count; index++) gateways.push(await RunningPeer.start(peer, { upstream, dir, core: null }))
  const load = loadGenerator({ connections: Math.floor(Number(values.connections) / count), core: null })
  const drive = length => Promise.all(gateways.map(gateway => load.run(gateway.port, one, length)))
  await drive(seconds)
  const before = gateways.map(gateway => spent(gateway.cpu()))
  const redisBefore = spent(cpuOf(redisTree))
  const commandsBefore = commands()
  const results = await drive(seconds)
  const asked = commands() - commandsBefore
  const redisCpu = spent(cpuOf(redisTree)) - redisBefore
  const gatewayCpu = gateways.reduce((sum, gateway, index) => sum + spent(gateway.cpu()) - before[index], 0)
  const requests = results.reduce((sum, result) => sum + result.requests, 0)
  const failed = results.reduce((sum, result) => sum + result.failed + result.socketErrors, 0)
  for (const gateway of gateways) await gateway.stop()
  return { gateway: gatewayCpu / requests, redis: redisCpu / requests, perSecond: requests / seconds, perCommand: requests / asked, failed }
}

console.log(`gateways  CPU µs/request  of Redis  requests/s  requests/command  errors   (load ${loadavg()[0].toFixed(1)} at the start)`)
for (const count of values.gateways.split(',').map(Number)) {
  const { gateway, redis: redisCpu, perSecond, perCommand, failed } = await run(count)
  console.log([String(count).padStart(8), gateway.toFixed(1).padStart(15), redisCpu.toFixed(2).padStart(9), perSecond.toFixed(0).padStart(11), perCommand.toFixed(1).padStart(17), String(failed).padStart(7)].join(' '))
}
await stopAll()
