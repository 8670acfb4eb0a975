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

/** Starts and checks who can take part; who can't is left out with a reason. */
async function assemble (options, context) {
  const peers = []
  const skipped = []
  for (const peer of options.participants) {
    if (peer.missing !== null) {
      skipped.push({ name: peer.name, reason: `missing; get it with: ${peer.missing}` })
      continue
    }
    try {
      if (peer.manyValues === true && !context.manyValues) throw new Error('every request needs another token: apt-get install wrk')
      const running = await RunningPeer.start(peer, context)
      const problems = await verify(running, options.cases)
      if (problems.length > 0) throw new Error(problems.join('; '))
      peers.push(running)
    } catch (error) {
      skipped.push({ name: peer.name, reason: error.message })
    }
  }
  for (const { name, reason } of skipped) say(`skipped: ${name}: ${reason}`)
  return { peers, skipped }
}

async function takeRounds (peers, options, context) {
  const rounds = new Map(options.cases.map(one => [one.name, new Map(peers.map(({ peer }) => [peer.name, []]))]))
  for (let round = 0; round < options.rounds; round++) {
    // each round starts with another participant, so that nobody always follows the same one
    const order = peers.map((_, index) => peers[(index + round) % peers.length])
    for (const one of options.cases) {
      say(`round ${round + 1} of ${options.rounds}: ${one.name}`)
      for (const running of order) {
        rounds.get(one.name).get(running.peer.name).push(await measure(running, one, context))
      }
    }
  }
  return rounds
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

  const { peers, skipped } = await assemble(options, { upstream, dir, core: options.proxyCore, nice, manyValues: load.manyValues })
  if (peers.length === 0) throw new Error('nobody can take part')
  for (const running of peers) {
    say(`warming up: ${running.peer.name}`)
    for (const one of options.cases) await load.run(running.port, one, options.warmUp, running.field)
  }
  const rounds = await takeRounds(peers, options, { load, seconds: options.seconds, upstream, proxyCore: options.proxyCore })
  for (const running of peers) {
    const problems = await verify(running, options.cases)
    if (problems.length > 0) throw new Error(`${running.peer.name} after the load: ${problems.join('; ')}`)
  }
  const { rounds: count, seconds, warmUp, connections, proxyCore, loadCore } = options
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    machine: describeMachine(),
    settings: { rounds: count, seconds, warmUp, connections, proxyCore, loadCore },
    load: load.name,
    direct,
    participants: peers.map(running => ({ name: running.peer.name, version: running.peer.version(), memory: running.memory() })),
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
