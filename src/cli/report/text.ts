import { compare, count, type Diagnostic } from '../../config/diagnostics.ts'
import { Lines } from '../../config/lines.ts'
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
  return [...diagnostics].sort(compare).map(diagnostic => entry(diagnostic, lines, paint)).join('\n') +
    `\n${paint.strong(count(diagnostics))}\n`
}

function entry (diagnostic: Diagnostic, lines: Lines, paint: Painter): string {
  const { rule, severity, file, range, path, cause, mend, related = [] } = diagnostic
  const mark = severity === 'error' ? paint.error : paint.warning
  const gutter = String(Math.max(range.line, ...related.map(place => place.range.line))).length
  const blank = ' '.repeat(gutter)
  const out = [
    `${paint.strong(`${file}:${range.line}:${range.column}:`)} ${mark(`${severity}:`)} ${paint.strong(cause)} ${paint.faint(`[${rule}]`)}`
  ]
  if (path !== '') out.push(`${blank} ${paint.faint('in')} ${path}`)
  if (range.line <= lines.count) out.push(excerpt(lines, range, gutter, mark, paint.faint, MASKED.has(rule)))
  for (const place of related) {
    out.push(`${blank} ${paint.faint('::')} ${file}:${place.range.line}:${place.range.column}: ${place.message}`)
    if (place.range.line <= lines.count) out.push(excerpt(lines, place.range, gutter, paint.faint, paint.faint))
  }
  out.push(`${blank} ${paint.faint('=')} ${paint.good('mend:')} ${mend}`, '')
  return out.join('\n')
}
