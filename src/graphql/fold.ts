import { type FieldNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql/language/index.js'
import type { ParsedDocument } from './documents.ts'

/**
 * What a field comes to, from what its selections come to.
 *
 * @param parent type that the field is of; null: nobody knows
 */
export type Weigh = (field: FieldNode, children: number, parent: string | null) => number

/** Which types fields have. */
export interface FieldTypes {
  root (operation: OperationDefinitionNode['operation']): string | null
  /** Type that the field's value is made of. */
  of (parent: string, field: string): string | null
}

const NO_TYPES: FieldTypes = { root: () => null, of: () => null }

/**
 * Sums up an operation from its leaves. A fragment comes to the same wherever it stands, and is summed up once: fragments that
 * spread fragments that spread fragments take no longer than they are long. Sums beyond all bounds are Infinity.
 *
 * Everything counts that could be executed: both sides of `@include` and `@skip`, and all types of a fragment. Fields that a
 * server would merge count each.
 */
export function fold ({ fragments }: ParsedDocument, operation: OperationDefinitionNode, weigh: Weigh, types: FieldTypes = NO_TYPES): number {
  const known = new Map<FragmentDefinitionNode, number>()

  function ofFragment (name: string): number {
    // the document was looked through: it is there, and no circle
    const fragment = fragments.get(name) as FragmentDefinitionNode
    const before = known.get(fragment)
    if (before !== undefined) return before
    const sum = ofSet(fragment.selectionSet, fragment.typeCondition.name.value)
    known.set(fragment, sum)
    return sum
  }

  function ofSet ({ selections }: SelectionSetNode, parent: string | null): number {
    let sum = 0
    for (const selection of selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        sum += ofFragment(selection.name.value)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        sum += ofSet(selection.selectionSet, selection.typeCondition?.name.value ?? parent)
      } else {
        const { selectionSet } = selection
        const inner = selectionSet === undefined ? 0 : ofSet(selectionSet, parent === null ? null : types.of(parent, selection.name.value))
        sum += weigh(selection, inner, parent)
      }
    }
    return sum
  }

  return ofSet(operation.selectionSet, types.root(operation.operation))
}
