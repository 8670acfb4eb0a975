import { content } from './nodes.ts'
import type { YamlNode } from './nodes.ts'

/** How many values the aliases of one file may stand for together: a bomb of nested aliases ends here. */
const MAX_EXPANDED = 1_000_000

/** How deep they may nest: the parser allows 100 levels in the text, aliases could chain without end. */
const MAX_DEPTH = 200

interface Size {
  readonly total: number
  readonly depth: number
}

/**
 * The node at which aliases expand to too much, before anything is built.
 *
 * An anchor stands before its aliases, so every shared node is measured once, and the recursion is as deep as the text.
 */
export function expandsTooFar (root: YamlNode): YamlNode | undefined {
  const sizes = new Map<YamlNode, Size>()
  let offender: YamlNode | undefined
  const measure = (node: YamlNode): Size => {
    const value = content(node)
    if (value.kind === 'scalar') return { total: 1, depth: 1 }
    const known = sizes.get(value)
    if (known !== undefined) return known
    let total = 1
    let depth = 0
    const add = (inner: YamlNode): void => {
      const size = measure(inner)
      total += size.total
      depth = Math.max(depth, size.depth)
      if ((total > MAX_EXPANDED || depth >= MAX_DEPTH) && offender === undefined) offender = inner
    }
    if (value.kind === 'sequence') value.items.forEach(add)
    else for (const entry of value.entries.values()) add(entry.node)
    const size = { total, depth: depth + 1 }
    sizes.set(value, size)
    return size
  }
  measure(root)
  return offender
}

/** Plain values; what aliases share is copied, so that nobody writes into two places at once. */
export function toValue (node: YamlNode): unknown {
  const value = content(node)
  switch (value.kind) {
    case 'scalar':
      return value.broken === true ? undefined : value.value
    case 'sequence':
      return value.items.map(toValue)
    case 'mapping': {
      const object: Record<string, unknown> = {}
      for (const [key, entry] of value.entries) object[key] = toValue(entry.node)
      return object
    }
  }
}
