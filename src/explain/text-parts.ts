import type { Painter } from '../cli/paint.ts'
import type { Place } from './types.ts'

const WIDTH = 80
const INDENT = '  '

/** A heading with its lines, set in; nothing where there are none. */
export function block (title: string, lines: readonly string[], paint: Painter): string[] {
  return lines.length === 0 ? [] : ['', paint.strong(title), ...lines.map(line => `${INDENT}${line}`)]
}

/** `, gateway.yaml:12`, or nothing. */
export function at ({ line, pointer }: Place, file: string): string {
  return line === null ? `, ${pointer}` : `, ${file}:${line}`
}

export function nameOf (named: { readonly name: string | null, readonly id: string, readonly path?: string | null } | null): string {
  return named === null ? '-' : named.name ?? named.path ?? named.id
}

/** Breaks a line at blanks; a word that is longer than a line is left whole, so that it can be copied. */
export function wrap (text: string, first = '', following = `${first.length === 0 ? INDENT : ' '.repeat(bare(first).length + 2)}`): string[] {
  const lines: string[] = []
  let line = first
  let length = bare(first).length
  let empty = true
  for (const word of text.split(' ')) {
    if (!empty && length + 1 + word.length > WIDTH - INDENT.length) {
      lines.push(line)
      line = following + word
      length = following.length + word.length
      continue
    }
    line += `${empty ? '' : ' '}${word}`
    length += word.length + (empty ? 0 : 1)
    empty = false
  }
  return [...lines, line]
}

/** Without colours, which take no room. */
function bare (text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\x1b\[[\d;]*m/g, '')
}
