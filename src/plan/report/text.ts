import type { Painter } from '../../cli/paint.ts'
import { risks, type Place, type Risk } from '../change.ts'
import { summary, type Plan } from '../plan.ts'

const WORDS: Readonly<Record<Risk, string>> = { high: 'HIGH', medium: 'MEDIUM', low: 'LOW' }
/** JSON has them all. */
const MOST_PLACES = 4

/** What a person reads. */
export function textReport (plan: Plan, paint: Painter): string {
  const marks: Readonly<Record<Risk, (text: string) => string>> = { high: paint.error, medium: paint.warning, low: paint.faint }
  const lines: string[] = []
  for (const risk of risks) {
    const changes = plan.changes.filter(change => change.risk === risk)
    if (changes.length === 0) continue
    lines.push(marks[risk](WORDS[risk]))
    for (const { title, rule, details, places } of changes) {
      lines.push(`  ${paint.strong(printable(title))} ${paint.faint(`[${rule}]`)}`)
      for (const detail of details) lines.push(`    ${printable(detail)}`)
      for (const place of places.slice(0, MOST_PLACES)) lines.push(`    ${paint.faint(`${place.side} ${printable(placeText(place))}`)}`)
      if (places.length > MOST_PLACES) lines.push(`    ${paint.faint(`and ${places.length - MOST_PLACES} more places`)}`)
    }
    lines.push('')
  }
  lines.push(plan.changes.length === 0 ? `${paint.good('no changes:')} ${plan.old} and ${plan.next} mean the same` : paint.strong(summary(plan)))
  for (const note of plan.notes) lines.push(`${paint.faint('note:')} ${printable(note)}`)
  return `${lines.join('\n')}\n`
}

export function placeText ({ file, line, column, path }: Place): string {
  return `${file}:${line}:${column} ${path}`
}

/** Names of a file must not act on the terminal. */
function printable (text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`) // eslint-disable-line no-control-regex
}
