/** Options of a plugin as its schema tells of them: for the documentation and for `sallyport plugins`. */
import type { BrandedPlugin } from './plugin.ts'

/** What is read of a schema. */
export interface Described {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Described
  readonly anyOf?: readonly Described[]
  readonly properties?: Readonly<Record<string, Described>>
  readonly required?: readonly string[]
}

export interface OptionRow {
  /** Those of a record are `record.option`, those of a list's records `list[].option`. */
  readonly name: string
  readonly schema: Described
  readonly required: boolean
}

/** What a plugin does, in a sentence or two. */
export function purposeOf ({ schema }: BrandedPlugin): string {
  return (schema as Described).description ?? ''
}

/** One row an option, in the order of the schema. */
export function optionsOf ({ schema }: BrandedPlugin): OptionRow[] {
  return rowsOf(schema as Described, '')
}

function rowsOf ({ properties = {}, required = [] }: Described, prefix: string): OptionRow[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (schema.properties !== undefined) return rowsOf(schema, `${prefix}${name}.`)
    const inside = schema.items?.properties === undefined ? [] : rowsOf(schema.items, `${prefix}${name}[].`)
    return [{ name: prefix + name, schema, required: required.includes(name) }, ...inside]
  })
}

/**
 * What a value may be, in words.
 *
 * @param mark puts a literal apart from the words
 */
export function typeOf (schema: Described, mark: (literal: string) => string): string {
  if (schema.enum !== undefined) return schema.enum.map(value => mark(String(value))).join(', ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items, mark)}`
  if (schema.anyOf !== undefined) return schema.anyOf.map(each => typeOf(each, mark)).join(' or ')
  const range = schema.minimum === undefined ? '' : ` ${schema.minimum} to ${schema.maximum ?? '…'}`
  return `${schema.type ?? 'any'}${range}`
}
