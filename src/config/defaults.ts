import { collections, nesting, OWN_FIELDS } from './entities/envelope.ts'
import type { EntityKind } from './entities/kinds.ts'
import { nearest } from './nearest.ts'
import { content, isNull, member } from './yaml/nodes.ts'
import type { MappingNode, YamlNode } from './yaml/nodes.ts'
import type { Pointer } from './model.ts'
import { join } from './pointer.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'

/**
 * Merges decK's `_info.defaults` into every entity of their kinds, and `_plugin_configs` into the entries that name one with
 * `_config`. This happens on nodes, so that what comes from a block is located in that block.
 */
export function applyDefaults (root: MappingNode, source: Source, report: Report): void {
  const blocks = { defaults: member(member(root, '_info'), 'defaults'), configs: member(root, '_plugin_configs') }
  if (blocks.defaults === undefined && blocks.configs === undefined) {
    // the one thing left to say: an entry that names a block where there is none
    if (!source.text.includes('_config')) return
  }
  visit(root, '', collections, (kind, item, pointer) => {
    if (kind === 'plugin') applyPluginConfig(item, pointer, blocks.configs, source, report)
    else mergeMissing(item, member(blocks.defaults, kind), Object.keys(nesting[kind]))
  })
}

function visit (
  holder: MappingNode,
  pointer: Pointer,
  kinds: Readonly<Partial<Record<string, EntityKind>>>,
  apply: (kind: EntityKind, item: MappingNode, pointer: Pointer) => void
): void {
  for (const [key, kind] of Object.entries(kinds)) {
    const list = member(holder, key)
    const sequence = list === undefined ? undefined : content(list)
    if (kind === undefined || sequence?.kind !== 'sequence') continue
    sequence.items.forEach((node, index) => {
      const item = content(node)
      if (item.kind !== 'mapping') return
      const at = join(join(pointer, key), index)
      apply(kind, item, at)
      visit(item, at, nesting[kind], apply)
    })
  }
}

/** What the item doesn't set (or sets to null) it takes from the block. */
function mergeMissing (item: MappingNode, block: YamlNode | undefined, except: readonly string[]): void {
  const defaults = block === undefined ? undefined : content(block)
  if (defaults?.kind !== 'mapping') return
  for (const [key, entry] of defaults.entries) {
    const own = item.entries.get(key)
    if (except.includes(key) || OWN_FIELDS.includes(key) || (own !== undefined && !isNull(own.node)) || isNull(entry.node)) continue
    item.entries.set(key, { ...entry, via: { start: item.start, end: item.end, what: 'this takes it from _info.defaults' } })
  }
}

function applyPluginConfig (item: MappingNode, pointer: Pointer, configs: YamlNode | undefined, source: Source, report: Report): void {
  const reference = item.entries.get('_config')
  const scalar = reference === undefined ? undefined : content(reference.node)
  if (reference === undefined || scalar?.kind !== 'scalar' || typeof scalar.value !== 'string') return
  const blocks = configs === undefined ? undefined : content(configs)
  const names = blocks?.kind === 'mapping' ? [...blocks.entries.keys()] : []
  const block = member(configs, scalar.value)
  if (block === undefined) {
    const guess = nearest(scalar.value, names)
    report.at(source, join(pointer, '_config'), {
      rule: 'unresolved-reference',
      cause: `invalid reference '_config: ${scalar.value}' (no such entry in '_plugin_configs')`,
      mend: guess === undefined ? 'Add it there, or remove `_config`.' : `Did you mean '${guess}'?`
    })
    return
  }
  const own = item.entries.get('config')
  const written = own === undefined || isNull(own.node) ? undefined : content(own.node)
  const shared = content(block)
  // anything else is reported as a wrong type where it stands
  if (shared.kind !== 'mapping' || (written !== undefined && written.kind !== 'mapping')) {
    if (written === undefined) item.entries.set('config', { keyStart: reference.keyStart, keyEnd: reference.keyEnd, node: shared })
    return
  }
  const via = { start: reference.keyStart, end: scalar.end, what: 'this takes it from _plugin_configs' }
  // a map of its own: an anchor may share the written one with entries that name another block
  const node: MappingNode = { kind: 'mapping', flow: false, start: written?.start ?? shared.start, end: written?.end ?? shared.end, entries: new Map(written?.entries) }
  for (const [key, entry] of shared.entries) {
    const existing = node.entries.get(key)
    if (existing === undefined || isNull(existing.node)) node.entries.set(key, { ...entry, via })
  }
  item.entries.set('config', { keyStart: own?.keyStart ?? reference.keyStart, keyEnd: own?.keyEnd ?? reference.keyEnd, node })
}
