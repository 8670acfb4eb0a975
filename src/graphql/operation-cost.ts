import type { FieldNode } from 'graphql/language/index.js'
import { ArgumentNumbers } from './argument-numbers.ts'
import { type FieldTypes, fold } from './fold.ts'
import type { Operation } from './front-end.ts'

/** What a field comes to. @param parent type that it is of; null: nobody knows */
export type Price = (field: FieldNode, children: number, parent: string | null, numbers: ArgumentNumbers) => number

/** Sums up operations by what their fields come to; what no variable changes, once. */
export class OperationCost {
  readonly #price: Price
  readonly #types: FieldTypes | undefined
  readonly #least: number
  readonly #own: number

  /** @param own of an operation itself @param least what any operation costs */
  constructor (price: Price, { types, own = 0, least = 0 }: { readonly types?: FieldTypes | undefined, readonly own?: number, readonly least?: number } = {}) {
    this.#price = price
    this.#types = types
    this.#own = own
    this.#least = least
  }

  of ({ document, node, variables }: Operation): number {
    const known = this.#known(document.notes)
    const before = known.get(node)
    if (before !== undefined) return before
    const numbers = new ArgumentNumbers(node, variables)
    const sum = this.#own + fold(document, node, (field, children, parent) => this.#price(field, children, parent, numbers), this.#types)
    const cost = Math.max(this.#least, sum)
    if (!numbers.varied) known.set(node, cost)
    return cost
  }

  #known (notes: Map<object, unknown>): Map<object, number> {
    const before = notes.get(this) as Map<object, number> | undefined
    if (before !== undefined) return before
    const known = new Map<object, number>()
    notes.set(this, known)
    return known
  }
}

/** What all operations of a request cost together. */
export function costOf (cost: OperationCost, operations: readonly Operation[]): number {
  let sum = 0
  for (const operation of operations) sum += cost.of(operation)
  return sum
}
