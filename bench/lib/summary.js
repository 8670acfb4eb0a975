/** From slices to figures: medians, comparisons with the slice of another that was nearest in time, and what the limits say. */
import { median } from './time.js'

/** @param {object[]} slices of all rounds; @param {string} base whose CPU is 1 */
export function summarize (slices, base) {
  const results = []
  for (const [name, ofCase] of groupBy(slices, 'case')) {
    for (const [participant, taken] of groupBy(ofCase, 'participant')) {
      const of = field => taken.map(slice => slice[field])
      const { ratio, more } = compare(slices, { case: name, participant, to: base })
      results.push({
        case: name,
        participant,
        cpu: median(of('cpu')),
        cpuLeast: Math.min(...of('cpu')),
        cpuMost: Math.max(...of('cpu')),
        user: median(of('user')),
        system: median(of('system')),
        ratio,
        more,
        rps: median(of('rps')),
        requests: sum(of('requests')),
        failed: sum(of('failed')),
        socketErrors: sum(of('socketErrors')),
        upstreamConnections: Math.max(...of('upstreamConnections')),
        others: Math.max(...of('others')),
        slices: taken
      })
    }
  }
  return results
}

/**
 * One participant beside another, slice by slice: the medians of the ratios and of the differences (µs a request); null for
 * both when either was not measured.
 */
export function compare (slices, { case: name, participant, to }) {
  const own = slices.filter(slice => slice.case === name && slice.participant === participant)
  const others = slices.filter(slice => slice.case === name && slice.participant === to)
  if (own.length === 0 || others.length === 0) return { ratio: null, more: null }
  const pairs = own.map(slice => [slice.cpu, nearest(slice, others).cpu])
  return { ratio: median(pairs.map(([cpu, other]) => cpu / other)), more: median(pairs.map(([cpu, other]) => cpu - other)) }
}

function nearest (slice, others) {
  return others.reduce((best, other) => Math.abs(other.at - slice.at) < Math.abs(best.at - slice.at) ? other : best)
}

/** The limits that were missed or could not be looked at, a sentence each. */
export function missed (slices, limits) {
  const sentences = []
  for (const limit of limits) {
    const { participant, to, case: name, ratio: most, more: mostMore } = limit
    const subject = `${participant}, ${name}`
    const errors = sum(slices.filter(slice => slice.case === name && slice.participant === participant).map(({ failed, socketErrors }) => failed + socketErrors))
    const { ratio, more } = compare(slices, limit)
    if (ratio === null) sentences.push(`${subject}: not measured`)
    else if (errors > 0) sentences.push(`${subject}: ${errors} errors`)
    else if (most !== undefined && ratio > most) sentences.push(`${subject}: ${ratio.toFixed(2)} × the CPU of ${to}, ${most.toFixed(2)} at most`)
    else if (mostMore !== undefined && more > mostMore) sentences.push(`${subject}: ${more.toFixed(1)} µs more than ${to}, ${mostMore} at most`)
  }
  return sentences
}

function groupBy (slices, field) {
  const groups = new Map()
  for (const slice of slices) groups.set(slice[field], [...groups.get(slice[field]) ?? [], slice])
  return groups
}

function sum (values) {
  return values.reduce((total, value) => total + value, 0)
}
