/** Kong's ways to say what a query costs: its strategies, and what it decorates fields with. */
import type { FieldNode } from 'graphql/language/index.js'
import type { ArgumentNumbers } from './argument-numbers.ts'
import { OperationCost } from './operation-cost.ts'
import type { SchemaTypes } from './schema-types.ts'

/** Kong's fields of a cost decoration. */
export interface Decoration {
  /** `Type.field`. */
  readonly type_path: string
  readonly add_constant: number
  readonly add_arguments: readonly string[]
  readonly mul_constant: number
  readonly mul_arguments: readonly string[]
}

export type CostStrategy = 'default' | 'node_quantifier'

/** With the arguments as places. */
interface Rule {
  readonly add: number
  readonly addBy: ReadonlyArray<readonly string[]>
  readonly times: number
  /** One list of places for each factor. */
  readonly timesBy: ReadonlyArray<ReadonlyArray<readonly string[]>>
}

const PLAIN: readonly Rule[] = [{ add: 1, addBy: [], times: 1, timesBy: [] }]
const NONE: readonly Rule[] = []

/**
 * @param types of the service's schema; without them a decoration holds for its field on whatever type
 */
export function createDecoratedCost (strategy: CostStrategy, decorations: readonly Decoration[], types?: SchemaTypes): OperationCost {
  const find = createFinder(decorations, types, strategy === 'default' ? PLAIN : NONE)
  if (strategy === 'default') {
    return new OperationCost((field, children, parent, numbers) => {
      let most = 0
      for (const rule of find(parent, field.name.value)) most = Math.max(most, added(rule, field, numbers) + product(factor(rule, field, numbers), children))
      return most
    }, { types, own: 1 })
  }
  // each visit of a decorated node counts, as often as the decorated nodes above it are multiplied
  return new OperationCost((field, children, parent, numbers) => {
    let most = 0
    const rules = find(parent, field.name.value)
    for (const rule of rules) most = Math.max(most, added(rule, field, numbers) + product(factor(rule, field, numbers), children))
    return rules.length === 0 ? children : most
  }, { types, least: 1 })
}

function added ({ add, addBy }: Rule, field: FieldNode, numbers: ArgumentNumbers): number {
  let sum = add
  for (const number of addBy.length === 0 ? [] : numbers.all(field, addBy)) sum += number
  return sum
}

function factor ({ times, timesBy }: Rule, field: FieldNode, numbers: ArgumentNumbers): number {
  let all = times
  // of nothing there is one: asking costs as well
  for (const places of timesBy) all *= Math.max(1, numbers.largest(field, places) ?? 1)
  return all
}

/** Sums beyond all bounds are Infinity, of which nothing is nothing. */
function product (one: number, other: number): number {
  return one === 0 || other === 0 ? 0 : one * other
}

type Find = (parent: string | null, field: string) => readonly Rule[]

/** All that may hold for a field: of its type, of what a value of it may be as well, and where its type is unknown of any. */
function createFinder (decorations: readonly Decoration[], types: SchemaTypes | undefined, otherwise: readonly Rule[]): Find {
  const byName = new Map<string, Rule[]>()
  const byPath = new Map<string, Rule[]>()
  for (const { type_path: path, add_constant: add, add_arguments: addBy, mul_constant: times, mul_arguments: timesBy } of decorations) {
    const rule = { add, addBy: addBy.map(name => name.split('.')), times, timesBy: timesBy.map(name => [name.split('.')]) }
    const [type, field] = path.split('.') as [string, string]
    push(byName, field, rule)
    for (const kin of types?.kin(type) ?? []) push(byPath, `${kin}.${field}`, rule)
  }
  return (parent, field) => {
    const named = byName.get(field)
    if (named === undefined) return otherwise
    // a type that the schema doesn't have: the file is older than the service
    if (types === undefined || parent === null || !types.has(parent, field)) return named
    return byPath.get(`${parent}.${field}`) ?? otherwise
  }
}

function push (map: Map<string, Rule[]>, key: string, rule: Rule): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [rule])
  else list.push(rule)
}
