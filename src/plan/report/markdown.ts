import { risks, type Change, type Risk } from '../change.ts'
import { summary, type Plan } from '../plan.ts'
import { placeText } from './text.ts'

const SIGNS: Readonly<Record<Risk, string>> = { high: '🔴 high', medium: '🟡 medium', low: '⚪ low' }

/** Code hosts take comments of 65,536 characters. */
const MOST_ROWS = 50
const MOST_DETAILS = 30
const MOST_SUBJECTS = 40

/** A comment for a pull request: summary, table, and details that fold away. */
export function markdownReport (plan: Plan): string {
  const { changes, old, next } = plan
  const notes = plan.notes.map(note => `- ${escape(note)}`)
  if (changes.length === 0) return `**Gateway: no changes.** ${code(old)} and ${code(next)} mean the same.\n${notes.length === 0 ? '' : `\n${notes.join('\n')}\n`}`
  const worst = risks.find(risk => plan.counts[risk] > 0) ?? 'low'
  const rest = changes.length - MOST_ROWS
  return [
    `**Gateway: ${summary(plan)}**${worst === 'high' ? ' ⚠️' : ''}`,
    '',
    '| Risk | Change | Where |',
    '|---|---|---|',
    ...changes.slice(0, MOST_ROWS).map(change => `| ${SIGNS[change.risk]} | ${escape(change.title)} | ${where(change)} |`),
    ...notes.length === 0 ? [] : ['', ...notes],
    ...rest > 0 ? ['', `and ${rest} more: \`sallyport plan\` shows them all.`] : [],
    '',
    '<details><summary>Details</summary>',
    '',
    ...changes.slice(0, MOST_DETAILS).flatMap(details),
    '</details>',
    ''
  ].join('\n')
}

function where ({ places }: Change): string {
  const [place] = places
  if (place === undefined) return ''
  const more = places.length > 1 ? ` +${places.length - 1}` : ''
  return `${code(`${place.file}:${place.line}`)}${more}`
}

function details ({ title, rule, subjects, kind, details: sentences, places }: Change): string[] {
  const named = subjects.length < 2 ? [] : [`- ${kind === 'authority' ? 'authorities' : `${kind}s`}: ${subjects.slice(0, MOST_SUBJECTS).map(escape).join(', ')}${subjects.length > MOST_SUBJECTS ? ` and ${subjects.length - MOST_SUBJECTS} more` : ''}`]
  return [
    `**${escape(title)}** (${code(rule)})`,
    ...named,
    ...sentences.map(sentence => `- ${escape(sentence)}`),
    ...places.slice(0, 4).map(place => `- ${place.side}: ${code(placeText(place))}`),
    ''
  ]
}

/** Names of a file must be no Markdown, HTML or mention. */
function escape (text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/[\\`*_{}[\]|~#]/g, '\\$&').replace(/@/g, '@\u200b').replace(/:\/\//g, ':\u200b//')
}

function code (text: string): string {
  const clean = text.replace(/[\r\n`]+/g, ' ').replaceAll('|', '\\|')
  return `\`${clean}\``
}
