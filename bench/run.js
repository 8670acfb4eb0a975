/**
 * The side-by-side benchmark: what a request costs in CPU, beside other proxies, in one run. `--help` lists the options,
 * docs/benchmarks.md the rules.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { verify } from './lib/cases.js'
import { has, stopAll, stopWithUs } from './lib/children.js'
import { loadGenerator } from './lib/load.js'
import { describeMachine } from './lib/machine.js'
import { measure } from './lib/measure.js'
import { USAGE, readOptions } from './lib/options.js'
import { BASELINE, REQUIRED } from './lib/participants.js'
import { render } from './lib/report.js'
import { RunningPeer, startUpstream } from './lib/running.js'
import { missed, summarize } from './lib/summary.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const say = text => process.stderr.write(`${text}\n`)

function installPeers () {
  if (existsSync(join(here, 'node_modules'))) return
  say('installing the peers of bench/ (once)')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--loglevel=error'], { cwd: here, stdio: ['ignore', 2, 2] })
  if (status !== 0) say('that failed: going on with what is there')
}

/**
 * Starts a participant, checks its answers, warms it up and measures each case.
 *
 * @returns its rounds by case, and what it held in memory at the end
 */
async function takeRound (peer, options, context) {
  const running = await RunningPeer.start(peer, context)
  try {
    await checked(running, options.cases)
    for (const one of options.cases) await context.load.run(running.port, one, options.warmUp, running.field, running.peer.tls)
    const taken = new Map()
    for (const one of options.cases) taken.set(one.name, await measure(running, one, context))
    await checked(running, options.cases)
    return { taken, memory: running.memory() }
  } finally {
    await running.stop()
  }
}

async function checked (running, cases) {
  const problems = await verify(running, cases)
  if (problems.length > 0) throw new Error(problems.join('; '))
}

function reasonToSkip (peer, context) {
  if (peer.missing !== null) return `missing; get it with: ${peer.missing}`
  return peer.manyValues === true && !context.load.manyValues ? 'every request needs another token: apt-get install wrk' : null
}

/** The round of each participant that can take part; who can't is left out with a reason. */
async function takeRounds (options, context) {
  const rounds = new Map(options.cases.map(one => [one.name, new Map()]))
  const memories = new Map()
  const skipped = []
  let peers = options.participants.filter(peer => {
    const reason = reasonToSkip(peer, context)
    if (reason !== null) skipped.push({ name: peer.name, reason })
    return reason === null
  })
  for (let round = 0; round < options.rounds; round++) {
    // each round starts with another participant, so that nobody always follows the same one
    for (const peer of peers.map((_, index) => peers[(index + round) % peers.length])) {
      say(`round ${round + 1} of ${options.rounds}: ${peer.name}`)
      try {
        const { taken, memory } = await takeRound(peer, options, context)
        memories.set(peer.name, memory)
        for (const [one, figures] of taken) {
          const byPeer = rounds.get(one)
          byPeer.set(peer.name, [...byPeer.get(peer.name) ?? [], figures])
        }
      } catch (error) {
        // not there from the start, or wrong after some rounds: a figure that is left out must not look like one that is good
        if (round > 0) throw new Error(`${peer.name}: ${error.message}`, { cause: error })
        skipped.push({ name: peer.name, reason: error.message })
        peers = peers.filter(one => one !== peer)
      }
    }
  }
  for (const { name, reason } of skipped) say(`skipped: ${name}: ${reason}`)
  return { rounds, peers, memories, skipped }
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

  const { rounds, peers, memories, skipped } = await takeRounds(options, { load, seconds: options.seconds, upstream, dir, core: options.proxyCore, proxyCore: options.proxyCore, loadCore: options.loadCore, nice })
  if (peers.length === 0) throw new Error('nobody can take part')
  const { rounds: count, seconds, warmUp, connections, proxyCore, loadCore } = options
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    machine: describeMachine(),
    settings: { rounds: count, seconds, warmUp, connections, proxyCore, loadCore },
    load: load.name,
    direct,
    participants: peers.map(peer => ({ name: peer.name, version: peer.version(), memory: memories.get(peer.name) })),
    skipped,
    results: summarize(rounds, BASELINE)
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
    const sentences = options.check ? missed(report.results, REQUIRED) : []
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
