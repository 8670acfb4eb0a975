import { compare, count, type Diagnostic } from '../../config/diagnostics.ts'
import { Lines } from '../../config/yaml/lines.ts'
import type { Painter } from '../paint.ts'
import { excerpt } from './excerpt.ts'

/** Rules whose place is a secret: the excerpt shows asterisks. */
const MASKED = new Set(['literal-secret'])

/**
 * What a person reads: errors first, each with its place, the source line, cause and mend; a count at the end.
 *
 * @param text of the file, for the source lines
 */
export function textReport (diagnostics: readonly Diagnostic[], text: string, paint: Painter): string {
  if (diagnostics.length === 0) return ''
  const lines = new Lines(text)
  return [...diagnostics].sort(compare).map(diagnostic => textEntry(diagnostic, lines, paint, {
    label: diagnostic.severity,
    mark: diagnostic.severity === 'error' ? paint.error : paint.warning
  })).join('\n') +
    `\n${paint.strong(count(diagnostics))}\n`
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
