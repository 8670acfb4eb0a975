import { plain } from '../../cli/print/json.ts'
import { CUT, treeSteps, type Tree } from '../../cli/print/tree.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'
import { contentHash } from '../../files/watch.ts'
import { mapSteps, type Steps } from '../../steps.ts'
import type { ConfigView } from '../api/types.ts'
import { secretHash } from '../secret-hash.ts'
import { secretsOf } from './secret-at.ts'

/** What hashes of secrets are keyed with. */
export interface HashKey {
  readonly kind: ConfigView['hash_key']
  readonly key: Buffer
}

export function * configView (file: RunnableFile, snapshot: number, { kind, key }: HashKey): Steps<ConfigView> {
  const tree = yield * treeSteps(file.config, file.source, file.plugins.registry, false)
  const secretAt = secretsOf(file)
  const secrets: Array<{ pointer: string, hash: string }> = []
  const config: Record<string, unknown> = {}
  function shown (part: Tree, at: string): unknown {
    for (const { pointer, written } of cuts(part, at)) {
      const value = secretAt(written)
      if (value !== undefined) secrets.push({ pointer, hash: secretHash(key, value) })
    }
    return plain(part, at, {})
  }
  for (const [name, part] of tree.kind === 'map' ? tree.entries : []) {
    config[name] = part.kind === 'list' ? yield * mapSteps(part.items, (item, index) => shown(item, `/${name}/${index}`)) : shown(part, `/${name}`)
  }
  return {
    snapshot,
    file: file.config.file,
    hash: `sha256:${contentHash(file.source.text)}`,
    config,
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
