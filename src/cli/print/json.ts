import type { Tree } from './tree.ts'

/** JSON of a tree; with origins as `{ config, origins }`, the second by JSON pointer of the file that is printed. */
export function toJson (tree: Tree, origin: boolean): string {
  const origins: Record<string, string> = {}
  const config = plain(tree, '', origins)
  return `${JSON.stringify(origin ? { version: 1, config, origins } : config, null, 2)}\n`
}

/** The values alone; `origins` is filled with where each came from. */
export function plain (tree: Tree, pointer: string, origins: Record<string, string>): unknown {
  if (tree.kind === 'list') return tree.items.map((item, index) => plain(item, `${pointer}/${index}`, origins))
  if (tree.kind === 'map') {
    return Object.fromEntries(tree.entries.map(([key, value]) =>
      [key, plain(value, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, origins)]))
  }
  if (tree.origin !== '') origins[pointer] = tree.origin
  return tree.value
}
