/** What the YAML parser makes of the text: values that know where they stand. Offsets count UTF-16 code units from 0. */

interface Placed {
  start: number
  /** Exclusive. */
  end: number
  /** Its problem was already reported: nothing that follows from it is. */
  broken?: boolean
}

export interface ScalarNode extends Placed {
  kind: 'scalar'
  value: string | number | boolean | null
  /** Text before typing, escapes and folds resolved. */
  text: string
  /** Without quotes or block marker: typed by its content. */
  plain: boolean
  /** Offset of the text's first character when the file has the text as it is, on one line; else -1. */
  verbatim: number
  /** The value came from a reference. */
  secret?: boolean
}

export interface SequenceNode extends Placed {
  kind: 'sequence'
  flow: boolean
  items: YamlNode[]
}

export interface MappingEntry {
  readonly keyStart: number
  readonly keyEnd: number
  readonly node: YamlNode
  /** Where the entry was taken in, when it stands elsewhere: a merge key, or a block of defaults. */
  readonly via?: { readonly start: number, readonly end: number, readonly what: string }
}

export interface MappingNode extends Placed {
  kind: 'mapping'
  flow: boolean
  entries: Map<string, MappingEntry>
}

/** `*name`: stands for the node of its anchor. */
export interface AliasNode extends Placed {
  kind: 'alias'
  name: string
  target: Exclude<YamlNode, AliasNode>
}

export type YamlNode = ScalarNode | SequenceNode | MappingNode | AliasNode
export type ContentNode = Exclude<YamlNode, AliasNode>

/** The node that an alias stands for, or the node itself. */
export function content (node: YamlNode): ContentNode {
  return node.kind === 'alias' ? node.target : node
}

/** Member of a mapping; undefined where there is none or `node` is none. */
export function member (node: YamlNode | undefined, key: string): YamlNode | undefined {
  if (node === undefined) return undefined
  const mapping = content(node)
  return mapping.kind === 'mapping' ? mapping.entries.get(key)?.node : undefined
}

/** Whether the file says "not set" here: null, in any of its spellings. */
export function isNull (node: YamlNode): boolean {
  const scalar = content(node)
  return scalar.kind === 'scalar' && scalar.value === null && scalar.broken !== true
}
