import type { Painter } from './paint.ts'

/** A cell that is longer is cut: the JSON format has everything. */
const WIDEST = 60

/** Columns side by side, two blanks apart, as wide as their widest cell. */
export function table (head: readonly string[], rows: ReadonlyArray<readonly string[]>, paint: Painter): string {
  const cut = rows.map(row => row.map(cell => cell.length > WIDEST ? `${cell.slice(0, WIDEST - 1)}…` : cell))
  const widths = head.map((title, column) => cut.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), title.length))
  const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()
  return `${[paint.strong(line(head)), ...cut.map(line)].join('\n')}\n`
}
