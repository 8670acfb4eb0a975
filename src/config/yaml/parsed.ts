import type { Pointer } from '../model.ts'
import type { MappingNode, ScalarNode, YamlNode } from './nodes.ts'

/** What the parser refuses. Offsets, not lines: the text is the caller's. */
export interface Problem {
  readonly rule: string
  readonly start: number
  readonly end: number
  readonly pointer: Pointer
  readonly cause: string
  readonly mend: string
  readonly related?: ReadonlyArray<{ readonly start: number, readonly end: number, readonly message: string }>
}

/** A scalar, a key or a flow map whose text looks like a reference. */
export interface Candidate {
  readonly node: ScalarNode | MappingNode
  readonly pointer: Pointer
  readonly part: 'key' | 'value'
}

export interface Parsed {
  /** null where the text is no YAML at all, or empty. */
  readonly root: YamlNode | null
  readonly problems: Problem[]
  readonly candidates: Candidate[]
}
