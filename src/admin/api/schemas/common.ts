import { Type } from 'typebox'
import type { TSchema, TSchemaOptions } from 'typebox'
import { closed } from '../../../config/entities/common.ts'

export { closed }

/** What may be null. */
export function nullable<Schema extends TSchema> (schema: Schema, options: TSchemaOptions = {}) {
  return Type.Union([schema, Type.Null()], options)
}

export function text (description: string) {
  return Type.String({ description })
}

export function whole (description: string) {
  return Type.Integer({ description })
}

export function amount (description: string) {
  return Type.Number({ description })
}

export function truth (description: string) {
  return Type.Boolean({ description })
}

/** ISO 8601, in UTC. */
export function time (description: string) {
  return Type.String({ description: `${description} ISO 8601.` })
}

/** Kong's shape of a list. */
export function list<Item extends TSchema> (item: Item, description: string) {
  return closed({ data: Type.Array(item), next: Type.Null({ description: 'There is one page.' }) }, { description })
}

/** Something that is referred to. */
export const Reference = closed({
  id: text('Its id.'),
  name: nullable(Type.String(), { description: 'Its name (of consumers the `username`, or the `custom_id`); null: it has none.' })
}, { description: 'An entity.' })

export const Place = closed({
  file: text('Path of the file.'),
  line: whole('From 1.'),
  column: whole('From 1.')
}, { description: 'Where it stands.' })

export const Failure = Type.Object({ message: text('What is wrong, in a sentence.') }, { description: 'Why there is no answer.' })

const range = closed({ line: Type.Integer(), column: Type.Integer(), endLine: Type.Integer(), endColumn: Type.Integer() }, { description: 'Lines and columns count from 1; the end is exclusive.' })

/** What `check` finds. */
export const Finding = closed({
  rule: text('Stable id of the rule (docs/check.md).'),
  severity: Type.Enum(['error', 'warning']),
  file: text('Where.'),
  range,
  path: text('The object in words: `services[orders].routes[list].paths[0]`; empty for the whole file.'),
  cause: text('One sentence: what is wrong.'),
  mend: text('One sentence: what to write instead.'),
  related: Type.Optional(Type.Array(closed({ range, message: Type.String() }), { description: 'Other places that take part.' }))
}, { description: 'Something that is wrong, or odd, in a file.' })
