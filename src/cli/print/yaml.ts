import { dump } from 'js-yaml'
import type { Scalar, Tree } from './tree.ts'

/** Column at which comments start, where the line leaves room. */
const COMMENT = 48

/**
 * YAML of a tree.
 *
 * @param origin whether each value says where it came from, in a comment
 */
export function toYaml (tree: Tree, origin: boolean): string {
  const lines: string[] = []
  write(tree, '', '', origin, lines)
  return `${lines.join('\n')}\n`
}

/** `lead` stands before the first line of the tree: indent, key, dash. */
function write (tree: Tree, lead: string, indent: string, origin: boolean, lines: string[]): void {
  const say = (text: string): void => { lines.push(origin && tree.origin !== '' ? `${text.padEnd(COMMENT)} # ${tree.origin}` : text) }
  if (tree.kind === 'scalar') return say(`${lead}${scalar(tree.value)}`)
  if (tree.kind === 'list') {
    if (tree.items.length === 0) return say(`${lead}[]`)
    if (lead !== '') lines.push(lead.trimEnd())
    for (const item of tree.items) write(item, `${indent}- `, `${indent}  `, origin, lines)
    return
  }
  if (tree.entries.length === 0) return say(`${lead}{}`)
  // The first entry of a map in a list stands behind the dash.
  let first = lead.endsWith('- ') ? lead : null
  if (first === null && lead !== '') lines.push(lead.trimEnd())
  for (const [key, value] of tree.entries) {
    write(value, `${first ?? indent}${scalar(key)}: `, `${indent}  `, origin, lines)
    first = null
  }
}

/** One line, quoted where it must be. */
function scalar (value: Scalar): string {
  if (typeof value !== 'string') return String(value)
  const text = dump(value, { lineWidth: -1 }).trimEnd()
  return text.includes('\n') ? JSON.stringify(value) : text
}
