/**
 * The side-by-side benchmark: what a request costs in CPU, beside other proxies, in one run. `--help` lists the options,
 * docs/benchmarks.md the rules.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { has, stopAll, stopWithUs } from './lib/children.js'
import { heatsOf, runHeat } from './lib/heat.js'
import { loadGenerator } from './lib/load.js'
import { describeMachine } from './lib/machine.js'
import { USAGE, readOptions } from './lib/options.js'
import { render } from './lib/report.js'
import { REQUIRED } from './lib/required.js'
import { startUpstream } from './lib/running.js'
import { missed, summarize } from './lib/summary.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const say = text => process.stderr.write(`${text}\n`)

function installPeers () {
  if (existsSync(join(here, 'node_modules'))) return
  say('installing the peers of bench/ (once)')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--loglevel=error'], { cwd: here, stdio: ['ignore', 2, 2] })
  if (status !== 0) say('that failed: going on with what is there')
}

function reasonToSkip (peer, context) {
  if (peer.missing !== null) return `missing; get it with: ${peer.missing}`
  return peer.manyValues === true && !context.load.manyValues ? 'every request needs another token: apt-get install wrk' : null
}

/** The slices of everybody who can take part; who can't is left out with a reason. */
async function takeRounds ({ base, ...options }, context) {
  const reason = reasonToSkip(base, context)
  if (reason !== null) throw new Error(`${base.name}: ${reason}`)
  const slices = []
  const memories = new Map()
  const skipped = []
  let peers = options.participants.filter(peer => {
    const reason = reasonToSkip(peer, context)
    if (reason !== null) skipped.push({ name: peer.name, reason })
    return reason === null
  })
  for (let round = 0; round < options.rounds; round++) {
    for (const heat of heatsOf(peers)) {
      say(`round ${round + 1} of ${options.rounds}: ${heat.map(({ name }) => name).join(', ')}`)
      const taken = await runHeat(heat, base, options, context)
      slices.push(...taken.slices.map(slice => ({ round, ...slice })))
      for (const [name, memory] of taken.memories) memories.set(name, memory)
      // not there from the start, or gone after some rounds: a figure that is left out must not look like one that is good
      for (const { name, reason } of taken.skipped) if (round > 0) throw new Error(`${name}: ${reason}`)
      skipped.push(...taken.skipped)
    }
    peers = peers.filter(({ name }) => !skipped.some(one => one.name === name))
  }
  for (const { name, reason } of skipped) say(`skipped: ${name}: ${reason}`)
  return { slices, peers: [base, ...peers], memories, skipped }
}

async function run (options, dir) {
  const { nice } = options
  const load = loadGenerator({ connections: options.connections, core: options.loadCore, nice })
  if (load === null) throw new Error('no load generator: apt-get install wrk, or npm ci --prefix bench')
  if (!has('taskset')) say('taskset is missing (apt-get install util-linux): nothing is pinned to a core')

  const { port: upstream } = await startUpstream({ core: options.loadCore, nice })
  const direct = {}
  for (const one of options.cases) direct[one.name] = await load.run(upstream, one, options.seconds)
  for (const result of Object.values(direct)) result.rps = result.requests / result.seconds

  const { slices, peers, memories, skipped } = await takeRounds(options, { load, seconds: options.seconds, upstream, dir, core: options.proxyCore, proxyCore: options.proxyCore, loadCore: options.loadCore, nice })
  const { rounds, turns, seconds, warmUp, connections, proxyCore, loadCore } = options
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    machine: describeMachine(),
    settings: { rounds, turns, seconds, warmUp, connections, proxyCore, loadCore },
    load: load.name,
    direct,
    participants: peers.map(peer => ({ name: peer.name, version: peer.version(), memory: memories.get(peer.name) })),
    skipped,
    base: options.base.name,
    results: summarize(slices, options.base.name),
    missed: missed(slices, REQUIRED)
  }
}

/** Exit code. */
async function main () {
  let options
  try {
    options = await readOptions(process.argv.slice(2), cpus().length)
  } catch (error) {
    say(`${error.message}\n\n${USAGE}`)
    return 3
  }
  if (options.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (options.install) installPeers()
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  stopWithUs(() => rmSync(dir, { recursive: true, force: true }))
  try {
    const report = await run(options, dir)
    const results = join(here, 'results')
    mkdirSync(results, { recursive: true })
    const file = join(results, `${report.date.replaceAll(/[ :]/g, '-')}.json`)
    writeFileSync(file, JSON.stringify(report, null, 2))
    process.stdout.write(`${render(report, options.markdown)}\n`)
    say(`\nwritten to ${file}`)
    const sentences = options.check ? report.missed : []
    for (const sentence of sentences) say(`missed: ${sentence}`)
    return sentences.length === 0 ? 0 : 1
  } catch (error) {
    say(error.stack)
    return 1
  } finally {
    await stopAll()
  }
}

process.exitCode = await main()
