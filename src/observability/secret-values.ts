import { content, type ScalarNode, type YamlNode } from '../config/nodes.ts'
import type { Source } from '../config/source.ts'

/** Values of a file that came from references, for the redactor: nobody may read them in a log. */
export function secretValues (source: Pick<Source, 'root'>): string[] {
  const found = new Set<string>()
  const seen = new Set<YamlNode>()
  const waiting: YamlNode[] = source.root === null ? [] : [source.root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const inner = content(node)
    // aliases make the tree a graph
    if (seen.has(inner)) continue
    seen.add(inner)
    if (inner.kind === 'sequence') waiting.push(...inner.items)
    else if (inner.kind === 'mapping') for (const entry of inner.entries.values()) waiting.push(entry.node)
    else if (inner.secret === true) for (const value of valuesOf(inner)) found.add(value)
  }
  return [...found]
}

/** The whole, and what it has beyond the text around the reference: a header can be `Bearer ${{ env "DECK_TOKEN" }}`. */
function valuesOf ({ text, value }: ScalarNode): string[] {
  const whole = String(value)
  const start = text.indexOf('${{')
  const end = text.lastIndexOf('}}')
  if (start === -1 || end === -1) return [whole]
  const inner = whole.slice(start, whole.length - (text.length - end - 2))
  return inner === '' ? [whole] : [whole, inner]
}
