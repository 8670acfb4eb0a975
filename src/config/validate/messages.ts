import type { ErrorObject } from 'ajv'
import { NAME_PATTERN, TAG_PATTERN, UUID_PATTERN } from '../entities/common.ts'
import { METHOD_PATTERN } from '../entities/route.ts'
import { nearest } from '../nearest.ts'
import { inUnit, unitOf } from './units.ts'

/** Parts of a JSON schema that messages are made of. */
export interface SchemaPart {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaPart>>
  readonly patternProperties?: Readonly<Record<string, SchemaPart>>
  readonly additionalProperties?: boolean | SchemaPart
  readonly items?: SchemaPart
  readonly required?: readonly string[]
  readonly anyOf?: readonly SchemaPart[]
  readonly oneOf?: readonly SchemaPart[]
  readonly allOf?: readonly SchemaPart[]
  readonly $ref?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly title?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly $comment?: string
  readonly secret?: boolean
}

export interface Message {
  readonly rule: string
  readonly cause: string
  readonly mend: string
}

interface Violation {
  readonly error: ErrorObject
  readonly schema: SchemaPart
  /** The value; undefined where it is a secret. */
  readonly shown: unknown
  /** The value as the file writes it, where it is a scalar. */
  readonly text: string | undefined
}

type Writer = (violation: Violation) => Message

/** Kong's words for each keyword, with a mend. */
const WRITERS: Readonly<Record<string, Writer>> = {
  type: ({ schema, shown, text }) => wrongType([schema], shown, text),
  enum: ({ schema, shown }) => oneOf(schema.enum ?? [], shown),
  const: ({ schema, shown }) => oneOf([schema.const], shown),
  minLength: ({ error }) => tooShort(limit(error)),
  minItems: ({ error }) => tooShort(limit(error)),
  minProperties: ({ error }) => tooShort(limit(error)),
  maxLength: ({ error }) => tooLong(limit(error)),
  maxItems: ({ error }) => tooLong(limit(error)),
  maxProperties: ({ error }) => tooLong(limit(error)),
  minimum: outOfRange,
  maximum: outOfRange,
  exclusiveMinimum: ({ error }) => ({ rule: 'out-of-range', cause: `value must be greater than ${limit(error)}`, mend: 'Write a greater number.' }),
  exclusiveMaximum: ({ error }) => ({ rule: 'out-of-range', cause: `value must be less than ${limit(error)}`, mend: 'Write a smaller number.' }),
  multipleOf: ({ error }) => ({ rule: 'out-of-range', cause: `value must be a multiple of ${String(error.params['multipleOf'])}`, mend: 'Write such a number.' }),
  pattern: wrongPattern,
  format: ({ error, schema }) => ({ rule: 'bad-format', cause: `expected a valid ${String(error.params['format'])}`, mend: schema.description ?? 'Correct the value.' }),
  uniqueItems: ({ error }) => equalItems(error.params as { i: number, j: number }),
  contains: () => ({ rule: 'bad-format', cause: 'an item that must be in this list is missing', mend: 'Add it.' }),
  not: ({ schema }) => ({ rule: 'bad-format', cause: 'this value is not allowed here', mend: schema.description ?? 'Write another one.' })
}

/** What a schema error means, in Kong's words. */
export function messageFor (error: ErrorObject, shown: unknown, text?: string): Message {
  const schema = (error.parentSchema ?? {}) as SchemaPart
  const write = Object.hasOwn(WRITERS, error.keyword) ? WRITERS[error.keyword] : undefined
  return write?.({ error, schema, shown, text }) ?? { rule: 'bad-format', cause: error.message ?? 'this value is not allowed here', mend: schema.description ?? 'Correct the value.' }
}

/** `expected a string or an integer`, and how to write one of these. */
export function wrongType (schemas: readonly SchemaPart[], shown: unknown, text?: string): Message {
  const types = [...new Set(schemas.flatMap(schema => schema.type === undefined ? schema.anyOf ?? [schema] : [schema]).map(typeName))]
  return { rule: 'wrong-type', cause: `expected ${types.join(' or ')}`, mend: mendUnit(schemas, shown) ?? mendRecord(schemas, types) ?? mendType(types, shown, text ?? scalarText(shown)) }
}

/** A map of the file may have a `toString` of its own: it is not asked. */
export function scalarText (value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : String(value)
}

/** `expected one of: a, b, c`. */
export function oneOf (values: readonly unknown[], shown: unknown): Message {
  const names = values.map(String)
  const guess = typeof shown === 'string' ? nearest(shown, names) : undefined
  return {
    rule: 'not-one-of',
    cause: `expected one of: ${names.join(', ')}`,
    mend: guess === undefined ? 'Write one of these.' : `Did you mean '${guess}'?`
  }
}

/** `unknown field 'hots'`, with the key that was probably meant. */
export function unknownKey (key: string, known: readonly string[]): Message {
  const guess = nearest(key, known)
  const names = known.filter(name => !name.startsWith('_'))
  const mend = guess !== undefined
    ? `Did you mean '${guess}'?`
    : names.length === 0 ? 'Remove it; there are no options here.' : `Remove it; known here: ${names.join(', ')}.`
  return { rule: 'unknown-key', cause: `unknown field '${key}'`, mend }
}

export function missing (key: string): Message {
  return { rule: 'required', cause: `required field missing: '${key}'`, mend: `Add \`${key}\`.` }
}

function typeName (schema: SchemaPart): string {
  if (schema.enum !== undefined) return `one of: ${schema.enum.map(String).join(', ')}`
  if (schema.const !== undefined) return `'${String(schema.const)}'`
  switch (schema.type) {
    case 'array': return schema.$comment === 'set' ? 'a set' : 'an array'
    case 'object': return schema.properties === undefined ? 'a map' : 'a record'
    case 'integer': return 'an integer'
    case 'null': return 'null'
    case undefined: return 'another type'
    default: return Array.isArray(schema.type) ? schema.type.map(type => typeName({ type })).join(' or ') : `a ${schema.type as string}`
  }
}

/** Durations and sizes are plain numbers here: the one that was meant. */
function mendUnit (schemas: readonly SchemaPart[], shown: unknown): string | undefined {
  if (typeof shown !== 'string') return undefined
  const schema = schemas.flatMap(schema => schema.anyOf ?? [schema]).find(({ type }) => type === 'integer' || type === 'number')
  const unit = schema === undefined ? null : unitOf(schema)
  if (schema === undefined || unit === null || Number.isFinite(Number(shown))) return undefined
  const number = inUnit(shown.trim(), unit, schema)
  return number === null ? `Write ${typeName(schema)} (${unit}).` : `Write ${number} (${unit}).`
}

/** Of most entities, and no start for anybody. */
const UNTOLD = new Set(['id', 'tags', 'created_at', 'updated_at'])

/** What keys a record has, or the records of a list: the shape alone helps nobody. */
function mendRecord (schemas: readonly SchemaPart[], types: readonly string[]): string | undefined {
  const parts = schemas.flatMap(schema => schema.type === undefined ? schema.anyOf ?? [schema] : [schema])
  const inList = !types.includes('a record')
  const record = inList
    ? parts.flatMap(({ items }) => items === undefined ? [] : items.type === undefined ? items.anyOf ?? [] : [items]).find(({ properties }) => properties !== undefined)
    : parts.find(({ type, properties }) => type === 'object' && properties !== undefined)
  if (record?.properties === undefined || types.some(type => type === 'a string' || type === 'a boolean' || type === 'an integer' || type === 'a number')) return undefined
  const required = record.required ?? []
  const keys = [...required, ...Object.keys(record.properties).filter(key => !required.includes(key) && !key.startsWith('_') && !UNTOLD.has(key))].slice(0, 3)
  if (keys.length === 0) return undefined
  const shape = `{ ${keys.map(key => `${key}: …`).join(', ')} }`
  return inList ? `Write a list of maps: [${shape}].` : `Write a map: ${shape}.`
}

function mendType (types: readonly string[], shown: unknown, text: string): string {
  const wants = (type: string): boolean => types.includes(type)
  if (wants('a string') && (typeof shown === 'number' || typeof shown === 'boolean')) return `Put quotes around it: "${text}".`
  if (wants('a boolean')) {
    const habit = typeof shown === 'string' && /^(?:yes|no|on|off|y|n|true|false)$/i.test(shown)
    return habit ? 'Write true or false, without quotes.' : 'Write true or false.'
  }
  if ((wants('an integer') || wants('a number')) && typeof shown === 'string' && shown.trim() !== '' && Number.isFinite(Number(shown))) {
    return `Remove the quotes: ${shown.trim()}.`
  }
  if ((wants('an array') || wants('a set')) && (typeof shown === 'string' || typeof shown === 'number')) return `Write a list: [${text}].`
  if (wants('an array') || wants('a set')) return 'Write a list: one `- ` a line, or [a, b].'
  if (wants('a record') || wants('a map')) return 'Write a map: one `key: value` a line.'
  return `Write ${types.join(' or ')}.`
}

function tooShort (least: number): Message {
  return { rule: 'too-short', cause: `length must be at least ${least}`, mend: least === 1 ? 'Write a value, or remove the key.' : 'Write a longer value.' }
}

function tooLong (most: number): Message {
  return { rule: 'too-long', cause: `length must be at most ${most}`, mend: 'Write a shorter value.' }
}

function equalItems ({ i, j }: { readonly i: number, readonly j: number }): Message {
  return { rule: 'not-unique', cause: `the items ${Math.min(i, j)} and ${Math.max(i, j)} of this list are equal`, mend: 'Remove one of them.' }
}

function outOfRange ({ error, schema }: Violation): Message {
  const { minimum, maximum } = schema
  if (minimum !== undefined && maximum !== undefined) {
    return { rule: 'out-of-range', cause: `value should be between ${minimum} and ${maximum}`, mend: 'Write a number in this range.' }
  }
  return minimum !== undefined
    ? { rule: 'out-of-range', cause: `value must be at least ${minimum}`, mend: 'Write a greater number.' }
    : { rule: 'out-of-range', cause: `value must be at most ${limit(error)}`, mend: 'Write a smaller number.' }
}

function limit (error: ErrorObject): number {
  return error.params['limit'] as number
}

function wrongPattern ({ error, schema, shown }: Violation): Message {
  const value = typeof shown === 'string' ? `: '${shown}'` : ''
  switch (error.params['pattern']) {
    case NAME_PATTERN:
      return { rule: 'bad-name', cause: `invalid name${value}`, mend: 'Use letters, digits, `.`, `-`, `_` and `~`.' }
    case UUID_PATTERN:
      return { rule: 'bad-format', cause: 'expected a valid UUID', mend: 'Write 32 hex digits in groups of 8-4-4-4-12, or leave the id out: it is derived.' }
    case TAG_PATTERN:
      return { rule: 'bad-tag', cause: `invalid tag${value}`, mend: 'Use printable characters other than `,` and `/`, with blanks only inside.' }
    case METHOD_PATTERN: {
      const capitals = typeof shown === 'string' && /^[a-z]+$/i.test(shown)
      return { rule: 'bad-method', cause: `invalid method${value}`, mend: capitals ? `Write it in capitals: ${shown.toUpperCase()}.` : 'Write the letters A to Z only.' }
    }
    default:
      return namedPattern(schema, value) ?? { rule: 'bad-format', cause: `value does not match the pattern ${String(error.params['pattern'])}`, mend: schema.description ?? 'Correct the value.' }
  }
}

/** In the words of a schema that names what it is about, and shows one. */
function namedPattern ({ title, examples = [], secret }: SchemaPart, value: string): Message | undefined {
  const [example] = examples
  if (title === undefined || typeof example !== 'string') return undefined
  return { rule: 'bad-format', cause: `invalid ${title.toLowerCase()}${secret === true ? '' : value}`, mend: `Write it like \`${example}\`.` }
}
