import { OperationCost } from './operation-cost.ts'

/** What a field costs. */
export interface FieldCost {
  readonly cost: number
  /** How many things it gives where no argument says so. */
  readonly size: number
  /** Arguments that say how many, with the steps inside of them; the largest counts. */
  readonly sizedBy: ReadonlyArray<readonly string[]>
}

export interface CostRules {
  readonly standard: FieldCost
  /** Of fields with these names, on whatever type. */
  readonly fields: ReadonlyMap<string, FieldCost>
}

/** Where dots lead inside of arguments. */
export function argumentPaths (names: readonly string[]): string[][] {
  return names.map(name => name.split('.'))
}

/**
 * What an operation costs: each field its own cost, and what is inside of it as often as it gives things. A list of plain values
 * costs each of them.
 */
export function createQueryCost ({ standard, fields }: CostRules): OperationCost {
  return new OperationCost((field, children, _parent, numbers) => {
    const { cost, size, sizedBy } = fields.get(field.name.value) ?? standard
    const given = field.arguments?.length === 0 ? size : numbers.largest(field, sizedBy) ?? size
    // of nothing there is one: asking costs as well, and 0 times Infinity is no number
    const times = Math.max(1, given)
    return field.selectionSet === undefined ? cost * times : cost + times * children
  })
}
