import { Type } from 'typebox'
import type { TProperties, TSchemaOptions } from 'typebox'

/** Names of services, routes and instances: Kong's alphabet, plus any letter outside ASCII. */
export const NAME_PATTERN = '^[A-Za-z0-9._~\\u0080-\\u{10FFFF}-]+$'

/** Printable text without `,` and `/`; blanks inside, not around. */
export const TAG_PATTERN = '^[^\\u0000-\\u0020\\u007F,/]([^\\u0000-\\u001F\\u007F,/]*[^\\u0000-\\u0020\\u007F,/])?$'

export const UUID_PATTERN = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'

/** A closed object: what it doesn't name is an error. */
export function closed<Properties extends TProperties> (properties: Properties, options: TSchemaOptions = {}) {
  return Type.Object(properties, { ...options, additionalProperties: false })
}

/** Kong's "set": an array whose order and repetitions mean nothing. The comment is what tells the messages apart. */
export function set<Element extends Parameters<typeof Type.Array>[0]> (element: Element, options: TSchemaOptions) {
  return Type.Array(element, { ...options, $comment: 'set' })
}

/** Allowed in every entity and at the top, and ignored. */
export const parking = {
  _comment: Type.Optional(Type.String({ description: 'A note; ignored.' })),
  _ignore: Type.Optional(Type.Array(Type.Unknown(), { description: 'A place for YAML anchors; ignored.' }))
}

/** What every entity may carry. */
export const common = {
  ...parking,
  id: Type.Optional(Type.String({
    pattern: UUID_PATTERN,
    description: 'UUID of the entity. When absent it is derived from the name or the content, the same at every load.'
  })),
  tags: Type.Optional(set(
    Type.String({ pattern: TAG_PATTERN, description: 'Printable text without `,` and `/`.' }),
    { description: 'Labels for selection; they change nothing at run time.' }
  )),
  created_at: Type.Optional(Type.Integer({ description: 'Seconds since the epoch; accepted from exported files and ignored.' })),
  updated_at: Type.Optional(Type.Integer({ description: 'Seconds since the epoch; accepted from exported files and ignored.' }))
}

export function nameOf (what: string) {
  return Type.Optional(Type.String({
    minLength: 1,
    pattern: NAME_PATTERN,
    description: `Unique name of the ${what}: letters, digits, \`.\`, \`-\`, \`_\` and \`~\`.`
  }))
}

/** A foreign key that may be left out. */
export function reference (what: string, key: 'name' | 'username') {
  return Type.Optional(referenceTo(what, key))
}

/** A foreign key, as a string or (decK's spelling) as an object. `key` is the target's name field. */
export function referenceTo (what: string, key: 'name' | 'username') {
  const id = Type.String({ minLength: 1, description: `Id of the ${what}.` })
  const name = Type.String({ minLength: 1, description: `\`${key}\` of the ${what}.` })
  return Type.Union([
    Type.String({ minLength: 1, description: `The ${what}, by \`${key}\` or id.` }),
    closed({ id }, { description: `The ${what}, by id.` }),
    closed({ [key]: name }, { description: `The ${what}, by \`${key}\`.` })
  ], { description: `The ${what}, by \`${key}\` or id.` })
}

/** Of services and routes; not Kong's `priority`, which decides between routes of its `expressions` router. */
export function importance (description: string, options: { default?: 'normal' } = {}) {
  return Type.Optional(Type.Enum(['low', 'normal', 'high'], { ...options, description }))
}

export const milliseconds = { minimum: 1, maximum: 2147483646 }
