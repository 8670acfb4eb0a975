/** Tables for a terminal and for Markdown. */
import { CASES } from './cases.js'

const COLUMNS = ['participant', 'version', 'CPU µs/request', 'least–most', 'user + system', 'ratio', '± µs', 'requests/s', 'errors', 'RSS MB']

/** The whole report. */
export function render (report, markdown) {
  const { machine, settings, load, direct, participants, base, skipped, results } = report
  const lines = []
  const title = text => lines.push('', markdown ? `### ${text}` : text, '')
  lines.push(`${report.date}, ${machine.cpu}${machine.virtual ? ' (virtual)' : ''}, ${machine.cores} cores, ${machine.memory}, Linux ${machine.kernel}, Node ${machine.node}, ${load}`)
  lines.push(`${settings.rounds} rounds of ${settings.turns} turns of ${settings.seconds} s, ${settings.connections} connections, participant on core ${settings.proxyCore}, load and upstream on core ${settings.loadCore}`)
  for (const one of CASES) {
    const own = results.filter(result => result.case === one.name).sort((a, b) => a.cpu - b.cpu)
    if (own.length === 0) continue
    title(one.title)
    lines.push(...table([COLUMNS, ...own.map(result => row(result, participants))], markdown), '')
    lines.push(`Load generator straight at the upstream: ${Math.round(direct[one.name].rps).toLocaleString('en')} requests/s.`)
  }
  lines.push('', `ratio, ± µs: CPU beside ${base} in the slice next to it, the medians.`)
  for (const note of notes(report)) lines.push(note)
  for (const { name, reason } of skipped) lines.push(`skipped: ${name}: ${reason}`)
  return lines.join('\n')
}

function row (result, participants) {
  const { version, memory } = participants.find(one => one.name === result.participant)
  return [
    result.participant,
    version,
    result.cpu.toFixed(1),
    `${result.cpuLeast.toFixed(1)}–${result.cpuMost.toFixed(1)}`,
    `${result.user.toFixed(1)} + ${result.system.toFixed(1)}`,
    result.ratio.toFixed(2),
    signed(result.more),
    Math.round(result.rps).toLocaleString('en'),
    String(result.failed + result.socketErrors),
    (memory / 1e6).toFixed(0)
  ]
}

function signed (more) {
  return `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)}`
}

/** What a reader must know before believing the figures. */
function notes ({ results, direct }) {
  const notes = []
  const busy = Math.max(...results.map(result => result.others))
  if (busy > 0.05) notes.push(`note: other processes took up to ${Math.round(busy * 100)} % of the participants' core in a slice: requests/s are too low, CPU figures noisy.`)
  for (const result of results) {
    if (result.upstreamConnections > result.requests / result.slices.length / 10) {
      notes.push(`note: ${result.participant} made ${result.upstreamConnections} upstream connections in one slice of ${result.case}: it does not keep them.`)
    }
  }
  for (const one of CASES) {
    const limited = results.filter(result => result.case === one.name && result.rps > direct[one.name].rps * 0.6).map(({ participant }) => participant)
    if (limited.length > 0) notes.push(`note: in ${one.name} the load core limits requests/s of ${limited.join(', ')}.`)
  }
  return notes
}

function table (rows, markdown) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(cells => cells[column].length)))
  const line = cells => cells.map((cell, column) => column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))
  if (!markdown) return rows.map(cells => line(cells).join('  '))
  const rule = widths.map((width, column) => column < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].map(cells => `| ${cells.join(' | ')} |`)
}
