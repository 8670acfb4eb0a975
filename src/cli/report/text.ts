import { compare, count, type Diagnostic } from '../../config/diagnostics.ts'
import { Lines } from '../../config/yaml/lines.ts'
import type { Painter } from '../paint.ts'
import { excerpt } from './excerpt.ts'

/** Rules whose place is a secret: the excerpt shows asterisks. */
const MASKED = new Set(['literal-secret'])

/** Warnings of one rule and one mend that are told in full, where there are more than one above it. */
const TOLD = 3
/** Lines of the others that are named. */
const NAMED = 100

/**
 * What a person reads: errors first, each with its place, the source line, cause and mend; a count at the end. Of many
 * warnings with one mend, the first are told in full and the others by their lines.
 *
 * @param text of the file, for the source lines
 * @param all tell every warning in full
 */
export function textReport (diagnostics: readonly Diagnostic[], text: string, paint: Painter, all = false): string {
  if (diagnostics.length === 0) return ''
  const lines = new Lines(text)
  const sorted = [...diagnostics].sort(compare)
  const folded = new Map<Diagnostic, readonly Diagnostic[]>()
  const silent = new Set<Diagnostic>()
  for (const group of all ? [] : repeated(sorted)) {
    const others = group.slice(TOLD)
    folded.set(others[0] as Diagnostic, others)
    for (const other of others.slice(1)) silent.add(other)
  }
  const entries = sorted.filter(diagnostic => !silent.has(diagnostic)).map(diagnostic => {
    const { severity } = diagnostic
    const others = folded.get(diagnostic)
    if (others !== undefined) return othersEntry(others, paint)
    return textEntry(diagnostic, lines, paint, { label: severity, mark: severity === 'error' ? paint.error : paint.warning })
  })
  return `${entries.join('\n')}\n${paint.strong(count(diagnostics))}\n`
}

/** Warnings of one rule and one mend, where they are many. An error is never one of many: each has to be mended. */
function repeated (diagnostics: readonly Diagnostic[]): Diagnostic[][] {
  const groups = new Map<string, Diagnostic[]>()
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity === 'error') continue
    const kind = `${diagnostic.rule} ${diagnostic.file} ${diagnostic.mend}`
    const group = groups.get(kind)
    if (group === undefined) groups.set(kind, [diagnostic])
    else group.push(diagnostic)
  }
  return [...groups.values()].filter(group => group.length > TOLD + 1)
}

function othersEntry (others: readonly Diagnostic[], paint: Painter): string {
  const { file, rule } = others[0] as Diagnostic
  const at = [...new Set(others.map(({ range }) => range.line))]
  const rest = at.length - NAMED
  return `${paint.strong(`${file}:`)} ${paint.warning('warning:')} ${paint.strong(`${others.length} more of this kind`)} ${paint.faint(`[${rule}]`)}\n` +
    `  ${paint.faint('at')} ${at.length === 1 ? 'line' : 'lines'} ${at.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}\n`
}

/** How a finding is told, beside its place and cause. */
export interface EntryOptions {
  /** What it is, in front of the cause. */
  readonly label: string
  readonly mark: (text: string) => string
  /** Lines between the excerpt and the mend. */
  readonly notes?: ReadonlyArray<readonly [name: string, text: string]>
}

/** One finding, as a person reads it. */
export function textEntry (finding: Omit<Diagnostic, 'severity'>, lines: Lines, paint: Painter, { label, mark, notes = [] }: EntryOptions): string {
  const { rule, file, range, path, cause, mend, related = [] } = finding
  const gutter = String(Math.max(range.line, ...related.map(place => place.range.line))).length
  const blank = ' '.repeat(gutter)
  const out = [
    `${paint.strong(`${file}:${range.line}:${range.column}:`)} ${mark(`${label}:`)} ${paint.strong(cause)} ${paint.faint(`[${rule}]`)}`
  ]
  if (path !== '') out.push(`${blank} ${paint.faint('in')} ${path}`)
  if (range.line <= lines.count) out.push(excerpt(lines, range, gutter, mark, paint.faint, MASKED.has(rule)))
  for (const place of related) {
    out.push(`${blank} ${paint.faint('::')} ${file}:${place.range.line}:${place.range.column}: ${place.message}`)
    if (place.range.line <= lines.count) out.push(excerpt(lines, place.range, gutter, paint.faint, paint.faint, MASKED.has(rule)))
  }
  for (const [name, text] of notes) out.push(`${blank} ${paint.faint('=')} ${paint.faint(`${name}:`)} ${text}`)
  out.push(`${blank} ${paint.faint('=')} ${paint.good('mend:')} ${mend}`, '')
  return out.join('\n')
}
