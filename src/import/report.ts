import type { Painter } from '../cli/paint.ts'
import type { Finding, FindingKind } from './draft.ts'

/** What an import did, for people and for programs. */
export interface ImportReport {
  /** Of the source: `kong`. */
  readonly format: string
  /** The source, as the user calls it. */
  readonly source: string
  /** The written file; null for standard output. */
  readonly output: string | null
  /** Entities of the written file by kind. */
  readonly entities: Readonly<Record<'upstreams' | 'services' | 'routes' | 'plugins' | 'consumers', number>>
  /** In the order of the source, the gravest kinds first. */
  readonly findings: readonly Finding[]
  /** What the file does in another way than under the source's gateway, though it says the same. */
  readonly differences: readonly string[]
  /** Warnings that `check` has about the written file. */
  readonly warnings: number
  /** Of the environment, that the written file refers to. */
  readonly variables: readonly string[]
}

/** The gravest first. */
const KINDS: readonly FindingKind[] = ['closed', 'left_out', 'todo', 'changed']

const WORDS: Readonly<Record<FindingKind, readonly [label: string, heading: string]>> = {
  closed: ['closed', 'Closed: it protects and could not be translated; requests get 503 until you have put something in its place'],
  left_out: ['left out', 'Left out: the written file does not do it'],
  todo: ['to do', 'To do: fill in a value; nobody passes until then'],
  changed: ['changed', 'Changed: translated, and different in something']
}

/** The gravest findings first, each kind in the order of the source. */
export function sortFindings (findings: readonly Finding[]): Finding[] {
  const rank = ({ kind }: Finding): number => KINDS.indexOf(kind)
  return findings.toSorted((a, b) => rank(a) - rank(b) || (a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : 0) || (a.place.line ?? 0) - (b.place.line ?? 0))
}

/** How many findings there are of each kind. */
export function countFindings (findings: readonly Finding[]): Record<FindingKind, number> {
  const count = (kind: FindingKind): number => findings.filter(finding => finding.kind === kind).length
  return { closed: count('closed'), left_out: count('left_out'), todo: count('todo'), changed: count('changed') }
}

/** One line of JSON, indented: the form is stable. */
export function jsonImportReport ({ findings, ...report }: ImportReport): string {
  return `${JSON.stringify({
    version: 1,
    ...report,
    counts: countFindings(findings),
    findings: findings.map(({ place, ...finding }) => ({ ...finding, file: place.file, line: place.line }))
  }, null, 2)}\n`
}

export function textImportReport ({ format, source, output, entities, findings, differences, warnings, variables }: ImportReport, paint: Painter): string {
  const counts = countFindings(findings)
  const lines = [`${paint.good('imported:')} ${source} (${format}) to ${output ?? 'standard output'}: ${inventory(entities)}`]
  for (const kind of KINDS) {
    const found = findings.filter(finding => finding.kind === kind)
    if (found.length === 0) continue
    const grave = kind === 'closed' || kind === 'left_out'
    lines.push('', (grave ? paint.error : paint.warning)(WORDS[kind][1]))
    for (const { what, message, place } of found) lines.push(`  ${place.line === null ? place.file : `${place.file}:${place.line}`}: ${paint.strong(what)}: ${message}`)
  }
  if (differences.length > 0) lines.push('', paint.strong('Says the same, and means something else here'), ...differences.map(each => `  ${each}`))
  lines.push('', findings.length === 0 ? 'Everything was translated.' : `${KINDS.map(kind => `${counts[kind]} ${WORDS[kind][0]}`).join(', ')}.`)
  if (warnings > 0) lines.push(`\`sallyport check\` has ${warnings === 1 ? '1 warning' : `${warnings} warnings`} about the result.`)
  if (variables.length > 0) lines.push(`To set before it runs: ${variables.join(', ')}.`)
  return `${lines.join('\n')}\n`
}

function inventory (entities: ImportReport['entities']): string {
  const parts = Object.entries(entities).filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${count === 1 ? kind.slice(0, -1) : kind}`)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}
