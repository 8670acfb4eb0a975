import { type ConstValueNode, type FieldNode, Kind, type OperationDefinitionNode, type ValueNode } from 'graphql/language/index.js'

/** The numbers that an operation gives to arguments, by literal or variable. */
export class ArgumentNumbers {
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #operation: OperationDefinitionNode
  #defaults: ReadonlyMap<string, number> | null = null
  /** Whether any number came from a variable: otherwise it is the same in each request. */
  varied = false

  constructor (operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>) {
    this.#operation = operation
    this.#variables = variables
  }

  /**
   * The largest number at one of these places; null: there is none.
   *
   * @param paths names of arguments, with the steps inside of them
   */
  largest (field: FieldNode, paths: ReadonlyArray<readonly string[]>): number | null {
    let most: number | null = null
    for (const number of this.all(field, paths)) if (most === null || number > most) most = number
    return most
  }

  /** All numbers at these places: of an argument that stands twice, both. */
  * all ({ arguments: given = [] }: FieldNode, paths: ReadonlyArray<readonly string[]>): Generator<number> {
    for (const [name, ...steps] of paths) {
      for (const argument of given) if (argument.name.value === name) yield * this.#inside(argument.value, steps)
    }
  }

  * #inside (value: ValueNode, steps: readonly string[]): Generator<number> {
    if (value.kind === Kind.VARIABLE) {
      this.varied = true
      const number = this.#ofVariable(value.name.value, steps)
      if (number !== null) yield number
      return
    }
    const [step, ...rest] = steps
    if (step === undefined) {
      const number = value.kind === Kind.INT || value.kind === Kind.FLOAT || value.kind === Kind.STRING ? numberOf(value.value) : null
      if (number !== null) yield number
    } else if (value.kind === Kind.OBJECT) {
      for (const field of value.fields) if (field.name.value === step) yield * this.#inside(field.value, rest)
    }
  }

  #ofVariable (name: string, steps: readonly string[]): number | null {
    if (!Object.hasOwn(this.#variables, name)) return this.#default(name, steps)
    let value: unknown = this.#variables[name]
    for (const step of steps) value = typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined
    return typeof value === 'number' || typeof value === 'string' ? numberOf(value) : null
  }

  #default (name: string, steps: readonly string[]): number | null {
    this.#defaults ??= defaultsOf(this.#operation)
    return this.#defaults.get([name, ...steps].join('.')) ?? null
  }
}

/** More than anybody answers; finite, so that no product of two sums is no number. */
const MOST = 1e9

/** How many are asked for; some servers take a number in a string, and some read one below 0 from the end. */
function numberOf (value: number | string): number | null {
  if (typeof value === 'string' && !/^\s*[+-]?\d{1,400}(?:\.\d{1,400})?(?:e[+-]?\d{1,4})?\s*$/i.test(value)) return null
  const number = Math.abs(Number(value))
  return Number.isNaN(number) ? null : Math.min(MOST, Math.ceil(number))
}

/** Numbers among the default values of variables, by name and steps; of two the larger. */
function defaultsOf ({ variableDefinitions = [] }: OperationDefinitionNode): Map<string, number> {
  const defaults = new Map<string, number>()
  function add (path: string, value: ConstValueNode, depth: number): void {
    if (value.kind === Kind.OBJECT && depth < 8) {
      for (const field of value.fields) add(`${path}.${field.name.value}`, field.value, depth + 1)
    } else if (value.kind === Kind.INT || value.kind === Kind.FLOAT || value.kind === Kind.STRING) {
      const number = numberOf(value.value)
      if (number !== null) defaults.set(path, Math.max(number, defaults.get(path) ?? 0))
    }
  }
  for (const { variable, defaultValue } of variableDefinitions) if (defaultValue !== undefined) add(variable.name.value, defaultValue, 0)
  return defaults
}
