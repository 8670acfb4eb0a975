/** Paths in a draft: where they lead, and which one a place in its text has. */
import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml'
import type { Diagnostic } from '../config/diagnostics.ts'

/** Steps from the file to a value. */
export type Path = ReadonlyArray<string | number>

/** Everything on the way, the root first. */
export function follow (root: unknown, path: Path): unknown[] {
  const trail = [root]
  let value = root
  for (const step of path) {
    value = (value as Record<string | number, unknown> | undefined)?.[step]
    trail.push(value)
  }
  return trail
}

/** From places in the text to paths in the draft. */
export class PathFinder {
  readonly #root: Node | null
  readonly #starts: number[] = [0]

  constructor (text: string) {
    this.#root = parseDocument(text).contents
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) this.#starts.push(index + 1)
  }

  at ({ range }: Diagnostic): Path {
    const offset = (this.#starts[range.line - 1] ?? 0) + range.column - 1
    const path: Array<string | number> = []
    let node: unknown = this.#root
    for (;;) {
      if (isMap(node)) {
        const pair = node.items.find(({ key, value }) => isScalar(key) && (key.range?.[0] ?? 0) <= offset && offset < Math.max(endOf(value), endOf(key)))
        if (pair === undefined || !isScalar(pair.key)) return path
        path.push(String(pair.key.value))
        if (offset < (pair.key.range?.[1] ?? 0)) return path
        node = pair.value
      } else if (isSeq(node)) {
        const index = node.items.findIndex(item => ((item as Node).range?.[0] ?? 0) <= offset && offset < endOf(item))
        if (index === -1) return path
        path.push(index)
        node = node.items[index]
      } else return path
    }
  }
}

function endOf (node: unknown): number {
  return (node as Node | null)?.range?.[1] ?? 0
}
