/**
 * What one participant costs on top of another: both run all the time, and get the load in turn, a second each. What else the
 * machine does meets both alike, so that differences of a microsecond show where the side-by-side table is all noise.
 *
 * Usage: node bench/paired.js [--base sallyport] [--only sallyport+metrics,…] [--with FILE] [--cases get] [--rounds 20] [--nice N]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES } from './lib/cases.js'
import { stopAll, stopWithUs } from './lib/children.js'
import { loadGenerator } from './lib/load.js'
import { participantFrom, participantsNamed } from './lib/participants.js'
import { RunningPeer, startUpstream } from './lib/running.js'

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: 'sallyport' },
    only: { type: 'string', default: '' },
    with: { type: 'string', multiple: true, default: [] },
    cases: { type: 'string', default: 'get' },
    rounds: { type: 'string', default: '20' },
    nice: { type: 'string', default: '0' }
  }
})
const nice = Number(values.nice)
const core = cpus().length - 1
const dir = mkdtempSync(join(tmpdir(), 'sallyport-paired-'))
stopWithUs(() => rmSync(dir, { recursive: true, force: true }))
const load = loadGenerator({ connections: 50, core: 0, nice })
const { port: upstream } = await startUpstream({ core: 0, nice })
const peers = [...participantsNamed([values.base]), ...values.only === '' ? [] : participantsNamed(values.only.split(',')), ...await Promise.all(values.with.map(participantFrom))]
const running = []
for (const peer of peers) running.push(await RunningPeer.start(peer, { upstream, dir, core, loadCore: 0, nice }))

/** CPU µs a request. */
async function slice (peer, one, seconds) {
  const before = peer.cpu()
  const { requests, failed, socketErrors } = await load.run(peer.port, one, seconds, peer.field, peer.peer.tls)
  const after = peer.cpu()
  if (failed + socketErrors > 0) throw new Error(`${peer.peer.name}: ${failed + socketErrors} requests failed`)
  return (after.user - before.user + after.system - before.system) / requests
}

function quantile (list, share) {
  return [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * share)]
}

for (const one of CASES.filter(({ name }) => values.cases.split(',').includes(name))) {
  for (const peer of running) await slice(peer, one, 3)
  const taken = running.map(() => [])
  for (let round = 0; round < Number(values.rounds); round++) {
    // each round begins with another one, so that nobody always follows the same
    const order = running.map((_, index) => (index + round) % running.length)
    const figures = []
    for (const index of order) figures[index] = await slice(running[index], one, 1)
    for (const [index, figure] of figures.entries()) taken[index].push(figure)
  }
  const base = taken[0]
  console.log(`${one.title}; CPU µs a request, median of ${base.length} rounds; on top of ${values.base}: median (quartiles)`)
  for (const [index, list] of taken.entries()) {
    const more = list.map((figure, round) => figure - base[round])
    console.log(`${running[index].peer.name.padEnd(28)}${quantile(list, 0.5).toFixed(1).padStart(8)}${index === 0 ? '' : `   +${quantile(more, 0.5).toFixed(2)} (${quantile(more, 0.25).toFixed(2)} to ${quantile(more, 0.75).toFixed(2)})`}`)
  }
}
await stopAll()
