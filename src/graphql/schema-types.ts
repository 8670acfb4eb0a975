import { Kind, type OperationTypeNode, parse, type TypeNode } from 'graphql/language/index.js'
import type { CheckContext } from '../plugin-contract.ts'
import { readNamedFile } from '../plugin-kit/named-file.ts'
import type { FieldTypes } from './fold.ts'

/** Types of a schema in GraphQL's own language: as much as costs need to know. */
export class SchemaTypes implements FieldTypes {
  readonly #roots = new Map<string, string>([['query', 'Query'], ['mutation', 'Mutation'], ['subscription', 'Subscription']])
  readonly #fields = new Map<string, Map<string, string>>()
  /** Of each type, those that a value of it may be as well: what implements it, what it implements, members of a union. */
  readonly #kin = new Map<string, Set<string>>()

  /** @param text in the schema definition language. @throws Error when it is none */
  constructor (text: string) {
    for (const definition of parse(text, { noLocation: true }).definitions) {
      switch (definition.kind) {
        case Kind.SCHEMA_DEFINITION:
        case Kind.SCHEMA_EXTENSION:
          for (const { operation, type } of definition.operationTypes ?? []) this.#roots.set(operation, type.name.value)
          break
        case Kind.OBJECT_TYPE_DEFINITION:
        case Kind.OBJECT_TYPE_EXTENSION:
        case Kind.INTERFACE_TYPE_DEFINITION:
        case Kind.INTERFACE_TYPE_EXTENSION: {
          const name = definition.name.value
          const fields = this.#fields.get(name) ?? new Map<string, string>()
          for (const field of definition.fields ?? []) fields.set(field.name.value, nameOf(field.type))
          this.#fields.set(name, fields)
          for (const one of definition.interfaces ?? []) this.#relate(name, one.name.value)
          break
        }
        case Kind.UNION_TYPE_DEFINITION:
        case Kind.UNION_TYPE_EXTENSION:
          for (const one of definition.types ?? []) this.#relate(definition.name.value, one.name.value)
      }
    }
  }

  root (operation: `${OperationTypeNode}`): string | null {
    return this.#roots.get(operation) ?? null
  }

  of (parent: string, field: string): string | null {
    return this.#fields.get(parent)?.get(field) ?? null
  }

  /** Whether such a field is defined. */
  has (type: string, field: string): boolean {
    return this.#fields.get(type)?.has(field) === true
  }

  /** The type itself, and those that a value of it may be as well. */
  kin (type: string): readonly string[] {
    return [type, ...this.#kin.get(type) ?? []]
  }

  get names (): Iterable<string> {
    return this.#fields.keys()
  }

  #relate (one: string, other: string): void {
    for (const [from, to] of [[one, other], [other, one]] as const) {
      const kin = this.#kin.get(from)
      if (kin === undefined) this.#kin.set(from, new Set([to]))
      else kin.add(to)
    }
  }
}

function nameOf (type: TypeNode): string {
  let inner = type
  while (inner.kind !== Kind.NAMED_TYPE) inner = inner.type
  return inner.name.value
}

/** @throws Error when the file can't be used */
export function readSchemaTypes (directory: string, file: string, reads?: CheckContext['reads']): SchemaTypes {
  let text: string
  try {
    text = readNamedFile(directory, file, reads).toString()
  } catch (error) {
    throw new Error(`'${file}' can't be read (${(error as NodeJS.ErrnoException).code ?? 'no code'})`)
  }
  try {
    return new SchemaTypes(text)
  } catch (error) {
    throw new Error(`'${file}' is no schema: ${(error as Error).message}`)
  }
}
