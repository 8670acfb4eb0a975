import type { FieldNode } from 'graphql/language/index.js'
import { ArgumentNumbers } from './argument-numbers.ts'
import { fold } from './fold.ts'
import type { Operation } from './front-end.ts'

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
export class QueryCost {
  readonly #rules: CostRules

  constructor (rules: CostRules) {
    this.#rules = rules
  }

  of ({ document, node, variables }: Operation): number {
    const costs = this.#costs(document.notes)
    const before = costs.get(node)
    if (before !== undefined) return before
    const numbers = new ArgumentNumbers(node, variables)
    const sum = fold(document, node, (field, children) => this.#weigh(field, children, numbers))
    if (!numbers.varied) costs.set(node, sum)
    return sum
  }

  #weigh (field: FieldNode, children: number, numbers: ArgumentNumbers): number {
    const { cost, size, sizedBy } = this.#rules.fields.get(field.name.value) ?? this.#rules.standard
    const times = field.arguments?.length === 0 ? size : numbers.largest(field, sizedBy) ?? size
    // of nothing there is one: asking costs as well, and 0 times Infinity is no number
    return field.selectionSet === undefined ? cost * Math.max(1, times) : cost + Math.max(1, times) * children
  }

  /** What was summed up before, where no variable can change it. */
  #costs (notes: Map<object, unknown>): Map<object, number> {
    const before = notes.get(this) as Map<object, number> | undefined
    if (before !== undefined) return before
    const costs = new Map<object, number>()
    notes.set(this, costs)
    return costs
  }
}
