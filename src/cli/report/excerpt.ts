import type { Range } from '../../config/diagnostics.ts'
import type { Lines } from '../../config/yaml/lines.ts'
import type { Painter } from '../paint.ts'
import { maskSecrets } from './mask.ts'

/** Longer lines (generated files, tokens) are cut around the place. */
const WIDTH = 110
const LEAD = 60

/**
 * The source line of a place with carets under it, with asterisks for secrets beside it.
 *
 * @param gutter width of the line number column
 * @param mask show asterisks instead of what stands there
 */
export function excerpt (lines: Lines, range: Range, gutter: number, paint: (text: string) => string, faint: Painter['faint'], mask = false): string {
  const raw = lines.changed(range.line, maskSecrets)
  const start = range.column - 1
  const end = range.endLine === range.line ? Math.min(range.endColumn - 1, raw.length) : raw.length
  const masked = mask ? raw.slice(0, start) + '*'.repeat(Math.max(end - start, 0)) + raw.slice(end) : raw
  const from = start > LEAD && masked.length > WIDTH ? start - LEAD : 0
  const shown = masked.slice(from, from + WIDTH)
  const lead = `${from > 0 ? '…' : ''}${printable(shown.slice(0, start - from))}`
  const marked = printable(shown.slice(start - from, end - from))
  const tail = `${printable(shown.slice(end - from))}${from + WIDTH < masked.length ? '…' : ''}`
  const blank = ' '.repeat(gutter)
  return [
    faint(`${blank} |`),
    `${faint(`${String(range.line).padStart(gutter)} |`)} ${lead}${marked}${tail}`.trimEnd(),
    `${faint(`${blank} |`)} ${' '.repeat(columns(lead))}${paint('^'.repeat(Math.max(columns(marked), 1)))}`
  ].join('\n')
}

/** Tabs as two blanks, so that the caret stands right whatever the terminal's tab stops; control characters visible. */
function printable (text: string): string {
  return text
    .replaceAll('\t', '  ')
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** Terminal columns: wide East Asian characters and emoji take two, combining marks none. */
function columns (text: string): number {
  let width = 0
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\u200d|\ufe0f/u.test(character)) continue
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(character) ? 2 : 1
  }
  return width
}
