import { valueAt } from './documents.ts'
import type { Schema, SchemaSet } from './schema-set.ts'

/** What a schema says of types: as much as is needed to make values of texts. */
export interface Shape {
  /** Empty: it doesn't say. */
  readonly types: ReadonlySet<string>
  readonly items: Shape | null
  readonly properties: ReadonlyMap<string, Shape>
}

/** Lists of objects are as deep as parameters and forms go. */
const DEEPEST = 4

/** How many schemas one may be spread over: references can go in circles. */
const MOST_PARTS = 100

interface Part {
  readonly schema: Schema
  readonly value: Readonly<Record<string, unknown>>
}

export function shapeOf (set: SchemaSet, schema: Schema, depth = 0): Shape {
  const types = new Set<string>()
  const properties = new Map<string, Shape>()
  let items: Shape | null = null
  for (const { schema: part, value } of partsOf(set, schema)) {
    const { type } = value
    for (const name of Array.isArray(type) ? type : [type]) if (typeof name === 'string') types.add(name)
    if (type === undefined && 'const' in value) types.add(typeName(value['const']))
    if (type === undefined && Array.isArray(value['enum'])) for (const one of value['enum']) types.add(typeName(one))
    if (depth === DEEPEST) continue
    if (typeof value['items'] === 'object' && !Array.isArray(value['items'])) items ??= shapeOf(set, { ...part, pointer: `${part.pointer}/items` }, depth + 1)
    for (const name of Object.keys(value['properties'] ?? {})) {
      if (!properties.has(name)) properties.set(name, shapeOf(set, { ...part, pointer: `${part.pointer}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` }, depth + 1))
    }
  }
  return { types, items, properties }
}

/** The schemas that speak of one value. */
function partsOf (set: SchemaSet, schema: Schema): Part[] {
  const parts: Part[] = []
  const waiting: Schema[] = [schema]
  for (let next = waiting.shift(); next !== undefined && parts.length < MOST_PARTS; next = waiting.shift()) {
    const value = valueAt(next.member.value, next.pointer)
    if (typeof value !== 'object' || value === null) continue
    const object = value as Readonly<Record<string, unknown>>
    parts.push({ schema: next, value: object })
    const target = typeof object['$ref'] === 'string' ? set.find(object['$ref']) : null
    if (target !== null) waiting.push(target)
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      const list = object[keyword]
      if (Array.isArray(list)) for (const index of list.keys()) waiting.push({ ...next, pointer: `${next.pointer}/${keyword}/${index}` })
    }
  }
  return parts
}

function typeName (value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

const INTEGER = /^-?(?:0|[1-9]\d*)$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** The value of a type that isn't text, which a text stands for; undefined: none that the schema allows. */
export function typed (text: string, { types }: Shape): number | boolean | null | undefined {
  if (types.has('number') ? NUMBER.test(text) : types.has('integer') && INTEGER.test(text)) return Number(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return types.has('null') && text === 'null' ? null : undefined
}

/** The value that a text stands for: itself where the schema says nothing else. */
export function valueOf (text: string, shape: Shape | null | undefined): unknown {
  if (shape === null || shape === undefined) return text
  const value = typed(text, shape)
  return value === undefined ? text : value
}
