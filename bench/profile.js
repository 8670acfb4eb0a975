/**
 * Where a request's CPU goes: runs Node participants under load and a CPU profile, one after the other, and prints self
 * time in µs a request by group, side by side, and by function for the first one.
 *
 * Usage: node bench/profile.js [--only sallyport,"undici dispatch"] [--with FILE] [--case get] [--seconds 6] [--top 40] [--nice N]
 *        [--keep FOLDER]
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES } from './lib/cases.js'
import { stopAll, stopWithUs } from './lib/children.js'
import { selfTime } from './lib/cpu-profile.js'
import { loadGenerator } from './lib/load.js'
import { participantFrom, participantsNamed } from './lib/participants.js'
import { RunningPeer, startUpstream } from './lib/running.js'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'sallyport,undici dispatch' },
    with: { type: 'string', multiple: true, default: [] },
    case: { type: 'string', default: 'get' },
    seconds: { type: 'string', default: '6' },
    nice: { type: 'string', default: '0' },
    top: { type: 'string', default: '40' },
    keep: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(readFileSync(new URL(import.meta.url), 'utf8').split('*/')[0].replaceAll(/^\/?\*{1,2} ?|^ \* ?/gm, '').trim())
  process.exit()
}
const microseconds = () => Number(process.hrtime.bigint() / 1000n)

/** The same participant with the profiler on; it writes the profile when it ends. */
function profiled (peer) {
  return {
    ...peer,
    program (context) {
      const program = peer.program(context)
      if (program.command !== process.execPath) throw new Error(`${peer.name} is no Node program`)
      const profiler = ['--cpu-prof', '--cpu-prof-interval', '250', '--cpu-prof-dir', join(context.dir, 'profile')]
      // Node writes a profile when it exits by itself, not when a signal ends it
      const ending = ['--import', 'data:text/javascript,process.on("SIGUSR2",()=>process.exit())']
      return { ...program, args: [...profiler, ...ending, ...program.args] }
    }
  }
}

async function profile (peer, one, { load, upstream, dir, core }) {
  const running = await RunningPeer.start(profiled(peer), { upstream, dir, core, loadCore: 0, nice })
  await load.run(running.port, one, 3, running.field, running.peer.tls)
  const from = microseconds()
  const before = running.cpu()
  const { requests, failed, socketErrors } = await load.run(running.port, one, Number(values.seconds), running.field, running.peer.tls)
  const after = running.cpu()
  const to = microseconds()
  running.child.kill('SIGUSR2')
  await running.child.ended
  const folder = join(running.dir, 'profile')
  const file = join(folder, readdirSync(folder)[0])
  if (values.keep !== undefined) {
    mkdirSync(values.keep, { recursive: true })
    cpSync(file, join(values.keep, `${peer.name.replaceAll(/[^a-z0-9+]/g, '-')}.cpuprofile`))
  }
  const { groups, functions, total } = selfTime(JSON.parse(readFileSync(file, 'utf8')), { from, to })
  const user = (after.user - before.user) / requests
  const system = (after.system - before.system) / requests
  return {
    name: peer.name,
    errors: failed + socketErrors,
    user,
    system,
    // the profiler sees wall time, others' turns on the core included: scaled to the CPU time that the kernel counted
    scale: (user + system) / total,
    groups,
    functions
  }
}

function print (profiles) {
  const names = [...new Set(profiles.flatMap(one => [...one.groups.keys()]))]
    .sort((a, b) => (profiles[0].groups.get(b) ?? 0) - (profiles[0].groups.get(a) ?? 0))
  const cell = value => value.toFixed(1).padStart(16)
  console.log('CPU µs a request, profiler on'.padEnd(32) + profiles.map(one => one.name.padStart(16)).join(''))
  for (const name of names) console.log(name.padEnd(32) + profiles.map(one => cell((one.groups.get(name) ?? 0) * one.scale)).join(''))
  console.log('all'.padEnd(32) + profiles.map(one => cell(one.user + one.system)).join(''))
  console.log('of it system'.padEnd(32) + profiles.map(one => cell(one.system)).join(''))
  for (const one of profiles) {
    console.log(`\n${one.name}: ${one.errors} errors; self time by function, µs a request\n`)
    for (const { place, group, time } of one.functions.slice(0, Number(values.top))) {
      console.log(`${(time * one.scale).toFixed(2).padStart(7)}  ${group.padEnd(28)}  ${place}`)
    }
  }
}

const one = CASES.find(known => known.name === values.case)
if (one === undefined) throw new Error(`no case "${values.case}"`)
const core = cpus().length - 1
const nice = Number(values.nice)
const dir = mkdtempSync(join(tmpdir(), 'sallyport-profile-'))
stopWithUs(() => rmSync(dir, { recursive: true, force: true }))
const load = loadGenerator({ connections: 50, core: 0, nice })
const { port: upstream } = await startUpstream({ core: 0, nice })
const profiles = []
const chosen = [...await Promise.all(values.with.map(participantFrom)), ...participantsNamed(values.only.split(','))]
for (const peer of chosen) {
  if (peer.missing !== null) console.log(`skipped: ${peer.name}: missing; get it with: ${peer.missing}`)
  else profiles.push(await profile(peer, one, { load, upstream, dir, core }))
}
if (profiles.length > 0) print(profiles)
await stopAll()
