import { fromLuaPattern } from './lua-pattern.ts'

/** A schema in Kong's own format that isn't one. */
export class KongSchemaError extends Error {
  override readonly name = 'KongSchemaError'
  readonly pointer: string
  readonly mend: string

  constructor (pointer: string, message: string, mend: string) {
    super(message)
    this.pointer = pointer
    this.mend = mend
  }
}

type JsonSchema = Record<string, unknown>
type Field = Readonly<Record<string, unknown>>
type Translate = (value: unknown, pointer: string) => JsonSchema

const TYPES = ['string', 'number', 'integer', 'boolean', 'map', 'array', 'set', 'record']

/** Validators of Kong's fields, as JSON Schema. */
const VALIDATORS: Readonly<Record<string, Translate>> = {
  between: (value, pointer) => {
    const [minimum, maximum] = listOf(value, pointer)
    return { minimum: numberOf(minimum, pointer), maximum: numberOf(maximum, pointer) }
  },
  gt: (value, pointer) => ({ exclusiveMinimum: numberOf(value, pointer) }),
  eq: value => ({ const: value }),
  ne: value => ({ not: { const: value } }),
  one_of: (value, pointer) => ({ enum: listOf(value, pointer) }),
  not_one_of: (value, pointer) => ({ not: { enum: listOf(value, pointer) } }),
  match: (value, pointer) => pattern(value, pointer),
  not_match: (value, pointer) => ({ not: pattern(value, pointer) }),
  match_all: (value, pointer) => ({ allOf: patterns(value, pointer) }),
  match_none: (value, pointer) => ({ not: { anyOf: patterns(value, pointer) } }),
  match_any: (value, pointer) => ({ anyOf: patterns((value as { patterns?: unknown } | null)?.patterns ?? value, pointer) }),
  starts_with: value => ({ pattern: `^${String(value).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}` }),
  uuid: value => value === true ? { format: 'uuid' } : {},
  timestamp: value => value === true ? { exclusiveMinimum: 0 } : {}
}

/** These say nothing about which values are right. */
const IGNORED = ['type', 'required', 'default', 'description', 'fields', 'elements', 'keys', 'values', 'len_eq', 'len_min', 'len_max', 'nilable']

/**
 * A body in Kong's own format, as JSON Schema: a list of `{ name: field }`, as the fields of a record.
 *
 * @throws KongSchemaError
 */
export function fromKong (schema: unknown): JsonSchema {
  return recordOf(schema, '')
}

function recordOf (fields: unknown, pointer: string): JsonSchema {
  const properties: JsonSchema = {}
  const required: string[] = []
  for (const [index, item] of listOf(fields, pointer).entries()) {
    const [entry, ...others] = Object.entries(typeof item === 'object' && item !== null ? item : {})
    if (entry === undefined || others.length > 0) throw new KongSchemaError(`${pointer}/${index}`, 'a field in Kong\'s format is an object with one name', 'Write `{ name: { type: string } }`.')
    const [name, field] = entry
    const inner = fieldOf(field, `${pointer}/${index}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    const isRequired = (field as Field)['required'] === true
    if (isRequired) required.push(name)
    // a field that isn't required may be null: to Kong that is the same as absent
    properties[name] = isRequired ? inner : { anyOf: [{ type: 'null' }, inner] }
  }
  return { type: 'object', properties, required, additionalProperties: false }
}

function fieldOf (field: unknown, pointer: string): JsonSchema {
  if (typeof field !== 'object' || field === null || Array.isArray(field)) throw new KongSchemaError(pointer, 'a field in Kong\'s format is an object', 'Write `{ type: string }`.')
  const { type } = field as Field
  if (typeof type !== 'string' || !TYPES.includes(type)) throw new KongSchemaError(`${pointer}/type`, 'Kong\'s format has no such type', `Write one of ${TYPES.join(', ')}.`)
  const parts: JsonSchema[] = [typeSchema(type, field as Field, pointer), lengths(type, field as Field, pointer)]
  for (const [name, value] of Object.entries(field)) {
    if (IGNORED.includes(name)) continue
    const translate = Object.hasOwn(VALIDATORS, name) ? VALIDATORS[name] : undefined
    if (translate === undefined) throw new KongSchemaError(`${pointer}/${name}`, `'${name}' of Kong's format is not known here`, 'Say it in JSON Schema: `version: draft202012`.')
    parts.push(translate(value, `${pointer}/${name}`))
  }
  return { allOf: parts.filter(part => Object.keys(part).length > 0) }
}

function typeSchema (type: string, field: Field, pointer: string): JsonSchema {
  switch (type) {
    case 'record': return recordOf(field['fields'], `${pointer}/fields`)
    case 'map': return {
      type: 'object',
      ...field['keys'] === undefined ? {} : { propertyNames: fieldOf(field['keys'], `${pointer}/keys`) },
      ...field['values'] === undefined ? {} : { additionalProperties: fieldOf(field['values'], `${pointer}/values`) }
    }
    case 'array':
    case 'set': return {
      type: 'array',
      ...field['elements'] === undefined ? {} : { items: fieldOf(field['elements'], `${pointer}/elements`) },
      ...type === 'set' ? { uniqueItems: true } : {}
    }
    // an empty text is refused unless a length says otherwise, as in Kong
    case 'string': return { type, ...field['len_min'] === undefined && field['len_eq'] === undefined ? { minLength: 1 } : {} }
    default: return { type }
  }
}

function lengths (type: string, field: Field, pointer: string): JsonSchema {
  const [least, greatest] = type === 'string' ? ['minLength', 'maxLength'] : type === 'array' || type === 'set' ? ['minItems', 'maxItems'] : ['minProperties', 'maxProperties']
  const schema: JsonSchema = {}
  for (const [name, keywords] of [['len_eq', [least, greatest]], ['len_min', [least]], ['len_max', [greatest]]] as const) {
    const value = field[name]
    if (value !== undefined) for (const keyword of keywords) schema[keyword as string] = numberOf(value, `${pointer}/${name}`)
  }
  return schema
}

function patterns (value: unknown, pointer: string): JsonSchema[] {
  // Kong writes `{ pattern, err }` each
  return listOf(value, pointer).map((item, index) => pattern((item as { pattern?: unknown } | null)?.pattern ?? item, `${pointer}/${index}`))
}

function pattern (value: unknown, pointer: string): JsonSchema {
  const translated = typeof value === 'string' ? fromLuaPattern(value) : null
  if (translated === null) throw new KongSchemaError(pointer, 'this Lua pattern has no equal among regular expressions', 'Say it in JSON Schema: `version: draft202012`, `pattern`.')
  return { pattern: translated }
}

function listOf (value: unknown, pointer: string): unknown[] {
  if (!Array.isArray(value)) throw new KongSchemaError(pointer, 'Kong\'s format has a list here', 'Write a list.')
  return value
}

function numberOf (value: unknown, pointer: string): number {
  if (typeof value !== 'number') throw new KongSchemaError(pointer, 'Kong\'s format has a number here', 'Write a number.')
  return value
}
