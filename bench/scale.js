/**
 * Large files: how long a gateway with many routes takes until it answers, and how much memory it then holds.
 *
 * Usage: node bench/scale.js [--routes 10000] [--chains 20] [--check]
 *
 * Without numbers it runs the two files that are promised something: 10,000 routes on 20 chains (ready within 5 s, 300 MB
 * resident), and 5,000 routes on as many chains (it starts at all). `--check` exits 1 where that is missed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { request } from './lib/cases.js'
import { isRunning, start, stop, stopAll, stopWithUs } from './lib/children.js'
import { cpuOf, memoryOf, treeOf } from './lib/cpu.js'
import { freePort, startUpstream } from './lib/running.js'
import { startArguments, writeConfiguration } from './lib/sallyport.js'
import { delay } from './lib/time.js'

const { values } = parseArgs({
  options: { routes: { type: 'string' }, chains: { type: 'string' }, check: { type: 'boolean', default: false } }
})

/** Routes by host, prefix and (one in a hundred) regex; every route of a chain carries the chain's own header. */
function configuration ({ routes, chains, upstream, port }) {
  const services = Array.from({ length: chains }, (_, chain) => ({
    name: `service-${chain}`,
    url: `http://127.0.0.1:${upstream}/small`,
    plugins: [
      { name: 'response-transformer', config: { add: { headers: [`X-Chain:${chain}`] } } },
      { name: 'request-transformer', config: { add: { headers: ['X-From:scale'] } } }
    ],
    routes: []
  }))
  for (let index = 0; index < routes; index++) {
    const regex = index % 100 === 99
    services[index % chains].routes.push({
      name: `route-${index}`,
      paths: [regex ? `~/items/${index}/(?<id>\\d+)$` : `/items/${index}/things`],
      ...(index % 3 === 0 ? { hosts: [`host-${index % 500}.example.com`] } : {})
    })
  }
  return { port, services, plugins: [{ name: 'correlation-id', config: { header_name: 'X-Correlation-Id' } }] }
}

/** A request that only route `index` answers. */
function target (index) {
  const regex = index % 100 === 99
  return {
    path: regex ? `/items/${index}/7` : `/items/${index}/things`,
    host: index % 3 === 0 ? `host-${index % 500}.example.com` : '127.0.0.1'
  }
}

async function scale ({ routes, chains, seconds, megabytes }, { upstream, dir }) {
  const port = await freePort()
  const file = writeConfiguration(dir, configuration({ routes, chains, upstream, port }))
  const startedAt = performance.now()
  const child = start({ command: process.execPath, args: startArguments(file) }, { core: null })
  const ready = await firstAnswer(child, port)
  const took = (performance.now() - startedAt) / 1000
  const title = `${routes} routes on ${chains} chains`
  if (!ready) {
    const said = child.said.trim()
    await stop(child)
    return { title, failed: said || 'no answer within 120 s' }
  }
  const tree = treeOf(child.pid)
  const { user, system } = cpuOf(tree)
  const memory = memoryOf(tree) / 1e6
  const wrong = await wrongAnswers(port, routes, chains)
  await stop(child)
  const misses = []
  if (seconds !== undefined && took > seconds) misses.push(`ready after ${took.toFixed(1)} s, ${seconds} s at most`)
  if (megabytes !== undefined && memory > megabytes) misses.push(`${memory.toFixed(0)} MB resident, ${megabytes} MB at most`)
  if (wrong > 0) misses.push(`${wrong} of 200 routes answer wrongly`)
  return { title, took, cpu: (user + system) / 1e6, memory, misses }
}

async function firstAnswer (child, port) {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline && isRunning(child);) {
    try {
      await request(port, { method: 'GET', path: '/', body: null })
      return true
    } catch {
      await delay(20)
    }
  }
  return false
}

/** How many of 200 routes, spread over the file, don't answer through their own chain. */
async function wrongAnswers (port, routes, chains) {
  let wrong = 0
  for (let look = 0; look < 200; look++) {
    const index = Math.floor(look * routes / 200)
    const { path, host } = target(index)
    const { headers } = await request(port, { method: 'GET', path, body: null, headers: { host } })
    if (headers['x-chain'] !== String(index % chains)) wrong++
  }
  return wrong
}

const runs = values.routes === undefined && values.chains === undefined
  ? [{ routes: 10_000, chains: 20, seconds: 5, megabytes: 300 }, { routes: 5000, chains: 5000 }]
  : [{ routes: Number(values.routes ?? 10_000), chains: Number(values.chains ?? 20) }]

const dir = mkdtempSync(join(tmpdir(), 'sallyport-scale-'))
stopWithUs(() => rmSync(dir, { recursive: true, force: true }))
const { port: upstream } = await startUpstream({ core: null })
for (const run of runs) {
  const { title, failed, took, cpu, memory, misses } = await scale(run, { upstream, dir })
  if (failed !== undefined) console.log(`${title}: did not start: ${failed}`)
  else console.log(`${title}: ready after ${took.toFixed(2)} s (${cpu.toFixed(2)} s of CPU), ${memory.toFixed(0)} MB resident${misses.map(miss => `; missed: ${miss}`).join('')}`)
  if (values.check && (failed !== undefined || misses.length > 0)) process.exitCode = 1
}
await stopAll()
