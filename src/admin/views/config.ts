import { plain } from '../../cli/print/json.ts'
import { configTree, CUT, type Tree } from '../../cli/print/tree.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'
import { contentHash } from '../../files/watch.ts'
import type { ConfigView } from '../api/types.ts'
import { secretHash } from '../secret-hash.ts'
import { secretsOf } from './secret-at.ts'

/** What hashes of secrets are keyed with. */
export interface HashKey {
  readonly kind: ConfigView['hash_key']
  readonly key: Buffer
}

export function configView (file: RunnableFile, snapshot: number, { kind, key }: HashKey): ConfigView {
  const tree = configTree(file.config, file.source, file.plugins.registry)
  const secretAt = secretsOf(file)
  const secrets: Array<{ pointer: string, hash: string }> = []
  for (const { pointer, written } of cuts(tree, '')) {
    const value = secretAt(written)
    if (value === undefined) continue
    secrets.push({ pointer, hash: secretHash(key, value) })
  }
  return {
    snapshot,
    file: file.config.file,
    hash: `sha256:${contentHash(file.source.text)}`,
    config: plain(tree, '', {}) as Record<string, unknown>,
    secrets,
    hash_key: kind
  }
}

/** Where something was cut: in what is shown, and in the file. */
function * cuts (tree: Tree, pointer: string): Generator<{ readonly pointer: string, readonly written: string }> {
  if (tree.kind === 'scalar') {
    if (tree.value === CUT) yield { pointer, written: tree.pointer }
  } else if (tree.kind === 'list') {
    for (const [index, item] of tree.items.entries()) yield * cuts(item, `${pointer}/${index}`)
  } else {
    for (const [key, value] of tree.entries) yield * cuts(value, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  }
}
