/**
 * A heat: a few participants and the one that all are compared with run at the same time and get the load in turn, a second
 * each. What else the machine does in these seconds meets neighbours alike, and nobody waits long enough for V8 to let go of
 * its code.
 */
import { verify } from './cases.js'
import { measure } from './measure.js'
import { RunningPeer } from './running.js'

/** Participants in a heat, beside the base. */
const SIZE = 3

/** Of the participants in their order: heats of neighbours; one where the base runs alone when there is nobody else. */
export function heatsOf (participants) {
  if (participants.length === 0) return [[]]
  const heats = []
  for (let start = 0; start < participants.length; start += SIZE) heats.push(participants.slice(start, start + SIZE))
  return heats
}

/**
 * @param {object[]} peers of this heat
 * @param {object} base what they are compared with; runs in every heat
 * @returns its slices, what each held in memory at the end, and who could not take part, with the reason
 */
export async function runHeat (peers, base, options, context) {
  const skipped = []
  const running = [await ready(base, options, context)]
  try {
    for (const peer of peers) {
      try {
        running.push(await ready(peer, options, context))
      } catch (error) {
        skipped.push({ name: peer.name, reason: error.message })
      }
    }
    const slices = []
    for (let turn = 0; turn < options.turns; turn++) {
      for (const one of options.cases) {
        for (const peer of order(running, turn)) slices.push({ case: one.name, participant: peer.peer.name, ...await measure(peer, one, context) })
      }
    }
    for (const peer of running) await checked(peer, options.cases)
    return { slices, skipped, memories: running.map(peer => [peer.peer.name, peer.memory()]) }
  } finally {
    for (const peer of running) await peer.stop()
  }
}

/** Started, right in its answers, and warm. */
async function ready (peer, options, context) {
  const running = await RunningPeer.start(peer, context)
  try {
    await checked(running, options.cases)
    for (const one of options.cases) await context.load.run(running.port, one, options.warmUp, running.field, peer.tls)
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

/** The base before every two others, so that each has it for a neighbour; each turn begins with another participant. */
function order ([base, ...others], turn) {
  if (others.length === 0) return [base]
  const turned = others.map((_, index) => others[(index + turn) % others.length])
  return turned.flatMap((peer, index) => index % 2 === 0 ? [base, peer] : [peer])
}

async function checked (running, cases) {
  const problems = await verify(running, cases)
  if (problems.length > 0) throw new Error(problems.join('; '))
}
