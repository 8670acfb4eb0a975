/** From rounds to figures: medians, ratios in the same run, and what the rules say about them. */
import { median } from './time.js'

/**
 * @param {Map<string, Map<string, object[]>>} rounds by case and participant
 * @param {string} baseline whose CPU is 1
 */
export function summarize (rounds, baseline) {
  const results = []
  for (const [name, byPeer] of rounds) {
    const base = byPeer.get(baseline)
    for (const [peer, taken] of byPeer) {
      const of = field => taken.map(round => round[field])
      results.push({
        case: name,
        participant: peer,
        cpu: median(of('cpu')),
        cpuLeast: Math.min(...of('cpu')),
        cpuMost: Math.max(...of('cpu')),
        user: median(of('user')),
        system: median(of('system')),
        // round by round, so that what disturbed both a moment apart cancels out
        ratio: base === undefined ? null : median(taken.map((round, index) => round.cpu / base[index].cpu)),
        rps: median(of('rps')),
        requests: sum(of('requests')),
        failed: sum(of('failed')),
        socketErrors: sum(of('socketErrors')),
        upstreamConnections: Math.max(...of('upstreamConnections')),
        others: Math.max(...of('others')),
        rounds: taken
      })
    }
  }
  return results
}

/** The required ratios that were missed or could not be looked at, a sentence each. */
export function missed (results, required) {
  const sentences = []
  for (const [participant, byCase] of Object.entries(required)) {
    for (const [name, most] of Object.entries(byCase)) {
      const result = results.find(one => one.participant === participant && one.case === name)
      if (result === undefined || result.ratio === null) sentences.push(`${participant}, ${name}: not measured`)
      else if (result.failed + result.socketErrors > 0) sentences.push(`${participant}, ${name}: ${result.failed + result.socketErrors} errors`)
      else if (result.ratio > most) sentences.push(`${participant}, ${name}: ${result.ratio.toFixed(2)} × the baseline's CPU, ${most.toFixed(2)} at most`)
    }
  }
  return sentences
}

function sum (values) {
  return values.reduce((total, value) => total + value, 0)
}
